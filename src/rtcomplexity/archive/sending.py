"""DICOM objects stored in an archive and read back: what comes back must have the content that was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.archive.query import Series
from rtcomplexity.dicom.identity import content_hash
from rtcomplexity.dicom.parsing import parse
from rtcomplexity.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.archive.dicomweb import DicomWeb
    from rtcomplexity.settings import Settings


def send(archive: DicomWeb, instances: Sequence[bytes], settings: Settings) -> int:
    """Store instances (STOW-RS), fetch each (WADO-RS) and compare its content; return how many there are.

    Raises
    ------
    ArchiveError
        If the archive did not take all, or gives back another content.
    """
    archive.store(instances)
    for sent in instances:
        dataset = parse(sent, header_only=True, settings=settings)
        series = Series(
            study_uid=str(dataset.StudyInstanceUID),
            series_uid=str(dataset.SeriesInstanceUID),
            modality=str(dataset.Modality),
            instances=None,
        )
        returned = [content_hash(one, settings) for one in archive.fetch(series, str(dataset.SOPInstanceUID))]
        if returned != [content_hash(sent, settings)]:
            raise ArchiveError(
                f"The archive gave back another content than the {dataset.Modality} object that was stored.",
                "ask the PACS administrator whether it changes what it stores.",
            )
    return len(instances)
