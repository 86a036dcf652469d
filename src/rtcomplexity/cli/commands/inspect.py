"""``rtcomplexity inspect``: what is in a folder, what links to what, and what is odd."""

from rtcomplexity.cli.options import Aliases, PlanFolder, Quiet, SamePatient, StructureSetUid


def inspect(
    path: PlanFolder,
    *,
    aliases: Aliases = None,
    structure_set_uid: StructureSetUid = None,
    same_patient: SamePatient = False,
    quiet: Quiet = False,
) -> None:
    """Show what is in a folder, what links to what, and what is odd. Judges nothing.

    Example: rtcomplexity inspect ./plan
    """
    from rtcomplexity.case.target_names import parse_aliases
    from rtcomplexity.case.tg263 import tg263_spelling
    from rtcomplexity.cli.assessing import inspected
    from rtcomplexity.cli.rendering.console import print_result
    from rtcomplexity.cli.rendering.contents import contents_parts
    from rtcomplexity.model.options import AnalyzeOptions

    options = AnalyzeOptions(
        aliases=parse_aliases(aliases or ()), structure_set_uid=structure_set_uid, same_patient=same_patient
    )
    print_result(contents_parts(inspected(path, options, quiet=quiet), tg263_spelling))
