# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every file of the repository: licence headers, no traces of one machine, links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.meta.checkout import ROOT, project_files, relative

HEADER = (
    "SPDX-FileCopyrightText: citadel.ai_gateway contributors",
    "SPDX-License-Identifier: GPL-3.0-or-later",
)
# Formats without comments, and what a tool writes.
WITHOUT_HEADER = re.compile(
    r"LICENSE|CHANGELOG\.rst|changelogs/(changelog\.yaml|fragments/.*)|.*\.(json|pem|png|svg)|.*/\.gitkeep|.*/py\.typed"
)
# A shebang, a coding line or a document start may come first.
HEADER_LINES = 6

MACHINE_PATH = re.compile(r"(?<![\w.:/})>-])/(?:home|root|Users|work)/\w")
MARKDOWN_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
MARKDOWN_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$", re.MULTILINE)
CODE_BLOCK = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)


def text_files() -> list[Path]:
    """Files of the repository that hold text."""
    return [path for path in project_files() if b"\0" not in path.read_bytes()]


def markdown_files() -> list[Path]:
    """Documents that people read."""
    found = [path for path in project_files() if path.suffix == ".md"]
    if ROOT / "README.md" not in found:
        raise FileNotFoundError("README.md is missing")
    return found


def anchors(document: Path) -> set[str]:
    """Fragments that links to a Markdown document may use: its headings, in lower case, with hyphens for spaces."""
    text = CODE_BLOCK.sub("", document.read_text(encoding="utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in MARKDOWN_HEADING.findall(text))
    return {heading.replace(" ", "-") for heading in plain}


def test_every_file_names_its_licence() -> None:
    lacking = []
    for path in text_files():
        if WITHOUT_HEADER.fullmatch(relative(path)) or not path.read_bytes().strip():
            continue
        start = "\n".join(path.read_text(encoding="utf-8").splitlines()[:HEADER_LINES])
        if not all(line in start for line in HEADER):
            lacking.append(relative(path))
    assert not lacking


def test_no_file_depends_on_one_machine() -> None:
    traces = [
        f"{relative(path)}:{number}: {line.strip()}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert not traces


@pytest.mark.parametrize("document", markdown_files(), ids=relative)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    broken = []
    for link in MARKDOWN_LINK.findall(CODE_BLOCK.sub("", document.read_text(encoding="utf-8"))):
        if "://" in link or link.startswith("mailto:"):
            continue
        target, _, fragment = link.partition("#")
        path = (document.parent / target).resolve() if target else document
        if not path.exists() or (fragment and path.suffix == ".md" and fragment not in anchors(path)):
            broken.append(link)
    assert not broken
