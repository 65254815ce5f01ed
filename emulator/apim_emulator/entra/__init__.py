# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entra ID: OpenID configuration, the token endpoint of the client-credentials flow, and managed identity tokens."""

from apim_emulator.entra.endpoint import TokenEndpoint
from apim_emulator.entra.errors import TokenRefused
from apim_emulator.entra.tokens import AccessToken, Principal, TokenIssuer

__all__ = ["AccessToken", "Principal", "TokenEndpoint", "TokenIssuer", "TokenRefused"]
