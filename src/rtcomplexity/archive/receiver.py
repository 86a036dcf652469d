"""A Storage SCP: takes instances of known callers into a folder, each there only when it is whole.

Every limit answers as C-STORE does: the sender learns that it was refused, and nothing half-written stays.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.archive.dimse import pynetdicom, storage_entity
from rtcomplexity.closing import Closing
from rtcomplexity.errors import UsageError
from rtcomplexity.whole_files import PART_SUFFIX, write_whole

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from rtcomplexity.settings import Settings

_SUCCESS: Final = 0x0000
_OUT_OF_RESOURCES: Final = 0xA700
_DIGITS: Final = 24
_RATE_WINDOW_S: Final = 60.0
_MOST_ASSOCIATIONS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverLimits:
    """What callers may send."""

    total_bytes: int = 200_000_000_000
    """Limit on all files in the folder together."""
    instances: int = 1_000_000
    per_minute: int = 60_000
    """Instances of all callers together."""


class Receiver(Closing):
    """Listens on a port until it is closed."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        ae_title: str,
        callers: Collection[str],
        settings: Settings,
        limits: ReceiverLimits | None = None,
        host: str = "",
    ) -> None:
        """Start to listen.

        Raises
        ------
        UsageError
            If no caller is allowed, or the port or the folder cannot be used.
        """
        if not callers:
            raise UsageError("--from", "nobody", "the AE title of at least one caller")
        self._folder, self._settings, self._limits = folder, settings, limits or ReceiverLimits()
        self._lock, self._arrivals = threading.Lock(), deque[float]()
        self.taken = self.refused = self.rejected = 0
        """Instances taken and refused, and associations of unknown callers."""
        self._bytes, self._count = _held(folder)
        net, entity = pynetdicom(), storage_entity(ae_title)
        entity.require_calling_aet = sorted(callers)
        entity.maximum_associations = _MOST_ASSOCIATIONS
        entity.add_supported_context("1.2.840.10008.1.1")  # verification
        handlers = [(net.evt.EVT_C_STORE, self._take), (net.evt.EVT_REJECTED, self._count_rejected)]
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._server = entity.start_server((host, port), block=False, evt_handlers=handlers)
        except OSError as fault:
            found = f"port {port} ({fault.strerror})"
            raise UsageError("--dimse", found, "a free port and a writable folder") from fault

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()

    def _count_rejected(self, _event: Any) -> None:  # noqa: ANN401 -- of pynetdicom
        self.rejected += 1

    def _take(self, event: Any) -> int:  # noqa: ANN401 -- of pynetdicom
        """Take one instance; answer as C-STORE does."""
        content = event.encoded_dataset()
        is_taken = self._is_admitted(len(content)) and self._is_kept(content, str(event.request.AffectedSOPInstanceUID))
        with self._lock:
            self.taken += is_taken
            self.refused += not is_taken
        return _SUCCESS if is_taken else _OUT_OF_RESOURCES

    def _is_admitted(self, size: int) -> bool:
        """Whether limits on size, room, number and rate let an instance in."""
        limits, now = self._limits, time.monotonic()
        with self._lock:
            while self._arrivals and now - self._arrivals[0] > _RATE_WINDOW_S:
                self._arrivals.popleft()
            is_over = (
                size > self._settings.max_file_bytes
                or self._bytes + size > limits.total_bytes
                or self._count >= limits.instances
                or len(self._arrivals) >= limits.per_minute
            )
            if not is_over:
                self._arrivals.append(now)
                self._bytes += size
                self._count += 1
        return not is_over

    def _is_kept(self, content: bytes, uid: str) -> bool:
        """Write an instance unless it lies there; the room of one that was not written is given back."""
        digest = hashlib.sha256(uid.encode() + hashlib.sha256(content).digest()).hexdigest()[:_DIGITS]
        target = self._folder / digest[:2] / f"{digest}.dcm"
        if not (is_there := target.exists()):
            with suppress(OSError):
                target.parent.mkdir(exist_ok=True, mode=0o700)
                write_whole(target, content, durable=True)
                return True
        with self._lock:
            self._bytes -= len(content)
            self._count -= 1
        return is_there


def _held(folder: Path) -> tuple[int, int]:
    """Bytes and files that lie in a folder; parts that a kill left are removed."""
    for part in folder.rglob(f".*{PART_SUFFIX}"):
        part.unlink(missing_ok=True)
    sizes = [path.stat().st_size for path in folder.rglob("*.dcm")]
    return sum(sizes), len(sizes)
