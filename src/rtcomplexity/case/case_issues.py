"""What is odd about a case as a whole: ties that dangle, pieces that are missing or were left out.

Issues name nothing but kinds, counts and the first digits of a file's SHA-256.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rtcomplexity.case.image_link import do_agree, planes_agree
from rtcomplexity.case.roi_frames import rois_elsewhere
from rtcomplexity.case.target_names import alias_key
from rtcomplexity.model.case import ImageLink
from rtcomplexity.model.issue import Issue, Severity, roi_subject, typed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.case.image_link import Link
    from rtcomplexity.case.image_series import FoundSeries
    from rtcomplexity.dicom.index import FileIndex
    from rtcomplexity.model.structure_set import StructureSet, TargetClass

_SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"


def link_issues(chosen: StructureSet, link: Link, found: Sequence[FoundSeries]) -> list[Issue]:
    """Say what is odd about the tie between a structure set and the images that are here."""
    if not found:
        text = "No CT, MR or PET images are here: contours are measured on their own planes, nothing is sampled."
        return [
            Issue(code="no-images", severity=Severity.WARNING, subject="plan", text=text),
            *_elsewhere(chosen, link),
        ]
    if link.kind is ImageLink.NONE:
        return _unlinked_issues(chosen, link, found)
    issues = _frame_issues(link) + _elsewhere(chosen, link) + _off_slice_issues(chosen, link)
    by_image = {ImageLink.CONTOUR_IMAGE_SEQUENCE, ImageLink.STUDY_LEVEL_REFERENCES}
    issues += _volume_issues(link, found) if link.kind not in by_image else []
    if link.kind in by_image and link.resolved < link.stated:
        text = f"{link.text[0].upper()}{link.text[1:]}: the others of these images are not here."
        issues.append(Issue(code="images-missing", severity=Severity.WARNING, subject="plan", text=text))
    references = chosen.references
    has_dangling = references.contour_level_image_uids and link.kind is not ImageLink.CONTOUR_IMAGE_SEQUENCE
    if has_dangling or (references.study_level_image_uids and link.kind not in by_image):
        text = f"The images are tied by a weaker reference, as firmer ones dangle: {link.text}."
        issues.append(Issue(code="image-references-dangle", severity=Severity.INFO, subject="plan", text=text))
    return issues


def _volume_issues(link: Link, found: Sequence[FoundSeries]) -> list[Issue]:
    """Say that the planning series holds several volumes, of which no reference names the images."""
    planning = link.planning
    if planning is None or planning.volume is None:
        return []
    volumes = sum(one.series.series_uid == planning.series.series_uid and one.volume is not None for one in found)
    text = (
        f"The planning series holds {volumes} volumes at the same positions and the structure set names none of their "
        f"images: volume {planning.volume + 1} was taken."
    )
    return [Issue(code="several-volumes-unnamed", severity=Severity.WARNING, subject="plan", text=text)]


def _unlinked_issues(chosen: StructureSet, link: Link, found: Sequence[FoundSeries]) -> list[Issue]:
    text = f"No UID ties the structure set to the images that are here: {link.text}. Nothing was sampled from them."
    issues = [Issue(code="unlinked-images", severity=Severity.WARNING, subject="plan", text=text)]
    issues += _elsewhere(chosen, link)
    for one in found:
        if not chosen.patient_key or one.series.patient_key != chosen.patient_key:
            continue
        on_slices, planes = planes_agree(chosen, one.series.grid)
        if do_agree(on_slices, planes):
            text = (
                f"Patient and plane positions agree with a {one.series.modality} series of "
                f"{len(one.series.sop_instance_uids)} slices ({on_slices} of {planes} contour planes lie on them), but "
                "no UID ties them: nothing was sampled."
            )
            issues.append(
                Issue(code="unlinked-but-positions-agree", severity=Severity.WARNING, subject="plan", text=text)
            )
    return issues


def _off_slice_issues(chosen: StructureSet, link: Link) -> list[Issue]:
    if link.planning is None:
        return []
    on_slices, planes = planes_agree(chosen, link.planning.series.grid)
    if on_slices == planes:
        return []
    text = f"{planes - on_slices} of {planes} contour planes lie on no slice of the planning image."
    return [Issue(code="contours-off-slices", severity=Severity.INFO, subject="plan", text=text)]


def _frame_issues(link: Link) -> list[Issue]:
    if link.planning is None or link.planning.series.frame_of_reference_uid:
        return []
    text = "The planning image names no frame of reference; that of the contours was taken to be its own."
    return [Issue(code="image-without-frame", severity=Severity.WARNING, subject="plan", text=text)]


def _elsewhere(chosen: StructureSet, link: Link) -> list[Issue]:
    text = (
        "It refers to another frame of reference than the planning image, or than most ROIs: it is measured on its own "
        "planes, nothing is sampled for it, and it is neither related to other ROIs nor scored."
    )
    return [
        Issue(code="roi-in-other-frame", severity=Severity.WARNING, subject=roi_subject(roi.number), text=text)
        for roi in rois_elsewhere(chosen, link.planning.series if link.planning else None)
    ]


def input_issues(index: FileIndex) -> list[Issue]:
    """Say what else lies in the folder that a reader should know of."""
    issues = []
    captures = sum(file.sop_class_uid.startswith(_SECONDARY_CAPTURE) for file in index.others)
    if captures:
        text = f"{captures} secondary captures are here: they are no image sets and were not counted."
        issues.append(Issue(code="secondary-captures", severity=Severity.INFO, subject="input", text=text))
    nameless = sum(not file.patient_key for file in index.files)
    if nameless and index.patient_keys:
        text = f"{nameless} files name no patient, others do; they were taken to belong together."
        issues.append(Issue(code="patient-not-stated", severity=Severity.WARNING, subject="input", text=text))
    return issues


def met_aliases(aliases: Mapping[str, TargetClass], chosen: StructureSet) -> Mapping[str, TargetClass]:
    """Those of the aliases whose name an ROI has: the others change nothing."""
    names = {alias_key(roi.name) for roi in chosen.rois}
    return {name: kind for name, kind in aliases.items() if name in names}


def unmet_alias_issues(aliases: Mapping[str, TargetClass], chosen: StructureSet) -> tuple[Issue, ...]:
    """Say which names of ROIs were given that no ROI has."""
    met = met_aliases(aliases, chosen)
    unmet = [f"{typed(name)}={kind.value}" for name, kind in aliases.items() if name not in met]
    if not unmet:
        return ()
    text = (
        f"No ROI has the name that --map gives ({', '.join(unmet)}): {len(unmet)} of {len(aliases)} names had no "
        "effect. rtcomplexity inspect lists the names."
    )
    return (Issue(code="map-name-unmet", severity=Severity.WARNING, subject="plan", text=text),)
