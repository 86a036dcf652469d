"""``rtcomplexity diff``: what moved between two evidence folders."""

from pathlib import Path
from typing import Annotated

import typer

from rtcomplexity.cli.options import AsJson


def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="An evidence folder.", show_default=False)],
    after: Annotated[Path, typer.Argument(metavar="B", help="Another one.", show_default=False)],
    *,
    as_json: AsJson = False,
    every: Annotated[
        bool, typer.Option("--all", help="List every value of the reference that moved, not one line for them.")
    ] = False,
) -> None:
    """Show which input, metric or threshold changed between two evidence folders, and whether the verdict did.

    Example: rtcomplexity diff evidence-before evidence-after
    """
    from dataclasses import asdict

    from rtcomplexity.cli.rendering.console import print_outcome
    from rtcomplexity.cli.rendering.differences import difference_parts
    from rtcomplexity.evidence.difference import with_one_line_of_reference
    from rtcomplexity.usecases.diff import diff as found_between

    found = found_between(before, after)
    tree = {"summary": found.summary, "changes": [asdict(change) for change in found.changes]}
    listed = found.changes if every else with_one_line_of_reference(found.changes)
    print_outcome(tree, difference_parts(found.summary, listed), as_json=as_json)
