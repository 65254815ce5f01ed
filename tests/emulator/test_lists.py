# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists: pages, counts, $top, $skip, $filter."""

from __future__ import annotations

import pytest

from tests.emulator.harness import Azure, backend, fragment, problems

GROUP = "rg-other"
SERVICE = "apim-v2"
TOTAL = 230


@pytest.fixture(scope="module")
def many(running_azure: Azure) -> Azure:
    """A service of its own with 230 backends, b000 to b229; no test changes it."""
    for index in range(TOTAL):
        name = f"b{index:03}"
        assert running_azure.put(f"{backends(running_azure)}/{name}", backend(title=f"It's {index % 10}")).ok
    return running_azure


def backends(azure: Azure) -> str:
    """Return the path of the list."""
    return f"{azure.service(SERVICE, GROUP)}/backends"


def test_pages(many: Azure) -> None:
    page = many.arm("GET", backends(many)).json()
    assert (len(page["value"]), page["count"]) == (100, TOTAL)
    assert page["nextLink"].startswith(f"{many.url}{backends(many)}?")
    names = [f"b{index:03}" for index in range(TOTAL)]
    assert [item["name"] for item in many.all(backends(many))] == names
    assert [item.name for item in many.sdk().backend.list_by_service(GROUP, SERVICE)] == names


@pytest.mark.parametrize(
    ("options", "first", "number"),
    [
        ({"$top": 5}, "b000", 5),
        ({"$skip": 225}, "b225", 5),
        ({"$top": 150, "$skip": 50}, "b050", 150),
        ({"$top": 1000}, "b000", TOTAL),
        ({"$skip": 228, "$top": 100}, "b228", 2),
    ],
)
def test_top_and_skip(many: Azure, options: dict[str, int], first: str, number: int) -> None:
    items = many.all(backends(many), **options)
    assert (items[0]["name"], len(items)) == (first, number)


@pytest.mark.parametrize(
    ("clause", "number"),
    [
        ("name eq 'b007'", 1),
        ("name EQ 'B007'", 1),
        ("name ge 'b220'", 10),
        ("name ne 'b000' and name lt 'b003'", 2),
        ("startswith(name,'b01') or endswith(name, '99')", 12),
        ("contains(title, 'it''s 3')", 23),
        ("substringof('b22',name)", 10),
        ("not (startswith(name,'b0') or startswith(name,'b1'))", 30),
        ("name gt 'b227' and url le 'z'", 2),
    ],
)
def test_filter(many: Azure, clause: str, number: int) -> None:
    assert len(many.all(backends(many), **{"$filter": clause})) == number


def test_count_is_of_all_that_match(many: Azure) -> None:
    page = many.arm("GET", backends(many), params={"$filter": "startswith(name,'b1')", "$top": 3}).json()
    assert page["count"] == 100
    assert len(page["value"]) == 3


@pytest.mark.parametrize(
    "clause",
    [
        "",
        "name",
        "name eq",
        "name eq b007",
        "name is 'x'",
        "protocol eq 'http'",
        "near(name,'x')",
        "(name eq 'x'",
        "'x' eq 'x'",
    ],
)
def test_filters_that_are_refused(azure: Azure, clause: str) -> None:
    assert "$filter" in problems(azure.arm("GET", "backends", params={"$filter": clause}))


@pytest.mark.parametrize("options", [{"$top": 0}, {"$top": "x"}, {"$skip": -1}, {"$orderby": "name"}])
def test_options_that_are_refused(azure: Azure, options: dict[str, str]) -> None:
    assert set(problems(azure.arm("GET", "backends", params=options))) == set(options)


def test_empty_list(azure: Azure) -> None:
    assert azure.arm("GET", "backends").json() == {"value": [], "count": 0}


def test_filters_of_other_kinds(azure: Azure) -> None:
    azure.put("namedValues/one", {"displayName": "first", "value": "v", "tags": ["red"]})
    azure.put("policyFragments/f", fragment(description="text"))
    assert len(azure.all("namedValues", **{"$filter": "displayName eq 'first'"})) == 1
    assert len(azure.all("namedValues", **{"$filter": "contains(tags,'red')"})) == 1
    assert len(azure.all("policyFragments", **{"$filter": "description eq 'text'"})) == 1
