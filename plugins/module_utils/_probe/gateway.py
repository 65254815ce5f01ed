# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends questions to a gateway as clients do, and notes what comes back.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.tls import TrustAdapter, trust_context
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import Question

try:
    import requests
except ImportError:  # libraries.require() reports it before anything here is used
    requests = None  # type: ignore[assignment]

_CONNECT_SECONDS = 20
_MESSAGE_CHARACTERS = 300
_ROUTE, _TRACE_ID = "x-llm-route", "Apim-Trace-Id"
_DEBUG = "Apim-Debug-Authorization"


class GatewayClient:
    """An HTTPS client of one gateway. Thread safe. TLS is verified, HTTPS_PROXY and NO_PROXY are honoured.

    Its constructor raises ConfigurationError when there is no usable bundle of certificate authorities.
    """

    def __init__(self, url: str, connections: int, timeout: float) -> None:
        """:param timeout: seconds that may pass without a byte of an answer."""
        self._url = url.rstrip("/")
        self._timeout = (_CONNECT_SECONDS, timeout)
        self._started = time.monotonic()
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("https://", TrustAdapter(trust_context(), connections))
        self._proxies = requests.utils.get_environ_proxies(self._url)

    @property
    def now_ms(self) -> float:
        """Milliseconds since this client was made."""
        return (time.monotonic() - self._started) * 1000

    def ask(self, question: Question, headers: Mapping[str, str], trace: str = "") -> Observation:
        """Send a question, read the whole answer and return what was seen; never raises for what the network does.

        :param headers: those that authenticate the client.
        :param trace: the debug credential with which the gateway keeps a trace; empty for none.
        """
        seen = Observation(question, at_ms=self.now_ms)
        sent = {**headers, **({_DEBUG: trace} if trace else {})}
        try:
            with self._session.request(
                question.method,
                self._url + question.path,
                json=question.body,
                headers=sent,
                timeout=self._timeout,
                allow_redirects=False,
                proxies=self._proxies,
                stream=True,
            ) as response:
                seen.status = response.status_code
                seen.route = response.headers.get(_ROUTE, "")
                seen.trace_id = response.headers.get(_TRACE_ID, "")
                self._read(response, seen)
        except requests.RequestException as error:
            seen.error = _failure(error)
        seen.duration_ms = self.now_ms - seen.at_ms
        return seen

    def _read(self, response: Any, seen: Observation) -> None:
        """Take the body of an answer: piece by piece if it is a stream, as JSON otherwise."""
        if response.headers.get("Content-Type", "").lower().startswith("text/event-stream"):
            ended = False
            for line in response.iter_lines():
                if not line.startswith(b"data:"):
                    continue
                ended = line[5:].strip() == b"[DONE]"
                seen.chunks += 0 if ended else 1
                if seen.first_chunk_ms is None:
                    seen.first_chunk_ms = self.now_ms - seen.at_ms
            seen.error = "" if ended else "the stream ended before its end"
            return
        try:
            seen.content = json.loads(response.content)
        except ValueError:
            seen.message = "" if response.ok else response.reason or ""
            return
        if not response.ok:
            seen.code, seen.message = _refusal(seen.content)


def _refusal(content: Any) -> tuple[str, str]:
    """Return code and message of an error in OpenAI's or API Management's form."""
    if not isinstance(content, Mapping):
        return "", ""
    inner = content.get("error")
    error = inner if isinstance(inner, Mapping) else content
    message = " ".join(str(error.get("message") or "").split())
    return str(error.get("code") or ""), message[:_MESSAGE_CHARACTERS]


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
    return f"{type(error).__name__}: {str(cause).rpartition(': ')[2][:_MESSAGE_CHARACTERS]}"
