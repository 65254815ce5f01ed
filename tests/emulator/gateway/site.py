# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An API in a running embedded Azure, and requests of its clients."""

from __future__ import annotations

import json
from typing import Any

import requests

from tests.emulator.harness import Azure, api, backend, breaker, operation

CHAT = "/models/chat/completions"
KEY = {"header": {"Authorization": ["Bearer provider-secret"]}}
TO_BACKEND = '<set-backend-service backend-id="{}" />'
ONCE_MORE = (
    '<retry condition="@(context.Response == null || context.Response.StatusCode == 429)" count="{}" interval="0"'
    ' first-fast-retry="true"><forward-request buffer-request-body="true" buffer-response="{}" /></retry>'
)


class Site:
    """The API `llm` at /models, whose requests go where its policy sends them."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self.url = azure.environment["APIM_GATEWAY_URL"]
        # Not that of the environment: other tests of the same emulator renew it.
        self.key = azure.admin("GET", "services").json()[0]["key"]
        self.put("apis/llm", api(subscriptionKeyParameterNames={"header": "api-key", "query": "key"}))
        self.put("apis/llm/operations/chat", operation())

    def put(self, path: str, properties: dict[str, Any]) -> None:
        """Store a child of the service."""
        response = self.azure.put(path, properties)
        assert response.status_code in (200, 201), response.text

    def policy(self, scope: str = "apis/llm", **sections: str) -> None:
        """Store a policy; `on_error` and the like hold what comes after <base />, except in `backend`."""
        inner = {"backend": "<base />", **sections}
        text = "".join(
            f"<{name}>{'' if name == 'backend' else '<base />'}{inner.get(name.replace('-', '_'), '')}</{name}>"
            for name in ("inbound", "backend", "outbound", "on-error")
        )
        self.put(f"{scope}/policies/policy", {"format": "rawxml", "value": f"<policies>{text}</policies>"})

    def backend(self, name: str, host: str, *, trips_after: int | None = None, **settings: Any) -> None:
        """Store a backend at an external endpoint, which then behaves as the settings say."""
        changes: dict[str, Any] = {"credentials": KEY}
        if trips_after is not None:
            changes["circuitBreaker"] = breaker(count=trips_after)
        self.put(f"backends/{name}", backend(url=f"https://{host}/v1", **changes))
        self.provider(host, **{"api_keys": ["provider-secret"], **settings})

    def provider(self, host: str, **settings: Any) -> None:
        """Tell an endpoint how to behave."""
        response = self.azure.admin("PUT", f"providers/{host}", json=settings)
        assert response.status_code == 200, response.text

    def ask(self, path: str = CHAT, method: str = "POST", **options: Any) -> requests.Response:
        """Send a request with the key of the environment, unless `headers` are others."""
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **options.pop("body", {})}
        headers = {"Content-Type": "application/json", **options.pop("headers", {"api-key": self.key})}
        return self.azure.http(method, self.url + path, data=json.dumps(body), headers=headers, **options)

    def log(self, plane: str) -> list[dict[str, Any]]:
        """Return what a plane logged."""
        entries: list[dict[str, Any]] = self.azure.admin("GET", "requests", params={"plane": plane}).json()
        return entries
