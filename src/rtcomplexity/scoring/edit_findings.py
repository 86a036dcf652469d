"""Findings of what was edited: for greater work where an automatic contour was edited extensively, against if hardly.

Knows the comparison of each target with its earlier contour. Adds sentences to a verdict; never touches a score. Only
gross targets speak: other targets follow from them. Where the earlier contour is not stated to be automatic, nothing
speaks, as it may be the same person's earlier work.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from rtcomplexity.compare.edit import EditBasis, EditExtent
from rtcomplexity.model import issue_codes as codes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtcomplexity.compare.edit import Edit
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.scoring.verdict import Outcome

Side: TypeAlias = Literal["for", "against", "neither"]
SIDES: Final[dict[EditExtent, Side]] = {
    EditExtent.UNCHANGED: "against",
    EditExtent.WITHIN_TOLERANCE: "against",
    EditExtent.LIGHT: "against",
    EditExtent.EXTENSIVE: "for",
}
"""Whether an edit of an automatic contour speaks for or against; a moderate one does neither."""
EDITED: Final = frozenset({EditExtent.LIGHT, EditExtent.MODERATE, EditExtent.EXTENSIVE})
SENTENCES: Final = {
    EditExtent.UNCHANGED: "{roi}: identical to the {kind} contour {where}; the files show no editing.",
    EditExtent.WITHIN_TOLERANCE: (
        "{roi}: no contour lies more than {tolerance} mm from the {kind} contour {where} (edited volume {edited} of "
        "{volume} cm3)."
    ),
    EditExtent.LIGHT: "{roi}: light edit of the {kind} contour {where}: {numbers}.",
    EditExtent.MODERATE: "{roi}: moderate edit of the {kind} contour {where}: {numbers}.",
    EditExtent.EXTENSIVE: "{roi}: extensive edit of the {kind} contour {where}: {numbers}.",
    EditExtent.NOT_MEASURED: "{roi}: cannot be compared with the {kind} contour {where} (planes are not parallel).",
}
NUMBERS: Final = (
    "{share}% of the contour length lies more than {tolerance} mm apart, on {edited_planes} of {planes} slices; added "
    "path length {path} mm, edited volume {edited} of {volume} cm3"
)
WHERE: Final = {
    EditBasis.SAME_SET: "in the same structure set (ROI {number})",
    EditBasis.PREDECESSOR: "in the predecessor structure set (ROI {number})",
    EditBasis.EARLIER_SET: "in an earlier structure set (ROI {number})",
}


def side_of(edit: Edit) -> Side:
    """Say whether an edit speaks for greater work, against it, or for neither."""
    if not (edit.is_from_automatic and edit.roi.target_class.is_gross):
        return "neither"
    return SIDES.get(edit.extent, "neither")


def edit_sentence(edit: Edit) -> str:
    """Say how much of a target was edited, with its numbers; an ROI is meant by class and number, never by name."""
    share = "" if edit.moved_share is None else f"{100 * edit.moved_share:.3g}"
    numbers = {
        "share": share,
        "tolerance": f"{edit.tolerance_mm:g}",
        "edited_planes": _number(edit, "planes_edited"),
        "planes": _number(edit, "plane_count"),
        "path": _number(edit, "added_path_length"),
        "edited": _number(edit, "edited_volume"),
        "volume": _number(edit, "volume_second"),
    }
    return SENTENCES[edit.extent].format(
        roi=_roi(edit),
        kind="automatic" if edit.is_from_automatic else "earlier",
        where=WHERE[edit.basis].format(number=edit.earlier.number),
        numbers=NUMBERS.format(**numbers),
        **numbers,
    )


def _number(edit: Edit, key: str) -> str:
    value = edit.values[f"compare.{key}"].value
    return "unknown" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def with_edits(outcome: Outcome, edits: Sequence[Edit]) -> Outcome:
    """Return the outcome with the edits and the findings that they are; score and value are unchanged."""
    verdict = outcome.verdict
    spoken = {
        side: tuple(edit_sentence(each) for each in edits if side_of(each) == side) for side in ("for", "against")
    }
    return replace(
        outcome,
        edits=tuple(edits),
        warnings=(*outcome.warnings, *_contradictions(outcome, edits)),
        verdict=replace(
            verdict,
            findings_for=(*verdict.findings_for, *spoken["for"]),
            findings_against=(*verdict.findings_against, *spoken["against"]),
        ),
    )


def _contradictions(outcome: Outcome, edits: Sequence[Edit]) -> Iterator[Issue]:
    """Say where the user states of auto-segmentation what the files contradict."""
    claim = outcome.stated.claim
    stated = None if claim is None else claim.auto_segmentation_edited
    gross = [each for each in edits if each.is_from_automatic and each.roi.target_class.is_gross]
    unchanged = [_roi(each) for each in gross if each.extent is EditExtent.UNCHANGED]
    edited = [_roi(each) for each in gross if each.extent in EDITED]
    if stated is True and unchanged:
        yield codes.EDIT_STATED_OTHERWISE.about("plan", unchanged=", ".join(unchanged))
    if stated is False and edited:
        yield codes.EDIT_STATED_OTHERWISE.about("plan", edited=", ".join(edited))


def _roi(edit: Edit) -> str:
    return f"{edit.roi.target_class.value} (ROI {edit.roi.number})"
