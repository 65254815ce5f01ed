# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy expressions: compiled as C# by Mono's compiler, inside one long-lived Mono process."""

from apim_emulator.expressions.host import CompileError, Expression, ExpressionHost, HostFailure, RefusedUsage
from apim_emulator.expressions.toolchain import ToolchainMissing

__all__ = ["CompileError", "Expression", "ExpressionHost", "HostFailure", "RefusedUsage", "ToolchainMissing"]
