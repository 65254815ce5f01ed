# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policy fragments: checked and reformatted as a whole document when they are stored (facts 1.5, 1.6, 1.7 and 2)."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, parse, spelled
from apim_emulator.arm.errors import invalid
from apim_emulator.arm.operations import Operations
from apim_emulator.arm.resources.child import ChildKind, check_text
from apim_emulator.arm.resources.policy_texts import FORMATS, PolicyTexts, TextFormat, same_text, shown_text, uses
from apim_emulator.arm.store import Entity, Store
from apim_emulator.http import Answer

_NAME = re.compile(r"(\w+)|(\w[\w\-]+\w)")


class FragmentContract(Contract):
    """`properties` of a fragment; `provisioningState` is read-only and ignored when it is sent back."""

    value: str
    description: str | None = Field(default=None, max_length=1000)
    format: Annotated[TextFormat, spelled(*FORMATS)] = "xml"
    provisioning_state: str | None = None


class PolicyFragments(ChildKind):
    """S/policyFragments."""

    collection = "policyFragments"
    title = "Policy Fragment"
    filterable = frozenset(("name", "description", "value"))
    long_running = frozenset(("PUT",))
    patchable = False

    def __init__(self, store: Store, operations: Operations, texts: PolicyTexts) -> None:
        super().__init__(store, operations)
        self._texts = texts
        self.actions = {"listReferences": self._list_references}

    def check_name(self, name: str) -> None:
        check_text(name, "id", 1, 80, _NAME.fullmatch)

    async def build(self, call: Call, name: str, properties: dict[str, Any], _existing: Entity | None) -> Entity:
        stored, problems = parse(FragmentContract, properties)
        if problems or stored is None:
            raise invalid(problems)
        service = call.apim()
        checked = await self._texts.check(service, stored, "fragment")
        kept = {"format": stored["format"], "value": checked.render("rawxml")}
        if "description" in stored:
            kept["description"] = stored["description"]
        return Entity(self.collection, name, kept, uses=uses(service, checked), parsed=checked)

    def same(self, old: Entity, new: Entity) -> bool:
        return same_text(old, new)

    def properties(self, call: Call, entity: Entity) -> dict[str, Any]:
        shown = {**entity.properties, **shown_text(call, entity)}
        shown["provisioningState"] = "Succeeded" if entity.is_ready() else "InProgress"
        return shown

    async def _list_references(self, call: Call, entity: Entity) -> Answer:
        service = call.apim()
        users = [{"id": f"{service.resource_id}{path}"} for path in service.users_of(entity)]
        return Answer(200, {"value": users, "count": len(users)})
