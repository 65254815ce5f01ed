# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules return of which a validation's result is made."""

from __future__ import annotations

from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import Check, failed, passed

GATEWAY = {
    "id": "/x",
    "name": "apim-hub",
    "location": "Sweden Central",
    "sku": "Developer",
    "url": "https://gw.example",
}
GOOD, BAD = passed("models", "gpt-4o", duration_ms=12.0), failed("models", "o3", "HTTP 404", "deploy it")
COMPARED = {"objects": [{"kind": "pool", "name": "p", "action": "unchanged"}], "gateway": GATEWAY}
FINDING = {"check": "role", "subject": "a", "outcome": "failed", "message": "no role", "remedy": "grant it"}
SEEN = {"findings": [FINDING], "gateway": GATEWAY}


def probe(*checks: Check, **fields: Any) -> dict[str, Any]:
    """What a probe returns that found these checks; other fields may be added, or be in place of its own."""
    given = {
        "gateway": GATEWAY,
        "checks": [check.shown() for check in checks],
        "calls": {"planned": 10, "made": 9},
        "started": "2026-11-30T10:00:00Z",
        "duration_s": 1.5,
    }
    return {**given, **fields}
