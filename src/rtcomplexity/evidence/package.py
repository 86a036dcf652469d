"""Everything that ``analyze --out`` leaves in a folder, from a case and the record made of it.

Puts pictures, reports, manifest and signature together; decides nothing and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtcomplexity.evidence import manifest as manifests
from rtcomplexity.evidence.manifest import MANIFEST_FILE, build_manifest, inputs_of
from rtcomplexity.evidence.page import registration_check
from rtcomplexity.evidence.rendering import render
from rtcomplexity.evidence.signing import SIGNATURE_FILE, sign
from rtcomplexity.pictures.drawing import draw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from rtcomplexity.evidence.manifest import InputFile
    from rtcomplexity.evidence.record import Record
    from rtcomplexity.metrics.measured_case import MeasuredCase
    from rtcomplexity.pictures.scene import Pictures


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """The files of a folder, and what whoever passes it on should know."""

    files: Mapping[str, bytes]
    may_show_face: bool


def evidence_of(
    measured: MeasuredCase,
    record: Record,
    *,
    written_at: str,
    key: Ed25519PrivateKey | None = None,
    pictures: Pictures | None = None,
) -> Evidence:
    """Draw, render, list and, where a key is given, sign.

    Parameters
    ----------
    record : made of the case; its privacy is that of every file
    written_at : time of the run, UTC; it is in the manifest alone
    key : signs the manifest
    pictures : drawn before for the same record's ROIs; drawn now if None
    """
    pictures = pictures or pictures_of(measured, record)
    outputs = render(record, pictures, cores=measured.settings.threads)
    files = sealed_files(record, outputs, inputs_of(measured.case), written_at=written_at, key=key)
    return Evidence(files=files, may_show_face=pictures.scene.may_show_face)


def pictures_of(measured: MeasuredCase, record: Record) -> Pictures:
    """Draw the pictures that go with a record, with the names that stand in it."""
    names = {roi.number: roi.name for roi in record.rois}
    checks = {each.subject: registration_check(each) for each in record.image_sets}
    return draw(measured, names=names, gross=record.gross_target.rois, checks=checks)


def sealed_files(
    record: Record,
    outputs: Mapping[str, bytes],
    inputs: Iterable[InputFile],
    *,
    written_at: str,
    key: Ed25519PrivateKey | None = None,
) -> dict[str, bytes]:
    """Return the files with their manifest and, where a key is given, its signature."""
    manifest = manifests.to_json(build_manifest(record, outputs, inputs, written_at=written_at))
    signature = {} if key is None else {SIGNATURE_FILE: sign(manifest, key)}
    return {**outputs, MANIFEST_FILE: manifest, **signature}
