# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy documents and fragments: parsed, checked as API Management does when they are stored, and rendered."""

from apim_emulator.policies.checker import CheckedPolicy, PolicyChecker
from apim_emulator.policies.errors import PolicyRefused

__all__ = ["CheckedPolicy", "PolicyChecker", "PolicyRefused"]
