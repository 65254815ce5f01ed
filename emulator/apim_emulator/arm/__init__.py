# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Azure Resource Manager: the control plane."""

from apim_emulator.arm.plane import ControlPlane

__all__ = ["ControlPlane"]
