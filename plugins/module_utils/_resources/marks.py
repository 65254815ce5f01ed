# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks: how an object of a service tells whom it belongs to.

ARM has no field for it. What has a description carries ``[owner: NAME]`` at its end, a policy fragment, which several
owners share, ``[owner: A, B]``; a named value, which has no description, a tag ``owner:NAME`` for each owner. In a
state a mark is the field ``owner`` (one at most) or ``owners`` (sorted). PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import (
    InvalidOptionsError,
    State,
    given,
)

# What an inventory may call its owner. Marks are read more widely: what another tool wrote belongs to somebody, too.
OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_NAME = r"[A-Za-z0-9._-]+"
_OWNERS = re.compile(rf"\[owner: ({_NAME}(?:, {_NAME})*)\]\Z")
_TAG = "owner:"


def wanted_description(options: Mapping[str, Any]) -> State:
    """Return ``description`` and ``owner`` of options, as :func:`split_owner` will find them in ARM.

    Space around a description means nothing: a text block of YAML ends with a line break. A description that ends
    with a mark names its owner, unless another is given.

    :raises InvalidOptionsError: when the owner cannot be written as a mark.
    """
    description, owner = options.get("description"), _checked(options.get("owner"))
    if description is None:
        return given(owner=owner)
    found = split_owner(description)
    return found if found["owner"] and not owner else given(description=description.strip(), owner=owner)


def wanted_shared_description(options: Mapping[str, Any]) -> State:
    """Return ``description`` of options, and ``owner``, whom :func:`merged_owners` adds to the others.

    A description that ends with a mark names all owners (``owners``), unless one is given.

    :raises InvalidOptionsError: when the owner cannot be written as a mark.
    """
    description, owner = options.get("description"), _checked(options.get("owner"))
    if description is None:
        return given(owner=owner)
    found = split_owners(description)
    return found if found["owners"] and not owner else given(description=description.strip(), owner=owner)


def split_owner(description: str | None) -> State:
    """Return ``description`` and ``owner`` of a description that may carry an owner's mark.

    A mark of several, which somebody put on an object that one owner has, is one of nobody else: ``A, B``.
    """
    text, mark = _split(description)
    return {"description": text, "owner": mark}


def join_owner(state: State) -> str:
    """Return the ARM description of a state: its text with the mark of its owner."""
    return _join(state, state.get("owner", ""))


def split_owners(description: str | None) -> State:
    """Return ``description`` and ``owners`` of a description that may carry a mark of several owners."""
    text, mark = _split(description)
    return {"description": text, "owners": sorted(set(mark.split(", "))) if mark else []}


def join_owners(state: State) -> str:
    """Return the ARM description of a state: its text with the mark of its owners."""
    return _join(state, ", ".join(state.get("owners", [])))


def wanted_tags(options: Mapping[str, Any]) -> State:
    """Return ``tags`` of options, and ``owner``, whom :func:`merged_owners` adds to the others.

    Tags that are marks name all owners (``owners``); tags without any leave marks alone.

    :raises InvalidOptionsError: when the owner cannot be written as a mark.
    """
    owner = _checked(options.get("owner"))
    if options.get("tags") is None:
        return given(owner=owner)
    found = split_tags(options["tags"])
    return given(tags=found["tags"], owners=found["owners"] or None, owner=owner)


def split_tags(tags: Iterable[str] | None) -> State:
    """Return ``tags`` and ``owners`` of tags that may hold marks."""
    found = sorted(tags or [])
    return {
        "tags": [tag for tag in found if not tag.startswith(_TAG)],
        "owners": [tag.removeprefix(_TAG) for tag in found if tag.startswith(_TAG)],
    }


def join_tags(state: State) -> list[str]:
    """Return the ARM tags of a state, marks included."""
    return sorted([*state.get("tags", []), *(f"{_TAG}{owner}" for owner in state.get("owners", []))])


def merged_owners(current: State, wanted: State) -> list[str]:
    """Return the owners of an object that several may share: those it has, or shall have, with the one that joins."""
    owners = {*(wanted["owners"] if "owners" in wanted else current.get("owners", []))}
    return sorted({*owners, wanted["owner"]} if wanted.get("owner") else owners)


def _checked(owner: str | None) -> str | None:
    if owner and not re.fullmatch(_NAME, owner):
        raise InvalidOptionsError(f"owner: is {owner!r}; use letters, digits, dots, hyphens and underscores")
    return owner or None


def _split(description: str | None) -> tuple[str, str]:
    text = (description or "").strip()
    match = _OWNERS.search(text)
    return (text[: match.start()].rstrip(), match[1]) if match else (text, "")


def _join(state: State, mark: str) -> str:
    text = state.get("description", "")
    return f"{text} [owner: {mark}]".strip() if mark else text
