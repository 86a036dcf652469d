"""The server of the local page: one session, on loopback alone, with a token that is new each time."""

from __future__ import annotations

import logging
import secrets
import socket
import threading
import time
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.applications import Starlette

from rtcomplexity.desk.guard import Guard
from rtcomplexity.desk.routes import Views
from rtcomplexity.desk.session import Session
from rtcomplexity.desk.worklist import Worklist
from rtcomplexity.errors import UsageError, os_reason

if TYPE_CHECKING:
    from pathlib import Path

    from rtcomplexity.settings import Settings

LOOPBACK: Final = "127.0.0.1"
IDLE_S: Final = 3600.0
"""An unused page is ended, so that no patient data are left behind."""
_IDLE_CHECK_S: Final = 5.0
_TOKEN_BYTES: Final = 18
_MOST_CONNECTIONS: Final = 64
_END_WAIT_S: Final = 2
_NOTHING: Final = logging.CRITICAL + 1
"""Log level: the server's own lines name addresses with the token, and may hold what a request held."""


class Desk:
    """A server that is bound and about to serve."""

    def __init__(
        self,
        settings: Settings,
        *,
        port: int = 0,
        worklist: Path | None = None,
        idle_s: float = IDLE_S,
        cms: Path | None = None,
    ) -> None:
        """Bind a port of this machine, any free one if 0; end by itself after so long without a request or analysis.

        `worklist` is a folder of evidence to list; `cms` is a file of official facts of the code, for every plan.

        Raises
        ------
        UsageError
            If the port is taken.
        """
        self._socket = _bound(port)
        self._idle_s, self._asked_at = idle_s, time.monotonic()
        self._is_over = threading.Event()
        self._session = Session(settings, cms=cms)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        port = self._socket.getsockname()[1]
        self.address = f"http://{LOOPBACK}:{port}/{token}/"
        hosts = (f"{LOOPBACK}:{port}", f"localhost:{port}")
        views = Views(self._session, Worklist(self._session, worklist), base=f"/{token}", stop=self.stop)
        pages = Starlette(routes=views.routes(), exception_handlers=views.errors())
        app = Guard(pages, token=token, hosts=hosts, on_request=self._note_request)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                log_level=_NOTHING,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                http="h11",
                loop="asyncio",
                proxy_headers=False,
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_graceful_shutdown=_END_WAIT_S,
            )
        )

    @property
    def session(self) -> Session:
        """What it holds."""
        return self._session

    def serve(self) -> None:
        """Answer until the session is ended or a signal comes; then no file of it is left."""
        threading.Thread(target=self._end_when_idle, daemon=True).start()
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._is_over.set()
            self._session.close()
            self._socket.close()

    def _note_request(self) -> None:
        self._asked_at = time.monotonic()

    def _end_when_idle(self) -> None:
        while not self._is_over.wait(min(_IDLE_CHECK_S, self._idle_s)):
            if any(plan.is_busy for plan in self._session.plans()):
                self._note_request()
            if time.monotonic() - self._asked_at > self._idle_s:
                self.stop()
                return

    def stop(self) -> None:
        """End serving."""
        self._server.should_exit = True


def _bound(port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        found.bind((LOOPBACK, port))
        found.listen()
    except OSError as fault:
        found.close()
        raise UsageError("--port", f"{port} ({os_reason(fault)})", "a free port, or none given") from fault
    return found
