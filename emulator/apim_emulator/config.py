# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration file: which tenant, subscriptions, clients, identities and API Management services exist."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from apim_emulator.config_access import AccountConfig, RoleAssignmentConfig, RoleDefinitionConfig, role_of
from apim_emulator.config_base import GUID, Guid, PlacedConfig, ResourceGroup
from apim_emulator.config_insights import ApplicationInsightsConfig
from apim_emulator.rbac.roles import Roles
from apim_emulator.settings import ArmSettings, HostName, ProviderSettings, Settings

SERVICE_NAME = r"^[a-zA-Z]([a-zA-Z0-9-]*[a-zA-Z0-9])?$"

# The services' own identities cannot be configured; whoever looks at one needs only that it is there.
SYSTEM_ASSIGNED_PRINCIPAL_ID = "44444444-4444-4444-4444-444444444444"

ClientRole = Literal["owner", "contributor", "reader", "api_management", "none"]
Sku = Literal["Developer", "Basic", "Standard", "Premium", "Consumption", "BasicV2", "StandardV2"]


class ConfigError(Exception):
    """A configuration that cannot be used; the message names every problem with its place."""


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
    """An app registration with its service principal; `secret` is random per start when it is not given.

    `requested_access_token_version` is that of tokens whose audience the app is (Microsoft Graph's name of it).
    """

    client_id: Guid
    object_id: Guid
    secret: str | None = None
    certificates: list[Path] = Field(default_factory=list)
    federated: list[FederatedCredential] = Field(default_factory=list)
    role: ClientRole = "contributor"
    requested_access_token_version: Literal[1, 2] = 1


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
    """The whole embedded Azure. Resource groups are those that resources name, plus `resource_groups`."""

    tenant_id: Guid
    subscriptions: list[SubscriptionConfig] = Field(min_length=1)
    resource_groups: list[ResourceGroup] = Field(default_factory=list)
    clients: list[ClientConfig] = Field(min_length=1)
    identities: list[IdentityConfig] = Field(default_factory=list)
    services: list[ServiceConfig] = Field(min_length=1)
    accounts: list[AccountConfig] = Field(default_factory=list)
    application_insights: list[ApplicationInsightsConfig] = Field(default_factory=list)
    role_definitions: list[RoleDefinitionConfig] = Field(default_factory=list)
    role_assignments: list[RoleAssignmentConfig] = Field(default_factory=list)
    key_vault_secrets: dict[str, str] = Field(default_factory=dict)
    providers: dict[HostName, ProviderSettings] = Field(default_factory=dict)
    arm: ArmSettings = Field(default_factory=ArmSettings)

    def placed(self) -> Iterable[PlacedConfig]:
        """Return everything that is in a resource group."""
        return (*self.services, *self.identities, *self.accounts, *self.application_insights)

    def roles(self) -> Roles:
        """Return the built-in roles and the configured ones."""
        return Roles(item.role() for item in self.role_definitions)

    def principal_of(self, assignment: RoleAssignmentConfig) -> str:
        """Return the principal id that an assignment names. Raises ValueError for an identity that is not there."""
        if re.fullmatch(GUID, assignment.principal.lower()):
            return assignment.principal.lower()
        key = (self.subscriptions[0].id, assignment.principal.lower())
        found = next((item for item in self.identities if item.key == key), None)
        if found is None:
            raise ValueError(f"role_assignments: principal {assignment.principal} is not in 'identities', nor an id")
        return found.principal_id

    def scope_of(self, assignment: RoleAssignmentConfig) -> str:
        """Return the ARM id of the scope that an assignment names. Raises ValueError for one that is not there."""
        scope = assignment.scope
        if scope.startswith("/"):
            subscription = next((item.id for item in self.subscriptions if _is_in(scope, item.id)), None)
            if subscription is None:
                raise ValueError(f"role_assignments: scope {scope} is not in one of 'subscriptions'")
            return scope
        found = next((item for item in self.accounts if item.key == (self.subscriptions[0].id, scope.lower())), None)
        if found is None:
            raise ValueError(f"role_assignments: scope {scope} is not in 'accounts', nor an ARM id")
        return found.id

    def provider_settings(self) -> dict[str, ProviderSettings]:
        """Return the settings of providers by host name in lower case; an account's hosts have its deployments."""
        settings = {host.lower(): item for host, item in self.providers.items()}
        for account in self.accounts:
            if account.deployments is None:
                continue
            names = [item.name for item in account.deployments]
            for host in account.hosts:
                own = settings.get(host, ProviderSettings())
                if "deployments" not in own.model_fields_set:
                    settings[host] = own.model_copy(update={"deployments": names})
        return settings

    @model_validator(mode="after")
    def _references_exist(self) -> Config:
        self._place()
        for kind, items in (
            ("service", self.services),
            ("account", self.accounts),
            ("application_insights", self.application_insights),
        ):
            seen: set[tuple[str, str]] = set()
            for item in items:
                if item.key in seen:
                    raise ValueError(f"{kind} {item.label} is listed twice")
                seen.add(item.key)
        known_identities = {item.key for item in self.identities}
        for service in self.services:
            for reference in service.identities:
                if (service.subscription_id, reference.lower()) not in known_identities:
                    raise ValueError(f"service {service.name}: identity {reference} is not in 'identities'")
        self._check_access()
        return self

    def _place(self) -> None:
        """Put each resource into a subscription."""
        known_subscriptions = {subscription.id for subscription in self.subscriptions}
        for placed in self.placed():
            if placed.subscription_id is None:
                placed.subscription_id = self.subscriptions[0].id
            elif placed.subscription_id not in known_subscriptions:
                raise ValueError(f"{placed.name}: subscription {placed.subscription_id} is not in 'subscriptions'")

    def _check_access(self) -> None:
        owners: dict[str, str] = {}
        for account in self.accounts:
            for host in account.hosts:
                other = owners.setdefault(host, account.id)
                if other != account.id:
                    raise ValueError(f"account {account.label}: host {host} is that of account {other}")
        roles = self.roles()
        known_roles = {role.name.lower() for role in Roles().all()}
        for definition in self.role_definitions:
            if definition.name.lower() in known_roles:
                raise ValueError(f"role_definitions: there is a role '{definition.name}' already")
            known_roles.add(definition.name.lower())
        for assignment in self.role_assignments:
            role_of(roles, assignment)
            self.principal_of(assignment)
            self.scope_of(assignment)


def _is_in(scope: str, subscription: str) -> bool:
    """Tell whether an ARM id is in a subscription."""
    return f"{scope}/".lower().startswith(f"/subscriptions/{subscription}/")


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
