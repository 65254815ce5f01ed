# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running embedded Azure for tests, and short ways to talk to it as any HTTP client would."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from azure.identity import ClientSecretCredential
from azure.mgmt.apimanagement import ApiManagementClient

COMMAND = [sys.executable, "-m", "apim_emulator"]
API_VERSION = "2024-05-01"
GROUP = "rg-tests"
SERVICE = "apim-tests"
READER = "55555555-5555-5555-5555-555555555555"
VAULT_SECRET = "https://vault.vault.azure.net/secrets/token"

CONFIG = f"""
tenant_id: 11111111-1111-1111-1111-111111111111
subscriptions:
  - {{id: 00000000-0000-0000-0000-000000000000, name: first}}
  - {{id: 00000000-0000-0000-0000-000000000002, name: second}}
resource_groups: [rg-empty]
clients:
  - {{client_id: 33333333-3333-3333-3333-333333333333, object_id: 33333333-3333-3333-3333-333333333334}}
  - {{client_id: {READER}, object_id: 55555555-5555-5555-5555-555555555556, secret: reader, role: reader,
     requested_access_token_version: 2}}
identities:
  - resource_group: {GROUP}
    name: id-gateway
    client_id: 22222222-2222-2222-2222-222222222222
    principal_id: 22222222-2222-2222-2222-222222222223
services:
  - {{resource_group: {GROUP}, name: {SERVICE}, identities: [{GROUP}/id-gateway]}}
  - {{resource_group: {GROUP}, name: apim-consumption, sku: Consumption}}
  - {{resource_group: rg-other, name: apim-v2, sku: StandardV2, system_assigned: true}}
key_vault_secrets:
  {VAULT_SECRET}: from-the-vault
providers:
  Configured.Provider.example: {{region: Lab}}
"""


class Azure:
    """The environment that `apim-emulator serve` printed, and requests to what it names."""

    def __init__(self, environment: dict[str, str], pid: int) -> None:
        self.environment = environment
        self.pid = pid
        self.url = environment["AZURE_CLOUD_ENVIRONMENT"]
        self.tenant = environment["AZURE_TENANT"]
        self.subscription = environment["AZURE_SUBSCRIPTION_ID"]
        self.admin_url = environment["APIM_EMULATOR_ADMIN_URL"]
        self.bundle = environment["SSL_CERT_FILE"]
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = self.bundle
        self._token = self.token()

    def http(self, method: str, url: str, **options: Any) -> requests.Response:
        """Send a request that trusts the embedded Azure's certificate authority, without a token."""
        return self._http.request(method, url, timeout=30, **options)

    def token_response(self, tenant: str | None = None, **form: str) -> requests.Response:
        """Ask the token endpoint; `form` replaces or adds fields, an empty one is left out."""
        fields = {
            "grant_type": "client_credentials",
            "client_id": self.environment["AZURE_CLIENT_ID"],
            "client_secret": self.environment["AZURE_SECRET"],
            "scope": f"{self.url}/.default",
            **form,
        }
        body = {name: value for name, value in fields.items() if value}
        return self.http("POST", f"{self.url}/{tenant or self.tenant}/oauth2/v2.0/token", data=body)

    def token(self, **form: str) -> str:
        """Return an access token."""
        response = self.token_response(**form)
        response.raise_for_status()
        return str(response.json()["access_token"])

    def arm(self, method: str, path: str, *, version: str | None = API_VERSION, **options: Any) -> requests.Response:
        """Send an authenticated ARM request; `path` is absolute, or relative to the service under test."""
        url = self.url + (path if path.startswith("/subscriptions") else f"{self.service()}/{path}".rstrip("/"))
        params = {**options.pop("params", {}), **({"api-version": version} if version else {})}
        headers = {"Authorization": f"Bearer {self._token}", **options.pop("headers", {})}
        return self.http(method, url, params=params, headers=headers, **options)

    def put(self, path: str, properties: dict[str, Any], **options: Any) -> requests.Response:
        """PUT a child of the service under test."""
        return self.arm("PUT", path, json={"properties": properties}, **options)

    def service(self, name: str = SERVICE, group: str = GROUP) -> str:
        """Return the ARM id of a service."""
        scope = f"/subscriptions/{self.subscription}/resourceGroups/{group}"
        return f"{scope}/providers/Microsoft.ApiManagement/service/{name}"

    def admin(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request to the admin API."""
        return self.http(method, f"{self.admin_url}/{path}", **options)

    def configure(self, **settings: Any) -> None:
        """Change the control plane's settings."""
        response = self.admin("PUT", "arm", json=settings)
        assert response.status_code == 200, response.text

    def sdk(self) -> Any:
        """Return Microsoft's client, with its own pipeline and credential; its models declare every member optional."""
        credential = ClientSecretCredential(
            self.tenant,
            self.environment["AZURE_CLIENT_ID"],
            self.environment["AZURE_SECRET"],
            authority=self.url,
            disable_instance_discovery=True,
            connection_verify=self.bundle,
        )
        return ApiManagementClient(
            credential,
            self.subscription,
            base_url=self.url,
            credential_scopes=[f"{self.url}/.default"],
            connection_verify=self.bundle,
            polling_interval=0,
        )

    def clean(self) -> None:
        """Remove every child of the service under test, and forget settings and logged requests."""
        self.admin("DELETE", "arm")
        self.arm("DELETE", "policies/policy")
        for item in self.all("products"):
            self.arm("DELETE", f"products/{item['name']}", params={"deleteSubscriptions": "true"})
        for collection in ("apis", "subscriptions"):
            for item in self.all(collection):
                self.arm("DELETE", f"{collection}/{item['name']}")
        for collection in ("policyFragments", "backends", "namedValues"):
            names = [item["name"] for item in self.all(collection)]
            # Pools first: their members cannot go before them.
            for _ in range(2):
                names = [name for name in names if self.arm("DELETE", f"{collection}/{name}").status_code == 400]
            assert not names
        self.admin("DELETE", "requests")

    def all(self, collection: str, **params: Any) -> list[dict[str, Any]]:
        """Return the items of all pages of a list."""
        page = self.arm("GET", collection, params=params).json()
        items = list(page["value"])
        while "nextLink" in page:
            page = self.http("GET", page["nextLink"], headers={"Authorization": f"Bearer {self._token}"}).json()
            items += page["value"]
        return items


def api(**changes: Any) -> dict[str, Any]:
    """Return the properties of a valid API; None removes one."""
    properties = {"displayName": "Models", "path": "models", **changes}
    return {name: value for name, value in properties.items() if value is not None}


def operation(**changes: Any) -> dict[str, Any]:
    """Return the properties of a valid operation; None removes one."""
    properties = {"displayName": "Chat", "method": "POST", "urlTemplate": "/chat/completions", **changes}
    return {name: value for name, value in properties.items() if value is not None}


def policy(inbound: str = "") -> dict[str, Any]:
    """Return the properties of a policy that does this on the way in."""
    sections = "<backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error>"
    value = f"<policies><inbound><base />{inbound}</inbound>{sections}</policies>"
    return {"format": "rawxml", "value": value}


def fragment(**changes: Any) -> dict[str, Any]:
    """Return the properties of a valid fragment; None removes one."""
    properties = {"value": '<fragment><set-variable name="n" value="v" /></fragment>', **changes}
    return {name: value for name, value in properties.items() if value is not None}


def backend(**changes: Any) -> dict[str, Any]:
    """Return the properties of a valid single backend; None removes one."""
    properties = {"url": "https://model.openai.azure.com/", "protocol": "http", **changes}
    return {name: value for name, value in properties.items() if value is not None}


def breaker(**condition: Any) -> dict[str, Any]:
    """Return a valid circuit breaker; `condition` changes its failure condition."""
    failure = {"count": 3, "interval": "PT10S", "statusCodeRanges": [{"min": 429, "max": 429}], **condition}
    rule = {"name": "trip", "failureCondition": failure, "tripDuration": "PT10S", "acceptRetryAfter": True}
    return {"rules": [rule]}


def pool(*members: str, **changes: Any) -> dict[str, Any]:
    """Return the properties of a pool with these backends as members."""
    services = [{"id": f"/backends/{member}", "priority": 1, "weight": 50} for member in members]
    return {"type": "Pool", "pool": {"services": services}, **changes}


def problems(response: requests.Response) -> dict[str, str]:
    """Return a ValidationError's messages by target."""
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert error["code"] == "ValidationError"
    return {detail["target"]: detail["message"] for detail in error["details"]}


def error_code(response: requests.Response) -> tuple[int, str]:
    """Return status and ARM code of a refusal."""
    return response.status_code, response.json()["error"]["code"]


@contextlib.contextmanager
def serving(*arguments: str, config: str = CONFIG) -> Iterator[Azure]:
    """Run `apim-emulator serve` with a configuration, and stop it."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "config.yaml")
        path.write_text(config, "utf-8")
        command = [*COMMAND, "serve", "--config", str(path), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
            try:
                yield Azure(exports(process), process.pid)
            finally:
                process.terminate()


def exports(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read the printed exports, of which APIM_EMULATOR_ADMIN_URL is the last."""
    assert process.stdout is not None
    environment: dict[str, str] = {}
    while "APIM_EMULATOR_ADMIN_URL" not in environment:
        line = process.stdout.readline()
        assert line, "the emulator ended before it printed its environment"
        word, assignment = shlex.split(line)
        assert word == "export"
        name, _, value = assignment.partition("=")
        environment[name] = value
    return environment
