# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workload identity: a token of a federated identity provider (OIDC) in exchange for one of Microsoft Entra ID.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.options import (
    CredentialOptions,
    missing,
    missing_of,
)

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


class WorkloadIdentity:
    """tenant, client_id, and oidc_token or oidc_token_file_path (the token itself wins)."""

    def problems(self, options: CredentialOptions) -> list[str]:
        """Name what is missing, and a token file that cannot be read."""
        found = missing_of(options, "tenant", "client_id")
        path = options.oidc_token_file_path
        if not options.oidc_token and not path:
            found.append(missing("oidc_token_file_path"))
        if not options.oidc_token and path and not os.access(path, os.R_OK):
            found.append(f"oidc_token_file_path: the file {path} does not exist or cannot be read")
        return found

    def build(self, options: CredentialOptions, pipeline: dict[str, Any]) -> TokenCredential:
        """Return a credential that presents the token, or reads the file anew whenever it needs one."""
        common = {"tenant_id": str(options.tenant), "client_id": str(options.client_id), **pipeline}
        if options.oidc_token:
            from azure.identity import ClientAssertionCredential

            token = options.oidc_token
            return ClientAssertionCredential(func=lambda: token, **common)
        from azure.identity import WorkloadIdentityCredential

        return WorkloadIdentityCredential(token_file_path=options.oidc_token_file_path, **common)
