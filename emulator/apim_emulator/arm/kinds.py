# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""All kinds of children of an API Management service, by their place below it."""

from __future__ import annotations

from collections.abc import Mapping

from apim_emulator.arm.call import Call
from apim_emulator.arm.errors import ArmError
from apim_emulator.arm.operations import Operations
from apim_emulator.arm.resources.api_schemas import ApiSchemas
from apim_emulator.arm.resources.apis import Apis
from apim_emulator.arm.resources.backends import Backends
from apim_emulator.arm.resources.child import ChildKind, Conditions
from apim_emulator.arm.resources.gateways import COLLECTION as GATEWAYS
from apim_emulator.arm.resources.gateways import Gateways
from apim_emulator.arm.resources.named_values import NamedValues
from apim_emulator.arm.resources.operations import ApiOperations
from apim_emulator.arm.resources.policies import Policies, store_default
from apim_emulator.arm.resources.policy_fragments import PolicyFragments
from apim_emulator.arm.resources.policy_texts import PolicyTexts
from apim_emulator.arm.resources.products import ProductApis, Products
from apim_emulator.arm.resources.service_subscriptions import ServiceSubscriptions, store_master
from apim_emulator.arm.routing import Route
from apim_emulator.arm.store import Service, Store
from apim_emulator.http import Answer
from apim_emulator.warm_checker import WarmChecker


class Kinds:
    """Finds the kind that a path names, and lets it answer."""

    def __init__(
        self, store: Store, operations: Operations, checker: WarmChecker, key_vault_secrets: Mapping[str, str]
    ) -> None:
        """key_vault_secrets: secret identifier to value. Every service gets what it has from the start."""
        self.named_values = NamedValues(store, operations, key_vault_secrets)
        texts = PolicyTexts(self.named_values, checker)
        apis = Apis(store, operations)
        policies = Policies(store, operations, texts)
        self._gateways = Gateways(apis)
        self._kinds: dict[tuple[str, ...], ChildKind] = {
            ("apis",): apis,
            ("apis", "operations"): ApiOperations(store, operations),
            ("apis", "operations", "policies"): policies,
            ("apis", "policies"): policies,
            ("apis", "schemas"): ApiSchemas(store, operations),
            ("backends",): Backends(store, operations),
            ("namedvalues",): self.named_values,
            ("policies",): policies,
            ("policyfragments",): PolicyFragments(store, operations, texts),
            ("products",): Products(store, operations),
            ("products", "apis"): ProductApis(store, operations, apis),
            ("products", "policies"): policies,
            ("subscriptions",): ServiceSubscriptions(store, operations),
        }
        for service in store.services.values():
            _furnish(store, service)

    async def answer(self, call: Call, route: Route, conditions: Conditions) -> Answer:
        """Answer a call below a service. Raises ArmError for a type or action that is not known, naming it."""
        types, names = route.children[::2], route.children[1::2]
        if types[0].lower() == GATEWAYS and len(types) == 2 and len(names) == 1:
            return self._gateways.action(call, names[0], types[1])
        kind = self._find(types)
        if kind is not None:
            self._set_owner(call, types, names)
            if len(names) < len(types):
                return kind.listing(call)
            return await kind.entity(call, names[-1], conditions)
        parent = self._find(types[:-1])
        if parent is None or len(names) == len(types):
            raise _type_not_found(route)
        self._set_owner(call, types[:-1], names)
        return await parent.action(call, names[-1], types[-1])

    def starts_operation(self, route: Route, method: str) -> bool:
        """Tell whether a request makes ARM start a long-running operation."""
        kind = self._find(route.children[::2]) if len(route.children) % 2 == 0 else None
        return kind is not None and method in kind.long_running

    def _find(self, types: list[str]) -> ChildKind | None:
        return self._kinds.get(tuple(part.lower() for part in types))

    def _set_owner(self, call: Call, types: list[str], names: list[str]) -> None:
        """Set what the addressed collection belongs to. Raises ArmError (404) for a part of the path that is absent."""
        for depth in range(1, len(types)):
            kind = self._find(types[:depth])
            if kind is not None:
                call.owner = kind.found(kind.find(call, names[depth - 1]))


def _furnish(store: Store, service: Service) -> None:
    store_default(store, service)
    store_master(store, service)


def _type_not_found(route: Route) -> ArmError:
    nested = "/".join(route.children[::2])
    message = f"The embedded Azure does not know the resource type '{nested}' below '{route.type}'."
    return ArmError(404, "InvalidResourceType", message)
