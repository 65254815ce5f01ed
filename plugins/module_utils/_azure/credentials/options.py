# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that credentials are made of, and how to say that one is missing.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.argument_spec import ENVIRONMENT

_NAMES = (
    "tenant",
    "client_id",
    "secret",
    "x509_certificate_path",
    "thumbprint",
    "oidc_token",
    "oidc_token_file_path",
)
_MEANING = {
    "tenant": "the id or domain of the Microsoft Entra tenant",
    "client_id": "the application (client) id of the service principal",
    "secret": "its client secret",
    "x509_certificate_path": "the path of a PEM file with its certificate and private key",
    "oidc_token": "a token that a federated identity provider issued for it",
    "oidc_token_file_path": "the path of a file that holds such a token",
}


@dataclass(frozen=True)
class CredentialOptions:
    """Values for signing in; None where nothing (or an empty string) was given. Never shown: it holds secrets.

    ``explicit`` are the names of those that a task gave, and not only the environment.
    """

    tenant: str | None = None
    client_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    x509_certificate_path: str | None = None
    thumbprint: str | None = None
    oidc_token: str | None = field(default=None, repr=False)
    oidc_token_file_path: str | None = None
    explicit: frozenset[str] = frozenset()

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> CredentialOptions:
        """Take the options of a module, into which Ansible has already filled environment fallbacks."""
        values = {name: params.get(name) or None for name in _NAMES}
        explicit = {name for name, value in values.items() if value and value != _from_environment(name)}
        return cls(**values, explicit=frozenset(explicit))

    @classmethod
    def from_environment(cls) -> CredentialOptions:
        """Take the environment variables alone."""
        values: dict[str, Any] = {name: _from_environment(name) for name in _NAMES}
        return cls(**values)


def missing(name: str) -> str:
    """Return a sentence that says how to give the option ``name``."""
    variables = " or ".join(ENVIRONMENT[name])
    return f"{name} is missing: set the option {name} or the environment variable {variables} to {_MEANING[name]}"


def missing_of(options: CredentialOptions, *names: str) -> list[str]:
    """Return such a sentence for each of ``names`` that has no value."""
    return [missing(name) for name in names if not getattr(options, name)]


def _from_environment(name: str) -> str | None:
    """Return the value that the environment gives an option: that of the first variable that is set."""
    return next((os.environ[variable] for variable in ENVIRONMENT[name] if variable in os.environ), None) or None
