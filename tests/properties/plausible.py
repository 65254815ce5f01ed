# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories that a platform team might write, with every field, every kind of endpoint and awkward names."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from hypothesis import strategies as st

from tests.properties.cases import Backend, Case
from tests.properties.endpoints import SITES, Site

# Names with which routing could go wrong: alike without dots or without case, refused by ARM, words of other languages,
# and text that breaks XML, C#, JSON, named values or templates when it is not written as a literal.
PATH_NAMES = (
    "gpt-4.1",
    "gpt-41",
    "GPT-4.1",
    "gpt-4_1",
    "gpt-4o",
    "text-embedding-3-large",
    "dall-e-3",
    "4o",
    "m4o",
    "a",
    "a-backend-pool",
    "gpt-41-backend-pool",
    "aoai-east",
    "---",
    "it's",
    'x"; return null; var y = "',
    "模型-模型",
    "modèle Straße",
    "STRASSE",
    "straße",
    "İ",
    "🤖",
    "]]>",
    "a & b",
    "{{uami-client-id}}",
    "{{ '{{' }}",
    "@(1 + 1)",
    "L" * 66,
    "L" * 67,
    "L" * 256,
    "é" * 256,
)
BODY_NAMES = (
    *PATH_NAMES,
    "a/b:c@d e",
    "org/model:tag",
    "back\\slash",
    "\\u0041\\n",
    "</set-variable>",
    "/* comment",
    "percent%20%2F",
    "what?",
    "sharp#",
    "{% raw %}",
)
_PATH_LETTERS = st.characters(exclude_categories=("C", "Z"), exclude_characters="/\\?#%,")
_BODY_LETTERS = st.characters(exclude_categories=("C", "Z"), exclude_characters=",")
_IDS = st.sampled_from(["a-backend-pool", "gpt-41-backend-pool", "M", "aoai-east", "x" * 80]) | st.from_regex(
    r"\A[A-Za-z](?:[A-Za-z0-9-]{0,8}[A-Za-z0-9])?\Z"
)
# Values of keys that a header can carry, though little else can.
_SECRETS = ("plain", "q\"u'o", "back\\slash", "<&]]>", "{x}", "%20", "a b", "@(1)", "x" * 300)
_KEY_HEADERS = ("api-key", "API-Key", "x-api-key", "X-Provider-Secret", "Authorization", "authorization")

# What the services of these tests have besides an inventory: named values, and secrets of a key vault.
NAMED_VALUES = {"shared.secret-1": "value-of-shared-1", "shared_2": "value-of-shared-2"}
VAULT = {f"https://citadel.vault.azure.net/secrets/provider-{number}": f"value-of-vault-{number}" for number in (1, 2)}


def model_names(*, in_path: bool) -> st.SearchStrategy[str]:
    """Names of models; `in_path` for those that may be a deployment in a path."""
    known, letters = (PATH_NAMES, _PATH_LETTERS) if in_path else (BODY_NAMES, _BODY_LETTERS)
    return st.sampled_from(known) | st.text(letters, min_size=1, max_size=12).filter(_is_a_name)


def _is_a_name(name: str) -> bool:
    return not re.fullmatch(r"\.{1,2}", name)


def _optional(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


_MODEL_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "sku": st.sampled_from(["Standard", "GlobalStandard", "ProvisionedManaged", "globalProvisioned"]),
    "capacity": st.integers(0, 1_000_000),
    "model_format": st.sampled_from(["OpenAI", "OpenAI", "OpenAI", "Microsoft", "DeepSeek"]),
    "model_version": st.sampled_from(["1", "2024-11-20", 3, date(2024, 7, 18)]),
    "retirement_date": st.sampled_from(["2099-12-30", date(2099, 4, 14), "2020-01-01"]),
    "capabilities": st.lists(
        st.sampled_from(["chat", "completions", "embeddings", "images", "responses", "audio", "rerank", "other"])
    ),
    "deployment": st.sampled_from(["gpt-4o", "GPT-4O", "production", "dep 1", "模型", "a&b", "L" * 64]),
}
_BREAKER = _optional(
    {
        "enabled": st.booleans(),
        "count": st.integers(1, 5),
        "interval": st.sampled_from(["PT10S", "PT1M", 30, "5"]),
        "trip_duration": st.sampled_from(["PT10S", "PT1M30S", 60]),
        "status_codes": st.sampled_from([[429], ["500-599"], [429, "500-503", 599]]),
        "accept_retry_after": st.booleans(),
    }
)


@st.composite
def _entry(draw: st.DrawFn, name: str, shared: dict[str, Any]) -> Any:
    """Draw a model as a backend lists it, with what all entries of the model may share."""
    if not shared and draw(st.booleans()):
        return name
    return {"name": name, **draw(_optional(_MODEL_FIELDS)), **shared}


@st.composite
def _shared_fields(draw: st.DrawFn, names: list[str]) -> dict[str, dict[str, Any]]:
    """Draw aliases and fallbacks of some models: name to fields. Names that become aliases are taken from `names`."""
    fields: dict[str, dict[str, Any]] = {}
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        if len(names) > 1:
            fields.setdefault(names[0], {}).setdefault("aliases", []).append(names.pop())
    known = [*names, *(alias for each in fields.values() for alias in each["aliases"])]
    for name in names:
        others = [each for each in known if each != name and each not in fields.get(name, {}).get("aliases", ())]
        if others and draw(st.integers(0, 3)) == 0:
            chosen = draw(st.lists(st.sampled_from(others), min_size=1, max_size=2, unique=True))
            fields.setdefault(name, {})["fallbacks"] = chosen
    return fields


_BACKEND_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "priority": st.integers(1, 5),
    "weight": st.integers(1, 1000),
    "circuit_breaker": _BREAKER,
}


@st.composite
def _authentication(draw: st.DrawFn, site: Site, index: int, identity: bool) -> dict[str, Any]:
    """Draw `auth_scheme` and `credential` of a backend of this site."""
    if identity and not site.is_external:
        return {"auth_scheme": "managed_identity"}
    scheme = draw(st.sampled_from(["api_key", "token"] if site.bearer_keys else ["api_key"]))
    value = f"secret-of-backend-{index}-{draw(st.sampled_from(_SECRETS))}"
    source = draw(
        st.sampled_from(
            [
                *([{"value": value}] * 3),
                *({"named_value": name} for name in NAMED_VALUES),
                *({"key_vault_secret_id": name} for name in VAULT),
            ]
        )
    )
    header = draw(st.sampled_from([None, None, *_KEY_HEADERS])) if site.is_external else None
    credential = {**source, "header": header} if header else source
    return {"auth_scheme": scheme, "credential": credential}


@st.composite
def _endpoint(draw: st.DrawFn, site: Site, index: int) -> str:
    host = site.host(index, draw(st.sampled_from(site.clouds)))
    scheme = draw(st.sampled_from(["https", "https", "https", "HTTPS", "http" if site.is_external else "https"]))
    return f"{scheme}://{host.upper() if draw(st.integers(0, 9)) == 0 else host}{draw(st.sampled_from(site.paths))}"


@st.composite
def backends(draw: st.DrawFn, *, max_size: int = 5) -> list[Backend]:
    """Draw backends that share some of their models."""
    ids = draw(st.lists(_IDS, min_size=1, max_size=max_size, unique_by=str.lower))
    only = draw(st.none() | st.sampled_from(SITES))
    identity = draw(st.none() | st.booleans())
    sites = [only or draw(st.sampled_from(SITES)) for _ in ids]
    names = draw(st.lists(model_names(in_path=not all(site.is_pathless for site in sites)), min_size=1, max_size=7))
    names = list({name.lower(): name for name in names}.values())
    shared = draw(_shared_fields(names))
    found = []
    for index, (backend_id, site) in enumerate(zip(ids, sites, strict=True)):
        listed = draw(st.lists(st.sampled_from(names), min_size=1, max_size=5))
        found.append(
            {
                "backend_id": backend_id,
                "backend_type": draw(st.sampled_from(site.types)),
                "endpoint": draw(_endpoint(site, index)),
                **draw(_authentication(site, index, draw(st.booleans()) if identity is None else identity)),
                "supported_models": [draw(_entry(name, shared.get(name, {}))) for name in listed],
                **draw(_optional(_BACKEND_FIELDS)),
            }
        )
    return _without_missing_fallbacks(found)


def _without_missing_fallbacks(backends: list[Backend]) -> list[Backend]:
    """Return backends whose models fall back only to what some backend lists."""
    entries = [model for backend in backends for model in backend["supported_models"]]
    names = {model["name"] if isinstance(model, dict) else model for model in entries}
    names |= {alias for model in entries if isinstance(model, dict) for alias in model.get("aliases", ())}
    for model in entries:
        if isinstance(model, dict) and "fallbacks" in model:
            model["fallbacks"] = [name for name in model["fallbacks"] if name in names]
    return backends


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw an inventory with the Universal LLM API, through which it can be tested."""
    kind = draw(st.sampled_from(["openai", "models-inference"]))
    variables = {
        "llm_backends": draw(backends()),
        "llm_universal_api": {"deploy": True, "path": "models", "type": kind},
        "llm_prune": True,
        "llm_prune_delay": 0,
        **draw(
            _optional(
                {
                    "llm_circuit_breaker": _BREAKER,
                    "llm_azure_openai_api": st.just({"deploy": True, "path": "openai"}),
                    "llm_backend_scope": st.sampled_from(["auto", "deployment", "deployment", "backend"]),
                    "llm_retirement": st.sampled_from([{"retired": "exclude"}, {"warn_days": 0}, {"retired": "fail"}]),
                }
            )
        ),
    }
    return Case(variables)
