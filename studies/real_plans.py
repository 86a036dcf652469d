"""Where real gross targets stand in the simulated population, by shape: most beyond P95 would mean that it is wrong.

``python studies/real_plans.py FOLDER`` reads the real plans that the tests use; nothing of them is kept but
percentiles. All are compared with the conventional stratum, whatever their site: only their shape is of interest.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rtcomplexity import AnalyzeOptions, analyze
from rtcomplexity.scoring.facts import Site


def main() -> None:
    """Print a table."""
    root = Path(sys.argv[1])
    print("| plan | volume, cm³ | sphericity | solidity | concavity | curvature | shape family |")
    print("|---|---|---|---|---|---|---|")
    for folder in (root / "lung1_001", root / "ibsi" / "ct_phantom", *sorted((root / "sts").glob("STS_*"))):
        assessment = analyze(folder, AnalyzeOptions(site=Site.THORACIC, fractions=30))
        score = assessment.outcome.score
        if score is None:
            continue
        shape = score.family("shape")
        cells = [f"{factor.value:.3f} (P{factor.percentile:.0f})" for factor in shape.factors if factor.value]
        volume = assessment.table.gross_target["scored.volume"].value
        print(f"| {folder.name} | {volume:.1f} | {' | '.join(cells)} | P{shape.score:.0f} |")


if __name__ == "__main__":
    main()
