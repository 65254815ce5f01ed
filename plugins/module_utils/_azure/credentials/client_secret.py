# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service principal with a client secret.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.options import (
    CredentialOptions,
    missing_of,
)

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


class ClientSecret:
    """tenant, client_id, secret."""

    def problems(self, options: CredentialOptions) -> list[str]:
        """Name what is missing."""
        return missing_of(options, "tenant", "client_id", "secret")

    def build(self, options: CredentialOptions, pipeline: dict[str, Any]) -> TokenCredential:
        """Return a ClientSecretCredential."""
        from azure.identity import ClientSecretCredential

        return ClientSecretCredential(
            tenant_id=str(options.tenant),
            client_id=str(options.client_id),
            client_secret=str(options.secret),
            **pipeline,
        )
