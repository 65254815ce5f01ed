# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed identity of the Azure machine that the module runs on.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.options import CredentialOptions

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


class ManagedIdentity:
    """The system-assigned identity, or with client_id the user-assigned one of that id."""

    def problems(self, options: CredentialOptions) -> list[str]:
        """Nothing can be missing: every option is optional."""
        del options
        return []

    def build(self, options: CredentialOptions, pipeline: dict[str, Any]) -> TokenCredential:
        """Return a ManagedIdentityCredential; the machine's own endpoint is asked, no authority."""
        from azure.identity import ManagedIdentityCredential

        return ManagedIdentityCredential(client_id=options.client_id, transport=pipeline["transport"])
