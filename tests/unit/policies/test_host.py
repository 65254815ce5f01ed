# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees who lacks Mono."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.policies.gateway import Host


def test_names_the_packages_when_mono_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"apt-get install mono-mcs mono-runtime libnewtonsoft-json5\.0-cil"):
        Host(tmp_path)
