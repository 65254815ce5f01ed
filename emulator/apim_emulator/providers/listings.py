# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a provider lists: its deployments and models, and what its one model is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apim_emulator.providers.errors import Dialect

# When every model came to be, in seconds since the epoch: the same in all answers.
_CREATED = 1_767_225_600


def list_models(deployments: Sequence[str]) -> dict[str, Any]:
    """Return the models of an endpoint: in the v1 shape a model is a deployment."""
    return {"object": "list", "data": [_model(name) for name in deployments]}


def list_deployments(deployments: Sequence[str]) -> dict[str, Any]:
    """Return the deployments of an Azure OpenAI resource."""
    return {"object": "list", "data": [_deployment(name) for name in deployments]}


def one_of(operation: str, name: str, known: bool, dialect: Dialect) -> dict[str, Any]:
    """Return one item of the list `operation`. Raises Refused when it does not exist."""
    if not known:
        raise dialect.unknown_deployment(name)
    return _deployment(name) if operation == "deployments" else _model(name)


def model_info(name: str) -> dict[str, str]:
    """Return what the model behind an inference endpoint is."""
    return {"model_name": name, "model_type": "chat-completion", "model_provider_name": "Embedded Azure"}


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "embedded-azure"}


def _deployment(name: str) -> dict[str, Any]:
    return {"id": name, "object": "deployment", "model": name, "status": "succeeded", "created_at": _CREATED}
