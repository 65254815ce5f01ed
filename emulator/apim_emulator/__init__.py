# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Embedded Azure: Entra ID, Azure Resource Manager and API Management, served over HTTPS on loopback."""

__version__ = "1.0.0"
