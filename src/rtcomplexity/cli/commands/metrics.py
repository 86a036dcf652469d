"""``rtcomplexity metrics``: what is measured, generated from the catalogue."""

from typing import Annotated

import typer

from rtcomplexity.cli.options import AsJson


def metrics(
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="One metric, in full.", show_default=False)] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List what is measured, with units and sources; with KEY, one metric in full.

    Example: rtcomplexity metrics shape.sphericity
    """
    from rtcomplexity.cli.rendering.catalogue import catalogue_table, described, metric_parts
    from rtcomplexity.cli.rendering.console import print_outcome
    from rtcomplexity.compare.catalogue import EVERY_METRIC

    chosen = [definition for definition in EVERY_METRIC if key in {None, definition.key}]
    if not chosen:
        raise _unknown(str(key), [definition.key for definition in EVERY_METRIC])
    entries = [described(definition) for definition in chosen]
    if key is None:
        print_outcome(entries, [catalogue_table(chosen)], as_json=as_json)
    else:
        print_outcome(entries[0], metric_parts(chosen[0]), as_json=as_json)


def _unknown(key: str, keys: list[str]) -> Exception:
    import difflib

    from rtcomplexity.errors import UsageError

    within = [each for each in keys if key.lower() in each.lower()] if key else []
    near = list(dict.fromkeys([*within, *difflib.get_close_matches(key, keys, n=3)]))
    expected = f"one of {', '.join(near)}" if near else "a key that 'rtcomplexity metrics' lists"
    return UsageError("KEY", key, expected)
