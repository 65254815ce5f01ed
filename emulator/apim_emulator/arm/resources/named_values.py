# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Named values: plain, secret, or kept in Key Vault (facts 1.2, 1.5, 1.6, 1.7 and section 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, parse, text_members
from apim_emulator.arm.errors import Problem, invalid
from apim_emulator.arm.operations import Operations
from apim_emulator.arm.resources.child import ChildKind, check_text
from apim_emulator.arm.store import Entity, Service, Store
from apim_emulator.http import Answer, utc_text

REFERENCE = re.compile(r"\{\{([A-Za-z0-9-._]+)\}\}")
_NAME = re.compile(r"[^*#&+:<>?]+")
_COLLECTION = "namedValues"


class KeyVaultContract(Contract):
    """Where the value is kept; `lastStatus` is read-only and ignored when it is sent back."""

    secret_identifier: str = Field(min_length=1)
    identity_client_id: str | None = None
    last_status: dict[str, Any] | None = None


class NamedValueContract(Contract):
    """`properties` of a named value; `provisioningState` is read-only and ignored when it is sent back."""

    display_name: str = Field(min_length=1, max_length=256, pattern=r"^[A-Za-z0-9-._]+$")
    value: str | None = Field(default=None, max_length=4096)
    secret: bool = False
    tags: list[str] | None = Field(default=None, max_length=32)
    key_vault: KeyVaultContract | None = None
    provisioning_state: str | None = None


class NamedValues(ChildKind):
    """S/namedValues."""

    collection = _COLLECTION
    title = "Named Value"
    filterable = frozenset(("tags", "displayName"))
    long_running = frozenset(("PUT", "PATCH"))

    def __init__(self, store: Store, operations: Operations, vault: Mapping[str, str]) -> None:
        super().__init__(store, operations)
        self._vault = vault
        self.actions = {"listValue": self._list_value, "refreshSecret": self._refresh_secret}

    def check_name(self, name: str) -> None:
        check_text(name, "namedValueId", 1, 256, _NAME.fullmatch)

    async def build(self, call: Call, name: str, properties: dict[str, Any], existing: Entity | None) -> Entity:
        stored, problems = parse(NamedValueContract, properties)
        problems += _uniqueness_problems(call.apim(), name, properties.get("displayName"))
        problems += self._value_problems(call.apim(), properties)
        if stored is not None and existing is not None:
            problems += _rename_problems(call.apim(), existing, stored["displayName"])
        if problems or stored is None:
            raise invalid(problems)
        stored.pop("provisioningState", None)
        if "keyVault" in stored:
            stored["keyVault"].pop("lastStatus", None)
            stored["secret"] = True
        return Entity(self.collection, name, stored)

    def properties(self, _call: Call, entity: Entity) -> dict[str, Any]:
        shown = {name: value for name, value in entity.properties.items() if name != "value"}
        if not entity.properties["secret"]:
            shown["value"] = entity.properties["value"]
        if "keyVault" in shown:
            status = {"code": "Success", "timeStampUtc": utc_text()}
            shown["keyVault"] = {**shown["keyVault"], "lastStatus": status}
        if not entity.is_ready():
            shown["provisioningState"] = "InProgress"
        return shown

    def filter_values(self, _call: Call, entity: Entity) -> Mapping[str, Any]:
        return {"displayName": entity.properties["displayName"], "tags": ",".join(entity.properties.get("tags", []))}

    def value_of(self, entity: Entity) -> str:
        """Return the value itself, from Key Vault when it is kept there."""
        if "keyVault" in entity.properties:
            return self._vault[entity.properties["keyVault"]["secretIdentifier"]]
        value: str = entity.properties["value"]
        return value

    def values(self, service: Service) -> dict[str, str]:
        """Return the value of every named value of the service, by display name."""
        return {item.properties["displayName"]: self.value_of(item) for item in service.children(self.collection)}

    async def _list_value(self, _call: Call, entity: Entity) -> Answer:
        return Answer(200, {"value": self.value_of(entity)}, {"ETag": entity.etag})

    async def _refresh_secret(self, call: Call, entity: Entity) -> Answer:
        if "keyVault" not in entity.properties:
            raise invalid([Problem("keyVault", "The named value is not kept in Key Vault.")])
        self.check_vault(call.apim(), entity.properties["keyVault"])
        return Answer(200, self.show(call, entity), {"ETag": entity.etag})

    def check_vault(self, service: Service, reference: Mapping[str, Any]) -> None:
        """Raise ArmError when the secret cannot be read from Key Vault."""
        problems = self._vault_problems(service, reference)
        if problems:
            raise invalid(problems)

    def _value_problems(self, service: Service, properties: Mapping[str, Any]) -> list[Problem]:
        value, vault = properties.get("value"), properties.get("keyVault")
        if isinstance(vault, dict):
            both = [Problem("value", "'value' must not be given with 'keyVault'.")] if value is not None else []
            return both + self._vault_problems(service, vault)
        if value is None or (isinstance(value, str) and not value.strip()):
            return [Problem("value", "'value' is required and must not be empty or white space.")]
        return []

    def _vault_problems(self, service: Service, reference: Mapping[str, Any]) -> list[Problem]:
        identifier, client_id = reference.get("secretIdentifier"), reference.get("identityClientId")
        if not isinstance(identifier, str):
            return []
        if identifier not in self._vault:
            text = f"The secret '{identifier}' could not be read from Key Vault."
            return [Problem("keyVault.secretIdentifier", text)]
        if client_id is None and not service.system_assigned:
            return [Problem("keyVault.identityClientId", "The service has no system-assigned identity.")]
        if client_id is not None and str(client_id).lower() not in service.identity_client_ids:
            return [Problem("keyVault.identityClientId", f"Identity '{client_id}' is not assigned to the service.")]
        return []


def _uniqueness_problems(service: Service, name: str, display_name: object) -> list[Problem]:
    taken = [
        other
        for other in service.children(_COLLECTION)
        if other.properties["displayName"] == display_name and other.name.lower() != name.lower()
    ]
    return [Problem("displayName", f"Named value with display name '{display_name}' already exists.") for _ in taken]


def _rename_problems(service: Service, existing: Entity, display_name: str) -> list[Problem]:
    """Refuse to rename a value in use: Azure rewrites the policies that use it, which is not modelled."""
    users = service.users_of(existing)
    if not users or display_name == existing.properties["displayName"]:
        return []
    text = f"The embedded Azure does not rename a named value in use. It is used by: {', '.join(users)}"
    return [Problem("displayName", text)]


def references(service: Service, value: object) -> tuple[frozenset[str], list[str]]:
    """Look up every {{display name}} inside a JSON value.

    Returns the keys of the named values that exist and, in order of appearance, the display names that do not.
    """
    names = dict.fromkeys(name for text in text_members(value) for name in REFERENCE.findall(text))
    known = {item.properties["displayName"]: item.key for item in service.children(_COLLECTION)} if names else {}
    return frozenset(known[name] for name in names if name in known), [name for name in names if name not in known]
