# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the variables of a host that stand beside its backends: service, identity, owner, removal.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import (
    BOOLEAN_REMEDY,
    Fields,
    as_boolean,
    as_integer,
    scalar_text,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import Backend
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SERVICE_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?")
RESOURCE_GROUP = re.compile(r"[\w().-]{0,89}[\w()-]")
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")

_MAXIMUM_DELAY = 86_400

UUID_REMEDY = "write a GUID such as 00000000-0000-0000-0000-000000000000"
_IDENTITY_REMEDY = "give either client_id, or resource_group and name (and subscription_id, where that is another one)"


def check_service(service: Any, problems: Problems) -> None:
    """Note what is wrong with ``apim_subscription_id``, ``apim_resource_group`` and ``apim_service_name``.

    :param service: a mapping with these three variables (patterns: facts, names and lengths).
    """
    if not isinstance(service, Mapping):
        problems.add("service", f"is {shown(service)}, not a mapping", "write a mapping with these variables of a host")
        return
    rules = {
        "apim_subscription_id": (UUID, f"{UUID_REMEDY}, or set AZURE_SUBSCRIPTION_ID"),
        "apim_resource_group": (RESOURCE_GROUP, "write the name of the APIM service's resource group"),
        "apim_service_name": (_SERVICE_NAME, "write the name of the APIM service, 1 to 50 letters, digits and hyphens"),
    }
    for name, (pattern, remedy) in rules.items():
        value = service.get(name)
        if value is None or value == "":
            problems.add(name, "is missing", remedy)
        elif not pattern.fullmatch(scalar_text(value) or ""):
            problems.add(name, f"is {shown(value)}", remedy)


def check_managed_identity(value: Any, backends: list[Backend], problems: Problems) -> None:
    """Note what is wrong with ``apim_managed_identity``; it is needed when a backend takes a token of it."""
    path = "apim_managed_identity"
    if not value:
        users = [backend.backend_id for backend in backends if backend.auth_scheme == "managed_identity"]
        if users:
            problems.add(path, f"is missing, but {shown(users[0])} authenticates with it", _IDENTITY_REMEDY)
        return
    fields = Fields(value, path, ("client_id", "subscription_id", "resource_group", "name"), problems)
    if not fields.is_mapping:
        return
    coordinates = [name for name in ("subscription_id", "resource_group", "name") if fields.raw(name) is not None]
    client_id = fields.text("client_id", UUID_REMEDY, required=False)
    if client_id and not UUID.fullmatch(client_id):
        fields.refuse("client_id", f"is {shown(client_id)}", UUID_REMEDY)
    if client_id and coordinates:
        problems.add(path, f"has client_id and {', '.join(coordinates)}", _IDENTITY_REMEDY)
    if client_id:
        return
    for name in ("resource_group", "name"):
        fields.text(name, _IDENTITY_REMEDY)
    subscription_id = fields.text("subscription_id", UUID_REMEDY, required=False)
    if subscription_id and not UUID.fullmatch(subscription_id):
        fields.refuse("subscription_id", f"is {shown(subscription_id)}", UUID_REMEDY)


def check_owner(value: Any, problems: Problems) -> None:
    """Note what is wrong with ``llm_owner``, which is written into descriptions in ARM."""
    if not isinstance(value, str) or not _OWNER.fullmatch(value):
        remedy = "write 1 to 64 letters, digits, dots, hyphens and underscores, with a letter or digit at both ends"
        problems.add("llm_owner", f"is {shown(value)}", remedy)


def check_removal(prune: Any, delay: Any, llm_backends: Any, problems: Problems) -> None:
    """Note what is wrong with ``llm_prune`` and ``llm_prune_delay``.

    An empty list of backends is what a run sees when a template that makes the list finds nothing, too; it must not
    remove all that is there.
    """
    if read_flag("llm_prune", prune, problems) and isinstance(llm_backends, (list, tuple)) and not llm_backends:
        message = "is empty, so that llm_prune would remove every backend, pool and API of llm_owner"
        problems.add("llm_backends", message, "list the backends, or set llm_prune to false")
    seconds = as_integer(delay)
    if seconds is None or not 0 <= seconds <= _MAXIMUM_DELAY:
        remedy = f"write a number of seconds from 0 to {_MAXIMUM_DELAY}"
        problems.add("llm_prune_delay", f"is {shown(delay)}", remedy)


def read_flag(variable: str, value: Any, problems: Problems) -> bool:
    """Return a variable that is true or false; anything else is noted and counts as false."""
    flag = as_boolean(value)
    if flag is None:
        problems.add(variable, f"is {shown(value)}", BOOLEAN_REMEDY)
    return bool(flag)


def is_pruned(value: Any) -> bool:
    """Tell whether ``llm_prune`` asks for removals; whatever is no boolean does not."""
    return bool(as_boolean(value))
