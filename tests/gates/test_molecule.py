# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role keeps its promises in Molecule's sequence: check mode, converge, idempotence, verification."""

from __future__ import annotations

import pytest

from tests.gates.commands import ROOT, run

pytestmark = pytest.mark.gate


def test_default_scenario() -> None:
    run("apim-emulator", "exec", "--", "molecule", "test", "--scenario-name", "default", cwd=ROOT / "extensions")
