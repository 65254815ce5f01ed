# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client for Azure Resource Manager that every module uses.

Bodies are plain ARM JSON (dict), paths are ARM paths that start with ``/subscriptions``; the api-version is chosen by
the path's resource provider.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure import answers, failures, paths
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ArmError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.signals import Signal

if TYPE_CHECKING:
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.pipeline import ArmPipeline

_ABSENT = 404
_DEFAULT_SCOPE = "/.default"


@dataclass(frozen=True)
class Entity:
    """An ARM object as the service returned it: the JSON ``body``, and the ``etag`` that If-Match takes."""

    body: dict[str, Any]
    etag: str | None


@dataclass(frozen=True)
class Service:
    """Where the API Management service is."""

    subscription_id: str
    resource_group: str
    name: str


class ArmClient:
    """Reads and writes ARM objects. Thread safe: one client serves a whole pool of threads.

    Every method raises ArmError or one of its kinds (PreconditionFailed for 412, AuthenticationFailed,
    DeadlineExceeded, ConnectionFailed, TlsFailed), and ValueError for a path that is none. What is worth another try
    was tried again before (see retry.py); one deadline holds for all calls together.
    """

    def __init__(self, pipeline: ArmPipeline, service: Service) -> None:
        self._pipeline = pipeline
        self.service_path = paths.service_path(service.subscription_id, service.resource_group, service.name)

    def get(self, path: str, *, query: Mapping[str, str] | None = None) -> Entity | None:
        """Return the object, None when it does not exist.

        ``query`` is added to the URL. None means this very object: when the service, group or subscription around it is
        missing, that is an error.
        """
        answer = self._exchange("read", "GET", path, query=query, absent=True)
        return None if answer.status_code == _ABSENT else self._entity("read", path, answer)

    def list(self, path: str, *, query: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """Return all objects of a collection, all pages of it; 404 is an error, for a service has all collections.

        ``query``, such as a ``$filter``, is added to the URL.
        """
        found: list[dict[str, Any]] = []
        answer = self._exchange("list", "GET", path, query=query)
        while True:
            page = _json(answer)
            if not isinstance(page, dict) or not isinstance(page.get("value"), list):
                raise _unexpected("list", path, answer)
            found += page["value"]
            if not page.get("nextLink"):
                return found
            answer = self._exchange("list", "GET", path, link=page["nextLink"])

    def put(self, path: str, body: Mapping[str, Any], *, if_match: str | None = None) -> Entity:
        """Create or replace the object and return it as stored, after any long-running operation has ended."""
        answer = self._exchange("write", "PUT", path, body=body, if_match=if_match)
        return self._entity("write", path, answer)

    def patch(self, path: str, body: Mapping[str, Any], *, if_match: str) -> Entity:
        """Merge ``body`` into the object and return it as stored; ``if_match`` is its etag, or "*"."""
        answer = self._exchange("update", "PATCH", path, body=body, if_match=if_match)
        return self._entity("update", path, answer)

    def delete(self, path: str, *, if_match: str, query: Mapping[str, str] | None = None) -> bool:
        """Delete the object; ``if_match`` is its etag, or "*". Return False when it was already absent.

        True also when it was found absent on another try after a lost connection: the first one had its effect.
        """
        answer = self._exchange("delete", "DELETE", path, query=query, if_match=if_match, absent=True)
        return answer.status_code not in (204, _ABSENT) or answer.retried_blind

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call an action of an object (its name ends the path) and return its answer, {} when that is empty.

        Only actions that change nothing (``list...``, ``...Check``) are tried again after a lost connection.
        """
        name = path.rsplit("/", 1)[-1]
        answer = self._exchange(
            "call", "POST", path, body=body, repeatable=name.startswith("list") or name.endswith("Check")
        )
        result = _json(answer) if answer.text else {}
        if not isinstance(result, dict):
            raise _unexpected("call", path, answer)
        return result

    def wait(self, seconds: float) -> None:
        """Do nothing for some seconds; raises DeadlineExceeded at once when the deadline comes first."""
        try:
            self._pipeline.wait(seconds)
        except Signal as error:
            raise failures.from_exception("wait for the gateways of", self.service_path, error) from error

    def token(self, audience: str) -> tuple[str, float]:
        """Return a token of the signed-in credential, and when it expires, in seconds since the epoch.

        :param audience: id or URI of the application that takes it, or its scope.
        """
        from azure.core.exceptions import AzureError

        scope = audience if audience.endswith(_DEFAULT_SCOPE) else f"{audience.rstrip('/')}{_DEFAULT_SCOPE}"
        try:
            return self._pipeline.token(scope)
        except (AzureError, Signal) as error:
            raise failures.from_exception("get a token for", audience, error) from error

    def _exchange(
        self,
        action: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        link: str | None = None,
        body: Mapping[str, Any] | None = None,
        if_match: str | None = None,
        repeatable: bool = True,
        absent: bool = False,
    ) -> _Answer:
        """Send a request and see its operation through; raise ArmError unless it succeeded.

        ``link`` is sent instead of ``path`` when a page continues; ``absent`` lets a 404 for this very object pass.
        """
        from azure.core.exceptions import AzureError

        url = link or f"{paths.encode(path)}?{_query(path, query)}"
        try:
            first = self._pipeline.send(method, url, body=body, if_match=if_match, repeatable=repeatable)
            status = first.http_response.status_code
            if status == _ABSENT and absent and answers.is_absent(path, answers.refusal(first.http_response.text())):
                return _Answer.of(first)
            if status >= 300:
                raise failures.from_answer(action, path, first.http_response)
            last = first if method == "GET" else self._pipeline.settle(first)
            if last is None and method in ("PUT", "PATCH"):
                last = self._pipeline.send("GET", url)
            return _Answer.of(last or first)
        except (AzureError, Signal) as error:
            raise failures.from_exception(action, path, error) from error

    @staticmethod
    def _entity(action: str, path: str, answer: _Answer) -> Entity:
        body = _json(answer)
        if not isinstance(body, dict):
            raise _unexpected(action, path, answer)
        return Entity(body, answer.headers.get("ETag"))


@dataclass(frozen=True)
class _Answer:
    """What counts of an HTTP answer; ``retried_blind`` when it came after an attempt whose answer was lost."""

    status_code: int
    headers: Mapping[str, str]
    text: str
    retried_blind: bool

    @classmethod
    def of(cls, answer: Any) -> _Answer:
        """Take it from azure-core's PipelineResponse."""
        response = answer.http_response
        history = answer.context.get("history") or []
        return cls(response.status_code, response.headers, response.text(), any(entry.error for entry in history))


def _query(path: str, query: Mapping[str, str] | None) -> str:
    """Return the query string, with the api-version of the path's provider."""
    return urlencode({"api-version": paths.api_version(path), **(query or {})}, safe="$", quote_via=quote)


def _json(answer: _Answer) -> Any:
    """Return the parsed body, None when it is not JSON."""
    try:
        return json.loads(answer.text.lstrip("\ufeff"))
    except ValueError:
        return None


def _unexpected(action: str, path: str, answer: _Answer) -> ArmError:
    """Return the error for a successful answer that ARM would not give, such as a proxy's sign-in page."""
    return ArmError(
        action,
        path,
        code="UnexpectedAnswer",
        message=f"HTTP {answer.status_code} came with a body that is not ARM's JSON",
        request_id=answers.request_id(answer.headers),
        hint="Check cloud_environment (AZURE_CLOUD_ENVIRONMENT) and HTTPS_PROXY: this may not be ARM",
    )
