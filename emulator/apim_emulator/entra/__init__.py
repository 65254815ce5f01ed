# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entra ID: OpenID configuration, the token endpoint of the client-credentials flow, and managed identity tokens."""

from apim_emulator.entra.endpoint import TokenEndpoint, is_login_host
from apim_emulator.entra.errors import TokenRefused
from apim_emulator.entra.hosts import LOGIN_HOSTS
from apim_emulator.entra.tokens import AccessToken, Principal, TokenIssuer

__all__ = ["LOGIN_HOSTS", "AccessToken", "Principal", "TokenEndpoint", "TokenIssuer", "TokenRefused", "is_login_host"]
