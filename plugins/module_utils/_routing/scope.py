# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scopes: whether the APIM backend of a model's members is their account, or one of their own.

In backend scope the policies write path, api-version and deployment into each request, so one way of writing them must
fit all members of a model. In deployment scope each (account, deployment) has an APIM backend with a URL and a circuit
breaker of its own. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.endpoints import (
    AZURE_OPENAI,
    FOUNDRY,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.members import Member
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import ServedModel

AUTO, BACKEND, DEPLOYMENT = "auto", "backend", "deployment"
SCOPES = (AUTO, BACKEND, DEPLOYMENT)

_VARIABLE = "llm_backend_scope"
_REMEDY = f"set {_VARIABLE} to {AUTO} or {DEPLOYMENT}"


class _Misfit(NamedTuple):
    """Why a model cannot be in backend scope."""

    path: str
    message: str
    remedy: str


def check_scope(value: Any, problems: Problems) -> None:
    """Note what is wrong with ``llm_backend_scope``."""
    if value not in SCOPES:
        problems.add(_VARIABLE, f"is {shown(value)}", f"write one of {', '.join(SCOPES)}")


def scopes_of(
    models: Iterable[ServedModel], scope: str, with_fallbacks: Collection[str], targets: Collection[str]
) -> dict[str, str]:
    """Return model key -> scope of its members, ``backend`` or ``deployment``.

    :param scope: ``llm_backend_scope``.
    :param with_fallbacks: keys of the models that have fallbacks.
    :param targets: keys of the models that fallbacks name.
    """
    if scope == DEPLOYMENT:
        return {model.key: DEPLOYMENT for model in models}
    return {model.key: DEPLOYMENT if _misfit(model, with_fallbacks, targets) else BACKEND for model in models}


def check_backend_scope(
    models: Iterable[ServedModel], with_fallbacks: Collection[str], targets: Collection[str], problems: Problems
) -> None:
    """Note every model that cannot be in backend scope, for an inventory that asks for that."""
    for model in models:
        misfit = _misfit(model, with_fallbacks, targets)
        if misfit:
            message = f"{misfit.message}, and {_VARIABLE} is {BACKEND}"
            problems.add(misfit.path, message, f"{misfit.remedy}, or {_REMEDY}")


def _misfit(model: ServedModel, with_fallbacks: Collection[str], targets: Collection[str]) -> _Misfit | None:
    """Say why a model cannot be in backend scope; None when it can."""
    first, *others = model.members
    entry = next((each for _backend, each in model.listings if each.fallbacks), first.model)
    if model.key in with_fallbacks:
        return _Misfit(f"{entry.path}.fallbacks", "is for members with backends of their own", "remove it")
    if model.key in targets:
        return _Misfit(entry.path, f"{shown(model.name)} is a fallback of another model", "remove that fallback")
    for member in others:
        if member.credential_class != first.credential_class:
            message = f"gives {shown(model.name)} other credentials than {first.account.backend_id}"
            remedy = "authenticate all backends of a model alike"
            return _Misfit(f"llm_backends[{member.account.index}].auth_scheme", message, remedy)
        if member.deployment_key != first.deployment_key:
            message = f"{shown(member.model.deployment)} is {shown(first.model.deployment)} at {first.model.path}"
            return _Misfit(member.model.path, message, "give the deployments of a model one name")
    return _mixed_shapes(model.members)


def _mixed_shapes(members: Sequence[Member]) -> _Misfit | None:
    """Say which members one shape of requests does not serve; None when one serves all.

    facts, endpoint families: an AI Foundry host answers the Azure OpenAI shape too, for models of OpenAI.
    """
    families = {member.account.family for member in members}
    if len(families) == 1:
        return None
    fitting = families == {AZURE_OPENAI, FOUNDRY}
    odd = next((member for member in members if not (fitting and member.is_path_only)), None)
    if odd is None:
        return None
    message = f"{shown(odd.model.name)} is served by endpoints that take requests of different shapes"
    return _Misfit(odd.model.path, message, "give it a name of its own there")
