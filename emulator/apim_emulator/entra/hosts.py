# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of Entra in the public cloud: its login hosts, and the issuers that its tokens name."""

from __future__ import annotations

# Hosts that serve the OpenID configuration of a tenant of the public cloud; the hosts of other clouds do not know it.
LOGIN_HOSTS = ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net")


def issuer_of(tenant: str, version: int) -> str:
    """Return the `iss` of a tenant's access tokens of version 1 or 2 (Entra's reference of access token claims)."""
    return f"https://login.microsoftonline.com/{tenant}/v2.0" if version == 2 else f"https://sts.windows.net/{tenant}/"
