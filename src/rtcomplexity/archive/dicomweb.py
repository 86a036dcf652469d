"""A DICOMweb archive (QIDO-RS, WADO-RS, STOW-RS), by the HTTP client of the standard library.

Instances arrive as they are stored (``transfer-syntax=*``): an archive that re-encodes them changes their bytes.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import json
import ssl
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from rtcomplexity.archive.multipart import boundary_of, parts
from rtcomplexity.archive.query import Archive, Query, Series, Study
from rtcomplexity.errors import ArchiveError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rtcomplexity.archive.credentials import Credentials
    from rtcomplexity.settings import Settings

_JSON: Final = "application/dicom+json"
_INSTANCES: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_TIMEOUT_S: Final = 60
_MOST_ANSWER_BYTES: Final = 64_000_000
_PAGE: Final = 500
_PATIENT_ID, _STUDY, _SERIES, _INSTANCE = "00100020", "0020000D", "0020000E", "00080018"
_MODALITY, _COUNT, _FRAME, _STUDY_DATE, _SERIES_DATE = "00080060", "00201209", "00200052", "00080020", "00080021"
_ACCESSION: Final = "00080050"
_TRY: Final = {
    401: "ask the PACS administrator for a user or token; set RTCOMPLEXITY_DICOMWEB_USER and _PASSWORD, or _TOKEN.",
    403: "ask the PACS administrator to allow this user QIDO-RS and WADO-RS, and STOW-RS for --send.",
    409: "ask the PACS administrator why it refuses these instances.",
    415: "ask the PACS administrator whether STOW-RS is at this address.",
    404: "ask the PACS administrator for the DICOMweb address; it often ends with /dicom-web.",
}


class DicomWeb(Archive):
    """An archive at one address."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        settings: Settings,
        *,
        authority: Path | None = None,
        option: str = "--dicomweb",
    ) -> None:
        scheme, self._host, self._port, self._path = checked_address(url, option)
        self._credentials, self._settings = credentials, settings
        self._context = _tls(authority) if scheme == "https" else None
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def studies(self, query: Query) -> list[Study]:
        """Studies that match a query; for a structure set, the study that contains it."""
        asked = {_PATIENT_ID: query.patient_id, _ACCESSION: query.accession_number, _STUDY: query.study_uid}
        where = "studies"
        if query.structure_set_uid:
            asked[_INSTANCE], where = query.structure_set_uid, "instances"
        rows = self._rows(where, {tag: value for tag, value in asked.items() if value})
        found = {
            _text(row, _STUDY): Study(
                study_uid=_text(row, _STUDY), patient_id=_text(row, _PATIENT_ID), date=_text(row, _STUDY_DATE)
            )
            for row in rows
        }
        return [study for study in found.values() if study.study_uid]

    def series(self, study_uid: str) -> list[Series]:
        """All series of a study."""
        fields = [_MODALITY, _COUNT, _FRAME, _SERIES_DATE]
        rows = self._rows(f"studies/{quote(study_uid, safe='')}/series", {}, fields)
        return [
            Series(
                study_uid=study_uid,
                series_uid=_text(row, _SERIES),
                modality=_text(row, _MODALITY),
                instances=_whole(row, _COUNT),
                date=_text(row, _SERIES_DATE),
                frame_of_reference_uid=_text(row, _FRAME),
            )
            for row in rows
            if _text(row, _SERIES)
        ]

    def instances(self, series: Series) -> list[str]:
        """SOP Instance UIDs of a series."""
        return [_text(row, _INSTANCE) for row in self._rows(f"{_place(series)}/instances", {})]

    def fetch(self, series: Series, sop_instance_uid: str = "") -> Iterator[bytes]:
        """Hand over the files of a series, or one of them, as they arrive."""
        one = f"/instances/{quote(sop_instance_uid, safe='')}" if sop_instance_uid else ""
        answer = self._answer("GET", _place(series) + one, {"Accept": _INSTANCES})
        try:
            boundary = boundary_of(answer.getheader("Content-Type", ""))
            yield from parts(answer.read, boundary, self._settings.max_file_bytes)
            answer.read(1024)
        except (OSError, http.client.HTTPException) as fault:
            raise _broken_off(fault) from fault
        finally:
            if not answer.isclosed():  # the rest of it would be taken for the next answer
                self.close()

    def store(self, instances: Sequence[bytes]) -> int:
        """Store instances (STOW-RS); return how many the archive says it took.

        Raises
        ------
        ArchiveError
            If it took none, or not all.
        """
        boundary = hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in instances)).hexdigest()
        opening = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        body = b"".join(opening + one + b"\r\n" for one in instances) + f"--{boundary}--\r\n".encode()
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        answer = self._answer("POST", "studies", {"Accept": _JSON, "Content-Type": kind}, body)
        tree = _json(answer.read(_MOST_ANSWER_BYTES))
        stored = len(tree[0].get("00081199", {}).get("Value", ())) if tree else 0
        if stored != len(instances):
            raise ArchiveError(
                f"The archive stored {stored} of {len(instances)} instances.",
                "ask the PACS administrator whether it accepts these SOP Classes.",
            )
        return stored

    def _rows(self, where: str, asked: dict[str, str], fields: Sequence[str] = ()) -> list[dict[str, Any]]:
        """All rows of a query, page by page."""
        rows: list[dict[str, Any]] = []
        while True:
            pairs = [*asked.items(), *(("includefield", name) for name in fields)]
            pairs += [("limit", str(_PAGE)), ("offset", str(len(rows)))]
            answer = self._answer("GET", f"{where}?{urlencode(pairs)}", {"Accept": _JSON})
            page = [] if answer.status == http.client.NO_CONTENT else _json(answer.read(_MOST_ANSWER_BYTES))
            if not answer.isclosed():
                self.close()
            known = {json.dumps(row, sort_keys=True) for row in rows}
            new = [row for row in page if json.dumps(row, sort_keys=True) not in known]
            rows += new
            if len(page) < _PAGE or not new or len(rows) > self._settings.max_archive_entries:
                return rows

    def _answer(
        self, method: str, where: str, headers: dict[str, str], body: bytes | None = None
    ) -> http.client.HTTPResponse:
        """Ask once more where the archive had closed a connection that was kept."""
        for is_last in (self._connection is None, True):
            try:
                if self._connection is None:
                    self._connection = self._connected()
                self._connection.request(method, f"{self._path}/{where}", body, {**headers, **self._credentials.header})
                answer = self._connection.getresponse()
                break
            except ssl.SSLError as fault:
                self.close()
                raise _untrusted(fault) from fault
            except (OSError, http.client.HTTPException) as fault:
                self.close()
                if is_last:
                    raise _unreachable(self._host, self._port, fault) from fault
        if answer.status not in {200, 202, 204}:
            self.close()
            raise _refused(answer.status)
        return answer

    def _connected(self) -> http.client.HTTPConnection:
        if self._context is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_S)
        return http.client.HTTPSConnection(self._host, self._port, timeout=_TIMEOUT_S, context=self._context)


def checked_address(url: str, option: str = "--dicomweb") -> tuple[str, str, int, str]:
    """Scheme, host, port and path of an address.

    Raises
    ------
    UsageError
        If it is none, holds a password, or is plain HTTP to another machine, where anyone could read along.

    Examples
    --------
    >>> checked_address("https://pacs.example/dicom-web/")
    ('https', 'pacs.example', 443, '/dicom-web')
    """
    expected = "https://HOST[:PORT]/PATH, or http:// on this machine alone"
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError as fault:
        raise UsageError(option, "no address", expected) from fault
    if found.scheme not in {"http", "https"} or not found.hostname or found.query or found.fragment:
        raise UsageError(option, f"{found.scheme or 'no scheme'}", expected)
    if found.username or found.password:
        raise UsageError(option, "a user or password in the address", "them in the environment or --credentials")
    if found.scheme == "http" and not is_loopback(found.hostname):
        raise UsageError(option, "http to another machine, where others can read along", expected)
    return found.scheme, found.hostname, port or (443 if found.scheme == "https" else 80), found.path.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own, which no other can reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if authority is None else str(authority))
    except OSError as fault:
        raise UsageError("--tls-ca", type(fault).__name__, "a PEM file with the certificate of who signed") from fault


def _place(series: Series) -> str:
    return f"studies/{quote(series.study_uid, safe='')}/series/{quote(series.series_uid, safe='')}"


def _json(content: bytes) -> list[dict[str, Any]]:
    try:
        tree = json.loads(content) if content.strip() else []
    except ValueError as fault:
        raise ArchiveError(
            "The archive answered a query with something that is not JSON.",
            "ask the PACS administrator whether QIDO-RS is at this address.",
        ) from fault
    rows = tree if isinstance(tree, list) else [tree]
    return [row for row in rows if isinstance(row, dict)]


def _text(row: dict[str, Any], tag: str) -> str:
    values = row.get(tag, {}).get("Value") or [""]
    return str(values[0]).strip() if not isinstance(values[0], dict) else ""


def _whole(row: dict[str, Any], tag: str) -> int | None:
    text = _text(row, tag)
    return int(text) if text.isdecimal() else None


def _refused(status: int) -> ArchiveError:
    what = "a redirection, which is not followed," if 300 <= status < 400 else f"HTTP status {status}"
    try_ = _TRY.get(status, "ask the PACS administrator what its log says.")
    return ArchiveError(f"The archive answered with {what}{f' ({status})' if 300 <= status < 400 else ''}.", try_)


def _unreachable(host: str, port: int, fault: Exception) -> ArchiveError:
    why = getattr(fault, "strerror", None) or type(fault).__name__
    return ArchiveError(
        f"No archive answers at {host} port {port} ({why}).",
        "ask the PACS administrator for host, port and firewall rules.",
    )


def _untrusted(fault: ssl.SSLError) -> ArchiveError:
    if not isinstance(fault, ssl.SSLCertVerificationError):
        return ArchiveError(
            f"There is no TLS connection to the archive ({fault.reason or type(fault).__name__}).",
            "ask the PACS administrator for the https:// address and its port.",
        )
    return ArchiveError(
        f"The archive's certificate is not trusted ({fault.reason or type(fault).__name__}).",
        "ask the PACS administrator for the certificate of who signed it, and give that with --tls-ca.",
    )


def _broken_off(fault: Exception) -> ArchiveError:
    return ArchiveError(
        f"A series is not whole: the connection broke off ({type(fault).__name__}).",
        "run the same command again; it continues with what is missing.",
    )
