"""``rtcomplexity cohort``: an institutional cohort to compare with in addition to the built-in reference."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtcomplexity.cli.options import AsJson, ProfileName, Quiet, optional
from rtcomplexity.model.options import DEFAULT_PROFILE

if TYPE_CHECKING:
    from rtcomplexity.scoring.cohort import LocalCohort

app = typer.Typer(no_args_is_help=True)

Results = Annotated[
    list[Path],
    typer.Argument(
        metavar="RESULTS...",
        help="Output folders of batch, or evidence folders; or the files in them.",
        show_default=False,
    ),
]
CohortOut = Annotated[Path, optional("FILE", "Where the cohort goes.", "--out")]
CohortFile = Annotated[Path, typer.Argument(metavar="FILE", help="What cohort build wrote.", show_default=False)]
StratumId = Annotated[str | None, optional("ID", "Keep plans of this stratum only.", "--stratum")]


@app.callback()
def describe() -> None:
    """Make an institutional comparison cohort of local plans, and look at one.

    Example: rtcomplexity cohort build ./results --out cohort.json
    """


@app.command()
def build(
    results: Results,
    *,
    out: CohortOut,
    profile: ProfileName = DEFAULT_PROFILE,
    stratum: StratumId = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Build a cohort of consecutive plans from results: one per patient and course, exclusions listed.

    Example: rtcomplexity cohort build ./results --out cohort.json
    """
    from rtcomplexity.batch.cohort import build_cohort, write_cohort
    from rtcomplexity.scoring.cohort import LocalCohort
    from rtcomplexity.scoring.profile import load_profile

    built = build_cohort(results, load_profile(profile), stratum=stratum)
    written = write_cohort(built, out)
    if not quiet:
        key = (
            f" and its key, {written[1].name}: store with the cohort file; keep confidential"
            if len(written) > 1
            else ""
        )
        typer.echo(f"Wrote {out}{key}", err=True)
    _print(LocalCohort(cohort=built.cohort, key=built.key), as_json=as_json)


@app.command()
def show(path: CohortFile, *, as_json: AsJson = False) -> None:
    """Show a cohort: plans and T by stratum, what was excluded and why, and whether it can move a verdict.

    Example: rtcomplexity cohort show cohort.json --json
    """
    from datetime import UTC, datetime

    from rtcomplexity.scoring.cohort import load_cohort

    local = load_cohort(path)
    _print(local, as_json=as_json, written_on=f"{datetime.fromtimestamp(path.stat().st_mtime, UTC):%Y-%m-%d}")


def _print(local: "LocalCohort", *, as_json: bool, written_on: str = "") -> None:
    from dataclasses import asdict

    from rtcomplexity.cli.rendering.cohort import cohort_parts
    from rtcomplexity.cli.rendering.console import print_outcome
    from rtcomplexity.scoring.cohort import summary_of

    summary = summary_of(local)
    print_outcome(asdict(summary), cohort_parts(summary, written_on), as_json=as_json)
