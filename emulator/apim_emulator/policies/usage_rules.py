# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules between the attributes and children of one policy, which the table of elements cannot state."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from apim_emulator.policies.document import Element

_DEFAULT_DIMENSIONS = frozenset({
    "API ID", "Operation ID", "Product ID", "User ID", "Subscription ID", "Location", "Gateway ID", "Backend ID",
})  # fmt: skip
_MAX_CUSTOM_DIMENSIONS = 5


def check(element: Element) -> Iterator[str]:
    """What the policy's own rules refuse in this element, as texts."""
    rule = _RULES.get(element.name)
    return rule(element) if rule else iter(())


def _choose(element: Element) -> Iterator[str]:
    names = [child.name for child in element.elements]
    if "otherwise" in names[:-1]:
        yield "The element 'otherwise' must be the last element of 'choose'."


def _set_backend_service(element: Element) -> Iterator[str]:
    if len({"base-url", "backend-id"} & element.attributes.keys()) != 1:
        yield "Exactly one of the attributes 'base-url' and 'backend-id' must be specified."


def _forward_request(element: Element) -> Iterator[str]:
    if {"timeout", "timeout-ms"} <= element.attributes.keys():
        yield "Only one of the attributes 'timeout' and 'timeout-ms' can be specified."


def _token_metric(element: Element) -> Iterator[str]:
    """At most five custom dimensions; the names of the default ones need no value (llm-emit-token-metric reference)."""
    dimensions = [child.attributes for child in element.elements if child.name == "dimension"]
    custom = [dimension for dimension in dimensions if dimension.get("name") not in _DEFAULT_DIMENSIONS]
    if element.name != "emit-metric" and len(custom) > _MAX_CUSTOM_DIMENSIONS:
        yield f"At most {_MAX_CUSTOM_DIMENSIONS} custom dimensions can be specified."
    for dimension in custom:
        if "value" not in dimension:
            yield f"The dimension '{dimension.get('name')}' is not a default dimension and must have a value."


def _token_limit(element: Element) -> Iterator[str]:
    given = element.attributes.keys()
    if not {"tokens-per-minute", "token-quota"} & given:
        yield "At least one of the attributes 'tokens-per-minute' and 'token-quota' must be specified."
    if ("token-quota" in given) != ("token-quota-period" in given):
        yield "The attributes 'token-quota' and 'token-quota-period' must be specified together."


_RULES: dict[str, Callable[[Element], Iterator[str]]] = {
    "azure-openai-emit-token-metric": _token_metric,
    "azure-openai-token-limit": _token_limit,
    "choose": _choose,
    "emit-metric": _token_metric,
    "forward-request": _forward_request,
    "llm-emit-token-metric": _token_metric,
    "llm-token-limit": _token_limit,
    "set-backend-service": _set_backend_service,
}
