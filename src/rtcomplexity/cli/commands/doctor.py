"""``rtcomplexity doctor``: what is installed, what is missing, and how to get it."""

from rtcomplexity.cli.options import AsJson


def doctor(*, as_json: AsJson = False) -> None:
    """Show versions, image codecs, linear algebra and optional parts. Reads no plan and names no path.

    Example: rtcomplexity doctor --json
    """
    from rtcomplexity.cli.environment import examine
    from rtcomplexity.cli.rendering.console import print_outcome
    from rtcomplexity.cli.rendering.environment import environment_parts

    findings = examine()
    print_outcome(findings, environment_parts(findings), as_json=as_json)
