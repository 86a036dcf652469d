"""The use case: render reports of an evidence folder again, from its record and pictures.

Only the Segmentation of the targets needs the plan, since a record holds no voxels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rtcomplexity.case.reader import read_case
from rtcomplexity.errors import MissingOptionError, UsageError
from rtcomplexity.evidence.folder import read_folder, write_folder
from rtcomplexity.evidence.output_formats import FORMATS, FROM_PLAN, ON_REQUEST, REPORTS
from rtcomplexity.evidence.package import sealed_files
from rtcomplexity.evidence.rendering import render
from rtcomplexity.evidence.signing import read_private_key
from rtcomplexity.evidence.verification import check_folder
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.settings import Settings
from rtcomplexity.usecases.package import time_of_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.evidence.folder import EvidenceFolder
    from rtcomplexity.evidence.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """The reports that were rendered, and the record they were rendered from."""

    record: Record
    files: Mapping[str, bytes]
    """Content by name."""


def write_reports(
    folder: Path | str,
    formats: Sequence[str],
    *,
    plan: Path | str | None = None,
    sign_key: Path | str | None = None,
    settings: Settings | None = None,
) -> Reports:
    """Render some formats into an evidence folder, and rewrite its manifest; a signature is dropped without a key.

    Parameters
    ----------
    folder : an evidence folder
    formats : keys of :data:`rtcomplexity.evidence.output_formats.FORMATS`
    plan : what the folder was made from; for ``seg``
    sign_key : PEM file of the Ed25519 key that signs the manifest

    Raises
    ------
    UsageError
        If another file of the folder is not as it was left, or the record does not allow a format.
    MissingOptionError
        If a format needs the plan, and it was not given.
    InputDataError
        If the plan cannot be used, or is another one.
    MissingExtraError
        If a format needs an extra that is not installed.
    """
    target = Path(folder)
    key = None if sign_key is None else read_private_key(Path(sign_key))
    names = [name for kind in formats for name in FORMATS[kind].files]
    saved = _untouched(target, names)
    record, pictures, manifest = saved.record(), saved.pictures(), saved.manifest()
    known = {*REPORTS, *ON_REQUEST, *FROM_PLAN}
    kept = {name: content for name, content in saved.files.items() if name in known and name not in names}
    outputs = {**kept, **render(record, pictures, [name for name in names if name in REPORTS])}
    outputs |= {name: ON_REQUEST[name](record, pictures, manifest.written_at) for name in names if name in ON_REQUEST}
    if needed := [name for name in names if name in FROM_PLAN]:
        measured = _measured(plan, record, settings or Settings.from_environment())
        outputs |= {name: FROM_PLAN[name](measured, record, manifest.written_at) for name in needed}
    is_dated = not outputs.keys().isdisjoint({*ON_REQUEST, *FROM_PLAN})  # they hold the time of the run
    now = manifest.written_at if is_dated else time_of_run()
    write_folder(target, sealed_files(record, outputs, manifest.inputs, written_at=now, key=key), option="DIR")
    return Reports(record=record, files={name: outputs[name] for name in names})


def _measured(plan: Path | str | None, record: Record, settings: Settings) -> MeasuredCase:
    """The plan that a record was made of, and no other."""
    if record.privacy != "identified":
        expected = "an evidence folder made with --identified: a DICOM object names the patient"
        raise UsageError("--format", "a de-identified folder", expected)
    if "--targets" in record.options:
        expected = "a folder whose targets are the plan's own; these lie in the supplied file already"
        raise UsageError("--format", "a folder made with --targets", expected)
    if plan is None:
        raise MissingOptionError("--plan", "A record holds no voxels.", "--plan PLAN, which the folder was made from")
    another = UsageError("--plan", "another plan", "the plan that the folder was made from")
    try:
        case = read_case(plan, settings=settings, structure_set_uid=record.plan.structure_set.sop_instance_uid)
    except UsageError as fault:  # the set is not there
        raise another from fault
    if record.plan.identity not in {case.plan_id, case.content_id}:
        raise another
    return MeasuredCase(case=case, settings=settings)


def _untouched(folder: Path, names: Sequence[str]) -> EvidenceFolder:
    """The folder, whose files but for those that are rendered now are as they were left."""
    saved = read_folder(folder)
    problems = [each for each in check_folder(saved).problems if not each.startswith(tuple(names))]
    if problems:
        raise UsageError("DIR", f"{folder} ({problems[0]})", "a folder whose other files are as they were left")
    return saved
