"""Who may talk to the lab: pages that it served itself, under a name of this machine, and nobody else.

- The Host header must be a name of the machine (a page of another site that rebinds its name is refused).
- What changes something must be JSON and come from the same origin; its body is bounded.
- Bound elsewhere than to the loopback, a token is asked for, which the printed address carries.
- Every answer says what its page may load: nothing but what the lab serves.
"""

import hmac
import ipaddress
import json
import socket
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 6_000_000
"""The longest body that is read."""

MOST_READ_OUT = 100_000_000
"""How much of a body that is refused is still taken in."""

COOKIE = "initlab_token"

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # the charts' library writes its own style elements
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """The middleware that decides; `token` is None on the loopback."""

    def __init__(self, app: ASGIApp, *, host: str = "127.0.0.1", token: str | None = None) -> None:
        self._app, self._host, self._token = app, host, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    answer[name] = value
                answer.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal:
            await _read_out(receive)
            await _answer(dressed, *refusal)
        elif self._brings_token(scope):
            await _admit(dressed, str(self._token))
        else:
            await self._app(scope, _bounded(receive), dressed)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not known_host(host, self._host):
            return (
                421,
                f"The Host must be a name of this machine, got {host[:100]!r}. Open the address that was printed.",
            )
        if self._token and not self._brings_token(scope) and not _holds(headers, self._token):
            return 403, "A token must be given. Open the whole address that was printed, with its ?token=."
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return None
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, "A request must come from the lab's own page, got one from elsewhere."
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, "A request must come from the lab's own page, got one from elsewhere."
        if scope["method"] != "DELETE" and headers.get("content-type", "").partition(";")[0] != "application/json":
            return 415, "A request must be JSON, with the content type application/json."
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return 413, f"A request must have at most {MOST_BYTES:,} bytes. Send a smaller file."
        return None

    def _brings_token(self, scope: Scope) -> bool:
        if self._token is None or scope["path"] != "/":
            return False
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        return hmac.compare_digest(given.encode(), self._token.encode())


def known_host(header: str, bound: str) -> bool:
    """Whether a Host header names this machine: a loopback name, or if bound elsewhere, an address or its name.

    >>> known_host("localhost:8000", "127.0.0.1"), known_host("evil.example", "127.0.0.1")
    (True, False)
    """
    try:
        name = (urlsplit(f"//{header}").hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    if name in ("localhost", "127.0.0.1", "::1"):
        return True
    if is_loopback(bound):
        return False
    return name in (bound.lower(), socket.gethostname().lower()) or _is_address(name)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that host."""
    return host.lower() == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _holds(headers: Headers, token: str) -> bool:
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return False
    return COOKIE in cookies and hmac.compare_digest(cookies[COOKIE].value.encode(), token.encode())


def _bounded(receive: Receive) -> Receive:
    """The body, cut off as soon as it is longer than what it may be."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MOST_BYTES:
            return {"type": "http.disconnect"}
        return message

    return limited


async def _read_out(receive: Receive) -> None:
    """Take in the rest of a refused body, within reason, so that its sender stays to hear why."""
    read = 0
    while read < MOST_READ_OUT:
        message = await receive()
        read += len(message.get("body", b""))
        if not message.get("more_body"):
            return


async def _answer(send: Send, status: int, message: str) -> None:
    body = json.dumps({"errors": [{"field": None, "message": message}]}).encode()
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


async def _admit(send: Send, token: str) -> None:
    """Keep the token in a cookie that no script can read, and lead to the address without it."""
    cookie = f"{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/"
    headers = [(b"location", b"/"), (b"set-cookie", cookie.encode())]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
