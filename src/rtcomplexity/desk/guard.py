"""Who may ask the local page anything: this browser, at this address, with the token of this session.

Another page in the same browser can reach a port of this machine too. What keeps it out: it does not know the token;
its requests carry another Origin; and a name that is made to point here (DNS rebinding) is not in the list of hosts.
"""

from __future__ import annotations

import hmac
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of every answer that has none of its own."""
_HEADERS: Final = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with no-referrer, a form would be sent with the Origin "null"
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
_READING: Final = frozenset({"GET", "HEAD"})
_OWN_SITES: Final = frozenset({"", "none", "same-origin"})


class Guard:
    """Lets a request through to the page, or refuses it in one line that names nothing."""

    def __init__(
        self, app: ASGIApp, *, token: str, hosts: Collection[str], on_request: Callable[[], None] = lambda: None
    ) -> None:
        """Stand before `app`, whose paths all begin with ``/token``; `hosts` are the addresses it is served at.

        `on_request` is called for each request that is let through.
        """
        self._app, self._token, self._on_request = app, token, on_request
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        if refusal is None:
            self._on_request()
        asked = self._app if refusal is None else PlainTextResponse(refusal[1] + "\n", refusal[0])
        await asked(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[HTTPStatus, str] | None:
        headers, method = Headers(scope=scope), str(scope["method"])
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return HTTPStatus.MISDIRECTED_REQUEST, "This address is not served here."
        if method not in {*_READING, "POST"}:
            return HTTPStatus.METHOD_NOT_ALLOWED, "This method is not served here."
        if headers.get("sec-fetch-site", "") not in _OWN_SITES:
            return HTTPStatus.FORBIDDEN, "Requests from another site are refused."
        if method == "POST" and origins != [f"http://{hosts[0].lower()}"]:
            return HTTPStatus.FORBIDDEN, "Requests from another origin are refused."
        first = f"{scope['path']}/".split("/")[1]
        if not hmac.compare_digest(first.encode(), self._token.encode()):
            return HTTPStatus.NOT_FOUND, "The address is incomplete: use the one that rtcomplexity serve printed."
        return None


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent


def attachment(name: str) -> str:
    """Return the header that makes a browser save an answer under a name of ours."""
    return f"attachment; filename={json.dumps(name)}"
