# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data plane: one https listener per API Management service."""

from apim_emulator.gateway.data_plane import DataPlane

__all__ = ["DataPlane"]
