# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of ARM resources, and how a pool is named after its model.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable

# Backends and pools share one ARM collection, so one rule: letters, digits and hyphens, starting with a letter,
# ending with a letter or digit, 1 to 80 characters (Azure's published naming rules for APIM backends).
RESOURCE_NAME_RULE = "1 to 80 letters, digits and hyphens, starting with a letter and ending with a letter or digit"
_RESOURCE_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,78}[A-Za-z0-9])?")

_POOL_SUFFIX = "-backend-pool"
# facts: names of models with 67 characters and more gave pool names that ARM refused.
_MODEL_PART_CHARACTERS = 66
_HASH_CHARACTERS = 8


def is_resource_name(name: str) -> bool:
    """Tell whether ARM takes ``name`` for a backend or a pool."""
    return _RESOURCE_NAME.fullmatch(name) is not None


def model_key(name: str) -> str:
    """Return the form of a model name by which models are matched, without regard to case.

    The policies lower-case the requested model with .NET's ``ToLowerInvariant``, which maps one UTF-16 unit to one:
    characters above the Basic Multilingual Plane, and those whose lower case is longer, stay as they are.
    """
    return "".join(_lower(character) for character in name)


def _lower(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 and ord(character) < 0x10000 else character


def pool_names(models: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Name the pool of each model: ``<model>-backend-pool`` without the characters that ARM refuses.

    Where two models, or a model and a backend, would share a name, those whose name had to be altered get a hash of
    the model as well. A name so depends on the set of names alone, never on their order, and one model that joins
    a collision renames at most the altered ones.

    :param models: names of models, distinct by :func:`model_key`.
    :param taken: ids of backends, which live in the same ARM collection.
    :return: model name -> pool name; all distinct, without regard to case, also from ``taken``.
    """
    plain = {model: _plain_pool_name(model) for model in models}
    taken_keys = {name.lower() for name in taken}
    claims: dict[str, list[str]] = {}
    for model, name in plain.items():
        claims.setdefault(name.lower(), []).append(model)
    names: dict[str, str] = {}
    for name_key, claimants in claims.items():
        unaltered = [model for model in claimants if f"{model}{_POOL_SUFFIX}".lower() == name_key]
        keepers = unaltered or (claimants if len(claimants) == 1 else [])
        names.update({model: plain[model] for model in keepers if name_key not in taken_keys})
    colliding = [model for model in plain if model not in names]
    return {**names, **_hashed_pool_names(colliding, taken_keys | claims.keys())}


def _plain_pool_name(model: str) -> str:
    return f"{_model_part(model, _MODEL_PART_CHARACTERS)}{_POOL_SUFFIX}"


def _hashed_pool_names(models: Collection[str], taken_keys: Collection[str]) -> dict[str, str]:
    """Return names that carry a hash of their model, long enough that nothing else has them."""
    digests = {model: hashlib.sha256(model_key(model).encode()).hexdigest() for model in models}
    for length in range(_HASH_CHARACTERS, _MODEL_PART_CHARACTERS - 1):
        names = {
            model: f"{_model_part(model, _MODEL_PART_CHARACTERS - length - 1)}-{digest[:length]}{_POOL_SUFFIX}"
            for model, digest in digests.items()
        }
        keys = {name.lower() for name in names.values()}
        if len(keys) == len(models) and keys.isdisjoint(taken_keys):
            return names
    raise ValueError(f"no free pool names for {len(models)} models")


def _model_part(model: str, limit: int) -> str:
    """Return what of a model name ARM takes; a name that starts with a digit or has nothing left gets a letter."""
    kept = re.sub(r"[^A-Za-z0-9-]", "", model).strip("-")
    if not kept or not kept[0].isalpha():
        kept = f"m{kept}"
    return kept[:limit].rstrip("-")
