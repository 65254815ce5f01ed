# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Simulated LLM endpoints: Azure OpenAI, AI Foundry, serverless and managed compute, and those outside Azure."""

from apim_emulator.providers.providers import Providers

__all__ = ["Providers"]
