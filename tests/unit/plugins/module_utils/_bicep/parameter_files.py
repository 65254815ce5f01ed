# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameter files as people write them: any values, any layout that the language allows, comments in every place."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

import yaml
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.importer import Imported
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.yaml_writer import write_variables
from hypothesis import strategies as st

NOTE = re.compile(r"note \d+\b")
VARIABLES = {"subscriptionId": "apim_subscription_id", "resourceGroupName": "apim_resource_group"}
SCHEMES = {"managedIdentity": "managed_identity", "apiKey": "api_key", "token": "token"}

_CHARACTERS = st.characters(exclude_categories=["Cs"])
_TEXTS = st.one_of(
    st.sampled_from(
        ("1", "2024-07-18", "yes", "null", "", " ", "a: b", "{{ x }}", "${x}", "'", '"', "\\", "# a", "- a", "~")
    ),
    st.text(_CHARACTERS, max_size=12),
    st.text(st.sampled_from("ab \"'\\{}#:"), min_size=1, max_size=9).map(lambda text: text * 40),
)


class InventoryLoader(yaml.SafeLoader):
    """Reads variables as Ansible does before it fills in templates: `!unsafe` is text."""


InventoryLoader.add_constructor("!unsafe", lambda _, node: node.value)


def variables_of(imported: Imported) -> Any:
    """The variables that the file of a host holds."""
    return yaml.load(yaml_of(imported), InventoryLoader)


def yaml_of(imported: Imported) -> str:
    """The file of the host's variables."""
    return write_variables(imported.head, imported.variables)


@dataclass
class ParameterFile:
    """A generated file, with what it says and the comments that it has, in their order."""

    text: str
    variables: dict[str, Any]
    notes: list[str]


@dataclass
class Layout:
    """Writes values the way that chance wants."""

    random: Random
    notes: list[str] = field(default_factory=list)

    def chance(self, share: int = 2) -> bool:
        """True in one of `share` cases."""
        return self.random.randrange(share) == 0

    def note(self) -> str:
        """A comment that exists once."""
        self.notes.append(f"note {len(self.notes)}")
        words = self.random.choice(("", " 'a' {", " # b: c", " " + "long " * 30, " ]"))
        return f"{self.notes[-1]}{words}".rstrip()

    def above(self, indent: str) -> str:
        """Comments on lines of their own, and empty lines."""
        text = "\n" * self.chance(4)
        if self.chance(5):
            text += f"{indent}// {self.note()}\n" + "\n" * self.chance(4)
        if self.chance(8):
            text += f"{indent}/* {self.note()}\n{indent} * {self.note()} */\n"
        return text

    def behind(self) -> str:
        """A comment at the end of a line, perhaps."""
        return f" // {self.note()}" if self.chance(6) else ""

    def string(self, text: str) -> str:
        """A string between quotes of either kind."""
        if self.chance(3):
            return json.dumps(text)
        if "'" not in text and "\r" not in text and not text.startswith("\n") and self.chance(4):
            return f"'''{text}'''"
        escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${").replace("\n", "\\n")
        return "'" + escaped.replace("\r\n", "\\r\\n") + "'"

    def value(self, value: Any, indent: str) -> str:
        """A value; groups on one line or on several."""
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, list):
            return self.group([("", each) for each in value], "[]", indent)
        if isinstance(value, dict):
            return self.group(list(value.items()), "{}", indent)
        return json.dumps(value)

    def group(self, entries: list[tuple[str, Any]], brackets: str, indent: str) -> str:
        """The entries of an object or array between brackets."""
        names = [(f'"{name}": ' if self.chance(4) else f"{name}: ") if name else "" for name, _ in entries]
        if all(not isinstance(value, (list, dict)) for _, value in entries) and self.chance():
            pieces = [name + self.value(value, indent) for name, (_, value) in zip(names, entries, strict=True)]
            return f"{brackets[0]} {', '.join(pieces)} {brackets[1]}"
        inner = indent + "  "
        text = f"{brackets[0]}{self.behind()}\n"
        for name, (_, value) in zip(names, entries, strict=True):
            text += f"{self.above(inner)}{inner}{name}{self.value(value, inner)}{',' * self.chance(4)}{self.behind()}\n"
        return f"{text}{self.above(inner)}{indent}{brackets[1]}"


_MODELS = st.one_of(
    _TEXTS,
    st.fixed_dictionaries(
        {"name": _TEXTS},
        optional={"sku": _TEXTS, "capacity": st.integers(0, 10**9), "modelVersion": _TEXTS, "retirementDate": _TEXTS},
    ),
)
_BACKENDS = st.fixed_dictionaries(
    {"backendId": _TEXTS},
    optional={
        "endpoint": _TEXTS,
        "authScheme": st.sampled_from(sorted(SCHEMES)),
        "supportedModels": st.lists(_MODELS, max_size=3),
        "priority": st.integers(1, 5),
        "weight": st.none() | st.integers(1, 1000),
    },
)


def snake(value: Any) -> Any:
    """The value with the names that the inventory has for its fields."""
    if isinstance(value, list):
        return [snake(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        re.sub("(?<!^)(?=[A-Z])", "_", name).lower(): SCHEMES[each] if name == "authScheme" else snake(each)
        for name, each in value.items()
    }


@st.composite
def parameter_files(draw: Any) -> ParameterFile:
    """Files that can be converted, with a service, an identity, backends and settings."""
    layout = Layout(Random(draw(st.integers(0, 10**6))))
    apim = {"subscriptionId": draw(_TEXTS), "resourceGroupName": draw(_TEXTS), "name": "apim-1"}
    identity = {"subscriptionId": draw(_TEXTS), "resourceGroupName": draw(_TEXTS), "name": draw(_TEXTS)}
    backends = draw(st.lists(_BACKENDS, max_size=3))
    universal = {"deployUniversalLlmApi": draw(st.booleans()), "inferenceAPIPath": draw(_TEXTS)}
    parameters = {"apim": apim, "apimManagedIdentity": identity, "llmBackendConfig": backends, **universal}
    text = f"{layout.above('')}using 'main.bicep'{layout.behind()}\n"
    for name, value in parameters.items():
        text += f"{layout.above('')}param {name} = {layout.value(value, '')}{layout.behind()}\n"
    text += layout.above("")
    variables = {
        "apim_subscription_id": apim["subscriptionId"],
        "apim_resource_group": apim["resourceGroupName"],
        "apim_service_name": "apim-1",
        "apim_managed_identity": {
            "subscription_id": identity["subscriptionId"],
            "resource_group": identity["resourceGroupName"],
            "name": identity["name"],
        },
        "llm_backends": snake(backends),
        "llm_universal_api": {"deploy": universal["deployUniversalLlmApi"], "path": universal["inferenceAPIPath"]},
    }
    return ParameterFile(text, variables, layout.notes)
