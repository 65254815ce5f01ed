# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which credential source a module run uses.

The order is azure.azcollection's: the task's options, the environment, the Azure CLI. Managed identity is used only
when auth_source says so.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.azure_cli import AzureCli
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.client_certificate import (
    ClientCertificate,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.client_secret import ClientSecret
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.managed_identity import (
    ManagedIdentity,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.options import CredentialOptions
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.source import CredentialSource
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.workload_identity import (
    WorkloadIdentity,
)

# What proves a service principal's identity, in order of preference among equals.
_PROOFS: tuple[tuple[CredentialSource, tuple[str, ...]], ...] = (
    (ClientSecret(), ("secret",)),
    (ClientCertificate(), ("x509_certificate_path",)),
    (WorkloadIdentity(), ("oidc_token", "oidc_token_file_path")),
)


def select_source(params: Mapping[str, Any]) -> tuple[CredentialSource, CredentialOptions]:
    """Return the source to use and its options, for the options of a module."""
    wanted = params["auth_source"]
    options = CredentialOptions.from_environment() if wanted == "env" else CredentialOptions.from_params(params)
    if wanted == "msi":
        return ManagedIdentity(), options
    if wanted == "cli":
        return AzureCli(), options
    proof = _proof(options)
    if proof is not None:
        return proof, options
    # A client id that nothing proves is half a service principal; so is an empty environment that was asked for.
    if options.client_id or wanted == "env":
        return ClientSecret(), options
    return AzureCli(), options


def _proof(options: CredentialOptions) -> CredentialSource | None:
    """Return the service principal's source: a task's option outranks one from the environment."""
    given = [(source, names) for source, names in _PROOFS if any(getattr(options, name) for name in names)]
    explicit = [source for source, names in given if options.explicit.intersection(names)]
    return explicit[0] if explicit else next((source for source, _names in given), None)
