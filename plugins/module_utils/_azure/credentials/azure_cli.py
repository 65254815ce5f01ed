# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account that is signed in to the Azure CLI (``az login``).

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.options import CredentialOptions

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_SECONDS = 30


class AzureCli:
    """The signed-in account, for ``tenant`` when a task gives one."""

    def problems(self, options: CredentialOptions) -> list[str]:
        """Say so when there is no ``az`` to ask."""
        del options
        if shutil.which("az"):
            return []
        remedy = (
            "install it and run az login, or give other credentials, such as a service principal in AZURE_TENANT, "
            "AZURE_CLIENT_ID and AZURE_SECRET"
        )
        return [f"the Azure CLI is to be asked for a token, but there is no az on the PATH: {remedy}"]

    def build(self, options: CredentialOptions, pipeline: dict[str, Any]) -> TokenCredential:
        """Return an AzureCliCredential; az does its own HTTP."""
        del pipeline
        from azure.identity import AzureCliCredential

        tenant = options.tenant if "tenant" in options.explicit else None
        return AzureCliCredential(tenant_id=tenant or "", process_timeout=_SECONDS)


def default_subscription() -> str | None:
    """Return the id of the subscription that az works in (``az account set``), None when az cannot tell."""
    executable = shutil.which("az")
    if executable is None:
        return None
    command = [executable, "account", "show", "--query", "id", "--output", "tsv"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
