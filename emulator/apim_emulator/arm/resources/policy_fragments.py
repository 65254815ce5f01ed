# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policy fragments: checked and reformatted as a whole document when they are stored (facts 1.5, 1.6, 1.7 and 2)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, parse, spelled
from apim_emulator.arm.errors import ArmError, Problem, invalid
from apim_emulator.arm.operations import Operations
from apim_emulator.arm.resources.child import ChildKind, check_text
from apim_emulator.arm.resources.named_values import NamedValues
from apim_emulator.arm.store import Entity, Service, Store
from apim_emulator.expressions import HostFailure, ToolchainMissing
from apim_emulator.http import Answer
from apim_emulator.policies import CheckedPolicy, PolicyRefused
from apim_emulator.warm_checker import WarmChecker

_NAME = re.compile(r"(\w+)|(\w[\w\-]+\w)")
_FORMATS = ("xml", "rawxml")

Format = Literal["xml", "rawxml"]


class FragmentContract(Contract):
    """`properties` of a fragment; `provisioningState` is read-only and ignored when it is sent back."""

    value: str
    description: str | None = Field(default=None, max_length=1000)
    format: Annotated[Format, spelled(*_FORMATS)] = "xml"
    provisioning_state: str | None = None


class PolicyFragments(ChildKind):
    """S/policyFragments."""

    collection = "policyFragments"
    title = "Policy Fragment"
    filterable = frozenset(("name", "description", "value"))
    long_running = True
    patchable = False

    def __init__(self, store: Store, operations: Operations, named_values: NamedValues, checker: WarmChecker) -> None:
        super().__init__(store, operations)
        self._named_values = named_values
        self._checker = checker
        self.actions = {"listReferences": self._list_references}

    def check_name(self, name: str) -> None:
        check_text(name, "id", 1, 80, _NAME.fullmatch)

    async def build(self, call: Call, name: str, properties: dict[str, Any], _existing: Entity | None) -> Entity:
        stored, problems = parse(FragmentContract, properties)
        if problems or stored is None:
            raise invalid(problems)
        service = call.apim()
        checked = await self._check(service, stored["value"], cast(Format, stored["format"]))
        kept = {"format": stored["format"], "value": checked.render("rawxml")}
        if "description" in stored:
            kept["description"] = stored["description"]
        return Entity(self.collection, name, kept, uses=self._uses(service, checked), parsed=checked)

    async def _check(self, service: Service, text: str, text_format: Format) -> CheckedPolicy:
        try:
            return await self._checker.check(
                text,
                format=text_format,
                kind="fragment",
                backend_exists=lambda backend: service.get("backends", backend) is not None,
                fragment_exists=lambda fragment: service.get(self.collection, fragment) is not None,
                named_values=self._named_values.values(service),
            )
        except PolicyRefused as refused:
            raise ArmError(400, "ValidationError", refused.message, details=refused.details or None) from refused
        except (HostFailure, ToolchainMissing) as failure:
            raise ArmError(500, "InternalServerError", str(failure)) from failure

    @staticmethod
    def _uses(service: Service, checked: CheckedPolicy) -> frozenset[str]:
        by_display_name = {item.properties["displayName"]: item.key for item in service.children("namedValues")}
        return frozenset(
            (
                *(f"/backends/{name}".lower() for name in checked.backends),
                *(f"/policyfragments/{name}".lower() for name in checked.fragments),
                *(by_display_name[name] for name in checked.named_values),
            )
        )

    def same(self, old: Entity, new: Entity) -> bool:
        ignored = {"format": None}
        return {**old.properties, **ignored} == {**new.properties, **ignored}

    def properties(self, call: Call, entity: Entity) -> dict[str, Any]:
        sent = entity.properties["format"] if call.request.method == "PUT" else "xml"
        wanted = call.request.query.get("format", sent).lower()
        if wanted not in _FORMATS:
            raise invalid([Problem("format", f"'{wanted}' is not a format of policy fragments: xml, rawxml.")])
        shown = {**entity.properties, "format": wanted, "value": entity.parsed.render(wanted)}
        shown["provisioningState"] = "Succeeded" if entity.is_ready() else "InProgress"
        return shown

    async def _list_references(self, call: Call, entity: Entity) -> Answer:
        service = call.apim()
        users = [{"id": f"{service.resource_id}{path}"} for path in service.users_of(entity)]
        return Answer(200, {"value": users, "count": len(users)})
