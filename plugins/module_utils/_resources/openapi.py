# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the operations of an OpenAPI document, as far as API Management routes by them.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import InvalidOptionsError

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PARAMETER = re.compile(r"\{([^{}]+)\}")
# facts: length of an operation's id; ARM's published naming rules: its characters.
_OPERATION_ID = re.compile(r"[^*#&+:<>?/]{1,80}")


def operations_of(definition: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the operations of an OpenAPI 3 document, as options of :class:`.api_operation.ApiOperation`.

    An operation is named by its ``operationId`` and shown by its ``summary``.

    :raises InvalidOptionsError: naming the place in the document that cannot be used.
    """
    if not str(definition.get("openapi", "")).startswith("3."):
        raise InvalidOptionsError("openapi: is not 3; write an OpenAPI document of version 3")
    operations = [
        _operation(path, method, item[method])
        for path, item in _mapping(definition.get("paths"), "paths").items()
        for method in _METHODS
        if method in _mapping(item, f"paths.{path}")
    ]
    names = [operation["name"].lower() for operation in operations]
    for operation in operations:
        if names.count(operation["name"].lower()) > 1:
            raise InvalidOptionsError(f"operationId {operation['name']!r}: occurs more than once")
    return operations


def _operation(path: str, method: str, item: Any) -> dict[str, Any]:
    place = f"paths.{path}.{method}"
    operation_id = _mapping(item, place).get("operationId")
    if not isinstance(operation_id, str) or not _OPERATION_ID.fullmatch(operation_id):
        raise InvalidOptionsError(
            f"{place}.operationId: is {operation_id!r}; write 1 to 80 letters, digits and hyphens"
        )
    if not path.startswith("/"):
        raise InvalidOptionsError(f"{place}: a path starts with a slash")
    return {
        "name": operation_id,
        "display_name": str(item.get("summary") or operation_id),
        "description": str(item.get("description") or ""),
        "method": method.upper(),
        "url_template": path,
        "parameters": _PARAMETER.findall(path),
    }


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidOptionsError(f"{place}: is not a mapping")
    return value
