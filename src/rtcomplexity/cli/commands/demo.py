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
    from rtcomplexity.cli.assessing import assessed
    from rtcomplexity.cli.commands.analyze import write
    from rtcomplexity.cli.rendering.assessment import assessment_parts
    from rtcomplexity.cli.rendering.console import print_result
    from rtcomplexity.testing.sample_plans import SAMPLE_NAMES, write_sample

    if sample not in SAMPLE_NAMES:
        from rtcomplexity.errors import UsageError

        raise UsageError("--sample", sample, f"one of {', '.join(SAMPLE_NAMES)}")
    plan, is_of_demo = out / sample, any((out / name).is_dir() for name in SAMPLE_NAMES)
    write_sample(sample, plan)
    if not quiet:
        typer.echo(f"Wrote a synthetic plan to {plan}", err=True)
    assessment = assessed(plan, quiet=quiet)
    write(assessment, out, over_another=is_of_demo, quiet=quiet)
    print_result(assessment_parts(assessment.record))
