"""Every issue that a reader of input, a measurement or an assessment can raise, declared once.

Code that notices something odd calls ``codes.GANTRY_TILT.about(subject, tilt_deg=8.0)``. This table gives the code, the
severity, the sentence and what a person can do about it; the reference page of issues is generated from it.
"""

from __future__ import annotations

from typing import Final

from rtcomplexity.model.issue import IssueCode, Severity


def _info(code: str, *texts: str, action: str) -> IssueCode:
    return IssueCode(code=code, severity=Severity.INFO, texts=texts, action=action)


def _warning(code: str, *texts: str, action: str, or_severity: Severity | None = None) -> IssueCode:
    return IssueCode(code=code, severity=Severity.WARNING, texts=texts, action=action, or_severity=or_severity)


def _error(code: str, *texts: str, action: str) -> IssueCode:
    return IssueCode(code=code, severity=Severity.ERROR, texts=texts, action=action)


# --- Files, archives and patients ------------------------------------------------------------------------------------

ARCHIVE_BROKEN: Final = _warning("archive-broken", "{reason}", action="Export the archive again.")
ARCHIVE_ENCRYPTED: Final = _warning("archive-encrypted", "{reason}", action="Unpack the archive with its password.")
ARCHIVE_INFLATION: Final = _warning("archive-inflation", "{reason}", action="Ask where the archive comes from.")
ARCHIVE_KIND: Final = _warning("archive-kind", "{reason}", action="Unpack the archive and give the folder.")
ARCHIVE_LIMIT: Final = _warning("archive-limit", "{reason}", action="Unpack the archive and give the folder.")
ARCHIVE_LINK: Final = _warning("archive-link", "{reason}", action="Create the archive again without links.")
ARCHIVE_METHOD: Final = _warning(
    "archive-method", "{reason}", action="Create the archive again with another method, or unpack it."
)
ARCHIVE_SPECIAL: Final = _warning("archive-special", "{reason}", action="Create the archive again from files only.")
ARCHIVE_UNSAFE_NAME: Final = _warning(
    "archive-unsafe-name", "{reason}", action="Do not unpack it; ask where the archive comes from."
)
FILE_BROKEN: Final = _warning(
    "file-broken",
    "{found} The file was excluded (SHA-256 {sha256}).",
    action="Export the file again, or ignore it if the plan does not need it.",
)
FILE_TOO_LARGE: Final = _warning(
    "file-too-large",
    "A file of {size} bytes is over the limit of {limit} and was not opened.",
    action="Check where the file comes from; raise RTCOMPLEXITY_MAX_FILE_BYTES if it belongs to the plan.",
)
FILE_UNREADABLE: Final = _warning(
    "file-unreadable", "{reason}", action="Check the permissions of the file and the disk."
)
FOLDER_UNREADABLE: Final = _warning("folder-unreadable", "{reason}", action="Check the permissions of the folder.")
COPIES_ENCODED_ANEW: Final = _info(
    "copies-encoded-anew",
    "{copies:file is|files are} a re-encoded copy of another.",
    action="Nothing: each instance counts once.",
)
IDENTICAL_COPIES: Final = _info(
    "identical-copies",
    "{copies:file is|files are} an identical copy of another.",
    action="Nothing: each file counts once.",
)
IMAGE_UNREADABLE: Final = _warning(
    "image-unreadable", "An image was excluded: {found} (SHA-256 {sha256})", action="Export the image again."
)
INSTANCE_UID_CLASH: Final = _warning(
    "instance-uid-clash",
    "{uids:SOP Instance UID occurs|SOP Instance UIDs occur} in {files:file|files} with different content.",
    action="Export the plan again into an empty folder.",
)
LINKED_FOLDERS: Final = _info(
    "linked-folders",
    "{linked:symbolic link was|symbolic links were} not followed.",
    action="Give the folder that a link leads to, if the plan is there.",
)
NESTED_ARCHIVE: Final = _warning("nested-archive", "{reason}", action="Unpack the inner archive beside the outer one.")
OTHER_UNREADABLE: Final = _warning(
    "other-unreadable",
    "A file was excluded: {found} (SHA-256 {sha256})",
    action="Nothing, unless the plan needs that file.",
)
PATIENTS_STATED_AS_ONE: Final = _warning(
    "patients-stated-as-one",
    "Files with {patients} different Patient IDs were stated to belong to one patient ({files}). {ties}.",
    action="Confirm that the files are of one patient.",
)
PATIENT_DETAILS_DIFFER: Final = _warning(
    "patient-details-differ",
    "One Patient ID has {people} names with different birth dates; one patient was assumed.",
    action="Confirm that all files are of one patient: after anonymization several may share an ID.",
)
PATIENT_ID_MISSING: Final = _warning(
    "patient-id-missing",
    "{files:file has|files have} no Patient ID; name and birth date match the other files, so the same "
    "patient was assumed.",
    action="Confirm that all files are of one patient.",
)
PATIENT_NOT_STATED: Final = _warning(
    "patient-not-stated",
    "{nameless:file has|files have} no Patient ID while others do; one patient was assumed.",
    action="Confirm that all files are of one patient.",
)
PLAN_UNREADABLE: Final = _warning(
    "plan-unreadable",
    "A RT Plan was excluded: {found} (SHA-256 {sha256})",
    action="Export the RT Plan again if fractions or site are to come from it.",
)
PREAMBLE_OF_OTHER_FORMAT: Final = _warning(
    "preamble-of-other-format",
    "{files:file also opens|files also open} as another file type (program, script, PDF or archive). Do not run.",
    action="Do not run these files; ask where they come from.",
)
REGISTRATION_UNREADABLE: Final = _warning(
    "registration-unreadable",
    "A registration was excluded: {found} (SHA-256 {sha256})",
    action="Export the registration again if its images are to be sampled.",
)
SECONDARY_CAPTURES: Final = _info(
    "secondary-captures",
    "{captures:secondary capture was|secondary captures were} not counted; a secondary capture is not an image set.",
    action="Nothing: they are no image sets.",
)
SEGMENTATIONS_NOT_READ: Final = _info(
    "segmentations-not-read",
    "{segmentations:Segmentation was|Segmentations were} also found; targets were taken from the structure set alone.",
    action="Give the Segmentation with --targets if its regions are the targets.",
)
STRUCTURE_SET_UNREADABLE: Final = _warning(
    "structure-set-unreadable",
    "A structure set was excluded: {found} (SHA-256 {sha256})",
    action="Export the structure set again.",
)
TRANSFER_SYNTAX_WRONG: Final = _warning(
    "transfer-syntax-wrong",
    "{files} files {oddity}.",
    action="Export the files again if anything else is odd; their elements were read.",
)

# --- Structure sets and their ROIs -----------------------------------------------------------------------------------

CHARACTER_SET_CONTRADICTED: Final = _warning(
    "character-set-contradicted",
    "The names of ROIs {rois} are not in the Specific Character Set (0008,0005) of the file; read as {encoding}.",
    action="Check the names of ROIs on the report.",
)
CHARACTER_SET_UNKNOWN: Final = _warning(
    "character-set-unknown",
    "The Specific Character Set (0008,0005) is not one of DICOM's; names were read as UTF-8 where that is valid, else "
    "as Latin-1.",
    action="Check the names of ROIs on the report.",
)
DANGLING_CONTOURS: Final = _warning(
    "dangling-contours",
    "{contours:contour item names|contour items name} no ROI; excluded.",
    "{contours:contour refers|contours refer} to ROI number {number}, which the structure set does not "
    "define; excluded.",
    action="Export the structure set again if an ROI misses contours.",
)
DANGLING_OBSERVATION: Final = _info(
    "dangling-observation",
    "{observations:ROI observation refers|ROI observations refer} to ROI numbers that the structure set does "
    "not define; ignored.",
    action="Nothing.",
)
DATE_INVALID: Final = _info(
    "date-invalid",
    "Structure Set Date (3006,0008) is invalid; the instance creation date was used, if present.",
    action="Nothing, unless several structure sets compete by date.",
)
DUPLICATE_ROI_NAMES: Final = _warning(
    "duplicate-roi-names",
    "ROIs {rois} have the same name (ignoring case); they are distinguished by number.",
    action="Check that no target is duplicated; rename one in the planning system.",
)
DUPLICATE_ROI_NUMBER: Final = _error(
    "duplicate-roi-number",
    "{rois} ROIs share this number. The file does not identify which contours belong to which ROI, so none "
    "was measured.",
    action="Give each ROI its own number and export again.",
)
MODALITY_DISAGREES: Final = _warning(
    "modality-disagrees",
    "The SOP Class is RT Structure Set but the Modality differs; read as a structure set.",
    action="Nothing; ask the exporting system's vendor if it happens often.",
)
ROI_NAME_CHARACTERS: Final = _info(
    "roi-name-characters",
    "The names of ROIs {rois} contain undecodable or control characters.",
    action="Rename these ROIs in the planning system if their class was not recognized.",
)
ROI_NOT_MEASURABLE: Final = _error(
    "roi-not-measurable", "{reason}", action="Correct the contours of that ROI in the planning system and export again."
)
ROI_NUMBER_MISSING: Final = _warning(
    "roi-number-missing",
    "{unnumbered:ROI has|ROIs have} no ROI Number; excluded.",
    action="Export the structure set again; ROIs without a number cannot be read.",
)
ROI_VOLUME_ZERO: Final = _info(
    "roi-volume-zero",
    "ROI Volume (3006,002C) is 0 for ROIs {rois}; treated as not provided.",
    action="Nothing: the volume from the contours counts.",
)
ROI_WITHOUT_CONTOURS: Final = _info(
    "roi-without-contours", "ROIs without contours: {rois}.", action="Nothing, unless one of them is a target."
)
COMPARED_CONTOURS_UNREAD: Final = _warning(
    "compared-contours-unread",
    "Side {side}, {what}: {text}",
    action="Export that side again; contours that are not read count as removed.",
)
COMPARED_ONE_OF_SEVERAL: Final = _warning(
    "compared-one-of-several",
    "Side {side} holds {sets} structure sets; one was compared because {because}.",
    action="Give the file of the structure set that is meant.",
)
COMPARED_FRAME_NOT_STATED: Final = _warning(
    "compared-frame-not-stated",
    "A side states no frame of reference; the two are compared as they lie because they reference images in common.",
    action="Confirm that both structure sets were contoured on the same images.",
)
COMPARED_PATIENTS_DIFFER: Final = _warning(
    "compared-patients-differ",
    "The structure sets compared have {patients} different Patient IDs.",
    action="Confirm that they belong to one patient; if not, the comparison means nothing.",
)
COMPARED_PATIENT_NOT_STATED: Final = _info(
    "compared-patient-not-stated",
    "{sides} of the structure sets compared state no Patient ID: whether they are one patient's is not known.",
    action="Confirm that they belong to one patient.",
)
COMPARED_SAME_FILE: Final = _info(
    "compared-same-file",
    "Two of the structure sets compared are the same file.",
    action="Confirm that the files that were meant were given.",
)
COMPARED_THROUGH_REGISTRATION: Final = _warning(
    "compared-through-registration",
    "The sides lie in different frames of reference; the second was brought into that of the first by a "
    "rigid registration, whose error is part of every distance.",
    action="Confirm that the registration was accepted for contour transfer.",
)
EDIT_STATED_OTHERWISE: Final = _warning(
    "edit-stated-otherwise",
    "The claim information states that auto-segmentation was edited; {unchanged} was taken over unchanged.",
    "The claim information states that auto-segmentation was not edited; {edited} was.",
    action="Correct the claim information, or export the structure set that was edited.",
)
PREDECESSOR_MISSING: Final = _info(
    "predecessor-missing",
    "The structure set names {missing} predecessor structure sets that are not here: what was edited since "
    "is not known.",
    action="Export the predecessor structure set too.",
)
SEVERAL_STRUCTURE_SETS: Final = _warning(
    "several-structure-sets",
    "{others:other structure set contains|other structure sets contain} different gross targets. The "
    "assessed one was selected because {because}. Not assessed: {listed}.",
    action="Choose the structure set with --structure-set if the assessed one is not the one treated.",
)
STRUCTURE_SET_REJECTED: Final = _error(
    "structure-set-rejected",
    "The structure set has Approval Status REJECTED; it is measured but not scored.",
    action="Export the approved structure set.",
)
UID_INVALID: Final = _warning(
    "uid-invalid",
    "The SOP Instance UID of the structure set is missing or invalid.",
    action="Export the structure set again.",
)

# --- Contours --------------------------------------------------------------------------------------------------------

CONTOURS_CLOSED_TWICE: Final = _warning(
    "contours-closed-twice",
    "{contours:contour is|contours are} traced more than once around; the first pass is used.",
    action="Nothing: one round counts.",
)
CONTOUR_LEFT_OUT: Final = _error(
    "contour-left-out",
    "{count} of {contours:contour|contours} excluded; cause: {fault}.",
    action="Export the structure set again; check the contours of that ROI.",
)
CONTOUR_OFFSET_STATED: Final = _warning(
    "contour-offset-stated",
    "{count} of {contours:contour states|contours state} a Contour Offset Vector (3006,0045), which places their slab "
    "off their plane; measured where the points lie.",
    action="Check in the planning system on which slices the contours lie.",
)
CONTOUR_POINT_COUNT_DISAGREES: Final = _warning(
    "contour-point-count-disagrees",
    "{count} of {contours:contour has|contours have} a different number of points than stated; the points were used.",
    action="Nothing: the points that are there count.",
)
CONTOUR_TYPE_INTERPOLATED: Final = _warning(
    "contour-type-interpolated",
    "{count} of {contours:contour has|contours have} type INTERPOLATED_PLANAR; treated as CLOSED_PLANAR.",
    action="Nothing.",
)
CONTOUR_TYPE_UNKNOWN: Final = _warning(
    "contour-type-unknown",
    "{count} of {contours:contour has|contours have} an unknown or missing type; counted, but no area is computed.",
    action="Export the structure set again with closed planar contours.",
)
CONTOURS_IN_SEVERAL_ITEMS: Final = _warning(
    "contours-in-several-items",
    "The contours are split over {count} ROI Contour items; combined.",
    action="Nothing: all items count.",
)
CONTOURS_NOT_PARALLEL: Final = _warning(
    "contours-not-parallel",
    "{contours:closed contour has|closed contours have} a different orientation; excluded from areas and volumes.",
    action="Check the ROI in the planning system: its contours lie in several orientations.",
)
CONTOURS_NOT_PLANAR: Final = _warning(
    "contours-not-planar",
    "{contours:closed contour is|closed contours are} not planar (by up to {departure_mm:.2g} mm); measured "
    "after projection onto the mean plane.",
    action="Check the volume against the planning system's.",
)
CONTOURS_OF_FEW_POINTS: Final = _warning(
    "contours-of-few-points",
    "{contours:closed contour has|closed contours have} fewer than three distinct points; excluded from "
    "areas and volumes.",
    action="Delete these contours in the planning system.",
)
CONTOURS_ACROSS_SLICES: Final = _warning(
    "contours-across-slices",
    "The contours of ROIs {rois} are not parallel to the slices of the planning image; measured on their own planes, "
    "without voxels and image values.",
    action="Export the image that they were contoured on.",
)
CONTOURS_MAYBE_IN_CM: Final = _warning(
    "contours-maybe-in-cm",
    "{on_slices} of {planes:contour plane lies|contour planes lie} on slices of the planning image; if the coordinates "
    "were in centimeters, {in_cm} would. Read as millimeters, as DICOM says.",
    action="Check the volumes against the planning system's; export the structure set again in millimeters.",
)
CONTOURS_NAME_OTHER_SLICES: Final = _warning(
    "contours-name-other-slices",
    "{count} of {contours:contour names|contours name} an image of another slice, up to {away_mm:.3g} mm from "
    "where the points lie ({rois}); measured where the points lie.",
    action="Check in the planning system on which slices the contours lie, and export the structure set again.",
)
CONTOURS_OFF_SLICES: Final = _info(
    "contours-off-slices",
    "{off_slices} of {planes:contour plane does|contour planes do} not coincide with a slice of the planning image.",
    action="Nothing: contours are measured where they lie.",
)
CONTOURS_OUTSIDE_IMAGE: Final = _warning(
    "contours-outside-image",
    "Outside the planning image: {outside}. Included in the contour volume; not represented in the voxel mask.",
    action="Check that the structure set belongs to the planning image.",
)
CONTOURS_WITHOUT_AREA: Final = _warning(
    "contours-without-area",
    "{contours:closed contour encloses|closed contours enclose} no area; excluded from areas and volumes.",
    action="Delete these contours in the planning system.",
)
CONTOUR_TYPE_MISSING: Final = _warning(
    "contour-type-missing",
    "{count} of {contours:contour has|contours have} no Contour Geometric Type but a closed path; treated as "
    "CLOSED_PLANAR.",
    action="Nothing, if the contours are closed.",
)
DUPLICATE_CONTOURS: Final = _warning(
    "duplicate-contours",
    "{copies:duplicate contour|duplicate contours}; each contour counted once.",
    action="Nothing: each contour counts once. The planning system's own volume may count them all.",
)
MISSING_PLANES: Final = _warning(
    "missing-planes",
    "{gaps:uncontoured gap|uncontoured gaps} ({why}), {missing_mm:.3g} mm in total. Not filled; the volume "
    "with gaps filled is also given.",
    action="Contour the slices between, if the structure continues there.",
)
NEAR_DUPLICATE_CONTOURS: Final = _warning(
    "near-duplicate-contours",
    "{copies:near-duplicate contour|near-duplicate contours} on the same plane; one of each group counted.",
    action="Check in the planning system that old contours were deleted.",
)
PARTLY_OVERLAPPING_CONTOURS: Final = _warning(
    "partly-overlapping-contours",
    "{pairs:pair|pairs} of contours on one plane overlap partly; the even-odd rule excludes the shared area{joined}",
    action="Check in the planning system whether these contours were meant to be joined.",
)
PLANE_SPACING_UNKNOWN: Final = _warning(
    "plane-spacing-unknown",
    "The plane spacing cannot be determined from images or other contours. {gaps:wide interval|wide "
    "intervals} without contours ({missing_mm:.3g} mm in total) treated as gaps; the volume with gaps filled "
    "is also given.",
    "The plane spacing cannot be determined from images or other contours. The two planes were treated as "
    "adjacent; the volume is too large if contours are missing between them.",
    action="Export the planning images with the structure set.",
)
SELF_CROSSING_CONTOURS: Final = _info(
    "self-crossing-contours",
    "{contours:self-intersecting contour|self-intersecting contours}; area by the even-odd rule.",
    action="Check the shape of these contours in the planning system.",
)
SLAB_THICKNESS_STATED: Final = _warning(
    "slab-thickness-stated",
    "{planes:plane has its|planes have their} thickness only from Contour Slab Thickness (3006,0044), which was used.",
    action="Export the planning images with the structure set.",
)
TPS_VOLUME_DIFFERS: Final = _warning(
    "tps-volume-differs",
    "TPS volume {theirs:g} cm³; contour volume {own:g} cm³{difference}.",
    "TPS volume {theirs:g} cm³; contour volume {own:g} cm³{difference}. Counting every duplicate contour "
    "gives {with_copies:.4g} cm³, which explains the TPS volume.",
    action="Compare both volumes in the planning system; copies, gaps and overlaps are the usual causes.",
)
XOR_CONTOURS_CANCEL: Final = _warning(
    "xor-contours-cancel",
    "{copies:duplicate contour|duplicate contours} of type CLOSEDPLANAR_XOR; by definition two copies cancel "
    "and enclose nothing.",
    action="Delete the repeated contours in the planning system.",
)

# --- Targets ---------------------------------------------------------------------------------------------------------

GROSS_TARGET_IN_OTHER_ORIENTATION: Final = _warning(
    "gross-target-in-other-orientation",
    "Its planes are not parallel to those of the other gross targets; measured separately, not scored.",
    action="Contour gross targets on one orientation if they are to be scored together.",
)
GROSS_TARGET_NESTED: Final = _info(
    "gross-target-nested",
    "This gross target lies inside or duplicates a larger one; it adds nothing to the score.",
    action="Nothing.",
)
GROSS_TARGET_OF_OTHER_PHASE: Final = _warning(
    "gross-target-of-other-phase",
    "Contoured on phase {phase} of a 4D acquisition, while the scored gross targets were contoured on "
    "another image; neither name nor number matches one of them. Not scored.",
    "Contoured on phase {phase} of a 4D acquisition; the same target as ROI {roi}. Used for motion, not scored twice.",
    action="Name the target alike on every phase, if it is the same one.",
    or_severity=Severity.INFO,
)
GROSS_TARGETS_OVERLAP: Final = _warning(
    "gross-targets-overlap",
    "{percent:.1f}% of this gross target lies inside other gross targets.",
    action="Check whether these gross targets were meant to overlap.",
)
MAP_NAME_UNMET: Final = _warning(
    "map-name-unmet",
    "No ROI has the name given with --map ({classes}): {unmet} of {names:name|names} had no effect. "
    "`rtcomplexity inspect` lists the names.",
    action="Check the names given to --map against rtcomplexity inspect.",
)
PHASE_CONTOURS_COPIED: Final = _warning(
    "phase-contours-copied",
    "{phases:phase|phases} of a 4D acquisition (number {numbers}) contain only an exact copy of another "
    "phase's contours; not counted as contoured.",
    action="Nothing: copied contours are not counted as contoured.",
)
SCORED_ON_PHASE: Final = _warning(
    "scored-on-phase",
    "No gross target was contoured on the planning image; this one, contoured on phase {phase} of a 4D "
    "acquisition, is scored without planning image values.",
    action="Export the structure set of the planning image if the target was contoured there.",
)
TARGET_CLASS_CONFLICT: Final = _warning(
    "target-class-conflict",
    "ROI type {by_type}, name suggests {by_name} ({words}); the type was used.",
    "ROI type {by_type}, name suggests a structure that is not a target ({words}); the name was used.",
    action="State the class with --map if the one taken is wrong.",
)
TARGET_CLASS_OPEN: Final = _warning(
    "target-class-open",
    "Named as a target volume ({words}), but not as GTV, CTV, ITV or PTV: ROIs {rois}. Not classified.",
    action="State the class with --map.",
)
TARGET_CLASS_UNRESOLVED: Final = _info(
    "target-class-unresolved",
    "The class of ROIs {rois} cannot be determined from type, label, codes or name.",
    action="State the class with --map if a target is among them.",
)
TARGETS_SUPPLIED: Final = _warning(
    "targets-supplied",
    "{targets:target was|targets were} taken from a supplied {kind} file instead of {left_out} of the plan's own.",
    action="Confirm that the supplied file is the delineation that was approved.",
)
TARGET_FROM_PET: Final = _info(
    "target-from-pet",
    "Named as a PET uptake threshold (SUV, MTV); such a region is not manually contoured.",
    action="Confirm that the region was contoured or edited by a person.",
)
TARGET_NAME_DOUBTFUL: Final = _warning(
    "target-name-doubtful",
    "Name interpreted as {by_name} ({words}); it can also mean {other}.",
    action="State the class with --map if the one taken is wrong.",
)
TARGET_NOT_NESTED: Final = _warning(
    "target-not-nested",
    "{percent:.3g}% of this {by_type} lies outside the {holder} that should contain it.",
    action="Check both targets in the planning system.",
)
TARGET_PLANNING_STRUCTURES: Final = _info(
    "target-planning-structures",
    "ROIs {rois} are named after a target or marked as not for evaluation; not classified as targets because "
    "of: {words}.",
    action="State the class with --map if one of them is a target.",
)
TARGET_WITHOUT_AREA: Final = _warning(
    "target-without-area",
    "Targets without a closed contour, hence without a volume: ROIs {rois}.",
    action="Contour the target with closed contours.",
)
TARGET_WITH_OPEN_CONTOURS: Final = _warning(
    "target-with-open-contours",
    "{count} of {contours:contour of this target is an open line or a point|contours of this target are open lines or "
    "points}; counted, but no area is computed.",
    action="Close these contours in the planning system if they bound the target.",
    or_severity=Severity.INFO,
)
TARGET_WITHOUT_GROSS_TARGET: Final = _warning(
    "target-without-gross-target",
    "Part of this target lies more than {reach_mm:g} mm from every scored gross target. A GTV may be missing "
    "from the export or not recognized by name.",
    action="Export the GTV as well, or state its class with --map.",
)

# --- Images ----------------------------------------------------------------------------------------------------------

DUPLICATE_SLICE_POSITIONS: Final = _warning(
    "duplicate-slice-positions",
    "{extra} of {slices:slice shares its|slices share their} position with another of the series; the images "
    "that contours reference are used.",
    "{doubtful} of {slices:position holds|positions hold} several different images of the series, and "
    "neither headers nor contours identify the right one; no value is sampled there.",
    action="Export the volume that was contoured on alone.",
)
DUPLICATE_SLICES: Final = _info(
    "duplicate-slices",
    "{extra} of {slices:slice duplicates|slices duplicate} another of the series (identical pixels); each "
    "counted once.",
    action="Nothing: each slice counts once.",
)
GANTRY_TILT: Final = _info(
    "gantry-tilt",
    "Gantry tilt of {tilt_deg:.3g}°; positions are measured along the slice normal.",
    action="Nothing: positions are measured along the normal.",
)
IMAGE_DOES_NOT_COVER_ROI: Final = _warning(
    "image-does-not-cover-roi",
    "{percent:.3g}% of the ROI's voxels lie outside {image} or where its registration or pixels are "
    "undefined; excluded from its values.",
    action="Confirm that the image was meant to cover the target.",
)
IMAGE_NOT_SAMPLED: Final = _warning(
    "image-not-sampled", "{reason}", action="Export the image again; the text says what is missing."
)
IMAGE_REFERENCES_DANGLE: Final = _info(
    "image-references-dangle",
    "Images linked by a weaker reference; contour-level references do not resolve ({link}).",
    action="Nothing, if the planning image is the right one.",
)
IMAGE_SET_NOT_COUNTED: Final = _info(
    "image-set-not-counted",
    "Listed, not counted as an image set of the delineation. {missed}",
    action="Confirm that the images and the registration are those that were used.",
)
IMAGE_WITHOUT_FRAME: Final = _warning(
    "image-without-frame",
    "The planning image has no Frame of Reference UID; that of the contours was assumed.",
    action="Confirm that the planning image is the one contoured on.",
)
IMAGES_MISSING: Final = _warning(
    "images-missing",
    "{link}; the remaining images were not found.",
    action="Export all images that the contours refer to.",
)
MISSING_SLICES: Final = _warning(
    "missing-slices",
    "About {missing:slice is|slices are} missing at {places:position|positions} (slice spacing {typical:.4g} mm).",
    action="Export the missing slices.",
)
MIXED_SERIES: Final = _warning(
    "mixed-series",
    "The series contains {stacks} stacks that differ in orientation, size or spacing; separated.",
    action="Nothing: each stack is an image set of its own.",
)
NO_IMAGES: Final = _warning(
    "no-images",
    "No CT, MR or PET images found; contours are measured on their own planes and no image values are sampled.",
    action="Export the planning images with the structure set.",
)
NON_UNIFORM_SLICE_SPACING: Final = _info(
    "non-uniform-slice-spacing",
    "Slice spacing varies from {least_mm:.4g} to {most_mm:.4g} mm; each slice is used at its position.",
    action="Nothing: each slice counts where it lies.",
)
PLANNING_IMAGE_AMBIGUOUS: Final = _warning(
    "planning-image-ambiguous",
    "No contour names the image that it was drawn on, and several series fit the structure set alike. {chosen} was "
    "used because {why}; {others} may give other image values.",
    action="Export the image that was contoured on alone.",
)
ROI_IMAGES_MISSING: Final = _warning(
    "roi-images-missing",
    "None of the images referenced by the contours of {rois} was found; they were assumed to be contoured on "
    "the planning image, like the other ROIs.",
    action="Export the images that these contours refer to.",
)
ROI_IN_OTHER_FRAME: Final = _warning(
    "roi-in-other-frame",
    "Frame of reference differs from that of the planning image or of most ROIs; measured on its own planes, "
    "not sampled, not related to other ROIs, not scored.",
    action="Export that ROI with the image that it was contoured on.",
)
ROI_ON_SEVERAL_SERIES: Final = _warning(
    "roi-on-several-series",
    "Its contours reference images of {series} series ({parts}); not treated as a phase of a target, "
    "measured on the planning image.",
    action="Check in the planning system which image the ROI was contoured on.",
)
ROIS_ON_OTHER_IMAGES: Final = _warning(
    "rois-on-other-images",
    "{were}, not on the planning image; measured at the same coordinates in the planning image.",
    action="Confirm that these images are registered to the planning image.",
)
ROIS_ON_PHASE: Final = _info("rois-on-phase", "{were}, not on the planning image.", action="Nothing.")
SERIES_JOINED: Final = _warning(
    "series-joined",
    "The slices carry {series} Series or Study Instance UIDs. The structure set names images of several of them and "
    "together they are one stack; joined.",
    action="Confirm that these series are one image.",
)
SEVERAL_PET_SETS: Final = _warning(
    "several-pet-sets",
    "{sets} PET image sets are available. SUV, scores and pictures use {chosen} because {why}; {others} "
    "would give different values.",
    action="Export the PET that was used for contouring alone, if it is another one.",
)
SEVERAL_VOLUMES_IN_SERIES: Final = _info(
    "several-volumes-in-series",
    "The series contains {volumes} volumes at the same positions, distinguished by {marks}; separated.",
    action="Nothing: each volume is an image set of its own.",
)
SEVERAL_VOLUMES_UNNAMED: Final = _warning(
    "several-volumes-unnamed",
    "The planning series contains {volumes} volumes at the same positions, and the structure set references "
    "none of their images; volume {taken} was used.",
    action="Export the volume that was contoured on alone.",
)
SHIFTED_SLICES: Final = _warning(
    "shifted-slices",
    "Slices are offset in-plane by up to {shift_mm:.3g} mm; each slice is used at its position.",
    action="Check the series in the planning system.",
)
SLICE_THICKNESS_USED: Final = _warning(
    "slice-thickness-used",
    "The planning image is one slice, and ROIs {rois} lie on one plane: their volume rests on its Slice Thickness "
    "(0018,0050) of {thickness_mm:.4g} mm.",
    action="Export the whole planning image.",
)
SLICES_LEFT_OUT: Final = _warning(
    "slices-left-out", "{count:slice|slices} ({modality}) excluded: {fault}.", action="Export these slices again."
)
UNLINKED_BUT_POSITIONS_AGREE: Final = _warning(
    "unlinked-but-positions-agree",
    "Patient and plane positions match a {modality} series of {slices:slice|slices} ({on_slices} of {planes} "
    "contour planes coincide), but no UID links them; not sampled.",
    action="Export structure set and images again from one system, so that their UIDs agree.",
)
UNLINKED_IMAGES: Final = _warning(
    "unlinked-images",
    "Structure set not linked to any image: {link}. Not sampled.",
    action="Export the images that the structure set was contoured on.",
)

# --- RT Plans --------------------------------------------------------------------------------------------------------

FRACTION_GROUPS: Final = _warning(
    "fraction-groups",
    "The RT Plan has {groups} fraction groups (fractions: {listed}). Whether they follow each other or run side by "
    "side is not stated, so the number of fractions is unknown.",
    action="State the number of fractions with --fractions.",
)
PLAN_OF_OTHER_SET: Final = _info(
    "plan-of-other-set",
    "{count} of {total:RT Plan references|RT Plans reference} another structure set; not used for site or "
    "prescription.",
    action="Export the RT Plan made on this structure set if site and fractions are to come from it.",
)
PLAN_QUALITY_ASSURANCE: Final = _info(
    "plan-quality-assurance",
    "{count} of {total:RT Plan is a QA plan|RT Plans are QA plans}; not used.",
    action="Nothing.",
)
PLAN_REJECTED: Final = _warning(
    "plan-rejected",
    "{rejected} of {plans:RT Plan has|RT Plans have} Approval Status REJECTED; not used.",
    action="Export the approved RT Plan.",
)
SEVERAL_PLANS: Final = _warning(
    "several-plans",
    "{plans} RT Plans may belong to this course (fractions: {listed}). Approved before newest, one was used "
    "for site and prescription; {outcome}.",
    action="State the number of fractions with --fractions if it differs.",
    or_severity=Severity.INFO,
)

# --- Registrations ---------------------------------------------------------------------------------------------------

REGISTRATION_CONTRADICTS_ITSELF: Final = _error(
    "registration-contradicts-itself",
    "A registration maps one frame of reference {ways}; the first mapping was used.",
    action="Export the registration that was used for contouring alone.",
)
REGISTRATION_EMPTY: Final = _warning(
    "registration-empty", "A registration contains no usable mapping.", action="Export the registration again."
)
REGISTRATION_GRID_UNUSABLE: Final = _error(
    "registration-grid-unusable",
    "A deformable registration has no source frame or an incomplete grid; excluded.",
    action="Export the deformable registration again.",
)
REGISTRATION_IMAGES_WITHOUT_FRAME: Final = _warning(
    "registration-images-without-frame",
    "A registration item references {named:image|images} {what} and no frame of reference.",
    action="Export the images that the registration refers to.",
)
REGISTRATION_MATRIX_UNUSABLE: Final = _error(
    "registration-matrix-unusable",
    "A registration matrix is missing, not finite or not an affine 4 x 4 matrix; the mapping was excluded.",
    action="Export the registration again.",
)
REGISTRATION_MIRRORED: Final = _error(
    "registration-mirrored",
    "A registration matrix is a reflection (determinant {determinant:.3g}); the mapping was excluded.",
    action="Check the registration in the system that made it.",
)
REGISTRATION_NOT_QUITE_ORTHONORMAL: Final = _info(
    "registration-not-quite-orthonormal",
    "A registration matrix is orthonormal only to {deviation:.1e}; used as written.",
    action="Nothing.",
)
REGISTRATION_NOT_RIGID: Final = _warning(
    "registration-not-rigid",
    "A registration matrix includes scaling or shear (principal scales {scales}); used as written.{stated}",
    action="Confirm that scaling or shear was intended.",
    or_severity=Severity.INFO,
)
REGISTRATION_REPLACED: Final = _info(
    "registration-replaced",
    "{registrations} registrations link the same two frames of reference; {named}.",
    action="Nothing, if the one used is the right one.",
)
REGISTRATION_SINGULAR: Final = _error(
    "registration-singular",
    "A registration matrix is singular; the mapping was excluded.",
    action="Export the registration again.",
)
REGISTRATION_UNDEFINED_VECTORS: Final = _info(
    "registration-undefined-vectors",
    "The deformation field is undefined at {share:.1%} of its nodes; not sampled there.",
    action="Nothing, if the targets lie outside that region.",
)
REGISTRATION_WITHIN_ONE_FRAME: Final = _warning(
    "registration-within-one-frame",
    "A registration moves images within one frame of reference (source and registered frame are the same); {use}.",
    action="Confirm in the planning system that the images were moved.",
)
REGISTRATION_WITHOUT_SOURCE: Final = _warning(
    "registration-without-source",
    "A registration item does not identify the frame of reference it maps; excluded.",
    action="Export the registration again.",
)
REGISTRATIONS_DISAGREE: Final = _warning(
    "registrations-disagree",
    "{registrations} registrations link the same two frames of reference but differ by up to {apart_mm:.3g} "
    "mm; {named}.{doubt}",
    action="Export the registration that was used for contouring alone.",
)

# --- Standardized uptake values --------------------------------------------------------------------------------------

SUV_ACROSS_MIDNIGHT: Final = _info(
    "suv-across-midnight",
    "The injection has only a time, later than the scan; the day before was assumed (past midnight).",
    action="Confirm the time of the injection.",
)
SUV_ADMINISTRATION_DAY_ASSUMED: Final = _warning(
    "suv-administration-day-assumed",
    "{start} {wrong}; an injection within {hours:g} h before the scan was assumed. With a half-life of "
    "{half_life_h:.1f} h, an injection a day earlier is also possible.",
    action="Confirm the day of the injection.",
)
SUV_ADMINISTRATION_MISDATED: Final = _warning(
    "suv-administration-misdated",
    "{start} {wrong}; Start Time (0018,1072) with the date of the series was used.",
    action="Confirm the time of the injection.",
)
SUV_DECAY_CONTRADICTION: Final = _warning(
    "suv-decay-contradiction",
    "Decay Correction (0054,1102) is NONE while Corrected Image (0028,0051) contains DECY; Decay Correction was used.",
    action="Check Decay Correction in the scanner's export.",
)
SUV_DOSE_IN_BQ: Final = _warning(
    "suv-dose-in-bq",
    "{name} is {dose:g} in an Enhanced PET, where MBq is expected; interpreted as Bq.",
    action="Check the injected dose in the scanner's export.",
)
SUV_DOSE_IMPLAUSIBLE: Final = _warning(
    "suv-dose-implausible",
    "{name} is {dose:g} Bq, less than is given for any PET; SUVs may be wrong by a constant factor.",
    action="Check the injected dose, and its unit, in the scanner's export.",
)
SUV_DOSE_IN_MBQ: Final = _warning(
    "suv-dose-in-mbq",
    "{name} is {dose:g}; interpreted as MBq, because that many Bq is implausible.",
    action="Check the injected dose in the scanner's export.",
)
SUV_FRAME_DURATION_MISSING: Final = _warning(
    "suv-frame-duration-missing",
    "Actual Frame Duration (0018,1242) is missing; decay during the frame is not corrected.",
    action="Export the PET with Actual Frame Duration (0018,1242).",
)
SUV_HEIGHT_IN_CENTIMETRES: Final = _warning(
    "suv-height-in-centimetres",
    "{name} is {stated:g}; interpreted as centimeters, because that many meters is implausible.",
    action="Correct the height at the scanner.",
)
SUV_LBM_FORMULA: Final = _warning(
    "suv-lbm-formula",
    "SUV Type (0054,1006) is LBM; interpreted as the Morgan formula (120 for men), which the standard calls LBM.",
    action="Nothing, if the scanner used that formula.",
)
SUV_PRIVATE_CREATOR_MISSING: Final = _warning(
    "suv-private-creator-missing",
    "A private Philips factor has no private creator; it was used.",
    action="Export the PET without removing private creators.",
)
SUV_REFERENCE_TIME_CONTRADICTION: Final = _warning(
    "suv-reference-time-contradiction",
    "Acquisition Time and Frame Reference Time place the decay correction reference up to {apart_s:.0f} s "
    "from the time that was used.",
    action="Check the acquisition times in the scanner's export.",
)
SUV_REFUSED: Final = _warning(
    "suv-refused", "SUV not computed: {reason}.", action="Export the PET with the element that the text names."
)
SUV_SEX_OTHER: Final = _warning(
    "suv-sex-other",
    "Patient's Sex (0010,0040) is O; the mean of the formulas for men and women was used.",
    action="Nothing.",
)
SUV_WEIGHT_IN_GRAMS: Final = _warning(
    "suv-weight-in-grams",
    "Patient's Weight (0010,1030) is {weight_kg:g}; interpreted as grams, because that many kilograms is implausible.",
    action="Correct the weight at the scanner.",
)

# --- Claims and cohorts ----------------------------------------------------------------------------------------------

CLAIM_DISAGREES_WITH_OFFICIAL: Final = _warning(
    "claim-disagrees-with-official",
    "The claim information states the global days indicator {stated}; CMS publishes {published} ({source}). "
    "The stated one was used.",
    action="Confirm the indicator with the payer's fee schedule, then correct the claim file.",
)
CLAIM_DISAGREES_WITH_OPTION: Final = _warning(
    "claim-disagrees-with-option",
    "The claim information states the site {site}, --site states {used}; --site was used.",
    "The claim information states {claimed:fraction|fractions}, --fractions states {used}; --fractions was used.",
    "The claim information and --payer name different payers; --payer was used.",
    action="Correct the claim file or the option.",
)
CLAIM_DISAGREES_WITH_PLAN: Final = _warning(
    "claim-disagrees-with-plan",
    "The claim information states {claimed:fraction|fractions}, the RT Plan {planned}; the RT Plan was used.",
    "The claim information and the RT Plan name different sites; the RT Plan was used.",
    action="Correct the claim file, or give the RT Plan that was treated.",
)
CLAIM_MINUTES_TYPICAL: Final = _warning(
    "claim-minutes-typical",
    "The actual physician time does not exceed the typical time.",
    action="Check both times in the claim file.",
)
CLAIM_MODIFIER_11: Final = _warning(
    "claim-modifier-11",
    "The claim information states 11 as a modifier; 11 is a place-of-service code, and modifiers start at 22.",
    action="Correct the modifiers in the claim file.",
)
CLAIM_OTHER_CODE: Final = _warning(
    "claim-other-code",
    "The claim information names a code other than {cpt_code}.",
    action="Correct the CPT code in the claim file.",
)
CLAIM_PAYER_UNLISTED: Final = _warning(
    "claim-payer-unlisted",
    "No rule is available for the stated payer; confirm with the payer. Available: {known}.",
    action="Confirm the payer's rule with the payer.",
)
CLAIM_SITE_UNKNOWN: Final = _warning(
    "claim-site-unknown",
    "The claim information names an unknown site; not used. Known sites: {known}.",
    action="Correct the site in the claim file.",
)
COHORT_OTHER_SOFTWARE: Final = _warning(
    "cohort-other-software",
    "{plans} of {total:cohort plan was|cohort plans were} assessed by another software version.",
    action="Build the cohort again with this version.",
)
COHORT_OTHER_SPACING: Final = _warning(
    "cohort-other-spacing",
    "Slice spacing {slice_spacing_mm:g} mm; {alike} of {plans:cohort plan has|cohort plans have} that "
    "spacing (range {least_mm:g} to {most_mm:g} mm).",
    action="Compare with plans of the same slice spacing.",
)
COHORT_OTHER_SURFACE: Final = _warning(
    "cohort-other-surface",
    "{plans} of {total:cohort plan was|cohort plans were} scored with a different surface method.",
    action="Build the cohort again with this version.",
)
STATED_OTHERWISE_THAN_IMAGE: Final = _warning(
    "stated-otherwise-than-image",
    "The stated site contradicts the Body Part Examined of the planning image.",
    action="Correct the site that was stated.",
)
STATED_OTHERWISE_THAN_PLAN: Final = _warning(
    "stated-otherwise-than-plan",
    "The stated {what} contradicts the RT Plan; the verdict is at most Inconclusive.",
    action="Correct what was stated, or give the RT Plan that was treated.",
)

ISSUE_CODES: Final = {each.code: each for each in tuple(globals().values()) if isinstance(each, IssueCode)}
"""Every declared code, by its key."""
