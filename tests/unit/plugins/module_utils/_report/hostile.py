# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated results: any shape that the contract allows, with names that break what does not escape them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.unit.plugins.module_utils._report.examples import result

NAMES = st.one_of(
    st.sampled_from(
        [
            "gpt-4o",
            "<script>alert(1)</script>",
            "\"'><img src=x onerror=alert(1)>",
            "&amp;&lt;&#0;",
            "]]>--><!--",
            "{{ 7 * 7 }}{% raw %}",
            "\x1b[31mred\x9b0m",
            "\x00\x08\ufffe\ud800",
            "\u202eevil\u2066",
            "نموذج-اللغة",
            "模型-" * 20,
            "👩‍🚀🚀" * 9,
            "a" * 300,
            "e\u0301\u0301\u0301" * 30,
            "line\r\nline\u2028line\tend ",
            "",
            " ",
        ]
    ),
    st.text(max_size=30),
)
OUTCOMES = st.sampled_from(["passed", "failed", "skipped"])
AMOUNTS = st.one_of(
    st.integers(0, 10**6), st.floats(0, 10**7), st.sampled_from([0, 0.0, 1e-12, 5e-324, 0.05, 999.95, 10**12])
)
COUNTS = st.one_of(st.integers(0, 500), st.just(10**6))
STATUSES = st.sampled_from([None, 200, 429, 500, 0])
GROUPS = st.sampled_from(["models", "shares", "latency", "failover", "access"])
PROBABILITIES = st.floats(0, 1)


def _some(fields: dict[str, st.SearchStrategy[Any]], most: int = 4) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries(fields), max_size=most)


_CHECKS = _some(
    {
        "group": GROUPS | NAMES,
        "name": NAMES,
        "outcome": OUTCOMES,
        "message": NAMES,
        "remedy": NAMES,
        "duration_s": AMOUNTS,
    },
    8,
)
_MEMBERS = _some({"backend": NAMES, "deployment": NAMES, "priority": st.integers(1, 5), "weight": COUNTS})
_MODELS = _some(
    {
        "name": NAMES,
        "aliases": st.lists(NAMES, max_size=2),
        "hops": _some({"route": NAMES, "pooled": st.booleans(), "members": _MEMBERS}, 3),
    }
)
_SHARES = _some(
    {
        "pool": NAMES,
        "model": NAMES,
        "requests": COUNTS,
        "p_value": st.none() | PROBABILITIES,
        "outcome": OUTCOMES,
        "members": _some({"backend": NAMES, "weight": COUNTS, "expected": PROBABILITIES, "served": COUNTS}),
    }
)
_LATENCY = _some(
    {
        "model": NAMES,
        "backend": NAMES,
        "requests": COUNTS,
        "p50_ms": AMOUNTS,
        "p95_ms": AMOUNTS,
        "p99_ms": AMOUNTS,
        "samples_ms": st.lists(AMOUNTS, max_size=20).map(sorted),
    }
)
_ATTEMPTS = _some({"backend": NAMES, "status": STATUSES}, 2)
_FAILOVER = _some(
    {
        "pool": NAMES,
        "model": NAMES,
        "backend": NAMES,
        "cause": NAMES,
        "failing_from_ms": AMOUNTS,
        "failing_to_ms": AMOUNTS,
        "events": _some({"at_ms": AMOUNTS, "status": STATUSES, "backend": st.none() | NAMES, "attempts": _ATTEMPTS}, 8),
        "breaker": _some({"backend": NAMES, "open_from_ms": AMOUNTS, "open_to_ms": st.none() | AMOUNTS}, 2),
    },
    2,
)
_STREAMING = _some({"model": NAMES, "first_chunk_ms": AMOUNTS, "total_ms": AMOUNTS, "chunks": COUNTS}, 2)


@st.composite
def results(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Lists of results."""
    return [_result(draw, number) for number in range(draw(st.integers(0, 3)))]


def _result(draw: st.DrawFn, number: int) -> dict[str, Any]:
    return result(
        draw(NAMES),
        started=draw(st.datetimes().map(lambda moment: moment.isoformat()) | st.just("")),
        gateway_url=draw(NAMES | st.just("https://[")),
        duration_s=draw(AMOUNTS),
        sku=draw(NAMES),
        location=f"region {number}",
        outcome=draw(st.sampled_from(["passed", "failed"])),
        calls={"planned": draw(COUNTS), "made": draw(COUNTS)},
        checks=draw(_CHECKS),
        models=draw(_MODELS),
        backends=draw(_some({"name": NAMES, "host": NAMES, "type": NAMES}, 3)),
        shares=draw(_SHARES),
        latency=draw(_LATENCY),
        failover=draw(_FAILOVER),
        streaming=draw(_STREAMING),
    )
