# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles allow, as Azure RBAC evaluates them.

Roles add up; ``notDataActions`` take away from the ``dataActions`` beside them only; ``*`` stands for any text;
names ignore case. Control-plane ``actions`` allow no request to a model, so Owner and Contributor do not either.
Not evaluated: deny assignments, which only Azure makes, and conditions, which know no attribute of an AI account.
PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.endpoints import AZURE_OPENAI, FOUNDRY

#: The built-in role that the documents ask for, by the kind of endpoint.
ROLES = {AZURE_OPENAI: "Cognitive Services OpenAI User", FOUNDRY: "Cognitive Services User"}

_OPENAI = "Microsoft.CognitiveServices/accounts/OpenAI/"
_FOUNDRY = "Microsoft.CognitiveServices/accounts/MaaS/"
# What requests to models need, as the endpoints name it when they refuse one (Azure OpenAI), and as Microsoft's
# documentation of a custom role for Foundry Models has it (MaaS/*). One is enough: a role for embeddings alone is
# right for a backend that serves no others.
_DATA_ACTIONS = {
    AZURE_OPENAI: (
        f"{_OPENAI}deployments/chat/completions/action",
        f"{_OPENAI}deployments/completions/action",
        f"{_OPENAI}deployments/embeddings/action",
        f"{_OPENAI}images/generations/action",
        f"{_OPENAI}responses/write",
    ),
    FOUNDRY: (
        f"{_FOUNDRY}chat/completions/action",
        f"{_FOUNDRY}embeddings/action",
        f"{_FOUNDRY}images/embeddings/action",
    ),
}


def allows_requests(definition: Mapping[str, Any], family: str) -> bool:
    """Tell whether a role lets its holder send requests to the models of an account.

    :param definition: a role definition as ARM returns it.
    :param family: ``azure-openai`` or ``ai-foundry``.
    """
    permissions = (definition.get("properties") or {}).get("permissions") or []
    return any(allows(permission, action) for permission in permissions for action in _DATA_ACTIONS[family])


def allows(permission: Mapping[str, Any], action: str) -> bool:
    """Tell whether one entry of a role's ``permissions`` allows a data action."""
    given, taken = permission.get("dataActions") or [], permission.get("notDataActions") or []
    return any(_pattern(each).fullmatch(action) for each in given) and not any(
        _pattern(each).fullmatch(action) for each in taken
    )


def applies(assignment: Mapping[str, Any], resource_id: str) -> bool:
    """Tell whether a role assignment holds for a resource: made on it or above, not on a child of it.

    ARM's list for a resource and a principal has those below it too, such as on a project of a Foundry account; of
    management groups it has only those above.
    """
    scope = _segments((assignment.get("properties") or {}).get("scope") or "")
    resource = _segments(resource_id)
    return scope[:1] != ["subscriptions"] or resource[: len(scope)] == scope


def definition_of(assignment: Mapping[str, Any]) -> str:
    """Return the GUID of the role that an assignment gives, in lower case."""
    return str((assignment.get("properties") or {}).get("roleDefinitionId") or "").rpartition("/")[2].lower()


def _segments(resource_id: str) -> list[str]:
    return [segment for segment in resource_id.lower().split("/") if segment]


@cache
def _pattern(action: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, action.split("*"))), re.IGNORECASE | re.DOTALL)
