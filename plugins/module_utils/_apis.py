# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""APIs as modules take them: one item with all that belongs to it, taken apart into goals for each kind of object.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import Goal, GoalError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.api import Api
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.api_operation import ApiOperation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.api_policy import POLICY, ApiPolicy
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.openapi import operations_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.product_link import ProductLink
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import InvalidOptionsError

OPTION = "apis"


def apis_spec() -> dict[str, Any]:
    """Return the argument spec of the option that lists APIs."""
    options = {
        "name": {"type": "str", "required": True},
        **Api.argument_spec(),
        "definition": {"type": "dict"},
        "policy": {"type": "str"},
        "operation_policies": {"type": "dict"},
        "products": {"type": "list", "elements": "str"},
    }
    return {"type": "list", "elements": "dict", "options": options}


def api_goals(
    items: Sequence[Mapping[str, Any]], *, absent: bool = False, prune: bool = False, tell: bool = False
) -> list[Goal]:
    """Return the goals for APIs and all that belongs to them, what is referred to first.

    :param items: the option ``apis``.
    :param absent: the APIs shall not exist; ARM removes with them what belongs to them.
    :param prune: further APIs that carry the owner's mark shall not exist.
    :param tell: such APIs stay, and the report names them.
    :raises GoalError: when a definition cannot be read.
    """
    goals = [Goal(Api(), OPTION, items, absent=absent, prune=prune, tell=tell)]
    if absent:
        return goals
    problems: list[str] = []
    for index, item in enumerate(items):
        try:
            goals += _parts(item, f"{OPTION}[{index}]")
        except InvalidOptionsError as error:
            problems.append(f"{OPTION}[{index}] ({item['name']}): definition: {error}")
    if problems:
        raise GoalError(problems)
    return goals


def _parts(item: Mapping[str, Any], path: str) -> list[Goal]:
    """Return the goals for the parts of one API that its options name; the others are left alone."""
    api, goals = item["name"], []
    if item["definition"] is not None:
        operations = operations_of(item["definition"])
        goals.append(Goal(ApiOperation(api), f"{path}.definition", operations, prune_first=True))
    if item["policy"] is not None:
        goals.append(Goal(ApiPolicy(api), f"{path}.policy", [{"name": POLICY, "value": item["policy"]}]))
    for operation, value in (item["operation_policies"] or {}).items():
        policy = [{"name": POLICY, "value": value}]
        goals.append(Goal(ApiPolicy(api, operation), f"{path}.operation_policies.{operation}", policy))
    goals += [Goal(ProductLink(product), f"{path}.products", [{"name": api}]) for product in item["products"] or []]
    return goals
