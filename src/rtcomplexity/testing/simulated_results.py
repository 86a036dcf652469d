"""Results of a batch without its plans: measured factors of an invented site, for trying a profile of one's own.

Factors are drawn, not measured: no contour stands behind them. A family's factors share most of their scatter, and each
has the distribution that ``thoracic-delineation-1`` states for it.

``python -m rtcomplexity.testing.simulated_results FOLDER --plans 500 --site shoulder`` writes what a batch would.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.batch.ledger import KEY_FILE
from rtcomplexity.batch.messages import RESULT_SCHEMA
from rtcomplexity.batch.outputs import JSONL
from rtcomplexity.evidence.record import SCHEMA_ID
from rtcomplexity.metrics.target_shape import surface_method
from rtcomplexity.model.options import OWN_PATTERN
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.profile import factor_reference, load_profile
from rtcomplexity.scoring.reference import rounded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.scoring.profile import Factor

MARGINALS: Final = "thoracic-delineation-1"
STRATUM: Final = "thoracic-sbrt"
SHARED: Final = 0.8
"""Weight of what a family's factors share."""
WITH_PET: Final = 0.4
"""Share of plans with a registered PET."""
KEY: Final = bytes(range(32))
"""Key of the hashed patients: those of two batches are told apart by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What is simulated."""

    plans: int
    seed: int = 0
    site: str = "shoulder"
    fractions: int = 5
    first_patient: int = 0
    """Patients are numbered from here, so that two batches need not share any."""
    shifts: Mapping[str, float] = field(default_factory=dict)
    """Normal scores by which each factor of a family is harder."""


def simulated_plans(simulation: Simulation) -> Plans:
    """Draw measured factors of routine plans."""
    from scipy.special import ndtr  # noqa: PLC0415 -- slow to load

    profile, n = load_profile(MARGINALS), simulation.plans
    rng = np.random.default_rng(simulation.seed)
    columns = {}
    for family in profile.families:
        shared = rng.standard_normal(n)
        for factor in family.factors:
            own = rng.standard_normal(n)
            scores = SHARED * shared + np.sqrt(1 - SHARED**2) * own + simulation.shifts.get(family.id, 0.0)
            columns[factor.metric] = _values(factor, 100 * ndtr(scores))
    without_pet = rng.random(n) >= WITH_PET
    columns |= {
        metric: np.where(without_pet, np.nan, values)
        for metric, values in columns.items()
        if metric.startswith("scored.pet_")
    }
    return Plans(count=n, columns=columns)


def _values(factor: Factor, percentiles: Floats) -> Floats:
    """Values at percentiles of a factor's own distribution."""
    places, levels = np.array(factor_reference(factor, STRATUM).knots).T
    return rounded(np.interp(percentiles, levels, places))


def write_results(folder: Path, simulation: Simulation) -> Path:
    """Write simulated plans as the results of a batch, as far as profiles of one's own are made from them."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = lines_of(simulated_plans(simulation), simulation)
    (folder / JSONL).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (folder / KEY_FILE).write_bytes(KEY)
    return folder


def lines_of(plans: Plans, simulation: Simulation) -> list[dict[str, Any]]:
    """Return the lines of ``results.jsonl``, one a plan and patient."""
    method = surface_method(load_profile(OWN_PATTERN).measurement.shape_blur_mm)
    return [_line(plans, number, simulation, method) for number in range(plans.count)]


def _line(plans: Plans, number: int, simulation: Simulation, method: str) -> dict[str, Any]:
    patient = simulation.first_patient + number
    name = f"{simulation.site} {simulation.seed} {patient}"
    metrics = {
        key: {"value": None if np.isnan(values[number]) else float(values[number]), "unit": "1"}
        for key, values in plans.columns.items()
    }
    return {
        "schema": RESULT_SCHEMA,
        "key": _hash(f"file {name}"),
        "patient_key": _hash(f"patient {patient}"),
        "status": "assessed",
        "code": "",
        "claims": [],
        "record": {
            "schema": SCHEMA_ID,
            "software": {"name": "rtcomplexity", "version": version("rtcomplexity")},
            "plan": {
                "id": _hash(f"files {name}"),
                "content_id": _hash(f"content {name}"),
                "planning_image": {"slice_spacing_mm": (1.0, 2.0, 2.5, 3.0)[number % 4]},
                "facts": {"site": simulation.site, "fractions": simulation.fractions},
            },
            "gross_target": {
                "surface_method": method,
                "metrics": metrics,
            },
            "score": {"profile": {"id": "any-site-1", "sha256": "0" * 64}, "stratum": "any", "t": 0.0},
            "verdict": {"value": "rejects", "reasons": []},
        },
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def main(arguments: Sequence[str] | None = None) -> None:
    """Write results from the command line."""
    parser = argparse.ArgumentParser(description="Write simulated results of a batch.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--plans", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--site", default="shoulder")
    parser.add_argument("--fractions", type=int, default=5)
    parser.add_argument("--first-patient", type=int, default=0)
    parser.add_argument("--shift", type=float, default=0.0, help="normal scores by which shape is harder")
    given = parser.parse_args(arguments)
    simulation = Simulation(
        plans=given.plans,
        seed=given.seed,
        site=given.site,
        fractions=given.fractions,
        first_patient=given.first_patient,
        shifts={"shape": given.shift},
    )
    write_results(given.folder, simulation)


if __name__ == "__main__":
    main()
