# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""States as text."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.display import as_text


def test_a_state_is_shown_one_field_a_line() -> None:
    state = {
        "url": "https://a.example",
        "title": "",
        "secret": True,
        "count": 3,
        "circuit_breaker": {"interval": "PT10S", "status_codes": ["429", "500-599"]},
        "credentials": {},
        "members": [{"backend": "a", "weight": 1}, {}],
        "tags": [],
        "value": "<a>\n  <b />\n</a>\n",
    }
    assert as_text(state).splitlines() == [
        "url: https://a.example",
        'title: ""',
        "secret: true",
        "count: 3",
        "circuit_breaker:",
        "  interval: PT10S",
        "  status_codes:",
        "    - 429",
        "    - 500-599",
        "credentials: {}",
        "members:",
        "  - backend: a, weight: 1",
        "  - {}",
        "tags: []",
        "value: |",
        "  <a>",
        "    <b />",
        "  </a>",
    ]


@pytest.mark.parametrize("state", [None, {}])
def test_what_does_not_exist_is_no_text(state: Any) -> None:
    assert as_text(state) == ""
