# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as text for a terminal."""

from __future__ import annotations

import unicodedata
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.results import read_results
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.table import validation_table
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import columns, printable
from hypothesis import given, settings

from tests.unit.plugins.module_utils._report.examples import bad, check, good, large, latency, result, share, tiny
from tests.unit.plugins.module_utils._report.hostile import results


def table(*given_results: dict[str, Any], width: int = 120) -> str:
    return validation_table(read_results(given_results), width)


def words(text: str) -> list[str]:
    """The words of a text, however it is wrapped."""
    return text.split()


def test_every_service_has_a_line() -> None:
    assert table(good(), bad(), tiny()).splitlines()[:4] == [
        "SERVICE               OUTCOME  CHECKS                              CALLS  DURATION",
        "apim-load-balancing   passed   12 passed, 2 skipped                  120    12.3 s",
        "apim-mixed-providers  failed   9 passed, 3 failed, 2 skipped  117 of 120    12.3 s",
        "apim-1                passed   1 passed                                1    410 ms",
    ]


def test_groups_are_counted_in_the_order_of_their_checks() -> None:
    checks = [check("secrets", "a"), check("models", "b", "failed"), check("secrets", "c", "skipped")]
    assert (
        "  CHECKS   PASSED  FAILED  SKIPPED\n  secrets       1       -        1\n  models        -       1        -\n"
    ) in table(result(checks=checks))


def test_failed_checks_are_told_in_full() -> None:
    text = table(bad(), width=80)
    failed = [each for each in bad()["checks"] if each["outcome"] == "failed"]
    assert len(failed) == 3
    for each in failed:
        told = f"FAILED {each['group']}: {each['name']} {each['message']} Remedy: {each['remedy']}"
        assert " ".join(words(told)) in " ".join(words(text))


def test_alike_failures_are_told_once_with_every_name() -> None:
    checks = [
        check("configuration", f"pool {n}", "failed", message="does not exist", remedy="onboard") for n in range(9)
    ]
    checks.append(check("configuration", "pool x", "failed", message="differs", remedy="onboard"))
    text = " ".join(words(table(result(checks=checks))))
    named = "; ".join(f"pool {number}" for number in range(9))
    assert f"FAILED configuration: {named} does not exist Remedy: onboard FAILED configuration: pool x differs" in text


def test_lines_of_a_message_stay_lines() -> None:
    text = table(result(checks=[check("models", "a", "failed", message="first\nsecond", remedy="")]))
    assert "  FAILED   models: a\n           first\n           second\n\n" in text


def test_alike_reasons_are_folded() -> None:
    checks = [check("access", f"key {number}", "skipped", message="no key") for number in range(7)]
    checks.append(check("access", "other", "skipped", message="no product"))
    assert (
        "  SKIPPED  access: key 0; key 1; key 2; key 3; key 4; and 2 more\n"
        "           7 checks: no key\n"
        "  SKIPPED  access: other\n"
        "           no product\n\n"
    ) in table(result(checks=checks))


def test_shares_stand_beside_weights() -> None:
    assert (
        "  SHARES               BACKEND                WEIGHT  EXPECTED  MEASURED  SERVED  P-VALUE  OUTCOME\n"
        "  gpt-4o-backend-pool  aif-citadel-primary        70    70.0 %    96.7 %      58  < 0.001  failed\n"
        "                       aif-citadel-secondary      30    30.0 %     3.3 %       2\n"
    ) in table(bad())


def test_priorities_are_told_where_they_differ() -> None:
    measured = share("gpt-4o", {"a": (100, 10), "b": (50, 0)})
    measured["members"][1].update(priority=2, expected=0)
    text = table(result(shares=[measured]))
    assert "  SHARES               BACKEND  PRIORITY  WEIGHT  EXPECTED " in text
    assert "                       b               2      50     0.0 % " in text


def test_latency_is_told_by_model_and_backend() -> None:
    entry = {**latency("gpt-4o", "foundry", 100), "p50_ms": 99.94, "p95_ms": 1234.5, "p99_ms": 5}
    assert (
        "  LATENCY  BACKEND  REQUESTS  P50 MS  P95 MS  P99 MS\n"
        "  gpt-4o   foundry        40    99.9   1,234     5.0\n"
        "           foundry        40    99.9   1,234     5.0\n\n"
    ) in table(result(latency=[entry, entry]))


def test_the_verdict_ends_it_with_the_groups_that_were_skipped() -> None:
    checks = [check("models", "a"), check("shares", "b", "skipped"), check("shares", "c", "skipped")]
    assert table(result(checks=checks)).endswith("\n\nPassed: 1 check, 2 skipped (shares 2).")
    assert table(tiny(), bad()).endswith("\n\nFailed: 3 of 15 checks, 2 skipped (access 2).")


def test_what_was_not_measured_has_no_table() -> None:
    text = table(tiny())
    assert "SHARES" not in text
    assert "LATENCY" not in text


def test_nothing_validated_is_said() -> None:
    assert table() == "No service was validated."
    assert "No check was made." in table(result())


def test_lines_of_many_services_fit() -> None:
    for width in (80, 120):
        assert max(len(line) for line in table(*large(10, 40), width=width).splitlines()) <= width


def test_wide_characters_are_counted_as_terminals_do() -> None:
    rows = table(result("模型" * 3), result("a")).splitlines()[1:3]
    assert rows[0].startswith("模型模型模型  passed")
    assert rows[1].startswith("a             passed")


@given(results())
@settings(max_examples=25)
def test_nothing_controls_the_terminal_and_only_words_are_too_long(hostile: list[dict[str, Any]]) -> None:
    text = table(*hostile, width=100)
    categories = {unicodedata.category(character) for character in text if character != "\n"}
    assert not categories & {"Cc", "Cs"}
    for line in text.splitlines():
        assert columns(line) <= 100 or len(line.split()) <= 3


@given(results())
@settings(max_examples=25)
def test_numbers_are_those_of_the_data(hostile: list[dict[str, Any]]) -> None:
    text = " ".join(words(table(*hostile)))
    for each in hostile:
        for one in each["checks"]:
            if one["outcome"] == "failed":
                assert " ".join(words(printable(one["message"]))) in text
        for measured in each["shares"]:
            for member in measured["members"]:
                assert f" {member['weight']:,} {member['expected'] * 100:.1f} % " in text
