"""A query to an archive and its answers, for either protocol."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rtcomplexity.closing import Closing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which studies to look for; an empty field is not used."""

    patient_id: str = field(default="", repr=False)
    accession_number: str = field(default="", repr=False)
    study_uid: str = ""
    structure_set_uid: str = ""
    """SOP Instance UID."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One study of a patient."""

    study_uid: str
    patient_id: str = field(default="", repr=False)
    date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series of a study."""

    study_uid: str
    series_uid: str
    modality: str
    instances: int | None
    """How many the archive says there are; None where it does not say."""
    date: str = ""
    frame_of_reference_uid: str = ""
    """Empty where the archive does not say."""


class Archive(Closing):
    """An archive that answers queries and hands over instances."""

    @abstractmethod
    def studies(self, query: Query) -> Sequence[Study]:
        """Studies that fit a query; for a structure set, the study that contains it."""

    @abstractmethod
    def series(self, study_uid: str) -> Sequence[Series]:
        """All series of a study."""

    @abstractmethod
    def instances(self, series: Series) -> Sequence[str]:
        """SOP Instance UIDs of a series."""

    @abstractmethod
    def fetch(self, series: Series, sop_instance_uid: str = "") -> Iterator[bytes]:
        """Hand over the files of a series, or one of them."""
