# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routing plans to render fragments for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import model_key, model_labels
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan

Plan = dict[str, Any]


def _model(name: str, version: str, retirement_date: str, capacity: int = 100, model_format: str = "OpenAI") -> Plan:
    return {
        "name": name,
        "sku": "GlobalStandard",
        "capacity": capacity,
        "model_format": model_format,
        "model_version": version,
        "retirement_date": retirement_date,
    }


def _backend(backend_id: str, backend_type: str, endpoint: str, models: Sequence[Plan | str], **rest: Any) -> Plan:
    named = {"backend_id": backend_id, "backend_type": backend_type, "endpoint": endpoint}
    scheme = "api_key" if backend_type == "external" else "managed_identity"
    return {**named, "auth_scheme": scheme, "supported_models": list(models), **rest}


# The example configurations of the package document.
_DEEPSEEK = _model("DeepSeek-R1", "1", "2099-12-30", 1, "DeepSeek")
_EMBEDDING = _model("text-embedding-3-large", "1", "2027-04-14")
_PRIMARY = _backend(
    "aif-citadel-primary",
    "ai-foundry",
    "https://aif-resource-0.cognitiveservices.azure.com/",
    [
        _model("gpt-4o-mini", "2024-07-18", "2026-09-30"),
        _model("gpt-4o", "2024-11-20", "2026-09-30"),
        _DEEPSEEK,
        _model("Phi-4", "3", "2099-12-30", 1, "Microsoft"),
        _EMBEDDING,
    ],
)
_SECONDARY = _backend(
    "aif-citadel-secondary",
    "ai-foundry",
    "https://aif-resource-1.cognitiveservices.azure.com/",
    [_model("gpt-5", "1", "2027-02-05", 50), _DEEPSEEK],
    priority=2,
    weight=50,
)
_OPENAI = _backend(
    "aoai-eastus-gpt4",
    "azure-openai",
    "https://my-aoai-resource.openai.azure.com/",
    [_model("gpt-5", "2025-08-07", "2027-02-05"), _DEEPSEEK, _EMBEDDING],
)
_EXTERNAL = _backend("mistral", "external", "https://api.mistral.ai/v1", ["mistral-large", "dall-e-3"])

# Text that breaks out of a careless template: of a C# string, an expression, XML, or a named value's braces.
HOSTILE_NAMES = (
    'gpt"; return new JArray(); }" />',
    'a" + context.Subscription.Key + "',
    "back\\slash\\u0022",
    "]]> & <inject/> &quot; -->",
    "{{uami-client-id}} {% raw %} {# x #}",
    '@(1) @{2} $"{3}"',
    "bidi\u202e\u2028\u0085\r\x00end",
    "ünïcödé 模型 🚀",
    "\u0130STANBUL-\u03a3\u0391\u03a3-\u1e9e-\u212a",
    "'single' `tick` /* comment */ // rest",
    "x" * 256,
    "non-llm-request-2",
)


def hostile_route(name: str) -> str:
    """Return the route of one of ``HOSTILE_NAMES``."""
    return f"route-{HOSTILE_NAMES.index(name)}"


def hand_made(routes: Sequence[tuple[str, str, Sequence[str]]], token_audience: str = "") -> Plan:
    """Return a plan without asking the routing domain, which would refuse such names.

    :param routes: (name, type, models).
    """
    request = {"token_audience": token_audience, "pooled": False, "retries": 0, "scope": "backend", "deployment": ""}
    return {
        "owner": "citadel",
        "routes": [
            {
                "name": name,
                "type": kind,
                "family": kind,
                **request,
                "models": list(models),
                "accounts": [name],
                "members": [{"account": name, "deployment": model} for model in models],
            }
            for name, kind, models in routes
        ],
        "models": [_hand_made_model(model, name, kind) for name, kind, models in routes for model in models],
        "accounts": [],
    }


def _hand_made_model(name: str, route: str, kind: str) -> Plan:
    deployment = {"sku": "S", "capacity": 1, "model_format": "F", "model_version": "V", "retirement_date": None}
    account = {"backend_id": route, "backend_type": kind, "capabilities": ["chat"], "aliases": []}
    return {
        "name": name,
        "key": model_key(name),
        "aliases": [],
        "keys": model_labels(name),
        "route": route,
        "hops": [{"route": route, "model": name, "deployment": name}],
        "members": [{"account": route, "deployment": name}],
        "deployments": [{**deployment, **account, "name": name, "deployment": name}],
    }


def _renamed(scope: str) -> Plan:
    """Return a plan of models ``model-0``, ... whose deployments have the hostile names."""
    plan = hand_made([(f"route-{number}", "external", [f"model-{number}"]) for number in range(len(HOSTILE_NAMES))])
    for route, model, name in zip(plan["routes"], plan["models"], HOSTILE_NAMES, strict=True):
        route.update(scope=scope, deployment=name if scope == "deployment" else "")
        for row in (model["hops"][0], *model["members"], *route["members"]):
            row["deployment"] = name
    return plan


def _build(*backends: Plan, **options: Any) -> Plan:
    identity = {"client_id": "22222222-2222-2222-2222-222222222222"}
    return build_plan(list(backends), managed_identity=identity, **options)


def pooled(models: int) -> Plan:
    """Return a plan of models that two backends serve each."""
    names = [f"gpt-family-{number:04}" for number in range(models)]
    return _build(
        _backend("aoai-east", "azure-openai", "https://aoai-east.openai.azure.com", names),
        _backend("aoai-west", "azure-openai", "https://aoai-west.openai.azure.com", names),
    )


_KEY = {"auth_scheme": "api_key", "credential": {"named_value": "the-key"}}
_SERVERLESS = _backend(
    "phi-serverless", "ai-foundry", "https://phi.swedencentral.models.ai.azure.com", ["Phi-4-mini", "embed-v4"]
)

_CHAT = {
    "name": "chat",
    "deployment": "chat-ptu",
    "sku": "ProvisionedManaged",
    "aliases": ["talk"],
    "fallbacks": ["spare", "vendor/large"],
}
_MIXED = {"name": "mixed", "deployment": "Mixed", "model_format": "Cohere", "fallbacks": ["spare"]}
_RENAMED = {
    "name": "renamed",
    "deployment": "renamed-2",
    "capabilities": ["chat", "completions", "images", "responses", "audio"],
}
_TOP = {"name": "top", "deployment": "top-1", "fallbacks": ["middle", "bottom"]}
_MIDDLE = {"name": "middle", "deployment": "middle-1", "capacity": 5}
_LADDER = (
    _backend("one", "azure-openai", "https://one.openai.azure.com", [_TOP, "other"]),
    _backend("two", "azure-openai", "https://two.openai.azure.com", [_TOP, _MIDDLE]),
    _backend("three", "ai-foundry", "https://three.services.ai.azure.com", [_MIDDLE]),
    _backend("last", "external", "https://last.example/v1", ["bottom"], credential={"named_value": "last"}),
)
_VENDOR = {"name": "vendor/large", "aliases": ["vendor-large"]}

PLANS = {
    "single": _build(_PRIMARY),
    "balanced": _build(_PRIMARY, _SECONDARY),
    "mixed": _build(_PRIMARY, _OPENAI),
    "providers": _build(_PRIMARY, _OPENAI, _EXTERNAL),
    "external": _build(_EXTERNAL),
    "families": _build(
        _PRIMARY,
        _SERVERLESS,
        _backend("foundry-key", "ai-foundry", "https://f.services.ai.azure.com", ["grok-3"], **_KEY),
        _backend("aoai-us", "azure-openai", "https://a.openai.azure.us", ["gpt-4.1"]),
        _backend("aoai-by-host", "ai-foundry", "https://b.openai.azure.com", ["o3"]),
        _EXTERNAL,
    ),
    "rival": _build(
        _backend("rival", "azure-openai", "https://rival.openai.azure.com", [{"name": "chat", "aliases": ["speak"]}])
    ),
    "keys": _build(_backend("foundry-key", "ai-foundry", "https://f.services.ai.azure.com", ["grok-3"], **_KEY)),
    "chains": _build(
        _backend(
            "ptu",
            "azure-openai",
            "https://ptu.openai.azure.com",
            [_CHAT, _RENAMED],
        ),
        _backend(
            "foundry",
            "ai-foundry",
            "https://f.services.ai.azure.com",
            [{"name": "chat", "deployment": "Chat-4", "model_format": "Cohere"}],
            priority=2,
            **_KEY,
        ),
        _backend("new", "ai-foundry", "https://n.services.ai.azure.com", [_MIXED]),
        _backend("serverless", "ai-foundry", "https://s.swedencentral.models.ai.azure.com", ["spare"]),
        _backend("classic", "azure-openai", "https://c.openai.azure.com", [_MIXED]),
        _backend(
            "vendor", "external", "https://api.vendor.example/v1", [_VENDOR], credential={"named_value": "vendor"}
        ),
    ),
    "ladder": _build(*_LADDER),
    "patient": _build(*_LADDER, circuit_breaker={"count": 60}),
    "crowd": _build(
        *(
            _backend(f"account-{number}", "azure-openai", f"https://a{number}.openai.azure.com", [f"m-{number}"])
            for number in range(1, 52)
        )
    ),
    "empty": _build(),
    "ten": pooled(10),
    "thousand": pooled(1000),
    "renamed": _renamed("backend"),
    "renamed deployments": _renamed("deployment"),
    "hostile": hand_made([(hostile_route(name), "external", [name]) for name in HOSTILE_NAMES]),
}
