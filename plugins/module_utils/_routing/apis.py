# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The APIs that an inventory asks for: ``llm_universal_api`` and ``llm_azure_openai_api``.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import Fields
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown

UNIVERSAL, AZURE_OPENAI = "llm_universal_api", "llm_azure_openai_api"
TYPES = ("openai", "models-inference")

_NAMES = {UNIVERSAL: "universal-llm-api", AZURE_OPENAI: "azure-openai-api"}
_DEFAULT_PATHS = {UNIVERSAL: "models", AZURE_OPENAI: "openai"}
_FIELDS = {
    UNIVERSAL: ("deploy", "path", "type", "products", "cors_origins"),
    AZURE_OPENAI: ("deploy", "path", "products"),
}
# The portal of Microsoft Foundry, which lists and tries models from a browser.
_DEFAULT_ORIGINS = ("https://ai.azure.com",)

_PATH = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
_PATH_CHARACTERS = 400  # facts: an API's path
_PRODUCT = re.compile(r"[^*#&+:<>?/\\]{1,256}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?")
_PATH_REMEDY = "write a path such as models, of letters, digits, hyphens, dots, underscores and slashes"
_PRODUCT_REMEDY = "list names of products that the service has"
_ORIGIN_REMEDY = "list origins such as https://ai.azure.com, or none"


def read_apis(universal: Any, azure_openai: Any, problems: Problems) -> list[dict[str, Any]]:
    """Return the APIs to deploy, with ``name``, ``variable``, ``path``, ``type``, ``products`` and ``cors_origins``.

    :param universal: ``llm_universal_api``, None for none.
    :param azure_openai: ``llm_azure_openai_api``, None for none.
    """
    given = {UNIVERSAL: universal, AZURE_OPENAI: azure_openai}
    apis = [api for name, value in given.items() if value is not None for api in _read_api(name, value, problems)]
    paths = [api["path"].lower() for api in apis]
    if len(set(paths)) < len(paths):
        free = next(path for path in (_DEFAULT_PATHS[AZURE_OPENAI], "azure-openai") if path not in paths)
        message = f"is {shown(apis[-1]['path'])}, as that of {UNIVERSAL}"
        problems.add(f"{AZURE_OPENAI}.path", message, f"write another path, such as {free}")
    return apis


def _read_api(variable: str, value: Any, problems: Problems) -> list[dict[str, Any]]:
    fields = Fields(value, variable, _FIELDS[variable], problems)
    path = fields.text("path", _PATH_REMEDY, required=False, default=_DEFAULT_PATHS[variable]).strip("/")
    if not _PATH.fullmatch(path) or len(path) > _PATH_CHARACTERS:
        fields.refuse("path", f"is {shown(path)}", _PATH_REMEDY)
    api = {
        "name": _NAMES[variable],
        "variable": variable,
        "path": path,
        "type": fields.choice("type", TYPES) if fields.raw("type") is not None else TYPES[0],
        "products": _texts(fields, "products", (), _PRODUCT, _PRODUCT_REMEDY),
        "cors_origins": _texts(fields, "cors_origins", _DEFAULT_ORIGINS, _ORIGIN, _ORIGIN_REMEDY),
    }
    return [api] if fields.boolean("deploy", False) else []


def _texts(fields: Fields, name: str, default: tuple[str, ...], pattern: re.Pattern[str], remedy: str) -> list[str]:
    texts = fields.texts(name, remedy)
    if texts is None:
        return list(default)
    for index, text in enumerate(texts):
        if text and not pattern.fullmatch(text):
            fields.refuse(f"{name}[{index}]", f"is {shown(text)}", remedy)
    return list(texts)
