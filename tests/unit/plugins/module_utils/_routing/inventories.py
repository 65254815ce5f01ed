# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories to plan for: one at a time, the package document's examples, and generated ones."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import model_key
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import InventoryError, Problem
from hypothesis import strategies as st

Inventory = list[dict[str, Any]]

IDENTITY = {"client_id": "22222222-2222-2222-2222-222222222222"}


def backend(backend_id: str, /, *models: Any, **fields: Any) -> dict[str, Any]:
    """Return a backend of an inventory with an endpoint of its own."""
    return {
        "backend_id": backend_id,
        "backend_type": "ai-foundry",
        "endpoint": f"https://{backend_id}.cognitiveservices.azure.com/",
        "auth_scheme": "managed_identity",
        "supported_models": list(models) or ["gpt-4o"],
        **fields,
    }


def external(backend_id: str, /, *models: Any, **fields: Any) -> dict[str, Any]:
    """Return a backend of an external provider."""
    kind = {"backend_type": "external", "endpoint": f"https://{backend_id}.example/v1", "auth_scheme": "api_key"}
    return backend(backend_id, *models, **kind | fields)


def plan_of(*backends: dict[str, Any], **variables: Any) -> dict[str, Any]:
    """Return the plan of an inventory that has a managed identity."""
    return build_plan(list(backends), **{"managed_identity": IDENTITY, **variables})


def problems_of(*backends: Any, **variables: Any) -> list[Problem]:
    """Return the problems for which an inventory is refused."""
    with pytest.raises(InventoryError) as refusal:
        build_plan(list(backends), **{"managed_identity": IDENTITY, **variables})
    return refusal.value.problems


def only_problem(*backends: Any, **variables: Any) -> Problem:
    """Return the one problem for which an inventory is refused."""
    (problem,) = problems_of(*backends, **variables)
    return problem


def routes_of(plan: dict[str, Any]) -> dict[str, str]:
    """Return model key -> name of its route."""
    return {model["key"]: model["route"] for model in plan["models"]}


def _model(name: str, version: str, date: str, capacity: int = 100, model_format: str = "OpenAI") -> dict[str, Any]:
    details = {"capacity": capacity, "model_format": model_format, "model_version": version, "retirement_date": date}
    return {"name": name, "sku": "GlobalStandard", **details}


DEEPSEEK = _model("DeepSeek-R1", "1", "2099-12-30", 1, "DeepSeek")
EMBEDDING = _model("text-embedding-3-large", "1", "2027-04-14")
PRIMARY = backend(
    "aif-citadel-primary",
    _model("gpt-4o-mini", "2024-07-18", "2026-09-30"),
    _model("gpt-4o", "2024-11-20", "2026-09-30"),
    DEEPSEEK,
    _model("Phi-4", "3", "2099-12-30", 1, "Microsoft"),
    EMBEDDING,
    priority=1,
    weight=100,
)
SECONDARY = backend("aif-citadel-secondary", _model("gpt-5", "1", "2027-02-05", 50), DEEPSEEK, priority=2, weight=50)
OPENAI = backend(
    "aoai-eastus-gpt4",
    _model("gpt-5", "2025-08-07", "2027-02-05"),
    DEEPSEEK,
    EMBEDDING,
    backend_type="azure-openai",
    endpoint="https://YOUR-AOAI-RESOURCE.openai.azure.com/",
)

# Names with which routing went wrong before: alike without their dots, alike without case, refused by ARM.
TRICKY_MODELS = (
    "gpt-4.1",
    "gpt-41",
    "GPT-4.1",
    "gpt-4_1",
    "DeepSeek-R1",
    "deepseek-r1",
    "4o",
    "m4o",
    "模型",
    "m",
    "a/b:c@d e",
    "---",
    'x"; return null; //',
    "{{uami-client-id}}",
    "L" * 66,
    "L" * 67,
    "L" * 256,
    "a",
    "a-backend-pool",
    "STRASSE",
    "straße",
    "İ",
    "i",
)
_model_names = st.sampled_from([name for name in TRICKY_MODELS if "/" not in name]) | st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="/\\?#%.,"), min_size=1, max_size=12
)
_backend_ids = st.sampled_from(["a-backend-pool", "gpt-41-backend-pool", "M", "M-a", "a"]) | st.from_regex(
    r"\A[A-Za-z](?:[A-Za-z0-9-]{0,8}[A-Za-z0-9])?\Z"
)
_KEY = {"auth_scheme": "api_key", "credential": {"named_value": "the-key"}}
# Kinds of backends: every family, with a token, with a credential, and with one that the inventory does not give.
_KINDS: tuple[dict[str, Any], ...] = (
    {},
    _KEY,
    {"auth_scheme": "token"},
    {"backend_type": "azure-openai"},
    {"backend_type": "azure-openai", **_KEY},
    {"backend_type": "azure-openai", "endpoint": "https://sovereign.openai.azure.us"},
    {"endpoint": "https://m.eastus.models.ai.azure.com"},
    {"endpoint": "https://m.eastus.models.ai.azure.com", **_KEY},
    {"backend_type": "external", "endpoint": "https://external.example/v1", **_KEY},
    {"backend_type": "external", "endpoint": "https://external.example/v1", "auth_scheme": "api_key"},
)
_AZURE_KINDS: tuple[dict[str, Any], ...] = ({}, {"backend_type": "azure-openai"})


def key_of(entry: Any) -> str:
    """Return the key of the model that an entry of supported_models is."""
    return model_key(entry if isinstance(entry, str) else entry["name"])


def member_of(account: dict[str, Any], deployment: str) -> tuple[str, str]:
    """Return what tells a deployment from others: Azure ignores the case of its name, external providers may not."""
    is_external = account["backend_type"] == "external"
    return account["backend_id"], deployment if is_external else model_key(deployment)


@st.composite
def inventories(draw: st.DrawFn, min_size: int = 0, max_size: int = 5) -> Inventory:
    """Draw inventories without problems whose models one way of asking suits: Azure accounts, or external ones."""
    ids = draw(st.lists(_backend_ids, min_size=min_size, max_size=max_size, unique_by=str.lower))
    azure = draw(st.booleans())
    unique_names: dict[str, str] = {}
    return [
        (backend if azure else external)(
            backend_id,
            *(
                {"name": unique_names.setdefault(model_key(name), name), "capacity": draw(st.integers(0, 1000))}
                for name in draw(st.lists(_model_names, min_size=1, max_size=6))
            ),
            priority=draw(st.integers(1, 5)),
            weight=draw(st.integers(1, 1000)),
            **(draw(st.sampled_from(_AZURE_KINDS)) if azure else {}),
        )
        for backend_id in ids
    ]


@st.composite
def mixed_inventories(draw: st.DrawFn, min_size: int = 1) -> Inventory:
    """Draw inventories without problems whose models have members of all kinds, deployments, aliases and fallbacks."""
    ids = draw(st.lists(_backend_ids, min_size=min_size, max_size=5, unique_by=str.lower))
    names = draw(st.lists(_model_names, min_size=1, max_size=5, unique_by=model_key))
    foreign = draw(st.sets(st.sampled_from([*map(model_key, names), "d1", "d2"])))
    deployments = st.none() | st.sampled_from(["d1", "D1", "d2"])

    def entry(name: str) -> dict[str, Any]:
        deployment = draw(deployments) or name
        model_format = "DeepSeek" if model_key(deployment) in foreign else "OpenAI"
        sku = draw(st.sampled_from(["Standard", "ProvisionedManaged"]))
        return {"name": name, "deployment": deployment, "model_format": model_format, "sku": sku}

    inventory = [
        backend(
            backend_id,
            *(entry(name) for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=5))),
            priority=draw(st.integers(1, 3)),
            weight=draw(st.integers(1, 1000)),
            **draw(st.sampled_from(_KINDS)),
        )
        for backend_id in ids
    ]
    entries = {key_of(each): each for item in reversed(inventory) for each in reversed(item["supported_models"])}
    for index, (key, first) in enumerate(entries.items()):
        first["aliases"] = [f"alias {index}"] if draw(st.booleans()) else []
        others = [other["name"] for other_key, other in entries.items() if other_key != key]
        if others:
            first["fallbacks"] = draw(st.lists(st.sampled_from(others), max_size=3))
    return inventory
