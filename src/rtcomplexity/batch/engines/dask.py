"""A dask.distributed cluster: the same tasks and the same child processes, on as many machines as it has.

The only module that knows dask. Tasks and outcomes cross as JSON text. Traffic is encrypted and authenticated by TLS,
also on loopback, since whoever reaches a scheduler runs code on its workers; plain tcp is refused anywhere else. Every
worker must see the input at the same paths.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

from rtcomplexity.archive.dicomweb import is_loopback
from rtcomplexity.batch.engines.engine import HostProcess
from rtcomplexity.batch.messages import Outcome, Status
from rtcomplexity.closing import Closing
from rtcomplexity.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rtcomplexity.batch.engines.engine import Task

_PACKAGE: Final = "rtcomplexity"
_LOOPBACK: Final = "127.0.0.1"
_AHEAD: Final = 2
_CONNECT_S: Final = 30
_EXPECTED: Final = "tls://HOST:PORT, or tcp://127.0.0.1:PORT on this machine alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """PEM files for a scheduler that speaks TLS."""

    authority: Path
    certificate: Path
    key: Path


class DaskEngine(Closing):
    """Runs tasks on the workers of a cluster."""

    def __init__(self, client: Any, cluster: Any = None) -> None:  # noqa: ANN401 -- dask is an extra
        self._client, self._cluster = client, cluster
        self.workers: int = max(1, sum(client.nthreads().values()))
        _check_versions(client)

    @classmethod
    def local(cls, workers: int) -> Self:
        """Start a cluster on this machine, behind TLS with certificates of its own.

        Raises
        ------
        MissingExtraError
            If dask is not installed.
        """
        distributed = _distributed()
        import dask  # noqa: PLC0415 -- an extra

        with dask.config.set({"distributed.worker.daemon": False}):
            cluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                host=_LOOPBACK,
                protocol="tls://",
                security=distributed.Security.temporary(),
                dashboard_address=f"{_LOOPBACK}:0",
                memory_limit=0,
            )
        return cls(distributed.Client(cluster, timeout=_CONNECT_S), cluster)

    @classmethod
    def connected(cls, address: str, certificates: Certificates | None) -> Self:
        """Connect to a scheduler that is there.

        Raises
        ------
        UsageError
            If the address is not allowed, certificates are missing, or there is no answer.
        MissingExtraError
            If dask is not installed.
        """
        check_address(address)
        distributed = _distributed()
        try:
            client = distributed.Client(address, security=_security(address, certificates), timeout=_CONNECT_S)
        except (OSError, ValueError) as fault:
            expected = "a scheduler that answers, and its certificates"
            raise UsageError("--scheduler", f"no connection ({type(fault).__name__})", expected) from fault
        return cls(client)

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[str, Outcome]]:
        """Give (key, outcome) of every task in the order they end."""
        distributed = _distributed()
        waiting: dict[str, str] = {}
        ended = distributed.as_completed([])
        for key, task in tasks:
            future = self._client.submit(run_task, task, pure=False)
            waiting[future.key] = key
            ended.add(future)
            del future
            if len(waiting) >= _AHEAD * self.workers:
                yield self._next(ended, waiting)
        while waiting:
            yield self._next(ended, waiting)

    def close(self) -> None:
        """Leave the cluster; one that this engine started is ended."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    @staticmethod
    def _next(ended: Any, waiting: dict[str, str]) -> tuple[str, Outcome]:  # noqa: ANN401 -- dask is an extra
        future = next(ended)
        return waiting.pop(future.key), _outcome(future)


def check_address(address: str) -> None:
    """Refuse a scheduler whose traffic anyone could read or change.

    Raises
    ------
    UsageError
        If the address is neither TLS nor loopback.

    Examples
    --------
    >>> check_address("tls://scheduler.example:8786")
    >>> check_address("tcp://127.0.0.1:8786")
    """
    try:
        parts = urlsplit(address)
        host, has_port = parts.hostname or "", parts.port is not None
    except ValueError:
        raise UsageError("--scheduler", "no address", _EXPECTED) from None
    if not (host and has_port) or parts.scheme not in {"tls", "tcp"}:
        raise UsageError("--scheduler", f"{parts.scheme or 'no scheme'}", _EXPECTED)
    if parts.scheme == "tcp" and not is_loopback(host):
        raise UsageError("--scheduler", "plain tcp to another machine", _EXPECTED)


def run_task(task: str) -> str:
    """Run one task on a worker; in its own host, so that a worker outlives whatever a plan does."""
    return _HOSTS.host.run(task)


class _Hosts(threading.local):
    """The host of each thread of a worker; it ends with the worker's process."""

    def __init__(self) -> None:
        self.host = HostProcess()


_HOSTS: Final = _Hosts()


def _distributed() -> Any:  # noqa: ANN401 -- an extra
    try:
        import distributed  # noqa: PLC0415 -- an extra
    except ImportError as fault:
        feature = "--dask"
        raise MissingExtraError(feature, "dask") from fault
    return distributed


def _security(address: str, certificates: Certificates | None) -> Any:  # noqa: ANN401 -- dask is an extra
    if not address.startswith("tls://"):
        return None
    if certificates is None:
        expected = "--tls-ca, --tls-cert and --tls-key with a tls:// scheduler"
        raise UsageError("--scheduler", "no certificates", expected)
    return _distributed().Security(
        tls_ca_file=str(certificates.authority),
        tls_client_cert=str(certificates.certificate),
        tls_client_key=str(certificates.key),
        require_encryption=True,
    )


def _check_versions(client: Any) -> None:  # noqa: ANN401 -- dask is an extra
    own, found = version(_PACKAGE), client.run(version, _PACKAGE, on_error="return")
    others = {str(each) for each in found.values() if each != own}
    if others or not found:
        what = f"{len(found)} workers, some without this version" if found else "no worker"
        raise UsageError("--scheduler", what, f"workers that have {_PACKAGE} {own}")


def _outcome(future: Any) -> Outcome:  # noqa: ANN401 -- dask is an extra
    if future.status == "finished":
        return Outcome.from_json(future.result())
    reason = "The cluster lost the workers that ran it."
    return Outcome(status=Status.CRASHED, code="worker-lost", reason=reason)
