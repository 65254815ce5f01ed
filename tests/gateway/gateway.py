# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway of one service of the embedded Azure: its clients, the providers behind it, and what either got."""

from __future__ import annotations

import json
import ssl
import time
from collections import Counter
from contextlib import closing
from functools import cached_property
from http.client import HTTPSConnection
from typing import Any

import requests
from azure.core.credentials import AzureKeyCredential
from openai import AzureOpenAI, DefaultHttpxClient, OpenAI

from tests.integration.harness import Azure, Service

CHAT = "/models/chat/completions"
HELLO: Any = [{"role": "user", "content": "Hello!"}]
_PATIENCE_SECONDS = 30


class Gateway:
    """A gateway with what its clients need: `url`, `key` (for all APIs) and `bundle`, the authority to trust."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.azure: Azure = service.azure
        known = next(each for each in self.azure.admin("GET", "services") if each["name"] == service.name)
        self.url: str = known["url"]
        self.key: str = known["key"]
        self.bundle = self.azure.environment["SSL_CERT_FILE"]
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = self.bundle

    def ask(self, path: str = CHAT, body: Any = None, *, method: str = "POST", **options: Any) -> requests.Response:
        """Send a request as any HTTP client would, with the gateway's key unless `headers` are others.

        :param body: data to send as JSON; a chat of one message with `model` in its place when it is a string.
        """
        content = {"model": body, "messages": HELLO} if isinstance(body, str) else body
        headers = options.pop("headers", {"api-key": self.key})
        return self._http.request(
            method, self.url + path, json=content, headers=headers, timeout=_PATIENCE_SECONDS, **options
        )

    def ask_raw(self, target: str, model: str, key_header: str = "api-key") -> tuple[int, str]:
        """Ask for a chat at a path that no client library would leave as it is; return status and body."""
        connection = HTTPSConnection(
            self.url.removeprefix("https://"), context=self._trust(), timeout=_PATIENCE_SECONDS
        )
        with closing(connection):
            headers = {key_header: self.key, "Content-Type": "application/json"}
            connection.request("POST", target, json.dumps({"model": model, "messages": HELLO}), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def statuses(self, model: str, number: int) -> Counter[int]:
        """Ask for a chat so many times, one after the other; return how many answers of each status came."""
        return Counter(self.ask(body=model).status_code for _ in range(number))

    @cached_property
    def openai(self) -> OpenAI:
        """OpenAI's client with the base URL of the Universal LLM API, which takes its key in the header api-key."""
        return OpenAI(
            base_url=f"{self.url}/models",
            api_key="unused",
            default_headers={"api-key": self.key},
            max_retries=0,
            http_client=DefaultHttpxClient(verify=self._trust()),
        )

    @cached_property
    def azure_openai(self) -> AzureOpenAI:
        """The client of the guide's usage example."""
        return AzureOpenAI(
            azure_endpoint=self.url,
            api_key=self.key,
            api_version="2024-10-21",
            max_retries=0,
            http_client=DefaultHttpxClient(verify=self._trust()),
        )

    def inference(self, kind: type[Any], path: str = "/models") -> Any:
        """A client of azure-ai-inference, such as ChatCompletionsClient, for an API at this path."""
        return kind(
            endpoint=self.url + path,
            credential=AzureKeyCredential(self.key),
            connection_verify=self.bundle,
            retry_total=0,
        )

    def provider(self, host: str, **settings: Any) -> None:
        """Tell the provider of a host what it is and how to behave; emulator/README.md lists the settings."""
        self.azure.admin("PUT", f"providers/{host}", settings)

    def log(self, plane: str) -> list[dict[str, Any]]:
        """What a plane (gateway or provider) logged since the log was emptied, in the order of arrival."""
        return sorted(self.azure.admin("GET", f"requests?plane={plane}"), key=lambda entry: entry["time"])

    def only(self, plane: str) -> dict[str, Any]:
        """The one request that a plane got."""
        found = self.log(plane)
        if len(found) != 1:
            raise LookupError(f"{len(found)} requests of plane {plane}: {[entry['url'] for entry in found]}")
        return found[0]

    def reached(self) -> Counter[str]:
        """How many requests reached each provider, by the first label of its host, which is its backend's name here."""
        return Counter(entry["host"].partition(".")[0] for entry in self.log("provider"))

    def is_open(self, backend: str) -> bool:
        """Whether the circuit breaker of a backend is open."""
        states = self._breakers()
        if backend not in states:
            raise LookupError(f"no breaker of {backend}, but of {sorted(states)}")
        return states[backend] == "open"

    def wait_until_closed(self) -> None:
        """Wait until no circuit breaker is open any more."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while "open" in self._breakers().values():
            if time.monotonic() > end:
                raise TimeoutError(f"breakers are open for more than {_PATIENCE_SECONDS} seconds: {self._breakers()}")
            time.sleep(0.1)

    def _breakers(self) -> dict[str, str]:
        """State of the breaker of each backend that has got a request."""
        label = f"{self.service.resource_group}/{self.service.name}"
        found = self.azure.admin("GET", "breakers")
        return {each["backend"]: each["state"] for each in found if each["service"] == label}

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.bundle)


def error_of(response: requests.Response) -> tuple[int, str]:
    """Status and code of an error that a policy answered."""
    return response.status_code, response.json()["error"]["code"]
