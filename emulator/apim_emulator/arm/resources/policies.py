# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies of a service, a product, an API and an operation: one each, named `policy` (facts 1.1, 1.5, 1.6 and 4)."""

from __future__ import annotations

from typing import Annotated, Any

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, parse, spelled
from apim_emulator.arm.errors import Problem, invalid
from apim_emulator.arm.operations import Operations
from apim_emulator.arm.resources.child import ChildKind
from apim_emulator.arm.resources.policy_texts import (
    FORMATS,
    PolicyTexts,
    TextFormat,
    check_rewrites,
    same_text,
    shown_text,
    uses,
)
from apim_emulator.arm.store import Entity, Service, Store
from apim_emulator.policies import CheckedPolicy
from apim_emulator.policies.document import parse as parse_document

COLLECTION = "policies"
NAME = "policy"

_DEFAULT_GLOBAL = """<policies>
    <inbound />
    <backend><forward-request /></backend>
    <outbound />
    <on-error />
</policies>"""


class PolicyContract(Contract):
    """`properties` of a policy."""

    value: str
    format: Annotated[TextFormat, spelled(*FORMATS)] = "xml"


class Policies(ChildKind):
    """S/policies, and `policies` below S/products/P, S/apis/A and S/apis/A/operations/O."""

    collection = COLLECTION
    title = "Policy"
    filterable = frozenset[str]()
    patchable = False

    def __init__(self, store: Store, operations: Operations, texts: PolicyTexts) -> None:
        super().__init__(store, operations)
        self._texts = texts

    def check_name(self, name: str) -> None:
        if name.lower() != NAME:
            raise invalid([Problem("policyId", f"'{name}' is not a valid policyId: it must be '{NAME}'.")])

    async def build(self, call: Call, _name: str, properties: dict[str, Any], _existing: Entity | None) -> Entity:
        stored, problems = parse(PolicyContract, properties)
        if problems or stored is None:
            raise invalid(problems)
        checked = await self._texts.check(call.apim(), stored, "policy")
        if call.owner is not None and "urlTemplate" in call.owner.properties:
            check_rewrites(checked, call.owner.properties["urlTemplate"])
        return _entity(call.collection(COLLECTION), stored["format"], checked, uses(call.apim(), checked))

    def remove(self, call: Call, entity: Entity) -> None:
        """Remove the policy; a service goes back to its default policy, for it is never without one."""
        if call.owner is None:
            store_default(self._store, call.apim())
        else:
            super().remove(call, entity)

    def same(self, old: Entity, new: Entity) -> bool:
        return same_text(old, new)

    def properties(self, call: Call, entity: Entity) -> dict[str, Any]:
        return dict(shown_text(call, entity))


def store_default(store: Store, service: Service) -> None:
    """Give a service the global policy that every new service has: forward the request, and no more."""
    nothing: frozenset[str] = frozenset()
    checked = CheckedPolicy(parse_document(_DEFAULT_GLOBAL, "xml"), nothing, nothing, nothing)
    entity = _entity(COLLECTION, "xml", checked, nothing)
    entity.etag = store.next_etag()
    service.put(entity)


def _entity(collection: str, text_format: str, checked: CheckedPolicy, used: frozenset[str]) -> Entity:
    kept = {"format": text_format, "value": checked.render("rawxml")}
    return Entity(collection, NAME, kept, uses=used, parsed=checked)
