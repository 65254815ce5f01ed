# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the models that a backend of an inventory lists in ``supported_models``.

Names, defaults and ranges are those of the package document, in snake case. PRIVATE to the citadel.ai_gateway
collection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.capabilities import read_capabilities
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import Fields, scalar_text
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import model_key
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown

# What the policies put into requestedModel when a request names no model; a model of that name could not be told apart.
RESERVED_MODEL = "non-llm-request"

_FIELDS = (
    "name",
    "deployment",
    "aliases",
    "fallbacks",
    "capabilities",
    "sku",
    "capacity",
    "model_format",
    "model_version",
    "retirement_date",
)
_MODELS_REMEDY = "list at least one model, as a name or as a mapping with a name"
_NAME_REMEDY = "write the model's name, such as gpt-4o"
_DEPLOYMENT_REMEDY = "write the name that the model has at this backend"
_ALIASES_REMEDY = "list further names of the model"
_FALLBACKS_REMEDY = "list the names of other models, or of pools"
_DATE_REMEDY = "write a date such as 2027-04-14"
_COMMA_REMEDY = "list them one by one"
_NAME_CHARACTERS = 256
_MAXIMUM_CAPACITY = 1_000_000_000


@dataclass(frozen=True)
class Model:
    """One entry of ``supported_models``.

    :ivar path: its place in the inventory, for messages. Entries that differ in their place alone are equal.
    :ivar index: its position in the list of its backend.
    :ivar name: the public name, as the inventory spells it.
    :ivar deployment: its name at the backend.
    :ivar aliases: further public names.
    :ivar fallbacks: names of the models or pools that take what this one refuses, in order; None when the entry does
        not say.
    :ivar capabilities: what it can do; None when the entry does not say.
    :ivar capacity: quota in thousands of tokens per minute, 0 or more.
    :ivar retirement_date: ISO 8601 date, empty when none is known.
    """

    path: str = field(compare=False)
    index: int = field(compare=False)
    name: str
    deployment: str
    aliases: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] | None = None
    capabilities: tuple[str, ...] | None = None
    sku: str = "Standard"
    capacity: int = 100
    model_format: str = "OpenAI"
    model_version: str = "1"
    retirement_date: str = ""

    @property
    def key(self) -> str:
        """The name as models are matched, without regard to case."""
        return model_key(self.name)

    @property
    def is_provisioned(self) -> bool:
        """Whether its quota is reserved capacity, which refuses with 429 what goes beyond."""
        return "provisioned" in self.sku.lower()

    @property
    def is_of_openai(self) -> bool:
        """Whether its format is that of OpenAI's models, which AI Foundry also serves in the Azure OpenAI shape."""
        return self.model_format.lower() == "openai"


def read_models(fields: Fields, problems: Problems) -> tuple[Model, ...]:
    """Return the models of a backend, with faults noted.

    :param fields: the backend's fields; ``supported_models`` is read.
    """
    value = fields.raw("supported_models")
    if not isinstance(value, (list, tuple)) or not value:
        if fields.is_mapping:
            fields.refuse("supported_models", "is missing" if value is None else f"is {shown(value)}", _MODELS_REMEDY)
        return ()
    return tuple(_read_model(item, fields.at("supported_models"), index, problems) for index, item in enumerate(value))


def _read_model(value: Any, list_path: str, index: int, problems: Problems) -> Model:
    path = f"{list_path}[{index}]"
    if isinstance(value, str):
        value = {"name": value}
    fields = Fields(value, path, _FIELDS, problems)
    name = fields.text("name", _NAME_REMEDY)
    _check_name(fields, "name", name)
    deployment = fields.text("deployment", _DEPLOYMENT_REMEDY, required=False, default=name)
    if fields.raw("deployment") is not None:
        _check_characters(fields, "deployment", deployment)
    aliases = fields.texts("aliases", _ALIASES_REMEDY) or ()
    for position, alias in enumerate(aliases):
        _check_name(fields, f"aliases[{position}]", alias)
    return Model(
        path=path,
        index=index,
        name=name,
        deployment=deployment,
        aliases=aliases,
        fallbacks=fields.texts("fallbacks", _FALLBACKS_REMEDY),
        capabilities=read_capabilities(fields),
        sku=fields.text("sku", "write the SKU's name", required=False, default=Model.sku),
        capacity=fields.integer("capacity", Model.capacity, 0, _MAXIMUM_CAPACITY),
        model_format=fields.text("model_format", "write the format", required=False, default=Model.model_format),
        model_version=fields.text("model_version", "write the version", required=False, default=Model.model_version),
        retirement_date=_read_date(fields),
    )


def _check_name(fields: Fields, field_name: str, name: str) -> None:
    """Note why ``name`` cannot be a public name of a model."""
    _check_characters(fields, field_name, name)
    if "," in name:
        # Two names in one text, as a rule; and no product could allow it, for allowedModels has commas between names.
        fields.refuse(field_name, f"is {shown(name)}: a comma stands between names, not in one", _COMMA_REMEDY)
    if model_key(name) == RESERVED_MODEL:
        message = f"is {shown(name)}, which the policies use for requests without a model"
        fields.refuse(field_name, message, _NAME_REMEDY)


def _check_characters(fields: Fields, field_name: str, name: str) -> None:
    if len(name) > _NAME_CHARACTERS or not name.isprintable():
        remedy = f"use at most {_NAME_CHARACTERS} characters, none of them a control character"
        fields.refuse(field_name, f"is {shown(name)}", remedy)


def _read_date(fields: Fields) -> str:
    """Return the retirement date as text; YAML reads one without quotes as a date."""
    value = fields.raw("retirement_date")
    if value is None:
        return ""
    text = value.isoformat()[:10] if isinstance(value, date) else (scalar_text(value) or "").strip()
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text) or not _is_date(text):
        fields.refuse("retirement_date", f"is {shown(value)}", _DATE_REMEDY)
        return ""
    return text


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
