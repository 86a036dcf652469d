"""How often the profile is wrong, on the half of the simulated population that did not calibrate it.

``python studies/operating_characteristics.py`` prints the tables and puts them between the markers in
``docs/scoring.md``. Every rate holds for the simulated population only. Stability is left out: it can only take a
support away.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from array_scoring import VOLUME, score_rows, verdicts
from reference_population import FOLDER, population
from scipy.stats import beta
from simulation import COLUMNS, FACTORS, STRATA

from rtcomplexity.scoring.profile import Profile, factor_reference, load_profile
from rtcomplexity.scoring.reference import standard_deviation, value_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DOCUMENT = Path("docs/scoring.md")
BEGIN, END = "<!-- generated: operating characteristics -->", "<!-- end of generated -->"
_COUNTS = "component_count branching_count organs_within_5mm registered_sets registration_chain acquisitions modalities"
_SHARES = "planes_with_components planes_with_holes pet_gtv_dice surface_within_5mm organ_overlap solidity_ratio"
COUNTS = frozenset({*_COUNTS.split(), "phases"})
SHARES = frozenset({*_SHARES.split(), "sphericity_ratio"})
CONVENTIONS = frozenset({"fusion", "image_sets"})
"""Families that cannot carry a support."""
GRADES = (("mild", 1.0), ("marked", 2.0), ("extreme", 3.0))
"""Named grades of planted complexity: so many standard deviations of the reference, in every factor of a family."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of plans with its bounds."""

    count: int
    n: int

    @classmethod
    def of(cls, hits: NDArray[np.bool_]) -> Rate:
        """Count."""
        return cls(int(hits.sum()), len(hits))

    @property
    def share(self) -> float:
        """Observed share."""
        return self.count / self.n

    @property
    def upper(self) -> float:
        """Upper bound of the one-sided 95 % interval (Clopper and Pearson)."""
        return 1.0 if self.count == self.n else float(beta.ppf(0.95, self.count + 1, self.n - self.count))

    @property
    def lower(self) -> float:
        """Lower bound of the one-sided 95 % interval (Clopper and Pearson)."""
        return 0.0 if self.count == 0 else float(beta.ppf(0.05, self.count, self.n - self.count + 1))

    def __str__(self) -> str:
        """Percent, with the bound on its unfavourable side."""
        return f"{100 * self.share:.1f} % ({100 * self.lower:.1f} to {100 * self.upper:.1f})"


def false_support(profile: Profile, stratum_id: str, folder: Path = FOLDER) -> Rate:
    """How often a routine plan of the test half is supported."""
    return Rate.of(verdicts(profile, routine(stratum_id, folder), stratum_id) == "supports")


def routine(stratum_id: str, folder: Path) -> Floats:
    """Read the test half of a stratum."""
    return population(stratum_id, "test", folder)[:, : len(FACTORS)]


def planted(profile: Profile, rows: Floats, stratum_id: str, families: Sequence[str], deviations: float) -> Floats:
    """Make every measured factor of these families harder by so many standard deviations of its reference."""
    rows = rows.copy()
    for family in profile.families:
        if family.id not in families:
            continue
        for factor in family.factors:
            column = FACTORS.index(factor.metric)
            sign = 1 if factor.direction == "higher" else -1
            by = sign * deviations * standard_deviation(factor_reference(factor, stratum_id).knots)
            rows[:, column] = _allowed(factor.metric, rows[:, column] + by)
    return rows


def _allowed(metric: str, values: Floats) -> Floats:
    name = metric.removeprefix("scored.")
    if name in COUNTS:
        return np.ceil(values)
    return np.clip(values, 0.0, 1.0) if name in SHARES else np.maximum(values, 0.0)


def harder_populations(profile: Profile, rows: Floats, stratum_id: str) -> Iterator[tuple[str, Floats]]:
    """The test plans as they would be if routine plans were harder than simulated, in the three ways of the profile."""
    everything = [family.id for family in profile.families]
    yield "as simulated", rows
    yield f"every factor +{profile.stress.shift_sd:g} SD", _moved(profile, rows, stratum_id, everything)
    yield f"spread x {profile.stress.spread:g}", _spread(profile, rows, stratum_id)
    yield f"volume x {profile.stress.volume:g}", _enlarged(profile, rows)


def _moved(profile: Profile, rows: Floats, stratum_id: str, families: Sequence[str]) -> Floats:
    by = profile.stress.shift_sd
    moved = planted(profile, rows, stratum_id, families, by)
    rng = np.random.default_rng(1)
    for column, metric in enumerate(FACTORS):
        if metric.removeprefix("scored.") in COUNTS:  # 0.3 SD of a count: one more in that share of plans
            step = by * np.nanstd(rows[:, column])
            moved[:, column] = rows[:, column] + (rng.random(len(rows)) < step)
    return moved


def _spread(profile: Profile, rows: Floats, stratum_id: str) -> Floats:
    rows = rows.copy()
    for family in profile.families:
        for factor in family.factors:
            column = FACTORS.index(factor.metric)
            median = value_at(factor_reference(factor, stratum_id).knots, 50.0)
            wide = median + profile.stress.spread * (rows[:, column] - median)
            name = factor.metric.removeprefix("scored.")
            rows[:, column] = np.round(wide) if name in COUNTS else _allowed(factor.metric, wide)
    return rows


def _enlarged(profile: Profile, rows: Floats) -> Floats:
    rows = rows.copy()
    for family in profile.families:
        for factor in family.factors:
            rows[:, FACTORS.index(factor.metric)] *= profile.stress.volume**factor.volume_exponent
    return rows


def pairs(profile: Profile) -> list[tuple[str, str]]:
    """Two families of different groups, one of which may anchor."""
    families = {family.id: family for family in profile.families}
    return [
        (a, b)
        for a, b in combinations(families, 2)
        if families[a].group != families[b].group and (families[a].may_anchor or families[b].may_anchor)
    ]


def tables(profile: Profile, folder: Path) -> str:
    """All tables as Markdown."""
    parts = [f"Profile `{profile.id}`, SHA-256 `{profile.sha256[:16]}…`; shares of plans with 90 % intervals.", ""]
    parts += ["### The population", "", *_population_table(folder), ""]
    parts += ["### Routine plans of the test half", "", *_routine_table(profile, folder), ""]
    parts += ["### One family planted, all else routine", "", *_single_table(profile, folder), ""]
    parts += ["### Two families planted, all else routine", "", *_pair_table(profile, folder), ""]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]


def _population_table(folder: Path) -> list[str]:
    rows = []
    for stratum_id in STRATA:
        both = {split: population(stratum_id, split, folder) for split in ("calibration", "test")}
        found = both["calibration"]
        ibsi = found[:, COLUMNS.index("ibsi_sphericity")]
        volume = np.percentile(found[:, VOLUME], [5, 50, 95])
        rows.append(
            (
                stratum_id,
                len(found),
                len(both["test"]),
                " / ".join(f"{value:.1f}" for value in volume),
                f"{np.nanmean(ibsi):.3f} ± {np.nanstd(ibsi):.3f} (n = {np.count_nonzero(~np.isnan(ibsi))})",
                f"{100 * np.mean(found[:, FACTORS.index('scored.component_count')] > 1):.1f} %",
            )
        )
    head = ("stratum", "calibration n", "test n", "volume P5/50/95, cm³", "IBSI sphericity", "several bodies")
    return _table(head, rows)


def _routine_table(profile: Profile, folder: Path) -> list[str]:
    rows = []
    for stratum_id in STRATA:
        joint = profile.joint(stratum_id)
        for words, plans in harder_populations(profile, routine(stratum_id, folder), stratum_id):
            found = verdicts(profile, plans, stratum_id)
            above = Rate.of(score_rows(profile, plans, stratum_id).t >= joint.c_support)
            shares = [Rate.of(found == value) for value in ("supports", "rejects", "indeterminate")]
            lost = Rate.of(found == "insufficient_evidence")
            rows.append((stratum_id, words, above, *shares, lost))
    head = ("stratum", "routine plans", "T ≥ c", "supports", "rejects", "indeterminate", "insufficient")
    return _table(head, rows)


def _single_table(profile: Profile, folder: Path) -> list[str]:
    rows = []
    for stratum_id in STRATA:
        plans = routine(stratum_id, folder)
        groups = {**{family.id: (family.id,) for family in profile.families}, "imaging": ("fusion", "image_sets")}
        for name, families in groups.items():
            shares = [
                Rate.of(verdicts(profile, planted(profile, plans, stratum_id, families, sd), stratum_id) == "supports")
                for _, sd in GRADES
            ]
            rows.append((stratum_id, name, *shares))
    return _table(("stratum", "planted", *(f"{name} (+{sd:g} SD): supports" for name, sd in GRADES)), rows)


def _pair_table(profile: Profile, folder: Path) -> list[str]:
    rows = []
    for stratum_id in STRATA:
        plans = routine(stratum_id, folder)
        found = {pair: _detected(profile, plans, stratum_id, pair) for pair in pairs(profile)}
        rows += [(stratum_id, " + ".join(pair), *each.rates()) for pair, each in found.items()]
        rows.append((stratum_id, "**all pairs**", *_pooled(list(found.values())).rates()))
        has_pet = ~np.isnan(plans[:, FACTORS.index("scored.pet_gtv_dice")])
        may_support = {pair: each for pair, each in found.items() if CONVENTIONS.isdisjoint(pair)}
        told = [each.of(has_pet) if "ambiguity" in pair else each for pair, each in may_support.items()]
        rows.append((stratum_id, "**pairs without image counts, ambiguity with a PET**", *_pooled(told).rates()))
    head = ("stratum", "planted", "+2 SD: T ≥ c", "supports", "+3 SD: T ≥ c", "supports", "rejects", "insufficient")
    return _table(head, rows)


@dataclass(frozen=True, slots=True, eq=False)
class Detected:
    """What became of plans with planted complexity at +2 and +3 SD, plan by plan."""

    above_two: NDArray[np.bool_]
    """Whether T passes the cutoff."""
    two: NDArray[np.str_]
    """Verdicts."""
    above_three: NDArray[np.bool_]
    three: NDArray[np.str_]

    def of(self, plans: NDArray[np.bool_]) -> Detected:
        """Only these plans."""
        return Detected(self.above_two[plans], self.two[plans], self.above_three[plans], self.three[plans])

    def rates(self) -> tuple[Rate, ...]:
        """Cells of the table."""
        return (
            Rate.of(self.above_two),
            Rate.of(self.two == "supports"),
            Rate.of(self.above_three),
            *(Rate.of(self.three == value) for value in ("supports", "rejects", "insufficient_evidence")),
        )


def _pooled(found: Sequence[Detected]) -> Detected:
    return Detected(
        np.concatenate([each.above_two for each in found]),
        np.concatenate([each.two for each in found]),
        np.concatenate([each.above_three for each in found]),
        np.concatenate([each.three for each in found]),
    )


def _detected(profile: Profile, plans: Floats, stratum_id: str, pair: tuple[str, str]) -> Detected:
    cutoff = profile.joint(stratum_id).c_support
    two, three = (planted(profile, plans, stratum_id, pair, sd) for _, sd in GRADES[1:])
    return Detected(
        score_rows(profile, two, stratum_id).t >= cutoff,
        verdicts(profile, two, stratum_id),
        score_rows(profile, three, stratum_id).t >= cutoff,
        verdicts(profile, three, stratum_id),
    )


def main() -> None:
    """Print the tables and put them into the document."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--profile", default="thoracic-delineation-1")
    options = parser.parse_args()
    text = tables(load_profile(options.profile), options.folder)
    print(text)
    if DOCUMENT.exists():
        before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
        after = rest.split(END)[1]
        DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
