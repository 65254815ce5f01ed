# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs policies: joins those of all scopes to one, and executes it with its C# in a Mono process."""

from apim_emulator.runtime.compose import CompositionError, EffectivePolicy, ScopedPolicy, compose
from apim_emulator.runtime.engine import Evaluation, PolicyEngine, PolicyNotExecutable, Program
from apim_emulator.runtime.messages import Answer, BodyWatcher, Call, Forward, ForwardError, GatewayIo, Outcome, Send

__all__ = [
    "Answer",
    "BodyWatcher",
    "Call",
    "CompositionError",
    "EffectivePolicy",
    "Evaluation",
    "Forward",
    "ForwardError",
    "GatewayIo",
    "Outcome",
    "PolicyEngine",
    "PolicyNotExecutable",
    "Program",
    "ScopedPolicy",
    "Send",
    "compose",
]
