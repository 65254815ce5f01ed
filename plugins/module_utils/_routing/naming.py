# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of ARM resources: how a pool is named after its model, and a backend after its deployment.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from unicodedata import ucd_3_2_0

# Backends and pools share one ARM collection, so one rule: letters, digits and hyphens, starting with a letter,
# ending with a letter or digit, 1 to 80 characters (Azure's published naming rules for APIM backends).
RESOURCE_NAME_RULE = "1 to 80 letters, digits and hyphens, starting with a letter and ending with a letter or digit"
_RESOURCE_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,78}[A-Za-z0-9])?")

_NAME_CHARACTERS = 80
_POOL_SUFFIX = "-backend-pool"
# facts: names of models with 67 characters and more gave pool names that ARM refused.
_MODEL_PART_CHARACTERS = 66
_HASH_CHARACTERS = 8

_Key = TypeVar("_Key", bound=Hashable)


def is_resource_name(name: str) -> bool:
    """Tell whether ARM takes ``name`` for a backend or a pool."""
    return _RESOURCE_NAME.fullmatch(name) is not None


def model_key(name: str) -> str:
    """Return the form of a model name by which models are matched, without regard to case.

    The policies lower-case the requested model with .NET's ``ToLowerInvariant``, which maps one UTF-16 unit to one:
    characters above the Basic Multilingual Plane, and those whose lower case is longer, stay as they are.
    """
    return "".join(_lower(character) for character in name)


def model_labels(name: str) -> list[str]:
    """Return every form that ``ToLowerInvariant`` may give a model's name, :func:`model_key` first.

    Which letters have a lower case depends on the Unicode version of the .NET that runs the policies, which nobody
    documents. The other form leaves those as they are of which Unicode 3.2, older than every .NET, has no pair.
    """
    older = "".join(_lower(each) if _is_old_pair(each, _lower(each)) else each for each in name)
    return list(dict.fromkeys([model_key(name), older]))


def _lower(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 and ord(character) < 0x10000 else character


def _is_old_pair(*characters: str) -> bool:
    return all(ucd_3_2_0.category(character) != "Cn" for character in characters)


def may_be_pool(name: str) -> bool:
    """Tell whether a pool of some plan could have ``name``."""
    return _POOL_SUFFIX in name.lower()


def pool_names(models: Iterable[str], taken: Collection[str], hop: int = 1) -> dict[str, str]:
    """Name the pool of each model: ``<model>-backend-pool`` without the characters that ARM refuses.

    :param models: names of models, distinct by :func:`model_key`.
    :param taken: names of backends, which live in the same ARM collection.
    :param hop: which pool of the model it is, in the order of its chain; from the second on the number is in the name.
    :return: model name -> pool name, see :func:`_unique_names`. Names of different hops are never equal.
    """
    suffix = _POOL_SUFFIX if hop == 1 else f"{_POOL_SUFFIX}-{hop}"
    limit = min(_MODEL_PART_CHARACTERS, _NAME_CHARACTERS - len(suffix))
    return _unique_names({model: _Label(model, model_key(model), suffix, limit) for model in models}, taken)


def deployment_names(deployments: Mapping[tuple[str, str], str], taken: Collection[str]) -> dict[tuple[str, str], str]:
    """Name the APIM backend of each deployment: ``<backend_id>-<deployment>`` as far as ARM takes it.

    :param deployments: (backend_id, what tells the deployment from others there) -> name of the deployment.
    :param taken: ids of backends, which live in the same ARM collection.
    :return: (backend_id, what tells the deployment) -> name, see :func:`_unique_names`.
    """
    labels = {
        (backend_id, key): _Label(f"{backend_id}-{deployment}", f"{model_key(backend_id)}/{key}", "", _NAME_CHARACTERS)
        for (backend_id, key), deployment in deployments.items()
    }
    return _unique_names(labels, taken)


@dataclass(frozen=True)
class _Label:
    """What a name is made of.

    :ivar text: what it tells; characters that ARM refuses are left out.
    :ivar identity: what a hash is made of, different for every label.
    :ivar suffix: what stands at its end.
    :ivar limit: characters that the text may have in it.
    """

    text: str
    identity: str
    suffix: str
    limit: int

    @property
    def plain(self) -> str:
        """The name without a hash."""
        return f"{_accepted(self.text, self.limit)}{self.suffix}"

    @property
    def is_exact(self) -> bool:
        """Whether the plain name holds all of the text."""
        return self.plain.lower() == f"{self.text}{self.suffix}".lower()

    def hashed(self, length: int) -> str:
        """Return the name with ``length`` characters of a hash."""
        digest = hashlib.sha256(self.identity.encode()).hexdigest()[:length]
        return f"{_accepted(self.text, self.limit - length - 1)}-{digest}{self.suffix}"


def _unique_names(labels: Mapping[_Key, _Label], taken: Collection[str]) -> dict[_Key, str]:
    """Name each label so that all names differ, without regard to case, also from ``taken``.

    Where two would share a name, those whose name had to be altered get a hash. A name so depends on the set of labels
    alone, never on their order, and one that joins a collision renames at most the altered ones.
    """
    taken_keys = {name.lower() for name in taken}
    claims: dict[str, list[_Key]] = {}
    for key, label in labels.items():
        claims.setdefault(label.plain.lower(), []).append(key)
    names: dict[_Key, str] = {}
    for name_key, claimants in claims.items():
        keepers = [key for key in claimants if labels[key].is_exact] or claimants
        if len(keepers) == 1 and name_key not in taken_keys:
            names[keepers[0]] = labels[keepers[0]].plain
    colliding = {key: label for key, label in labels.items() if key not in names}
    return {**names, **_hashed_names(colliding, taken_keys | claims.keys())}


def _hashed_names(labels: Mapping[_Key, _Label], taken_keys: Collection[str]) -> dict[_Key, str]:
    """Return names that carry a hash, long enough that nothing else has them."""
    for length in range(_HASH_CHARACTERS, _MODEL_PART_CHARACTERS - 2):
        names = {key: label.hashed(length) for key, label in labels.items()}
        keys = {name.lower() for name in names.values()}
        if len(keys) == len(labels) and keys.isdisjoint(taken_keys):
            return names
    raise ValueError(f"no free names for {len(labels)} objects")


def _accepted(text: str, limit: int) -> str:
    """Return what of a text ARM takes; one that starts with a digit or has nothing left gets a letter."""
    kept = re.sub(r"[^A-Za-z0-9-]", "", text).strip("-")
    if not kept or not kept[0].isalpha():
        kept = f"m{kept}"
    return kept[:limit].rstrip("-")
