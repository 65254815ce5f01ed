# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The models of an inventory, each with every backend that serves it.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import Backend, Model
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown

_MAXIMUM_MEMBERS = 30  # facts: members of a pool


@dataclass(frozen=True)
class ServedModel:
    """One model with every deployment of it, in the order of the inventory.

    :ivar name: the first spelling in the inventory.
    :ivar deployments: (backend, the model as that backend lists it).
    """

    key: str
    name: str
    deployments: tuple[tuple[Backend, Model], ...]

    @property
    def backends(self) -> list[Backend]:
        """The distinct backends that serve the model."""
        return list({backend.index: backend for backend, model in self.deployments}.values())

    @property
    def is_pooled(self) -> bool:
        """Whether the model needs a pool."""
        return len(self.backends) > 1


def served_models(backends: Sequence[Backend]) -> list[ServedModel]:
    """Return the models by name; the order of the inventory decides only spelling and order of deployments."""
    deployments: dict[str, dict[tuple[int, Model], tuple[Backend, Model]]] = {}
    for backend in backends:
        for model in backend.models:
            deployments.setdefault(model.key, {}).setdefault((backend.index, model), (backend, model))
    return [
        ServedModel(key, next(iter(served.values()))[1].name, tuple(served.values()))
        for key, served in sorted(deployments.items())
        if key
    ]


def check_pool(model: ServedModel, problems: Problems) -> None:
    """Note why the backends of a model cannot be one pool: a request carries one set of credentials to all of them."""
    backends = model.backends
    if len(backends) > _MAXIMUM_MEMBERS:
        problems.add(
            f"llm_backends[{backends[_MAXIMUM_MEMBERS].index}].supported_models",
            f"{len(backends)} backends serve {shown(model.name)}, but a pool holds {_MAXIMUM_MEMBERS}",
            f"list the model in at most {_MAXIMUM_MEMBERS} backends",
        )
    external = [backend for backend in backends if backend.backend_type == "external"]
    if external and len(external) < len(backends):
        problems.add(
            f"llm_backends[{external[0].index}].supported_models",
            f"{shown(model.name)} is also served by Azure backends, and one pool cannot carry both credentials",
            "give the model of the external provider a name of its own",
        )
        return
    others = [backend for backend in backends if backend.auth_scheme in {"api_key", "token"}]
    if others and any(backend.auth_scheme == "managed_identity" for backend in backends):
        problems.add(
            f"llm_backends[{others[0].index}].auth_scheme",
            f"is {others[0].auth_scheme}, but other backends of {shown(model.name)} take the managed identity's token, "
            "which every member of their pool would get",
            "use managed_identity for all backends of a model or for none of them",
        )
