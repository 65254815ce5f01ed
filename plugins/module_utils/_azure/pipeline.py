# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The azure-core pipeline to ARM: policies, token, long-running operations.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.clouds import Cloud
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.retry import ArmRetryPolicy
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.signals import ForeignLink
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.version import VERSION

try:
    from azure.core.pipeline import Pipeline
    from azure.core.pipeline.policies import RequestIdPolicy, UserAgentPolicy
    from azure.core.rest import HttpRequest
    from azure.mgmt.core import ARMPipelineClient
    from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
except ImportError:  # libraries.require() reports it before anything here is used
    ARMChallengeAuthenticationPolicy = object  # type: ignore[assignment,misc]

if TYPE_CHECKING:
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.transport import ArmTransport
    from azure.core.credentials import TokenCredential

_APPLICATION = f"ansible-citadel.ai_gateway/{VERSION}"
# Seconds between two looks at a long-running operation when the service names none (azure-core's default is 30).
_POLL_SECONDS = 1.0
_MORE_METHODS = ["DELETE", "GET", "PATCH", "POST", "PUT"]


class ArmTokenPolicy(ARMChallengeAuthenticationPolicy):
    """Adds the bearer token: fetched once however many threads start together, and only ever sent to ARM.

    Links that ARM sends (next page, operation status) are followed as they are, so they are checked here: https, and
    the ARM endpoint's own host or one below it (ARM hands out regional hosts).
    """

    def __init__(self, credential: TokenCredential, scope: str, endpoint: str) -> None:
        super().__init__(credential, scope)
        self._home = urlsplit(endpoint)
        self._token_lock = threading.Lock()

    def on_request(self, request: Any) -> None:
        """Put the token on a request, or raise ForeignLink."""
        target = urlsplit(request.http_request.url)
        own_host = target.hostname == self._home.hostname and (target.port or 443) == (self._home.port or 443)
        regional = str(target.hostname).endswith(f".{self._home.hostname}") and target.port in (None, 443)
        if target.scheme != "https" or not (own_host or regional):
            raise ForeignLink(f"{target.scheme}://{target.netloc}", f"https://{self._home.netloc}")
        with self._token_lock:
            super().on_request(request)


class ArmPipeline:
    """Sends requests to ARM with retries and token, and follows long-running operations to their end. Thread safe."""

    def __init__(self, cloud: Cloud, credential: TokenCredential, transport: ArmTransport) -> None:
        policies: list[Any] = [
            RequestIdPolicy(),
            UserAgentPolicy(user_agent=_APPLICATION),
            ArmRetryPolicy(),
            ArmTokenPolicy(credential, cloud.scope, cloud.endpoint),
        ]
        self._pipeline: Any = Pipeline(transport, policies)
        self._client: Any = ARMPipelineClient(cloud.endpoint, pipeline=self._pipeline, policies=policies)
        self._endpoint = cloud.endpoint
        self._transport = transport
        self._credential = credential

    def wait(self, seconds: float) -> None:
        """Wait as between two attempts, or raise the Signal DeadlinePassed at once when the deadline comes first."""
        self._transport.sleep(seconds)

    def token(self, scope: str) -> tuple[str, float]:
        """Return a token for another audience than ARM, and when it expires, in seconds since the epoch.

        Raises azure-core's AzureError, or a Signal.
        """
        token = self._credential.get_token(scope)
        return token.token, float(token.expires_on)

    def send(
        self, method: str, url: str, *, body: Any = None, if_match: str | None = None, repeatable: bool = True
    ) -> Any:
        """Send one request and return the last answer (a PipelineResponse), whatever its status.

        ``url`` is absolute or starts with "/"; ``body`` is sent as JSON unless None; ``repeatable`` allows another try
        after a lost connection, when nobody knows whether the first one had its effect.
        Raises azure-core's AzureError, or a Signal.
        """
        headers = {"Accept": "application/json"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        if if_match is not None:
            headers["If-Match"] = if_match
        target = self._endpoint + url if url.startswith("/") else url
        request = HttpRequest(method, target, headers=headers, content=content)
        return self._pipeline.run(request, retry_on_methods=_MORE_METHODS if repeatable else [])

    def settle(self, answer: Any) -> Any:
        """Wait for the operation that ``answer``, a PipelineResponse to a write, started.

        Return the resource's final answer, None when that has no body. Answers at once when there is nothing to wait
        for. A plain 201 without operation headers is final: API Management's synchronous writes answer so.
        Raises HttpResponseError when the operation fails.
        """
        response = answer.http_response
        if not _is_running(response):
            return answer
        from azure.mgmt.core.polling.arm_polling import ARMPolling

        polling: Any = ARMPolling(timeout=_POLL_SECONDS, lro_options={"final-state-via": "location"})
        polling.initialize(self._client, answer, lambda final: final)
        polling.run()
        return polling.resource()


def fetch_public(url: str, transport: ArmTransport) -> str:
    """Read a document that needs no sign-in, with the same retries and deadline; return its text.

    Raises azure-core's HttpResponseError for any answer but 200, other AzureErrors, or a Signal.
    """
    pipeline: Any = Pipeline(transport, [UserAgentPolicy(user_agent=_APPLICATION), ArmRetryPolicy()])
    response = pipeline.run(HttpRequest("GET", url, headers={"Accept": "application/json"})).http_response
    if response.status_code != 200:
        from azure.core.exceptions import HttpResponseError

        raise HttpResponseError(response=response)
    return str(response.content.decode("utf-8-sig"))


def _is_running(response: Any) -> bool:
    """Tell whether an answer starts a long-running operation."""
    if response.status_code == 202 or "Azure-AsyncOperation" in response.headers:
        return True
    if response.status_code == 201 and "Location" in response.headers:
        return True
    if response.status_code not in (200, 201) or b'"provisioningState"' not in response.content:
        return False
    try:
        state = json.loads(response.text())["properties"]["provisioningState"]
    except (ValueError, LookupError, TypeError):
        return False
    return str(state).lower() not in ("succeeded", "failed", "canceled", "none")
