# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policy texts of all kinds: how they are checked, what they refer to, and how they are shown (facts 1.6 and 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast

from apim_emulator.arm.call import Call
from apim_emulator.arm.errors import INCORRECT_VALUES, ArmError, Problem, invalid
from apim_emulator.arm.resources.named_values import REFERENCE, NamedValues
from apim_emulator.arm.store import Entity, Service
from apim_emulator.expressions import HostFailure, ToolchainMissing
from apim_emulator.policies import CheckedPolicy, PolicyRefused
from apim_emulator.policies.csharp import starts_expression
from apim_emulator.policies.document import Element
from apim_emulator.policies.errors import element_detail
from apim_emulator.warm_checker import WarmChecker

FORMATS = ("xml", "rawxml")
TextFormat = Literal["xml", "rawxml"]

_PARAMETER = re.compile(r"\{\*?([^{}]+)\}")
# In the Consumption tier a policy with the fragments that it includes; the other tiers' limit is the checker's own.
_CONSUMPTION_BYTES = 16 * 1024
_FOREIGN_PARAMETER = "Only parameters specified in the original URL template can be used in the rewrite template"


class PolicyTexts:
    """Checks policy documents and fragments against what exists in their service."""

    def __init__(self, named_values: NamedValues, checker: WarmChecker) -> None:
        self._named_values = named_values
        self._checker = checker

    async def check(
        self, service: Service, properties: Mapping[str, Any], kind: Literal["fragment", "policy"]
    ) -> CheckedPolicy:
        """Check `properties.value`, written in `properties.format`.

        Raises ArmError: 400 with ARM's details when it is refused, 500 when the compiler gave no answer.
        """
        try:
            checked = await self._checker.check(
                properties["value"],
                format=cast(TextFormat, properties["format"]),
                kind=kind,
                backend_exists=lambda backend: service.get("backends", backend) is not None,
                fragment_exists=lambda fragment: service.get("policyFragments", fragment) is not None,
                named_values=self._named_values.values(service),
            )
        except PolicyRefused as refused:
            raise ArmError(400, "ValidationError", refused.message, details=refused.details or None) from refused
        except (HostFailure, ToolchainMissing) as failure:
            raise ArmError(500, "InternalServerError", str(failure)) from failure
        if kind == "policy" and service.config.sku == "Consumption":
            _check_size(service, properties["value"], checked)
        return checked


def _check_size(service: Service, text: str, checked: CheckedPolicy) -> None:
    """Refuse a policy that is too large for the Consumption tier (facts 2). Raises ArmError (ValidationError)."""
    includes = [element for element in _elements(checked.document.root) if element.name == "include-fragment"]
    fragments = (service.get("policyFragments", element.attributes["fragment-id"]) for element in includes)
    texts = [text, *(str(fragment.properties["value"]) for fragment in fragments if fragment is not None)]
    if sum(len(each.encode("utf-8", "surrogatepass")) for each in texts) > _CONSUMPTION_BYTES:
        raise invalid([Problem("value", f"The policy is larger than {_CONSUMPTION_BYTES // 1024} KB.")])


def uses(service: Service, checked: CheckedPolicy) -> frozenset[str]:
    """Return the keys of the entities that a checked policy refers to."""
    by_display_name = {item.properties["displayName"]: item.key for item in service.children("namedValues")}
    return frozenset(
        (
            *(f"/backends/{name}".lower() for name in checked.backends),
            *(f"/policyfragments/{name}".lower() for name in checked.fragments),
            *(by_display_name[name] for name in checked.named_values),
        )
    )


def shown_text(call: Call, entity: Entity) -> dict[str, str]:
    """Return `format` and `value` of an answer: the format that was asked for, after a PUT the one that was sent."""
    sent = entity.properties["format"] if call.request.method == "PUT" else "xml"
    wanted = call.request.query.get("format", sent).lower()
    if wanted not in FORMATS:
        raise invalid([Problem("format", f"'{wanted}' is not a format of policies: {', '.join(FORMATS)}.")])
    return {"format": wanted, "value": entity.parsed.render(wanted)}


def same_text(old: Entity, new: Entity) -> bool:
    """Tell whether two policies are the same, whatever format they were sent in."""
    ignored = {"format": None}
    return {**old.properties, **ignored} == {**new.properties, **ignored}


def template_parameters(template: str) -> list[str]:
    """Return the parameters of a URL template: {name} and, for the rest of the path, {*name}."""
    return _PARAMETER.findall(template)


def check_rewrites(checked: CheckedPolicy, url_template: str) -> None:
    """Refuse a literal rewrite-uri template with a parameter that the operation's URL template lacks (observed text).

    Raises ArmError (ValidationError) with a detail for each such element.
    """
    known = {name.lower() for name in template_parameters(url_template)}
    details = []
    for element in _elements(checked.document.root):
        template = element.attributes.get("template", "")
        if element.name != "rewrite-uri" or starts_expression(template):
            continue
        if any(name.lower() not in known for name in template_parameters(REFERENCE.sub("", template))):
            details.append(element_detail(element, _FOREIGN_PARAMETER))
    if details:
        raise ArmError(400, "ValidationError", INCORRECT_VALUES, details=details)


def _elements(root: Element) -> Iterator[Element]:
    for child in root.elements:
        yield child
        yield from _elements(child)
