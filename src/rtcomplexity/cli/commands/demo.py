"""``rtcomplexity demo``: a synthetic plan, written and analyzed."""

from pathlib import Path
from typing import Annotated

import typer

from rtcomplexity.cli.options import Quiet

DEFAULT_FOLDER = Path("rtcomplexity-demo")


def demo(
    *,
    sample: Annotated[str, typer.Option(metavar="NAME", help="Which synthetic plan.")] = "pet_ct_nsclc",
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the plan and its evidence.", show_default=True)
    ] = DEFAULT_FOLDER,
    quiet: Quiet = False,
) -> None:
    """Write a synthetic plan into a folder and analyze it. No real patient is involved.

    Example: rtcomplexity demo --sample routine_sbrt --out ./demo
    """
    from rtcomplexity.cli.commands.analyze import analyze
    from rtcomplexity.testing.plans import SAMPLE_NAMES, write_sample

    if sample not in SAMPLE_NAMES:
        from rtcomplexity.errors import UsageError

        raise UsageError("--sample", sample, f"one of {', '.join(SAMPLE_NAMES)}")
    plan = out / sample
    write_sample(sample, plan)
    if not quiet:
        typer.echo(f"Wrote a synthetic plan to {plan}", err=True)
    analyze(plan, out=out, quiet=quiet)
