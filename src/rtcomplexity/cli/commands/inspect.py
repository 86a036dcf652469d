"""``rtcomplexity inspect``: what is in a folder, what links to what, and what is odd."""

from rtcomplexity.cli.options import Aliases, PlanFolder, Quiet, StructureSetUid, parse_aliases


def inspect(
    path: PlanFolder,
    *,
    aliases: Aliases = None,
    structure_set_uid: StructureSetUid = None,
    quiet: Quiet = False,
) -> None:
    """Show what is in a folder, what links to what, and what is odd. Judges nothing.

    Example: rtcomplexity inspect ./plan
    """
    raise NotImplementedError(path, parse_aliases(aliases), structure_set_uid, quiet)
