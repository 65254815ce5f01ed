# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as JUnit XML, read by a reader that others wrote and held against the rules of the common schemas."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.junit import validation_junit
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.results import read_results
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import printable
from hypothesis import given, settings
from junitparser import Failure, JUnitXml, Skipped

from tests.unit.plugins.module_utils._report.examples import bad, good, large, result, tiny
from tests.unit.plugins.module_utils._report.hostile import results
from tests.unit.plugins.module_utils._report.junit_schema import violations


def junit(*given_results: dict[str, Any]) -> str:
    return validation_junit(read_results(given_results), "validation")


def parsed(text: str) -> Any:
    """The document as junitparser reads it."""
    return JUnitXml.fromstring(text.encode("utf-8"))


@pytest.mark.parametrize("given_results", [[], [tiny()], [good(), bad()], large(10, 40)], ids=len)
def test_documents_keep_the_common_schemas(given_results: list[dict[str, Any]]) -> None:
    assert violations(junit(*given_results)) == []


def test_the_rules_find_what_is_wrong() -> None:
    suite = '<testsuite name="a"><testcase name="b" classname="c" time="x"/><extra/></testsuite>'
    found = violations(f"<testsuites>{suite}</testsuites>")
    assert {"testsuite lacks hostname", "testcase has time='x'", "extra is unknown"} <= set(found)
    assert "testsuite holds ['testcase', 'extra']" in found


def test_a_service_is_a_suite_and_a_check_a_case() -> None:
    document = parsed(junit(good(), bad()))
    assert (document.name, document.tests, document.failures, document.errors) == ("validation", 28, 3, 0)
    suites = list(document)
    assert [suite.name for suite in suites] == ["apim-load-balancing", "apim-mixed-providers"]
    assert (suites[1].tests, suites[1].failures, suites[1].skipped, suites[1].time) == (14, 3, 2, 12.3)
    assert suites[1].timestamp == "2026-11-30T10:00:00"
    assert suites[1].hostname == "apim-mixed-providers.azure-api.net"
    assert {each.name: each.value for each in suites[1].properties()} == {
        "resource_group": "rg-citadel-governance-hub",
        "gateway_url": "https://apim-mixed-providers.azure-api.net",
        "sku": "Developer",
        "location": "Sweden Central",
        "calls.planned": "120",
        "calls.made": "117",
    }


def test_cases_say_what_is_wrong_and_what_to_do() -> None:
    (suite,) = parsed(junit(bad()))
    cases = {case.name: case for case in suite}
    failed = cases["Phi-4 by POST /models/chat/completions"]
    (failure,) = failed.result
    expected = next(check for check in bad()["checks"] if check["name"] == failed.name)
    assert isinstance(failure, Failure)
    assert (failed.classname, failed.time) == ("apim-mixed-providers.models", 0.12)
    assert (failure.message, failure.type) == (expected["message"], "validation")
    assert failure.text == f"{expected['message']}\nRemedy: {expected['remedy']}"
    (skipped,) = cases["a key that was revoked"].result
    assert isinstance(skipped, Skipped)
    assert skipped.message.startswith("no subscription key was given")
    assert cases["gpt-4o"].result == []


def test_cases_of_several_services_are_told_apart() -> None:
    cases = [(case.classname, case.name) for suite in parsed(junit(*large(4, 5))) for case in suite]
    assert len(set(cases)) == len(cases)


def test_a_service_that_was_not_reached_is_a_suite_all_the_same() -> None:
    text = junit(result(gateway_url="", started=""))
    assert violations(text) == []
    (suite,) = parsed(text)
    assert (suite.hostname, suite.timestamp) == ("unknown", None)


@given(results())
@settings(max_examples=25)
def test_any_text_makes_a_document(hostile: list[dict[str, Any]]) -> None:
    text = junit(*hostile)
    assert violations(text) == []
    document = list(parsed(text))
    assert len(document) == len(hostile)
    for suite, each in zip(document, hostile, strict=True):
        counts = Counter(check["outcome"] for check in each["checks"])
        assert (suite.tests, suite.failures, suite.skipped) == (counts.total(), counts["failed"], counts["skipped"])
        assert [" ".join(case.name.split()) for case in suite] == [
            " ".join(printable(check["name"]).split()) for check in each["checks"]
        ]
