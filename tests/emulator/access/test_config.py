# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts and roles in the configuration file: what is refused, by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from apim_emulator.config import Config, ConfigError, load_config

from tests.emulator.access.land import CONFIG


def load(path: Path, text: str) -> Config:
    """Load a configuration of this text."""
    file = path / "config.yaml"
    file.write_text(text, "utf-8")
    return load_config(file, [])


def test_the_configuration_of_these_tests_is_taken(tmp_path: Path) -> None:
    assert load(tmp_path, CONFIG).accounts


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("kind: OpenAI", "kind: OpenAi", "accounts.0.kind"),
        ("kind: OpenAI", "kind: OpenAI, colour: red", "accounts.0.colour: is not a known key"),
        ("name: foundry", "name: aoai-east", "account rg-models/aoai-east is listed twice"),
        (
            "Foundry-Custom",
            "AOAI-east",
            "account rg-models/foundry: host aoai-east.openai.azure.com is that of account",
        ),
        ("role: Reader", "role: Raeder", "role 'Raeder' is not known; known roles: API Management Service Contributor"),
        ("rg-tests/id-gateway, role", "rg-tests/id-none, role", "principal rg-tests/id-none is not in 'identities'"),
        ("scope: rg-models/Aoai-East", "scope: rg-models/none", "scope rg-models/none is not in 'accounts'"),
        ("scope: /subscriptions/0", "scope: /subscriptions/1", "is not in one of 'subscriptions'"),
        ("name: Chat only", "name: reader", "there is a role 'reader' already"),
        ("role: owner", "role: king", "clients.2.role"),
    ],
)
def test_problems_are_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in CONFIG
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, CONFIG.replace(old, new, 1))
    assert expected in str(refused.value)
