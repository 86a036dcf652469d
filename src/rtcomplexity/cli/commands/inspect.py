"""``rtcomplexity inspect``: what is in a folder, what links to what, and what is odd."""

from rtcomplexity.cli.options import DEFAULT_PROFILE, Aliases, PlanFolder, Quiet, StructureSetUid


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
    from rtcomplexity.case.target_names import tg263_spelling
    from rtcomplexity.cli.assessing import assessed
    from rtcomplexity.cli.rendering.console import print_result
    from rtcomplexity.cli.rendering.contents import contents_parts

    assessment = assessed(
        path, profile=DEFAULT_PROFILE, aliases=aliases, structure_set_uid=structure_set_uid, quiet=quiet
    )
    print_result(contents_parts(assessment.record, tg263_spelling))
