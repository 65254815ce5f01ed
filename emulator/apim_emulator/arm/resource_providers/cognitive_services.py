# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft.CognitiveServices: accounts of models and their deployments, read only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from apim_emulator.arm.call import Call
from apim_emulator.arm.errors import ArmError
from apim_emulator.arm.provider import ResourceProvider, parent_not_found, resource_not_found
from apim_emulator.arm.resources.child import Conditions
from apim_emulator.arm.routing import Route
from apim_emulator.config import Config
from apim_emulator.config_access import ACCOUNTS, AccountConfig, DeploymentConfig
from apim_emulator.http import Answer, utc_text

# Names of end points, as `properties.endpoints` lists them, for the host of OpenAI's API.
_OPENAI_APIS = (
    "OpenAI Language Model Instance API",
    "OpenAI Dall-E API",
    "OpenAI Sora API",
    "OpenAI Moderations API",
    "OpenAI Whisper API",
    "OpenAI Model Scaleset API",
    "OpenAI Realtime API",
    "Token Service API",
)
_FOUNDRY_APIS = ("AI Foundry API", "Azure AI Model Inference API")


class CognitiveServices(ResourceProvider):
    """The accounts of the configuration.

    `deployments` tells which deployments a host has at present; None: any.
    """

    api_versions: ClassVar[Mapping[str, tuple[str, ...]]] = {ACCOUNTS: ("2023-05-01", "2024-10-01", "2025-06-01")}

    def __init__(self, config: Config, deployments: Callable[[str], Sequence[str] | None]) -> None:
        self._config = config
        self._deployments = deployments
        self._created = utc_text()

    async def answer(self, call: Call, route: Route, _conditions: Conditions) -> Answer:
        kinds = [part.lower() for part in route.children[::2]]
        if kinds not in ([], ["deployments"]):
            message = f"The embedded Azure does not know the resource type '{'/'.join(kinds)}' below '{route.type}'."
            raise ArmError(404, "InvalidResourceType", message)
        route.only("GET", call.request.method)
        if route.name is None:
            return _page(self._show(item) for item in self._within(route))
        account = self._find(route)
        if account is None:
            raise parent_not_found(route) if route.children else resource_not_found(route)
        if not route.children:
            return Answer(200, self._show(account))
        if len(route.children) == 1:
            return _page(self._show_deployment(account, item) for item in self._deployments_of(account))
        return Answer(200, self._show_deployment(account, self._deployment(account, route.children[1])))

    def exists(self, route: Route) -> bool:
        account = self._find(route)
        if account is None or len(route.children) not in (0, 2):
            return False
        names = {item.name.lower() for item in self._deployments_of(account)}
        return not route.children or (route.children[0].lower() == "deployments" and route.children[1].lower() in names)

    def _within(self, route: Route) -> Iterable[AccountConfig]:
        group = route.resource_group
        for item in self._config.accounts:
            in_group = group is None or item.resource_group.lower() == group.lower()
            if item.subscription_id == route.subscription and in_group:
                yield item

    def _find(self, route: Route) -> AccountConfig | None:
        name = (route.name or "").lower()
        return next((item for item in self._within(route) if item.name.lower() == name), None)

    def _deployments_of(self, account: AccountConfig) -> list[DeploymentConfig]:
        """Return what the account's first host has: the admin API may have changed that."""
        configured = {item.name.lower(): item for item in account.deployments or ()}
        names = self._deployments(account.hosts[0]) or ()
        return [configured.get(name.lower()) or DeploymentConfig.model_construct(name=name) for name in names]

    def _deployment(self, account: AccountConfig, name: str) -> DeploymentConfig:
        for item in self._deployments_of(account):
            if item.name.lower() == name.lower():
                return item
        message = (
            f"The Resource '{ACCOUNTS}/{account.name}/deployments/{name}' under resource group "
            f"'{account.resource_group}' was not found."
        )
        raise ArmError(404, "ResourceNotFound", message)

    def _show(self, account: AccountConfig) -> dict[str, Any]:
        properties = {
            "endpoint": _url(account.hosts[0]),
            "provisioningState": "Succeeded",
            "customSubDomainName": account.subdomain,
            "dateCreated": self._created,
            "isMigrated": False,
            "networkAcls": {"defaultAction": "Allow", "virtualNetworkRules": [], "ipRules": []},
            "privateEndpointConnections": [],
            "publicNetworkAccess": "Enabled",
            "disableLocalAuth": account.disable_local_auth,
            "endpoints": _endpoints(account),
        }
        return {
            "id": account.id,
            "name": account.name,
            "type": ACCOUNTS,
            "kind": account.kind,
            "sku": {"name": "S0"},
            "location": account.location,
            "tags": {},
            "properties": properties,
        }

    def _show_deployment(self, account: AccountConfig, deployment: DeploymentConfig) -> dict[str, Any]:
        model = deployment.model or deployment.name
        return {
            "id": f"{account.id}/deployments/{deployment.name}",
            "name": deployment.name,
            "type": f"{ACCOUNTS}/deployments",
            "sku": {"name": deployment.sku, "capacity": deployment.capacity},
            "properties": {
                "model": {"format": deployment.format, "name": model, "version": deployment.version},
                "versionUpgradeOption": "OnceNewDefaultVersionAvailable",
                "currentCapacity": deployment.capacity,
                "raiPolicyName": "Microsoft.DefaultV2",
                "provisioningState": "Succeeded",
            },
        }


def _page(items: Iterable[dict[str, Any]]) -> Answer:
    return Answer(200, {"value": list(items)})


def _url(host: str) -> str:
    return f"https://{host}/"


def _endpoints(account: AccountConfig) -> dict[str, str]:
    """Return the URLs of the account by the name of the API that is there."""
    endpoints: dict[str, str] = {}
    for host in account.hosts:
        if host.endswith(".openai.azure.com"):
            endpoints |= dict.fromkeys(_OPENAI_APIS, _url(host))
        elif host.endswith(".services.ai.azure.com"):
            endpoints |= dict.fromkeys(_FOUNDRY_APIS, _url(host))
        else:
            endpoints["Content Safety"] = _url(host)
    return endpoints
