"""Plans given as measured factors: a row a plan, a column a metric key; and how often a profile gives each verdict.

The rows go through the rules by which a single plan is judged, with nothing in the way: site and fractions known, the
contours steady under redrawing. Knows no DICOM.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.errors import InputDataError, os_reason
from rtcomplexity.metrics.scored import SCORED
from rtcomplexity.scoring.facts import CaseFacts, StatedBy
from rtcomplexity.scoring.plans import DIAMETER_KEY, VOLUME_KEY, Plans
from rtcomplexity.scoring.rules import Question, VerdictValue, rule
from rtcomplexity.scoring.site import Site
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.stress import stressed_profiles
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.scoring.profile import Profile
    from rtcomplexity.scoring.rules import Ruling

WORDS: Final = ("stratum", "patient", "label")
"""Optional columns that are no metric."""
SCORED_KEYS: Final = tuple(definition.key for definition in SCORED)
ALL: Final = "all"
"""The label of plans in a table without labels."""
NO_LABEL: Final = "(no label)"
CONFIDENCE: Final = 0.95
CHUNK: Final = 2000
"""Plans ranked at a time: each is compared with every real contour of a table."""
_TRY: Final = "a CSV file: a column a metric key (rtcomplexity metrics), a row a plan; empty is not measured"


class PlanTableError(InputDataError):
    """A table of plans cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanTable:
    """Measured factors of plans, and what is said of them."""

    plans: Plans
    strata: tuple[str, ...]
    """Of each plan; empty where its fractions are not stated."""
    labels: tuple[str, ...]
    patients: int | None
    """Different patients; None where the table names none."""
    not_scored: tuple[str, ...]
    """Columns of metrics that the profile does not score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of some plans, with the exact interval of the share."""

    count: int
    n: int

    @property
    def share(self) -> float:
        """Observed share."""
        return round_significant(self.count / self.n)

    @property
    def interval(self) -> tuple[float, float]:
        """Two-sided 95 % interval of Clopper and Pearson."""
        return clopper_pearson(self.count, self.n)


def clopper_pearson(count: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Exact two-sided interval of a share.

    Examples
    --------
    Of 20 none: the upper bound is 1 - 0.025 ** (1 / 20).

    >>> clopper_pearson(0, 20)
    (0.0, 0.168433)
    """
    from scipy.special import betaincinv  # noqa: PLC0415 - slow to load

    tail = (1 - confidence) / 2
    lower = 0.0 if count == 0 else float(betaincinv(count, n - count + 1, tail))
    upper = 1.0 if count == n else float(betaincinv(count + 1, n - count, 1 - tail))
    return round_significant(lower), round_significant(upper)


def evaluate(table: PlanTable, profile: Profile) -> dict[str, dict[str, Share]]:
    """Count the verdicts that a profile gives, by label and verdict."""
    values = verdicts_of(table, profile)
    counts = Counter(zip(table.labels, values, strict=True))
    totals = Counter(table.labels)
    return {
        label: {value.value: Share(count=counts[label, value.value], n=n) for value in VerdictValue}
        for label, n in sorted(totals.items())
    }


def verdicts_of(table: PlanTable, profile: Profile) -> list[str]:
    """Return the verdict on each plan of a table."""
    found = np.full(table.plans.count, VerdictValue.INSUFFICIENT_EVIDENCE.value, dtype="U24")
    volumes = table.plans.column(VOLUME_KEY)
    for stratum_id in dict.fromkeys(table.strata):
        of_stratum = np.array([each == stratum_id for each in table.strata]) & ~(volumes <= 0)
        chosen = np.flatnonzero(of_stratum)
        values = [ruling.values for ruling in rulings(table.plans.chosen(chosen), profile, stratum_id)]
        found[chosen] = np.concatenate([found[:0], *values])
    return [str(value) for value in found]


def rulings(plans: Plans, profile: Profile, stratum_id: str = "") -> Iterator[Ruling]:
    """Apply a profile's rules to plans of a stratum, some at a time; without a stratum the fractions are not stated."""
    stresses = stressed_profiles(profile)
    site = Site(named=frozenset({profile.treated_site.id}))
    stratum = profile.stratum(stratum_id or profile.stratum_if_fractions_unknown)
    for part in plans.parts(CHUNK):
        question = Question(
            plans=part,
            facts=_facts(site, stratum.min_fractions if stratum_id else None),
            profile=profile,
            stratum=stratum,
            stability=Stability(share=1.0),
            stresses=stresses,
        )
        yield rule(question)


def _facts(site: Site, fractions: int | None) -> CaseFacts:
    """Facts with nothing in the way."""
    by = StatedBy.NOBODY if fractions is None else StatedBy.USER
    return CaseFacts(site=site, site_stated_by=StatedBy.USER, fractions=fractions, fractions_stated_by=by)


def read_plan_table(path: Path, profile: Profile, known: Iterable[str] = SCORED_KEYS) -> PlanTable:
    """Read a table of plans.

    Parameters
    ----------
    path : a CSV file with one line of column names
    profile : the profile that is to judge them
    known : further metric keys that may be columns, although the profile does not score them

    Raises
    ------
    PlanTableError
        If it cannot be read; the text names the line and the column.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise PlanTableError(f"The table {path.name} cannot be read ({os_reason(error)}).", _TRY) from None
    except UnicodeDecodeError:
        raise PlanTableError(f"The table {path.name} is no UTF-8 text.", _TRY) from None
    return parse_plan_table(text, path.name, profile, known)


def parse_plan_table(text: str, name: str, profile: Profile, known: Iterable[str] = SCORED_KEYS) -> PlanTable:
    """Read the text of a table of plans; `name` is what messages call it."""
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise PlanTableError(f"Line {reader.line_num} of {name} is no CSV ({error}).", _TRY) from None
    if len(lines) < 2:
        raise PlanTableError(f"The table {name} holds no plan.", _TRY)
    scored = {factor.metric for family in profile.families for factor in family.factors}
    header = _checked_header([cell.strip() for cell in lines[0][1]], name, {*scored, VOLUME_KEY, DIAMETER_KEY, *known})
    rows = [_row(number, cells, header, name) for number, cells in lines[1:]]
    metrics = [column for column in header if column not in WORDS]
    columns = {key: np.array([_number(row[key], key, number, name) for number, row in rows]) for key in metrics}
    patients = {row["patient"] for _, row in rows} if "patient" in header else None
    return PlanTable(
        plans=Plans(count=len(rows), columns=_with_size(columns)),
        strata=tuple(_stratum(row.get("stratum", ""), number, profile, name) for number, row in rows),
        labels=tuple((row["label"] or NO_LABEL) if "label" in header else ALL for _, row in rows),
        patients=None if patients is None else len(patients),
        not_scored=tuple(key for key in metrics if key not in {*scored, VOLUME_KEY, DIAMETER_KEY}),
    )


def _checked_header(header: list[str], name: str, known: set[str]) -> list[str]:
    for column in header:
        if column not in known and column not in WORDS:
            near = get_close_matches(column, [*known, *WORDS, *(key.partition(".")[2] for key in known)], n=1)
            key = next((k for k in sorted(known) if near and near[0] in {k, k.partition(".")[2]}), *near[:1] or [""])
            expected = f"the nearest key is {key}" if key else "rtcomplexity metrics lists the keys"
            raise PlanTableError(f"Column {column[:60]!r} of {name} is no metric that can be scored.", expected)
    repeated = [column for column, times in Counter(header).items() if times > 1]
    if repeated:
        raise PlanTableError(f"Column {repeated[0]!r} of {name} occurs more than once.", "each column once")
    if not set(header) - set(WORDS):
        raise PlanTableError(f"The table {name} has no column of a metric.", _TRY)
    return header


def _row(number: int, cells: Sequence[str], header: Sequence[str], name: str) -> tuple[int, dict[str, str]]:
    if len(cells) != len(header):
        found = f"Line {number} of {name} has {len(cells)} cells, its first line {len(header)}."
        raise PlanTableError(found, "as many as there are column names")
    return number, {column: cell.strip() for column, cell in zip(header, cells, strict=True)}


def _number(cell: str, column: str, number: int, name: str) -> float:
    if not cell:
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise PlanTableError(f"Line {number}, column {column} of {name} is no number.", "a number, or nothing")
    return round_significant(value)


def _stratum(cell: str, number: int, profile: Profile, name: str) -> str:
    ids = [stratum.id for stratum in profile.strata]
    if cell and cell not in ids:
        found = f"Line {number} of {name} names a stratum that profile {profile.id} does not have: {cell[:60]!r}."
        raise PlanTableError(found, f"{', '.join(ids)}, or nothing where the fractions are unknown")
    return cell


def _with_size(columns: Mapping[str, Floats]) -> dict[str, Floats]:
    """Add the volume where the equivalent diameter alone is given: the one follows from the other."""
    if VOLUME_KEY in columns or DIAMETER_KEY not in columns:
        return dict(columns)
    volumes = [math.pi / 6 * (diameter / 10) ** 3 for diameter in columns[DIAMETER_KEY].tolist()]
    return {**columns, VOLUME_KEY: np.array(volumes)}
