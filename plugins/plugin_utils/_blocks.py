# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of a routing plan, as the policy fragments hold it: short texts, with what is alike written once.

A text is a constant of C#, so a request pays only for the one that it looks up, however large the inventory is. Fields
stand between tabs, and lines between line feeds: names of an inventory are printable, so they hold neither.
PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import model_labels

_AZURE_FAMILIES = ("azure-openai", "ai-foundry")
_NO_AUDIENCE = "-"
# What the members of the field "capabilities" are called in Azure's list of deployments.
_CAPABILITIES = {
    "chat": "chatCompletion",
    "completions": "completion",
    "images": "imageGenerations",
}


class Case(NamedTuple):
    """Several labels of a C# switch that have one result.

    :ivar keys: in lower case, in each form that ``ToLowerInvariant`` may write.
    """

    keys: list[str]
    result: Any


class Model(NamedTuple):
    """How requests for a model are sent.

    :ivar deployment: its name at the backends, when the model has one route of scope ``backend``; else None.
    :ivar hops: otherwise its chain, a line of route and served model for each hop.
    """

    deployment: str | None
    hops: str


class Row(NamedTuple):
    """Deployments that differ by their model's name alone."""

    backend_id: str
    backend_type: str
    sku: str
    capacity: str
    model_format: str
    model_version: str
    retirement_date: str
    capabilities: tuple[str, ...]
    aliases: tuple[str, ...]


def pools_block(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of fragment ``set-backend-pools``.

    :param plan: a plan of the filter ``llm_routing_plan``.
    :return: ``cases`` (keys of models -> a line of route, type and account for each of the model's own hops, with the
        model's names if it has aliases; the account is empty where there are several), ``everything`` (a line of route,
        type, accounts and names of models for each route) and ``deployments`` (keys of names that deployments have and
        no model).
    """
    routes = {route["name"]: route for route in plan["routes"]}
    keys = {key for model in plan["models"] for key in model["keys"]}
    deployments = {
        label for model in plan["models"] for each in model["members"] for label in model_labels(each["deployment"])
    }
    return {
        "cases": _cases((model["keys"], _own_routes(model, routes)) for model in plan["models"]),
        "everything": _lines(
            (route["name"], route["type"], "/".join(route["accounts"]), *route["models"]) for route in plan["routes"]
        ),
        "deployments": sorted(deployments - keys),
    }


def _own_routes(model: Mapping[str, Any], routes: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the routes that serve the model itself, without those that it falls back to."""
    names = [model["name"], *model["aliases"]] if model["aliases"] else []
    own = [routes[hop["route"]] for hop in model["hops"] if hop["model"] == model["name"]]
    return _lines((route["name"], route["type"], _only(route["accounts"]), *names) for route in own)


def _only(accounts: Sequence[str]) -> str:
    return accounts[0] if len(accounts) == 1 else ""


def targets_block(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of fragment ``set-backend-authorization``.

    :param plan: a plan of the filter ``llm_routing_plan``.
    :return: ``audiences`` (of tokens, that of hosts of Azure OpenAI which most targets take first), ``models`` (keys of
        models -> Model), ``routes`` (names of routes -> what a request to them looks like) and ``accounts`` (a line of
        name and the same for each account).
    """
    targets = [*plan["routes"], *plan["accounts"]]
    audiences = _audiences(targets)
    scopes = {route["name"]: route["scope"] for route in plan["routes"]}
    accounts = [
        {**each, "scope": "backend", "retries": 0, "deployment": "", "accounts": []} for each in plan["accounts"]
    ]
    return {
        "audiences": audiences,
        "models": _cases((model["keys"], _model(model, scopes)) for model in plan["models"]),
        "routes": _cases(
            ([route["name"].lower()], _lines([_request_fields(route, audiences)])) for route in plan["routes"]
        ),
        "accounts": _lines((each["name"], *_request_fields(each, audiences)) for each in accounts),
    }


def _audiences(targets: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the audiences of tokens; the first is what pools take that are in no inventory."""
    counts = Counter((each["family"], each["token_audience"]) for each in targets if each["token_audience"])
    order = sorted(counts, key=lambda each: (each[0] not in _AZURE_FAMILIES, -counts[each], each[1]))
    return list(dict.fromkeys(audience for _family, audience in order))


def _model(model: Mapping[str, Any], scopes: Mapping[str, str]) -> Model:
    hops = model["hops"]
    if len(hops) == 1 and scopes[hops[0]["route"]] == "backend":
        return Model(hops[0]["deployment"], "")
    return Model(None, _lines((hop["route"], hop["model"]) for hop in hops))


def _request_fields(target: Mapping[str, Any], audiences: Sequence[str]) -> list[str]:
    """Return what a request to a target looks like, and then account and deployment of each of its members.

    A route in backend scope has its accounts for members: which deployment they get depends on the model.
    """
    audience = target["token_audience"]
    in_backend_scope = target["scope"] == "backend"
    members = [(each, "") for each in target["accounts"]] if in_backend_scope else map(_member, target["members"])
    return [
        target["type"],
        target["family"],
        target["scope"],
        str(target["retries"]),
        str(audiences.index(audience)) if audience else _NO_AUDIENCE,
        target["deployment"],
        *(field for member in members for field in member),
    ]


def _member(member: Mapping[str, str]) -> tuple[str, str]:
    return member["account"], member["deployment"]


def models_block(plan: Mapping[str, Any]) -> list[Case]:
    """Return the data of fragment ``get-available-models``: names of models with what their deployments have alike."""
    return _cases(
        ([model["name"]], _row(deployment, model["aliases"]))
        for model in plan["models"]
        for deployment in model["deployments"]
    )


def _row(deployment: Mapping[str, Any], aliases: Sequence[str]) -> Row:
    return Row(
        backend_id=deployment["backend_id"],
        backend_type=deployment["backend_type"],
        sku=deployment["sku"],
        capacity=str(deployment["capacity"]),
        model_format=deployment["model_format"],
        model_version=deployment["model_version"],
        retirement_date=str(deployment["retirement_date"] or ""),
        capabilities=tuple(_CAPABILITIES.get(each, each) for each in deployment["capabilities"]),
        aliases=tuple(aliases),
    )


def _cases(pairs: Iterable[tuple[Sequence[str], Any]]) -> list[Case]:
    """Group keys by their result, in the order in which results first come."""
    keys_of: dict[Any, list[str]] = {}
    for keys, result in pairs:
        keys_of.setdefault(result, []).extend(keys)
    return [Case(keys, result) for result, keys in keys_of.items()]


def _lines(rows: Iterable[Iterable[str]]) -> str:
    return "\n".join("\t".join(_checked(field) for field in row) for row in rows)


def _checked(field: str) -> str:
    """Return a field that cannot be taken for two.

    :raises ValueError: when it holds what stands between fields; no plan has such a name.
    """
    if "\t" in field or "\n" in field:
        raise ValueError(f"{field!r} holds a tab or a line feed")
    return field
