# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much is kept, and which object goes first."""

from __future__ import annotations

from dataclasses import replace

from apim_emulator.providers.objects import Objects, StoredObject
from hypothesis import given
from hypothesis import strategies as st


def item(identity: str, size: int = 0) -> StoredObject:
    return StoredObject("files", {"id": identity}, b"x" * size)


def test_the_oldest_go_first() -> None:
    objects = Objects(most=3)
    for number in range(5):
        objects.put("a" if number % 2 else "b", item(f"f{number}"))
    assert [each.id for each in objects.of("a")] == ["f3"]
    assert [each.id for each in objects.of("b")] == ["f2", "f4"]


def test_bytes_are_limited_too() -> None:
    objects = Objects(most_bytes=1000)
    for name in ("one", "two", "three"):
        objects.put("a", item(name, 400))
    assert [each.id for each in objects.of("a")] == ["two", "three"]
    objects.put("a", item("huge", 2000))
    assert [each.id for each in objects.of("a")] == ["two", "three"]


def test_a_replaced_object_keeps_its_place_and_counts_once() -> None:
    objects = Objects(most_bytes=1000)
    objects.put("a", item("one", 400))
    objects.put("a", item("two", 400))
    for _ in range(5):
        objects.put("a", replace(item("one", 400), later={"id": "one"}))
    assert [each.id for each in objects.of("a")] == ["one", "two"]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 300), st.booleans()), max_size=40)
)
def test_the_books_are_kept(steps: list[tuple[str, str, int, bool]]) -> None:
    """Whatever comes and goes, what is kept is within the limits, and everything can go."""
    objects = Objects(most=4, most_bytes=700)
    for host, identity, size, is_removed in steps:
        if is_removed:
            objects.remove(host, "files", identity)
        else:
            objects.put(host, item(identity, size))
        kept = objects.of("a") + objects.of("b")
        assert len(kept) <= 4
        assert sum(each.size for each in kept) <= 700
    for host in ("a", "b"):
        objects.forget(host)
    # With nothing left, there is room for as much as at the start.
    for number in range(3):
        objects.put("a", item(f"f{number}", 200))
    assert len(objects.of("a")) == 3
