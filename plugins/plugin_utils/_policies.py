# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped policy library: the templates in the collection's folder ``policies``.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._blocks import (
    models_block,
    pools_block,
    targets_block,
)
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._csharp import csharp_literal

_POLICIES = Path(__file__).resolve().parents[2] / "policies"

# In the order in which an API's policy includes them: in its inbound section, but for the two last. Those belong into
# the backend section and into GET /deployments.
FRAGMENTS = {
    "set-llm-requested-model": "Finds the model that a request asks for",
    "set-backend-pools": "Lists the pools and backends that serve the requested model",
    "set-target-backend-pool": "Chooses the pool or backend, of those that the caller may use",
    "set-backend-authorization": "Authenticates to the chosen backend and sends the request there",
    "set-llm-usage": "Emits the token usage as metrics",
    "set-fallback-backend": "Sends the next attempt of a failed request to the next target of its chain",
    "get-available-models": "Lists the models that the gateway serves",
}


# How clients show their subscription key, in both APIs and in those that hubs have.
_KEY_NAMES = {"header": "api-key", "query": "api-key"}
# Operations that the gateway answers itself.
_LISTINGS = ("listDeployments", "getDeployment")


class _Shape(NamedTuple):
    """What clients of an API speak.

    :ivar policy: the template of its policy.
    :ivar definition: its OpenAPI document.
    :ivar stored_objects: the paths below which it has the operations on stored objects (responses, files, batches).
    """

    title: str
    policy: str
    definition: str
    stored_objects: tuple[str, ...]


# By the variable that asks for the API, and its type.
_SHAPES = {
    ("llm_universal_api", "openai"): _Shape(
        "Universal LLM API", "universal-llm-api-policy", "universal-llm-openapi", ("",)
    ),
    ("llm_universal_api", "models-inference"): _Shape(
        "Universal LLM API", "universal-llm-api-policy", "models-inference-openapi", ()
    ),
    ("llm_azure_openai_api", "openai"): _Shape(
        "Azure OpenAI API", "llm-api-policy", "azure-openai-openapi", ("", "/v1")
    ),
}


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """Return the environment of the templates, with the settings of Ansible's template module."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_POLICIES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  # the target is C# in XML, for which csharp_literal escapes
    )
    environment.filters["citadel.ai_gateway.csharp_literal"] = csharp_literal
    environment.globals.update(pools_block=pools_block, targets_block=targets_block, models_block=models_block)
    return environment


def render_fragments(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the policy fragments of a routing plan, each with ``name``, ``description`` and ``value`` (rawxml).

    :param plan: a plan of the filter ``llm_routing_plan``.
    """
    return [
        {
            "name": name,
            "description": description,
            "value": _environment().get_template(f"fragments/{name}.xml.j2").render(llm_routing_plan=plan),
        }
        for name, description in FRAGMENTS.items()
    ]


def render_apis(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the APIs of a routing plan, as the option ``apis`` of module ``apim_llm_api``.

    :param plan: a plan of the filter ``llm_routing_plan``.
    """
    return [_render_api(api) for api in plan["apis"]]


def _render_api(api: Mapping[str, Any]) -> dict[str, Any]:
    shape = _SHAPES[api["variable"], api["type"]]
    definition = _definition(shape)
    listing = _environment().get_template("apis/list-deployments-policy.xml.j2").render()
    return {
        "name": api["name"],
        "display_name": shape.title,
        "description": definition["info"]["description"],
        "path": api["path"],
        "protocols": ["https"],
        "subscription_required": True,
        "subscription_key_names": _KEY_NAMES,
        "definition": definition,
        "policy": _environment().get_template(f"apis/{shape.policy}.xml.j2").render(llm_api=api, listings=_LISTINGS),
        "operation_policies": dict.fromkeys(_LISTINGS, listing),
        "products": api["products"],
    }


def _definition(shape: _Shape) -> dict[str, Any]:
    """Return the OpenAPI document of an API, with the operations on stored objects that it has."""
    definition: dict[str, Any] = _document(shape.definition)
    for prefix in shape.stored_objects:
        stored = _document("stored-objects-openapi")
        for operation in (each for item in stored["paths"].values() for each in item.values()):
            operation["operationId"] += prefix.removeprefix("/").upper()
        definition["paths"].update({f"{prefix}{path}": item for path, item in stored["paths"].items()})
        definition["components"].update(stored["components"])
    return definition


def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_POLICIES / "apis" / f"{name}.json").read_text(encoding="utf-8"))
    return document
