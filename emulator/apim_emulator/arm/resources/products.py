# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Products, and the APIs that belong to them (facts 1.1, 1.2, 1.7 and 3.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, parse, spelled
from apim_emulator.arm.errors import ArmError, Problem, invalid
from apim_emulator.arm.operations import Operations
from apim_emulator.arm.resources.apis import Apis
from apim_emulator.arm.resources.child import ChildKind, Conditions, check_text
from apim_emulator.arm.resources.service_subscriptions import subscriptions_of
from apim_emulator.arm.store import Entity, Service, Store
from apim_emulator.http import Answer

_NAME = re.compile(r"[^*#&+:<>?]+")
_STATES = ("notPublished", "published")


class ProductContract(Contract):
    """`properties` of a product."""

    display_name: str = Field(min_length=1, max_length=300)
    description: str | None = Field(default=None, max_length=1000)
    terms: str | None = None
    subscription_required: bool = True
    approval_required: bool | None = None
    subscriptions_limit: int | None = Field(default=None, ge=0)
    state: Annotated[Literal["notPublished", "published"], spelled(*_STATES)] = "notPublished"


class Products(ChildKind):
    """S/products."""

    collection = "products"
    title = "Product"
    filterable = frozenset(("name", "displayName", "description", "terms", "state"))

    def check_name(self, name: str) -> None:
        check_text(name, "productId", 1, 256, _NAME.fullmatch)

    async def build(self, call: Call, name: str, properties: dict[str, Any], existing: Entity | None) -> Entity:
        stored, problems = parse(ProductContract, properties)
        if properties.get("subscriptionRequired") is False:
            problems += [
                Problem(member, f"'{member}' can be set only when a subscription is required.")
                for member in ("approvalRequired", "subscriptionsLimit")
                if properties.get(member)
            ]
            problems += _open_problems(call.apim(), existing)
        if problems or stored is None:
            raise invalid(problems)
        return Entity(self.collection, name, stored)

    def properties(self, _call: Call, entity: Entity) -> dict[str, Any]:
        return entity.properties

    def check_removal(self, call: Call, entity: Entity) -> None:
        if call.request.query.get("deleteSubscriptions", "").lower() != "true" and subscriptions_of(
            call.apim(), entity
        ):
            message = (
                "Product cannot be deleted since it has existing subscriptions. Delete subscriptions before deleting "
                "the product or pass in deleteSubscriptions=true as query param"
            )
            raise ArmError(400, "ValidationError", message)

    def remove(self, call: Call, entity: Entity) -> None:
        with call.apim().batch():
            for subscription in subscriptions_of(call.apim(), entity):
                call.apim().remove(subscription)
            super().remove(call, entity)


def _open_problems(service: Service, product: Entity | None) -> list[Problem]:
    links = service.children(f"products/{product.name}/apis") if product is not None else []
    taken = (_other_open_product(service, product, link.name) for link in links)
    return [Problem("subscriptionRequired", text) for text in taken if text]


def _other_open_product(service: Service, product: Entity | None, api: str) -> str | None:
    """Tell what is wrong with an API in a second open product: a call without a key would not know its product."""
    for other in service.children("products"):
        is_other = product is None or other.key != product.key
        open_for_all = not other.properties["subscriptionRequired"]
        if is_other and open_for_all and service.get(f"products/{other.name}/apis", api) is not None:
            return f"API '{api}' is already in the open product '{other.name}'; it can be in one open product only."
    return None


class ProductApis(ChildKind):
    """S/products/P/apis: links to APIs, which are shown as the APIs themselves."""

    collection = "apis"
    title = "API"
    filterable = Apis.filterable
    patchable = False

    def __init__(self, store: Store, operations: Operations, apis: Apis) -> None:
        super().__init__(store, operations)
        self._apis = apis

    async def entity(self, call: Call, name: str, conditions: Conditions) -> Answer:
        match call.request.method:
            case "HEAD":
                self.found(self.find(call, name))
                return Answer(204)
            case "PUT" | "DELETE":
                return await super().entity(call, name, conditions)
        raise ArmError(405, "MethodNotAllowed", "A link of a product is asked for with HEAD, or listed.")

    def check_name(self, _name: str) -> None:
        """An API's name was checked when the API was made."""

    def sent(self, _call: Call) -> dict[str, Any]:
        """A link has no properties of its own; what a client sends is not read."""
        return {}

    async def build(self, call: Call, name: str, _properties: dict[str, Any], _existing: Entity | None) -> Entity:
        api = self._apis.found(call.apim().get("apis", name))
        product = self.found(call.owner)
        if not product.properties["subscriptionRequired"]:
            problem = _other_open_product(call.apim(), product, api.name)
            if problem:
                raise invalid([Problem("apiId", problem)])
        return Entity(call.collection(self.collection), api.name, {})

    def properties(self, call: Call, entity: Entity) -> dict[str, Any]:
        return self._apis.properties(call, self._apis.found(call.apim().get("apis", entity.name)))

    def filter_values(self, call: Call, entity: Entity) -> Mapping[str, Any]:
        return {**self.properties(call, entity), "name": entity.name}
