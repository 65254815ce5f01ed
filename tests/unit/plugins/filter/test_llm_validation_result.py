# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that puts the result of a validation together, as a playbook calls it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.filter.llm_validation_result import (
    FilterModule,
    llm_validation_result,
)

from tests.unit.plugins.module_utils._validation.probed import COMPARED, GOOD, SEEN, probe

PLACE: dict[str, Any] = {"service": "apim-hub", "resource_group": "rg-hub"}


def test_ansible_finds_it_by_its_name() -> None:
    assert FilterModule().filters() == {"llm_validation_result": llm_validation_result}


def test_all_parts_become_one_result() -> None:
    found = llm_validation_result([probe(GOOD)], **PLACE, comparison=COMPARED, preflight=SEEN)
    assert (found["service"], found["outcome"]) == ("apim-hub", "failed")
    assert [check["group"] for check in found["checks"]] == ["configuration", "prerequisites", "models"]


@pytest.mark.parametrize("unwanted", [None, {}])
def test_what_was_not_wanted_is_not_missed(unwanted: dict[str, Any] | None) -> None:
    found = llm_validation_result([probe(GOOD)], **PLACE, comparison=unwanted, preflight=unwanted)
    assert ([check["group"] for check in found["checks"]], found["outcome"]) == (["models"], "passed")


def test_what_stopped_the_validation_is_told() -> None:
    for part in ("the inventory", "the host"):
        found = llm_validation_result([], **PLACE, failure="no endpoint", failed_part=part)
        assert [(check["name"], check["message"]) for check in found["checks"]] == [(part, "no endpoint")]
    assert llm_validation_result([probe(GOOD)], **PLACE, failure="")["outcome"] == "passed"


def test_a_result_without_probes_has_no_start() -> None:
    found = llm_validation_result([], **PLACE, comparison=COMPARED)
    assert (found["started"], found["gateway_url"]) == ("", "https://gw.example")
