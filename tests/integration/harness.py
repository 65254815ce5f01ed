# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded Azure as a process of its own, and what tests ask of it: settings, what it got, what it holds.

Tests read what ARM holds by Microsoft's SDK, an independent client, never by code of the collection.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
RESOURCE_GROUP = "rg-citadel-governance-hub"
IDENTITY_NAME = "id-apim-citadel"
IDENTITY_CLIENT_ID = "22222222-2222-2222-2222-222222222222"
WRITES = frozenset(("PUT", "PATCH", "DELETE", "POST"))

# Shows its environment and stays until the test process closes the pipe or dies.
_WAIT = "import json, os, sys; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.read()"
_ADMIN_SECONDS = 30


@dataclass(frozen=True)
class Request:
    """One request that the embedded Azure got. `target` is its path below the APIM service, else the whole path."""

    plane: str
    method: str
    target: str
    url: str
    status: int
    body: str
    headers: Mapping[str, str]
    service: str
    started: float
    seconds: float

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Request:
        """Take it from an entry of the admin API."""
        path = unquote(urlsplit(entry["url"]).path)
        _, below, child = path.partition(f"/service/{(entry['service'] or '/').rpartition('/')[2]}/")
        return cls(
            entry["plane"],
            entry["method"],
            child if below else path,
            entry["url"],
            entry["status"],
            entry["body"],
            entry["headers"],
            (entry["service"] or "").rpartition("/")[2],
            entry["time"],
            entry["duration_ms"] / 1000,
        )

    @property
    def is_write(self) -> bool:
        """Whether the request asks ARM to change something; listValue, connectivityCheck and their like only read."""
        action = self.target.rpartition("/")[2]
        only_reads = self.method == "POST" and (action.startswith("list") or action == "connectivityCheck")
        return self.plane == "arm" and self.method in WRITES and not only_reads

    @property
    def json(self) -> Any:
        """The body as data."""
        return json.loads(self.body)


class Azure:
    """A running embedded Azure: `environment` is what a client needs to find it, `pid` its process."""

    def __init__(self, environment: dict[str, str], pid: int) -> None:
        self.environment = environment
        self.pid = pid
        self._admin = environment["APIM_EMULATOR_ADMIN_URL"]
        self._http = requests.Session()
        self._http.trust_env = False

    def requests(self) -> list[Request]:
        """What it got since :meth:`forget`, in the order of the answers."""
        return [Request.of(entry) for entry in self.admin("GET", "requests")]

    def forget(self) -> None:
        """Forget the requests so far."""
        self.admin("DELETE", "requests")

    def configure(self, **settings: Any) -> None:
        """Change settings of the control plane, such as latency_ms; emulator/README.md lists them."""
        self.admin("PUT", "arm", settings)

    def fail(self, *faults: Mapping[str, Any]) -> None:
        """Let requests fail as these faults say, instead of those before."""
        self.configure(faults=faults)

    def reset(self) -> None:
        """Behave again as at the start; what ARM holds stays."""
        self.admin("DELETE", "arm")
        self.forget()

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """Call the admin API; return the answer's data, None when it has none."""
        answer = self._http.request(method, f"{self._admin}/{path}", json=body, timeout=_ADMIN_SECONDS)
        if not answer.ok:
            raise ValueError(f"{method} {path}: {answer.text}")
        return answer.json() if answer.content else None

    @cached_property
    def sdk(self) -> Any:
        """Microsoft's client for API Management, signed in with the environment's client."""
        from azure.identity import ClientSecretCredential
        from azure.mgmt.apimanagement import ApiManagementClient

        known = self.environment
        url, bundle = known["AZURE_CLOUD_ENVIRONMENT"], known["SSL_CERT_FILE"]
        credential = ClientSecretCredential(
            known["AZURE_TENANT"],
            known["AZURE_CLIENT_ID"],
            known["AZURE_SECRET"],
            authority=url,
            disable_instance_discovery=True,
            connection_verify=bundle,
        )
        return ApiManagementClient(
            credential, SUBSCRIPTION, url, credential_scopes=[f"{url}/.default"], connection_verify=bundle
        )


@dataclass(frozen=True)
class Service:
    """One APIM service of the embedded Azure, empty when a test gets it."""

    azure: Azure
    name: str
    resource_group: str = RESOURCE_GROUP

    @property
    def place(self) -> tuple[str, str]:
        """What the SDK's operations take first."""
        return self.resource_group, self.name

    def backends(self) -> dict[str, Any]:
        """Single backends by name, as models of the SDK."""
        found = self.azure.sdk.backend.list_by_service(*self.place)
        return {entity.name: entity for entity in found if entity.type_properties_type != "Pool"}

    def pools(self) -> dict[str, list[tuple[str, int, int]]]:
        """Name of each pool to its members: backend, priority, weight."""
        found = self.azure.sdk.backend.list_by_service(*self.place)
        return {
            entity.name: [(item.id.rpartition("/")[2], item.priority, item.weight) for item in entity.pool.services]
            for entity in found
            if entity.type_properties_type == "Pool"
        }

    def fragments(self) -> dict[str, Any]:
        """Policy fragments by name, as models of the SDK."""
        return {entity.name: entity for entity in self.azure.sdk.policy_fragment.list_by_service(*self.place)}

    def named_values(self) -> dict[str, Any]:
        """Named values by name, as models of the SDK."""
        return {entity.name: entity for entity in self.azure.sdk.named_value.list_by_service(*self.place)}

    def etags(self) -> dict[str, str]:
        """The ETag of every object: equal ones mean that nothing was written in between."""
        sdk = self.azure.sdk
        found = {}
        for kind in (sdk.backend, sdk.policy_fragment, sdk.named_value):
            for entity in kind.list_by_service(*self.place):
                raw = kind.get(*self.place, entity.name, cls=lambda answer, *_: answer.http_response.headers["ETag"])
                found[entity.id] = raw
        return found


@contextmanager
def running_azure(*arguments: str | Path) -> Iterator[Azure]:
    """Run `apim-emulator exec` with these arguments for as long as the context lasts."""
    command = [str(BIN / "apim-emulator"), "exec", *map(str, arguments), "--", sys.executable, "-c", _WAIT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the emulator was started without pipes")
        try:
            environment = process.stdout.readline()
            if not environment:
                raise RuntimeError("the emulator ended at its start; its reason is in the captured output")
            yield Azure(json.loads(environment), process.pid)
        finally:
            process.stdin.close()
            process.wait()
