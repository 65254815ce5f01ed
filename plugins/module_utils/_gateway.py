# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a run needs to know of the API Management service itself.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ConfigurationError

IDENTITY_SPEC = {
    "type": "dict",
    "options": {
        "client_id": {"type": "str"},
        "subscription_id": {"type": "str"},
        "resource_group": {"type": "str"},
        "name": {"type": "str"},
    },
    "mutually_exclusive": [("client_id", "resource_group"), ("client_id", "name"), ("client_id", "subscription_id")],
    "required_together": [("resource_group", "name")],
    "required_one_of": [("client_id", "name")],
}


class Gateway(NamedTuple):
    """A service.

    :ivar shown: the service in the form of the modules' ``gateway``.
    :ivar client_id: that of the managed identity which was asked for.
    :ivar identity: the identities that the service has, as ARM returns them.
    """

    shown: dict[str, Any]
    client_id: str | None
    identity: Mapping[str, Any] | None


def read_gateway(client: ArmClient, identity: Mapping[str, Any] | None = None) -> Gateway:
    """Return the service, and the client id of a managed identity.

    :param identity: the option ``managed_identity``; its client id is looked up when it is not given.
    :raises ArmError: when the service cannot be read.
    :raises ConfigurationError: when the service or the identity does not exist.
    """
    # Two reads of different providers, and nothing can start before both are there.
    with ThreadPoolExecutor(2) as executor:
        service = executor.submit(client.get, client.service_path)
        client_id = executor.submit(_client_id, client, identity) if identity else None
        entity = service.result()
        if entity is None:
            group, name = client.service_path.split("/")[4], client.service_path.rpartition("/")[2]
            problem = (
                f"the API Management service {name} does not exist in resource group {group}; check service_name "
                "(apim_service_name), resource_group (apim_resource_group) and subscription_id (apim_subscription_id)"
            )
            raise ConfigurationError([problem])
        found = client_id.result() if client_id else None
        return Gateway(gateway_of(entity.body), found, entity.body.get("identity"))


def gateway_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a service in the form of the modules' ``gateway``, from what ARM returned of it."""
    properties = body.get("properties", {})
    return {
        "id": body.get("id"),
        "name": body.get("name"),
        "location": body.get("location"),
        "sku": (body.get("sku") or {}).get("name"),
        "url": properties.get("gatewayUrl"),
    }


def identity_path(client: ArmClient, identity: Mapping[str, Any]) -> str:
    """Return the ARM path of a managed identity that the option ``managed_identity`` names."""
    subscription_id = identity.get("subscription_id") or client.service_path.split("/")[2]
    return (
        f"/subscriptions/{subscription_id}/resourceGroups/{identity['resource_group']}"
        f"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity['name']}"
    )


def _client_id(client: ArmClient, identity: Mapping[str, Any]) -> str:
    if identity.get("client_id"):
        return str(identity["client_id"])
    entity = client.get(identity_path(client, identity))
    if entity is None:
        problem = (
            f"the managed identity {identity['name']} does not exist in resource group {identity['resource_group']}; "
            "check managed_identity (apim_managed_identity)"
        )
        raise ConfigurationError([problem])
    return str(entity.body["properties"]["clientId"])
