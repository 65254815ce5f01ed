# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The providers on loopback, reached under their own host names: only the name resolution of this process is turned."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import requests
from apim_emulator.certificates import Authority
from apim_emulator.entra import Principal, TokenIssuer
from apim_emulator.providers import Providers
from apim_emulator.requestlog import RequestLog
from apim_emulator.settings import ProviderSettings

T = TypeVar("T")

OPENAI = "model.openai.azure.com"
FOUNDRY = "aif-RESOURCE_TOKEN-0.cognitiveservices.azure.com"
SERVERLESS = "project.eastus.models.ai.azure.com"
EXTERNAL = "api.provider.example"
KEY = "key-of-the-provider"
VERSION = "2024-10-21"
MODELS_VERSION = "2024-05-01-preview"
COGNITIVE = "https://cognitiveservices.azure.com"
MACHINE_LEARNING = "https://ml.azure.com"
MESSAGES: Any = [{"role": "user", "content": "Hello!"}]
CLIENT = Principal("22222222-2222-2222-2222-222222222222", "22222222-2222-2222-2222-222222222223", "contributor")

CHAT = f"https://{OPENAI}/openai/deployments/gpt-4o/chat/completions?api-version={VERSION}"
EXTERNAL_CHAT = f"https://{EXTERNAL}/v1/chat/completions"

CONFIGURED = {
    host: ProviderSettings.model_validate({"api_keys": [KEY], "region": region})
    for host, region in ((OPENAI, "East US"), (FOUNDRY, "West US"), (SERVERLESS, "East US"), (EXTERNAL, "Lab"))
}


class Stand:
    """Providers that run in a thread of their own, and a client that trusts them."""

    def __init__(self, directory: Path) -> None:
        self.log = RequestLog()
        self.lifetime = 3600
        self.issuer = TokenIssuer("tenant", lambda: self.lifetime)
        self.bundle = str(directory / "authority.pem")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        authority = Authority()
        Path(self.bundle).write_bytes(authority.certificate_pem())
        self.providers = self.run(self._start(authority))
        self.http = requests.Session()
        self.http.verify = self.bundle
        self.http.trust_env = False

    async def _start(self, authority: Authority) -> Providers:
        providers = Providers(CONFIGURED, authority, self.issuer, self.log)
        await providers.start()
        return providers

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the providers' event loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    def stop(self) -> None:
        """Stop the providers and their thread."""
        self.http.close()
        self.run(self.providers.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cpu_seconds(self) -> float:
        """Return the processor time that the providers' thread has used."""

        async def read() -> float:
            return time.thread_time()

        return self.run(read())

    def configure(self, host: str, **settings: Any) -> None:
        """Tell a provider how to behave, as the admin API does."""

        async def configure() -> None:
            self.providers.configure(host, ProviderSettings.model_validate(settings))

        self.run(configure())

    def clean(self) -> None:
        """Put every provider back to the configuration, and forget what was logged."""

        async def reset() -> None:
            for host in self.providers.configured():
                self.providers.reset(host)

        self.run(reset())
        self.log.clear()
        self.lifetime = 3600

    def token(self, audience: str = COGNITIVE) -> str:
        """Return a token of this run."""
        return self.issuer.issue(CLIENT, audience).text

    def context(self) -> ssl.SSLContext:
        """Return a client's TLS context that trusts the providers only."""
        return ssl.create_default_context(cafile=self.bundle)

    def post(self, url: str = CHAT, body: Any = None, key: str | None = KEY, **options: Any) -> requests.Response:
        """POST a chat request, or another body, with the provider's key unless told otherwise."""
        own = {} if key is None else {"Authorization": f"Bearer {key}"} if EXTERNAL in url else {"api-key": key}
        headers = {**own, **options.pop("headers", {})}
        content = {"model": "gpt-4o", "messages": MESSAGES} if body is None else body
        return self.http.post(url, json=content, headers=headers, timeout=30, **options)

    def entry(self) -> dict[str, Any]:
        """Return the last entry of the log, once its request is over."""
        for _ in range(500):
            entries = self.log.entries()
            if entries and entries[-1]["outcome"] != "answering":
                return entries[-1]
            time.sleep(0.01)
        raise AssertionError("the last request is not over")

    def resolve(self, genuine: Callable[..., Any]) -> Callable[..., Any]:
        """Return a name resolution that leads the providers' hosts to loopback, and all others where `genuine` does."""

        def resolved(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
            name = host.decode("ascii") if isinstance(host, bytes) else host
            if name is None or not self.providers.knows(name):
                return genuine(host, port, *arguments, **options)
            address, listening = self.providers.address("http" if int(port) == 80 else "https")
            place = (address, listening if int(port) in (80, 443) else int(port))
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place)]

        return resolved
