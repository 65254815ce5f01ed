# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes monitoring/workbook.json, the ARM template of the workbook, from the template and the queries beside it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "collections"))

from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._workbook import render_arm_template  # noqa: E402

text = json.dumps(render_arm_template(), indent=2) + "\n"
(ROOT / "monitoring" / "workbook.json").write_text(text, encoding="utf-8")
