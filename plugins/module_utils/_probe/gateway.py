# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends questions to a gateway as clients do, and notes what comes back.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.tls import TrustAdapter, trust_context
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.exposure import Exposure
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.masking import Masker
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation import events
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation, Piece
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import Question

try:
    import requests
except ImportError:  # libraries.require() reports it before anything here is used
    requests = None  # type: ignore[assignment]

_CONNECT_SECONDS = 20
# Of texts that somebody else wrote, so much is kept.
_KEPT_CHARACTERS = {"error": 300, "message": 300, "code": 100}
_KEPT_OF_ROUTE = 100
_ROUTE, _MODEL, _TRACE_ID = "x-llm-route", "x-llm-model", "Apim-Trace-Id"
_DEBUG = "Apim-Debug-Authorization"
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")


@dataclass
class _Came:
    """What came of an answer as it is: it is looked at when the time that it took is known."""

    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class GatewayClient:
    """An HTTPS client of one gateway. Thread safe. TLS is verified, HTTPS_PROXY and NO_PROXY are honoured.

    Its constructor raises ConfigurationError when there is no usable bundle of certificate authorities.
    """

    def __init__(
        self, url: str, connections: int, timeout: float, secrets: Collection[str] = (), further: Collection[str] = ()
    ) -> None:
        """Prepare it.

        :param timeout: seconds that may pass without a byte of an answer.
        :param secrets: credentials that gateways may repeat, and that must not be shown: neither here nor to clients.
        :param further: what must not be shown here, though it may be no credential.
        """
        self.masker = Masker([*secrets, *further])
        self._exposure = Exposure(secrets)
        self._url = url.rstrip("/")
        self._timeout = (_CONNECT_SECONDS, timeout)
        self._started = time.monotonic()
        self._session = requests.Session()
        self._session.trust_env = False
        # A cookie of affinity, of the gateway or of what stands before it, would send all requests to one backend.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.mount("https://", TrustAdapter(trust_context(), connections))
        self._proxies = requests.utils.get_environ_proxies(self._url)

    @property
    def now_ms(self) -> float:
        """Milliseconds since this client was made."""
        return (time.monotonic() - self._started) * 1000

    def ask(self, question: Question, headers: Mapping[str, str], trace: str = "") -> Observation:
        """Send a question, read the whole answer and return what was seen; never raises for what the network does.

        :param headers: those that authenticate the client; their values are masked in what is returned.
        :param trace: the debug credential with which the gateway keeps a trace; empty for none.
        """
        seen = Observation(question, at_ms=self.now_ms)
        came = _Came()
        sent = {**headers, **({_DEBUG: trace} if trace else {})}
        try:
            with self._session.request(
                question.method,
                self._url + question.path,
                json=question.body,
                headers={**question.headers, **sent},
                timeout=self._timeout,
                allow_redirects=False,
                proxies=self._proxies,
                stream=True,
            ) as response:
                seen.status = response.status_code
                seen.route = _text(response.headers.get(_ROUTE, ""))
                seen.model = response.headers.get(_MODEL, "")
                seen.trace_id = response.headers.get(_TRACE_ID, "")
                seen.retry_after = _retry_after(response.headers)
                came.headers = response.headers
                self._read(response, seen, came)
        except (requests.RequestException, ValueError) as error:
            # The latter comes of an answer that leads to what is no URL.
            seen.error = _failure(error)
        seen.duration_ms = self.now_ms - seen.at_ms
        seen.exposes = self._exposure.places(came.headers, came.body, sent.values())
        return self._masked(seen, sent.values())

    def _read(self, response: Any, seen: Observation, came: _Came) -> None:
        """Take the body of an answer: piece by piece if it is a stream, as JSON otherwise."""
        if response.is_redirect:
            seen.message = f"it leads to {_host(response.headers['Location']) or 'another path'}"
        elif response.headers.get("Content-Type", "").lower().startswith("text/event-stream"):
            self._read_stream(response, seen, came)
        else:
            came.body = response.content
            _read_json(response, seen)

    def _read_stream(self, response: Any, seen: Observation, came: _Came) -> None:
        lines: list[tuple[float, bytes]] = []
        try:
            # Nothing else is done here: it would move the times of what follows.
            lines.extend((self.now_ms - seen.at_ms, line) for line in response.iter_lines())
        finally:
            came.body = b"\n".join(line for _at_ms, line in lines)
            _note_events(lines, seen)

    def _masked(self, seen: Observation, sent: Collection[str]) -> Observation:
        """Take secrets out of the texts that came, for whoever answers may repeat what it got; then shorten them."""
        for name, characters in _KEPT_CHARACTERS.items():
            setattr(seen, name, self.masker.all(getattr(seen, name), *sent)[:characters])
        # A name of a route is compared with those of the plan, which may look like anything.
        seen.route = self.masker.known(seen.route, *sent)[:_KEPT_OF_ROUTE]
        return seen


def _note_events(came: list[tuple[float, bytes]], seen: Observation) -> None:
    """Note the events of a stream; ``came`` has its lines and their times."""
    ended = False
    for at_ms, line in came:
        if not line.startswith(b"data:"):
            continue
        text = line[5:].strip()
        ended = text == b"[DONE]"
        if ended:
            continue
        event = _parsed(text)
        ended = events.ends_stream(event)
        seen.pieces.append(Piece(at_ms, len(line), events.has_text(event)))
        seen.was_cut_short = seen.was_cut_short or events.ends_early(event)
        if not seen.error:
            _note_error(event, seen)
    if not ended and not seen.error:
        seen.error = "the stream ended before its end"


def _read_json(response: Any, seen: Observation) -> None:
    seen.content = _parsed(response.content)
    if response.status_code >= 400:
        seen.code, seen.message = _refusal(seen.content)
        seen.message = seen.message or _text(response.reason)
    elif seen.content is None:
        kind = _text(response.headers.get("Content-Type", ""))
        seen.error = f"the answer is not JSON but {kind or 'of no type'}"
    else:
        _note_error(seen.content, seen)


def _parsed(text: bytes) -> Any:
    """Return what JSON says; None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _note_error(content: Any, seen: Observation) -> None:
    """Note an error that came under a status of success."""
    if isinstance(content, Mapping) and content.get("error"):
        seen.code, message = _refusal(content)
        seen.error = message or "the answer is an error"


def _refusal(content: Any) -> tuple[str, str]:
    """Return code and message of an error in OpenAI's or API Management's form."""
    if not isinstance(content, Mapping):
        return "", ""
    error = content.get("error") or content
    if not isinstance(error, Mapping):
        return "", _text(error)
    return _text(error.get("code")), _text(error.get("message"))


def _text(value: Any) -> str:
    """Return a text of somebody else's as one line that a terminal can show."""
    return " ".join("".join(each if each.isprintable() else " " for each in str(value or "")).split())


def _host(location: str) -> str:
    """Return the host and port that a redirect leads to, without a password; empty when it stays."""
    return urlsplit(location).netloc.rpartition("@")[2]


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return after how many seconds an answer says to come again (RFC 9110, 10.2.3); None when it does not.

    Azure OpenAI tells it in milliseconds, too, which is the more exact one.
    """
    exact = headers.get("retry-after-ms", "").strip()
    if _NUMBER.fullmatch(exact):
        return float(exact) / 1000
    told = headers.get("Retry-After", "").strip()
    if _NUMBER.fullmatch(told):
        return float(told)
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _failure(error: Exception) -> str:
    """Return why no answer came, without the URL, which may hold a key."""
    cause: Any = error
    while True:
        inner = getattr(cause, "reason", None)
        if not isinstance(inner, Exception):
            inner = next((each for each in reversed(getattr(cause, "args", ())) if isinstance(each, Exception)), None)
        if inner is None:
            break
        cause = inner
    return f"{type(error).__name__}: {_text(str(cause).rpartition(': ')[2])}"
