# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration file: which tenant, subscriptions, clients, identities and API Management services exist."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from apim_emulator.settings import ArmSettings, HostName, ProviderSettings, Settings

GUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
SERVICE_NAME = r"^[a-zA-Z]([a-zA-Z0-9-]*[a-zA-Z0-9])?$"

# The services' own identities cannot be configured; whoever looks at one needs only that it is there.
SYSTEM_ASSIGNED_PRINCIPAL_ID = "44444444-4444-4444-4444-444444444444"

Sku = Literal["Developer", "Basic", "Standard", "Premium", "Consumption", "BasicV2", "StandardV2"]


class ConfigError(Exception):
    """A configuration that cannot be used; the message names every problem with its place."""


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Guid = Annotated[str, BeforeValidator(_lower), Field(pattern=GUID)]
ResourceGroup = Annotated[str, Field(min_length=1, max_length=90, pattern=r"^[-\w.()]*[-\w()]$")]


class SubscriptionConfig(Settings):
    """An Azure subscription of the tenant."""

    id: Guid
    name: str


class FederatedCredential(Settings):
    """Whose tokens a client accepts instead of a secret (workload identity), and the issuer's public key (PEM)."""

    issuer: str
    subject: str
    audience: str = "api://AzureADTokenExchange"
    public_key: str


class ClientConfig(Settings):
    """An app registration with its service principal; `secret` is random per start when it is not given."""

    client_id: Guid
    object_id: Guid
    secret: str | None = None
    certificates: list[Path] = Field(default_factory=list)
    federated: list[FederatedCredential] = Field(default_factory=list)
    role: Literal["contributor", "reader", "none"] = "contributor"


class PlacedConfig(Settings):
    """A resource in a resource group; `subscription_id` defaults to the first subscription."""

    subscription_id: Guid | None = None
    resource_group: ResourceGroup
    name: str
    location: str = "swedencentral"


class IdentityConfig(PlacedConfig):
    """A user-assigned managed identity."""

    name: str = Field(min_length=3, max_length=128)
    client_id: Guid
    principal_id: Guid


class ServiceConfig(PlacedConfig):
    """An API Management service; `identities` are RESOURCE_GROUP/NAME of user-assigned ones in its subscription."""

    name: str = Field(min_length=1, max_length=50, pattern=SERVICE_NAME)
    sku: Sku = "Developer"
    identities: list[str] = Field(default_factory=list)
    system_assigned: bool = False


class Config(Settings):
    """The whole embedded Azure. Resource groups are those that identities and services name, plus `resource_groups`."""

    tenant_id: Guid
    subscriptions: list[SubscriptionConfig] = Field(min_length=1)
    resource_groups: list[ResourceGroup] = Field(default_factory=list)
    clients: list[ClientConfig] = Field(min_length=1)
    identities: list[IdentityConfig] = Field(default_factory=list)
    services: list[ServiceConfig] = Field(min_length=1)
    key_vault_secrets: dict[str, str] = Field(default_factory=dict)
    providers: dict[HostName, ProviderSettings] = Field(default_factory=dict)
    arm: ArmSettings = Field(default_factory=ArmSettings)

    @model_validator(mode="after")
    def _references_exist(self) -> Config:
        known_subscriptions = {subscription.id for subscription in self.subscriptions}
        placed_resources: tuple[PlacedConfig, ...] = (*self.identities, *self.services)
        for placed in placed_resources:
            if placed.subscription_id is None:
                placed.subscription_id = self.subscriptions[0].id
            elif placed.subscription_id not in known_subscriptions:
                raise ValueError(f"{placed.name}: subscription {placed.subscription_id} is not in 'subscriptions'")
        known_identities = {
            (identity.subscription_id, f"{identity.resource_group}/{identity.name}".lower())
            for identity in self.identities
        }
        seen: set[tuple[str | None, str, str]] = set()
        for service in self.services:
            key = (service.subscription_id, service.resource_group.lower(), service.name.lower())
            if key in seen:
                raise ValueError(f"service {service.resource_group}/{service.name} is listed twice")
            seen.add(key)
            for reference in service.identities:
                if (service.subscription_id, reference.lower()) not in known_identities:
                    raise ValueError(f"service {service.name}: identity {reference} is not in 'identities'")
        return self


def _describe(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in problem["loc"]) or "configuration"
        text = "is not a known key" if problem["type"] == "extra_forbidden" else problem["msg"]
        lines.append(f"{place}: {text}")
    return "\n".join(lines)


def _extra_service(config: Config, reference: str) -> dict[str, Any]:
    group, separator, name = reference.partition("/")
    if not separator or not group or not name:
        raise ConfigError(f"--service {reference}: expected RESOURCE_GROUP/NAME")
    first = config.subscriptions[0].id
    identities = [f"{item.resource_group}/{item.name}" for item in config.identities if item.subscription_id == first]
    return {"resource_group": group, "name": name, "identities": identities}


def load_config(path: Path | None, extra_services: list[str]) -> Config:
    """Read the configuration.

    `path` is a YAML file, or None for the configuration that the package carries; `extra_services` are
    RESOURCE_GROUP/NAME, added to the first subscription with every identity of the configuration attached.
    Raises ConfigError naming each unknown key and each wrong value.
    """
    try:
        source = path or importlib.resources.files("apim_emulator").joinpath("default.yaml")
        document = yaml.safe_load(source.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read the configuration {path}: {error}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"configuration {path}: expected a mapping")
    try:
        config = Config.model_validate(document)
        if not extra_services:
            return config
        document["services"] = [*document["services"], *(_extra_service(config, item) for item in extra_services)]
        return Config.model_validate(document)
    except ValidationError as error:
        raise ConfigError(f"configuration {path or 'of --service'}:\n{_describe(error)}") from error
