# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trace of one request, in the shape of recorded traces: which requests get one, and what goes into it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from apim_emulator.arm.view import ApiView
from apim_emulator.gateway.keys import Access
from apim_emulator.gateway.routes import Route
from apim_emulator.gateway.wire import Headers
from apim_emulator.http import Request, utc_text
from apim_emulator.runtime import ForwardError
from apim_emulator.tracing import Tracing

AUTHORIZATION = "Apim-Debug-Authorization"
TRACE_ID = "Apim-Trace-Id"

Section = Literal["inbound", "backend", "outbound", "on-error"]

_INSPECTOR, _FORWARDER = "api-inspector", "forward-request"
_MASKED = "***"
_TICKS = 10_000_000


class Trace:
    """A trace while it is written; `started` (perf_counter) is when the request came. Times are told as .NET does."""

    def __init__(self, tracing: Tracing, service: str, started: float) -> None:
        self.id = secrets.token_hex(16)
        self._tracing = tracing
        self._service = service
        self._started = started
        self._correlation = ""
        self._is_kept = False
        self._entries: dict[Section, list[dict[str, Any]]] = {}

    def received(self, request: Request, route: Route, access: Access, correlation: str) -> None:
        """Note the client's request, and what it is for; `correlation` is the RequestId of the policies."""
        self._correlation = correlation
        shown = {
            "method": request.method,
            "url": request.url(),
            "headers": _shown(without_authorization(request.headers)),
        }
        self._add("inbound", _INSPECTOR, {"request": shown})
        self._add("inbound", _INSPECTOR, {"configuration": _configuration(route, access)})

    def forwarding(self, method: str, url: str, headers: Headers, timeout: float) -> None:
        """Note a request to a backend, as it goes out; `timeout` is in seconds."""
        # By hand, because what a policy makes of a URL need not be one.
        host = url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
        message = f"Request is being forwarded to the backend service. Timeout set to {timeout:g} seconds"
        shown = {"method": method, "url": url, "headers": _shown([("Host", host), *headers])}
        self._add("backend", _FORWARDER, {"message": message, "request": shown})

    def answered(self, status: int, reason: str, headers: Iterable[tuple[str, str]]) -> None:
        """Note the response of a backend, when its headers are there."""
        response = {"status": {"code": status, "reason": reason}, "headers": _shown(headers)}
        self._add("backend", _FORWARDER, {"response": response})

    def failed(self, failure: ForwardError) -> None:
        """Note that no response came from a backend; with a status, none was asked: breakers are open."""
        introduction = [] if failure.status is not None else ["Error occured while calling backend service."]
        self._add("backend", _FORWARDER, {"messages": [*introduction, failure.message]})

    def ended_in_error(self, error: Mapping[str, Any]) -> None:
        """Note what context.LastError holds when no policy has answered it."""
        self._add("on-error", error.get("Source") or _INSPECTOR, {"messages": [str(error.get("Message"))]})

    def sent(self) -> None:
        """Note that the client has its answer, and keep the trace; once."""
        if self._is_kept:
            return
        self._add("outbound", "transfer-response", {"message": "Response has been sent to the caller in full"})
        self.keep()

    def keep(self) -> None:
        """Keep the trace as far as it got; once."""
        if self._is_kept:
            return
        self._is_kept = True
        trace = {"serviceName": self._service, "traceId": self._correlation, "traceEntries": self._entries}
        self._tracing.keep(self.id, trace)

    def _add(self, section: Section, source: str, data: dict[str, Any]) -> None:
        elapsed = time.perf_counter() - self._started
        entry = {"source": source, "timestamp": utc_text(), "elapsed": time_span(elapsed), "data": data}
        self._entries.setdefault(section, []).append(entry)


def without_authorization(headers: Mapping[str, str]) -> Headers:
    """Return the headers without that of a debug token, which neither policies nor backends see."""
    return [(name, value) for name, value in headers.items() if name.lower() != AUTHORIZATION.lower()]


def judged(tracing: Tracing, sent: str | None, api: ApiView) -> tuple[bool, Headers]:
    """Tell whether a request for this API is traced, and what its answer says when its token does not serve for that.

    `sent` is the token, None when the request has none. One that the service has not issued is as good as none.
    """
    token = tracing.read(sent) if sent is not None else None
    if token is None:
        return False, []
    if token.expires <= datetime.now(UTC):
        return False, [(f"{AUTHORIZATION}-Expired", f"The debug token expired at {utc_text(token.expires)}.")]
    if token.api.lower() != api.id.lower():
        text = f"The debug token was issued for the API '{quote(token.api)}', not for '{quote(api.id)}'."
        return False, [(f"{AUTHORIZATION}-WrongAPI", text)]
    return True, []


def time_span(seconds: float) -> str:
    """Return a duration as .NET writes time spans below a day: 00:00:01.0500000, without a fraction when it is 0."""
    whole, ticks = divmod(round(seconds * _TICKS), _TICKS)
    clock = f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{clock}.{ticks:07}" if ticks else clock


def _shown(headers: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Return headers as traces show them: keys as they are, nothing of Authorization."""
    return [
        {"name": str(name), "value": _MASKED if name.lower() == "authorization" else value} for name, value in headers
    ]


def _configuration(route: Route, access: Access) -> dict[str, Any]:
    api, operation, product = route.api, route.operation, access.product
    place = {"method": operation.method, "uriTemplate": operation.url_template} if operation else "-"
    return {
        "api": {"from": f"/{api.path}", "to": _target(api), "version": None, "revision": api.revision},
        "operation": place,
        "user": "-",
        "product": {"id": product.id} if product else "-",
    }


def _target(api: ApiView) -> dict[str, Any] | None:
    if api.service_url is None:
        return None
    parts = urlsplit(api.service_url)
    default = 443 if parts.scheme == "https" else 80
    return {
        "scheme": parts.scheme,
        "host": parts.hostname,
        "port": parts.port or default,
        "path": parts.path or "/",
        "queryString": f"?{parts.query}" if parts.query else "",
        "query": {},
        "isDefaultPort": parts.port in (None, default),
    }
