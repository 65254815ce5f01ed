# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plausible inventories with something wrong or odd put into them, anywhere."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

from tests.properties.cases import Case
from tests.properties.plausible import NAMED_VALUES, VAULT, cases

_TEXTS = (
    "",
    " ",
    "\u0000",
    "line\nbreak",
    "\ud83e",
    "half \udd16 pair",
    "\u202e",
    "x" * 257,
    "x" * 5000,
    "..",
    "non-llm-request",
    "NON-LLM-REQUEST",
    "managed_identity",
    "external",
    "ai_foundry",
    "AzureOpenAI",
    "https://user:password@account-1.openai.azure.com",
    "https://account-1.openai.azure.com?api-key=1",
    "http://account-1.openai.azure.com",
    "https://[",
    "//account-1",
    "https://account-1.openai.azure.com/openai/deployments/gpt-4o",
    "https://account-1.services.ai.azure.com/api/projects/team",
    "https://api.custom-domain.example/openai",
    "https://api.custom-domain.example/v1/chat/completions",
    "Bearer secret",
    "{{named}}",
    "{{ lookup('pipe', 'id') }}",
    next(iter(VAULT)) + "/0123456789abcdef",
    next(iter(NAMED_VALUES)),
    "no-such-named-value",
    "1",
    "true",
    "-1",
    "1e3",
    "2027-13-45",
    "P",
    "PT0S",
)
_KEYS = (
    "backendId",
    "models",
    "name",
    "aliases",
    "fallbacks",
    "deployment",
    "capabilities",
    "value",
    "weight ",
    "Priority",
    "x",
    "",
    "日本",
    1,
    None,
    True,
)
_ATOMS = (
    st.none()
    | st.booleans()
    | st.sampled_from([-1, 0, 1, 6, 1001, 10**9 + 1, 10**30, 0.5, float("nan"), float("inf")])
    | st.sampled_from([date(2027, 4, 14), datetime(2027, 4, 14, 12), date.max])
    | st.sampled_from(_TEXTS)
    | st.text(st.characters(), max_size=8)
)
JUNK = st.recursive(
    _ATOMS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3),
    max_leaves=6,
)
_VARIABLES = (
    "llm_circuit_breaker",
    "llm_universal_api",
    "llm_azure_openai_api",
    "apim_managed_identity",
    "llm_owner",
    "llm_adopt",
    "llm_prune",
    "llm_prune_delay",
    "llm_preflight",
    "llm_backend_scope",
    "llm_retirement",
    "llm_workbook",
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything inside a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(*path, key), *_places(value[key], (*path, key))]]


def _holder(variables: Any, place: tuple[Any, ...]) -> Any:
    for key in place[:-1]:
        variables = variables[key]
    return variables


@st.composite
def _changed(draw: st.DrawFn, case: Case) -> Case:
    """Draw the inventory with one change."""
    variables = deepcopy(case.variables)
    place = draw(st.sampled_from(_places(variables)))
    holder, key = _holder(variables, place), place[-1]
    match draw(st.sampled_from(["replace", "replace", "remove", "repeat", "rename", "variable", "swap"])):
        case "replace":
            holder[key] = draw(JUNK)
        case "remove":
            del holder[key]
        case "repeat" if isinstance(holder, list):
            holder.append(deepcopy(holder[key]))
        case "repeat" | "rename" if isinstance(holder, dict):
            holder[draw(st.sampled_from(_KEYS))] = holder.pop(key)
        case "swap":
            other = draw(st.sampled_from([each for each in _places(variables) if len(each) == len(place)]))
            there = _holder(variables, other)
            holder[key], there[other[-1]] = deepcopy(there[other[-1]]), deepcopy(holder[key])
        case _:
            variables[draw(st.sampled_from(_VARIABLES))] = draw(JUNK)
    return Case(variables)


@st.composite
def inventories(draw: st.DrawFn) -> Case:
    """Draw an inventory; two of three are as a person would write them."""
    case = draw(cases())
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 1, 2]))):
        case = draw(_changed(case))
    return case
