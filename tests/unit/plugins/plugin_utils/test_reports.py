# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page about a validation: one document that is sound, needs nothing else, and shows the data as it is."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.results import read_results
from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import printable
from ansible_collections.citadel.ai_gateway.plugins.plugin_utils._reports import render_validation
from hypothesis import given, settings

from tests.unit.plugins.module_utils._report.examples import bad, good, large, tiny
from tests.unit.plugins.module_utils._report.hostile import results

VOID = {"meta", "br"}
GRAPHIC = {"circle", "path", "rect"}
TAGS = """
    html head meta title style body main header footer section article div details summary figure figcaption
    h1 h2 h3 p dl dt dd ul li table thead tbody tr th td a bdi span strong svg desc circle path rect text
"""
ATTRIBUTES = """
    lang charset http-equiv content name id class open href scope role tabindex aria-label aria-labelledby aria-hidden
    viewBox width height x y cx cy r rx d font-size text-anchor
"""


def page(*examples: dict[str, Any], title: str = "Validation") -> str:
    return render_validation(read_results(examples), title)


def document(text: str) -> ET.Element:
    """The root of the document, which is XML too; namespaces left out."""
    root = ET.fromstring(text.replace(' xmlns="http://www.w3.org/1999/xhtml"', "").encode("utf-8"))
    assert root.tag == "html"
    return root


def text_of(element: ET.Element) -> str:
    """All text of an element, without layout."""
    return " ".join("".join(element.itertext()).split())


class _Tags(HTMLParser):
    """Finds elements that XML and HTML end at different places."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag not in VOID | GRAPHIC:
            self.wrong.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")


def assert_sound(text: str) -> ET.Element:
    """The document is the same to XML and HTML, and has only elements and attributes that the templates write."""
    parser = _Tags()
    parser.feed(text)
    assert (parser.wrong, parser.open) == ([], [])
    root = document(text)
    identifiers = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(identifiers) == len(set(identifiers))
    for element in root.iter():
        assert element.tag in TAGS.split()
        assert set(element.attrib) <= set(ATTRIBUTES.split())
        references = element.attrib.get("aria-labelledby", "").split()
        references += [element.attrib["href"].removeprefix("#")] if "href" in element.attrib else []
        assert set(references) <= set(identifiers)
    return root


EXAMPLES = {"none": [], "tiny": [tiny()], "good": [good()], "both": [good(), bad(), tiny()], "large": large(10, 40)}


@pytest.mark.parametrize("examples", EXAMPLES.values(), ids=EXAMPLES)
def test_the_document_is_sound(examples: list[dict[str, Any]]) -> None:
    assert_sound(page(*examples))


@given(results())
@settings(max_examples=25)
def test_data_is_text_and_nothing_else(hostile: list[dict[str, Any]]) -> None:
    root = assert_sound(page(*hostile, title="<b>\"'&"))
    text = text_of(root)
    for each in hostile:
        told = [check[name] for check in each["checks"] for name in ("name", "message")]
        told += [model["name"] for model in each["models"] if any(hop["members"] for hop in model["hops"])]
        told += [entry[name] for entry in each["latency"] for name in ("model", "backend")]
        for name in told:
            assert " ".join(printable(name).split()) in text
        for share in each["shares"]:
            assert all(f"{member['served']:,} of {share['requests']:,}" in text for member in share["members"])


def test_the_policy_allows_the_style_sheet_and_nothing_else() -> None:
    root = document(page(bad()))
    (policy,) = (element for element in root.iter("meta") if "http-equiv" in element.attrib)
    (style,) = root.iter("style")
    digest = base64.b64encode(hashlib.sha256((style.text or "").encode()).digest()).decode()
    assert policy.attrib["content"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"url\(|@import", style.text or "")


def test_the_verdict_comes_before_failures_and_these_before_charts() -> None:
    text = text_of(document(page(bad())))
    places = [text.index(part) for part in ("Failed: 3 of 14 checks", "What failed, and what to do", "Shares against")]
    assert places == sorted(places)
    for check in bad()["checks"]:
        if check["outcome"] == "failed":
            assert check["message"] in text
            assert f"Remedy{check['remedy']}" in text


def table(root: ET.Element, label: str) -> list[list[str]]:
    """The rows of the first table with a label."""
    region = next(element for element in root.iter("div") if element.attrib.get("aria-label") == label)
    return [[text_of(cell) for cell in row] for row in region.iter("tr")]


def test_tables_hold_the_numbers() -> None:
    root = document(page(bad()))
    assert table(root, "Table of shares")[1:] == [
        ["gpt-4o-backend-pool", "failed", "< 0.001", "aif-citadel-primary", "1", "70", "70.0 %", "96.7 %", "58 of 60"],
        ["gpt-4o-backend-pool", "failed", "< 0.001", "aif-citadel-secondary", "1", "30", "30.0 %", "3.3 %", "2 of 60"],
    ]
    assert table(root, "Table of latencies")[3] == ["gpt-4o-mini", "aif-citadel-primary", "40", "146", "215", "310"]
    assert table(root, "Table of failovers")[1][3:] == ["1.0 s", "3.0 s", "60", "28", "28"]
    routes = table(root, "Table of routes")
    assert ["gpt-4o-ptu", "", "2. gpt-4o-backend-pool", "aif-citadel-secondary", "gpt-4o", "1", "30"] in routes
    assert ["gpt-4o-mini", "", "aif-citadel-primary", "aif-citadel-primary", "gpt-4o", "-", "-"] in routes


def test_every_drawing_says_what_it_shows() -> None:
    charts = [each for each in document(page(good())).iter("svg") if "chart" in each.attrib.get("class", "")]
    assert len(charts) == 7
    for chart in charts:
        assert chart.attrib["role"] == "img"
        assert [child.tag for child in chart][:2] == ["title", "desc"]
        assert all(child.text for child in chart.iterfind("desc"))


def test_what_was_not_measured_has_no_drawing() -> None:
    root = document(page(tiny()))
    text = text_of(root)
    assert "Not measured in this run Shares against weights, Failover, Latency, Streaming" in text
    assert len([each for each in root.iter("svg") if "chart" in each.attrib.get("class", "")]) == 1


def test_links_lead_into_what_they_unfold() -> None:
    root = document(page(*large(4, 2)))
    links = [element.attrib["href"] for element in root.iter("a")]
    assert "#service-4" in links
    folded = [element for element in root.iter("details") if element.attrib.get("class") == "service"]
    assert [f"#{next(each.iterfind('div')).attrib['id']}" for each in folded] == links[:4]


def luminance(colour: str) -> float:
    """Relative luminance of a colour, by WCAG 2."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, by WCAG 2."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def palettes() -> Iterator[dict[str, str]]:
    """The colours of the light and of the dark page."""
    style = next(document(page()).iter("style")).text or ""
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    )
    yield light
    yield light | dark


@pytest.mark.parametrize("palette", list(palettes()), ids=["light", "dark"])
def test_colours_can_be_read(palette: dict[str, str]) -> None:
    for text in ("text", "muted", "passed", "failed", "skipped", "data"):
        for ground in ("page", "card"):
            assert contrast(palette[text], palette[ground]) >= 4.5, (text, ground)
    assert contrast(palette["text"], palette["faint"]) >= 4.5
    assert contrast(palette["failed"], palette["failed-soft"]) >= 4.5
    # Who cannot tell the hues apart sees that marks differ from their grounds.
    for mark, ground in (("data", "shade"), ("failed", "shade"), ("mark", "edge"), ("skipped", "shade")):
        assert contrast(palette[mark], palette[ground]) >= 3, (mark, ground)
