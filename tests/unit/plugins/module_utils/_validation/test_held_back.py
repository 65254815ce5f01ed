# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Streams as they come, and as somebody collected them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.held_back import held_back
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Piece
from hypothesis import given
from hypothesis import strategies as st

# Bytes of a chunk of Azure OpenAI, which tells of filters, too.
SIZE = 450


def stream(times_ms: Iterable[float], size: int = SIZE) -> list[Piece]:
    """A stream with a part of the answer at each of these times, and what stands around them."""
    parts = [Piece(at_ms, size, has_text=True) for at_ms in times_ms]
    return [Piece(parts[0].at_ms, 200, has_text=False), *parts, Piece(parts[-1].at_ms, 200, has_text=False)]


def steady(number: int, first_ms: float, every_ms: float) -> list[float]:
    return [first_ms + every_ms * each for each in range(number)]


def collected(times_ms: list[float], size: int = SIZE, *, splits: bool = False) -> list[float]:
    """When parts come that were written at these times, and sent when they filled 8 KB, or at the end.

    :param splits: whether the buffer takes a part of what does not fit, or grows for it.
    """
    sent: list[float] = []
    held = 202.0
    waiting = 0
    for at_ms in times_ms:
        held += size + 2
        waiting += 1
        if held >= 8192:
            whole = waiting - 1 if splits and held > 8192 else waiting
            sent += [at_ms] * whole
            waiting -= whole
            held = held - 8192 if splits else 0
    return sent + [times_ms[-1]] * waiting


def verdict(times_ms: list[float], size: int = SIZE) -> str:
    return held_back(stream(times_ms, size), times_ms[-1] + 1)


@pytest.mark.parametrize(
    "times_ms",
    [
        steady(100, 400, 15),
        steady(100, 12_000, 6),
        steady(12, 300, 100),
        steady(100, 2000, 3),
    ],
    ids=["a usual one", "after long thinking", "a slow one", "a very quick one"],
)
def test_what_comes_as_it_is_written_passes(times_ms: list[float]) -> None:
    assert verdict(times_ms) == ""


@pytest.mark.parametrize(
    "times_ms",
    [steady(15, 4, 0.1), steady(100, 700, 0.1), steady(7, 3000, 0.1)],
    ids=["a quick emulator", "a quick backend", "too few parts"],
)
def test_what_tells_nothing_passes(times_ms: list[float]) -> None:
    assert verdict(times_ms) == ""


@pytest.mark.parametrize("numbers", [(35, 35, 35, 35), (18, 25, 16, 18, 9), (90, 90, 20), (10, 10, 10, 10)])
def test_filters_that_let_parts_go_together_pass(numbers: tuple[int, ...]) -> None:
    bursts = [600.0 + 900 * at for at, number in enumerate(numbers) for _part in range(number)]
    assert verdict(bursts) == ""


@pytest.mark.parametrize("spread_ms", [0.0, 0.05, 0.5])
def test_what_comes_at_once_after_a_while_was_held_back(spread_ms: float) -> None:
    assert verdict(steady(40, 2000, spread_ms)).startswith("its 40 parts came within ")


@pytest.mark.parametrize("splits", [False, True])
@pytest.mark.parametrize("size", [200, 250, 350, 450, 600])
def test_loads_of_8_kb_were_held_back(size: int, splits: bool) -> None:
    found = verdict(collected(steady(200, 500, 15), size, splits=splits), size)
    assert found.startswith("its 200 parts came in ")
    assert found.endswith(" loads of 8 KB")


def test_two_loads_may_be_as_long_by_chance() -> None:
    assert verdict([600.0] * 18 + [1500.0] * 18 + [2400.0] * 5) == ""


@given(st.integers(8, 200), st.floats(1, 20_000), st.lists(st.floats(5.5, 200), min_size=200, max_size=200))
def test_no_model_that_writes_at_its_pace_is_accused(number: int, first_ms: float, pauses: list[float]) -> None:
    times = [first_ms]
    for pause in pauses[: number - 1]:
        times.append(times[-1] + pause)
    assert verdict(times) == ""


@given(st.integers(8, 200), st.floats(1000, 60_000))
def test_everything_at_once_is_always_found(number: int, at_ms: float) -> None:
    assert verdict([at_ms] * number) != ""
