# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments that no request could name.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.endpoints import (
    AZURE_OPENAI,
    FOUNDRY,
    MAXIMUM_CHARACTERS,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.members import Member
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.scope import DEPLOYMENT
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.served_models import ServedModel

# The policies refuse these in a path: they would end it, or lead elsewhere.
_NO_SEGMENT = re.compile(r"\.{1,2}|.*[/\\?#%].*", re.DOTALL)


def check_deployments(models: Iterable[ServedModel], scopes: Mapping[str, str], problems: Problems) -> None:
    """Note deployments whose names cannot stand in a path, whose URLs ARM refuses, or that have two shapes.

    :param scopes: model key -> scope, see :func:`.scope.scopes_of`.
    """
    for model in models:
        for member in model.members:
            if scopes[model.key] == DEPLOYMENT:
                _check_url(member, problems)
            if member.account.family == AZURE_OPENAI or (scopes[model.key] == DEPLOYMENT and member.is_path_only):
                _check_segment(member, problems)
    _check_formats(models, problems)


def _check_segment(member: Member, problems: Problems) -> None:
    if _NO_SEGMENT.fullmatch(member.model.deployment):
        message = f"is {shown(member.model.deployment)}, which cannot be a segment of a path, as deployments are there"
        remedy = "write the deployment's name as Azure has it: letters, digits, hyphens, dots and underscores"
        problems.add(_place(member), message, remedy)


def _check_url(member: Member, problems: Problems) -> None:
    if len(member.url) > MAXIMUM_CHARACTERS:
        message = f"makes a URL of {len(member.url)} characters, but ARM takes {MAXIMUM_CHARACTERS}"
        problems.add(_place(member), message, "shorten it, or the endpoint of the backend")


def _check_formats(models: Iterable[ServedModel], problems: Problems) -> None:
    """Note a deployment of AI Foundry with two formats: they tell the path of its URL."""
    firsts: dict[tuple[int, str], Member] = {}
    for model in models:
        for account, entry in model.listings:
            member = Member(account, entry)
            first = firsts.setdefault(member.key, member)
            if account.family == FOUNDRY and first.is_path_only != member.is_path_only:
                message = (
                    f"is {shown(entry.model_format)}, but {first.model.path} has {shown(first.model.model_format)} for "
                    "the same deployment"
                )
                problems.add(f"{entry.path}.model_format", message, "write the same format in both")


def _place(member: Member) -> str:
    """Return the path of the field that names the deployment."""
    field = "name" if member.model.deployment == member.model.name else "deployment"
    return f"{member.model.path}.{field}"
