# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of accounts of models, of roles, and of who has which role where."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from apim_emulator.config_base import Guid, PlacedConfig
from apim_emulator.rbac.roles import Role, Roles
from apim_emulator.settings import Settings

ACCOUNTS = "Microsoft.CognitiveServices/accounts"

_NAMESPACE = uuid.UUID("5c1d94e8-52f6-4b7a-8a6f-0f6b3c9e2d71")
_OPENAI = "{}.openai.azure.com"
_COGNITIVE = "{}.cognitiveservices.azure.com"
# The first host is the one that `properties.endpoint` names.
_HOSTS = {
    "OpenAI": (_OPENAI,),
    "AIServices": (_COGNITIVE, _OPENAI, "{}.services.ai.azure.com"),
    "CognitiveServices": (_COGNITIVE,),
}


class DeploymentConfig(Settings):
    """A deployment of a model; `model` defaults to its name."""

    name: str = Field(min_length=2, max_length=64, pattern=r"^[a-zA-Z0-9][\w.-]*$")
    model: str | None = None
    format: str = "OpenAI"
    version: str = "1"
    sku: str = "GlobalStandard"
    capacity: int = Field(default=1, ge=1)


def _deployment(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


class AccountConfig(PlacedConfig):
    """An account of Azure OpenAI, AI Foundry or Cognitive Services.

    Its hosts follow from `kind` and `custom_subdomain` (default: the name in lower case). `deployments` are those that
    exist; without them its hosts know any name.
    """

    name: str = Field(min_length=2, max_length=64, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$")
    kind: Literal["OpenAI", "AIServices", "CognitiveServices"]
    custom_subdomain: str | None = Field(default=None, pattern=r"^[a-zA-Z0-9_][a-zA-Z0-9_-]*$")
    disable_local_auth: bool = False
    deployments: list[Annotated[DeploymentConfig, BeforeValidator(_deployment)]] | None = None

    @property
    def subdomain(self) -> str:
        """Return the custom subdomain, in lower case as host names are."""
        return (self.custom_subdomain or self.name).lower()

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the host names of the account; the first is that of its endpoint."""
        return tuple(host.format(self.subdomain) for host in _HOSTS[self.kind])

    @property
    def id(self) -> str:
        """Return the ARM id."""
        return self.resource_id(ACCOUNTS)


class RoleDefinitionConfig(Settings):
    """A custom role; its `id` follows from its name when it is not given."""

    name: str = Field(min_length=1, max_length=512)
    id: Guid | None = None
    description: str = ""
    actions: list[str] = Field(default_factory=list)
    not_actions: list[str] = Field(default_factory=list)
    data_actions: list[str] = Field(default_factory=list)
    not_data_actions: list[str] = Field(default_factory=list)

    def role(self) -> Role:
        """Return the role that this configures."""
        return Role(
            id=self.id or str(uuid.uuid5(_NAMESPACE, self.name.lower())),
            name=self.name,
            description=self.description,
            actions=tuple(self.actions),
            not_actions=tuple(self.not_actions),
            data_actions=tuple(self.data_actions),
            not_data_actions=tuple(self.not_data_actions),
            is_custom=True,
        )


class RoleAssignmentConfig(Settings):
    """A role of a principal at a scope.

    `principal` is an identity as RESOURCE_GROUP/NAME or a principal id, `role` a name of a role, `scope` an account as
    RESOURCE_GROUP/NAME or an ARM id. Names are those of the first subscription.
    """

    principal: str
    role: str
    scope: str

    @model_validator(mode="before")
    @classmethod
    def _without_slash_at_the_end(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("scope"), str):
            return {**value, "scope": value["scope"].rstrip("/")}
        return value


def role_of(roles: Roles, assignment: RoleAssignmentConfig) -> Role:
    """Return the role that an assignment names. Raises ValueError when there is none, listing those that exist."""
    role = roles.named(assignment.role)
    if role is None:
        known = ", ".join(item.name for item in roles.all())
        raise ValueError(f"role_assignments: role '{assignment.role}' is not known; known roles: {known}")
    return role
