# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of objects as modules pass them, and what a run makes of them."""

from __future__ import annotations

from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import Resource, State
from hypothesis import strategies as st

Properties = dict[str, Any]

owners = st.from_regex(r"\A[A-Za-z0-9](?:[A-Za-z0-9._-]{0,8}[A-Za-z0-9])?\Z")
descriptions = st.text(st.characters(exclude_categories=["C"]), max_size=20) | st.sampled_from(
    ["", "  kept short \n", "two\nlines\n", "[owner: somebody]", "text [owner: a] [owner: b]", "[owner: ]"]
)


def options_of(resource: Resource, **options: Any) -> dict[str, Any]:
    """Return options with what Ansible adds: the defaults of the argument spec, None for the rest."""
    spec = resource.argument_spec()
    assert options.keys() <= spec.keys() | {"owner"}
    return {name: entry.get("default") for name, entry in spec.items()} | options


def created(resource: Resource, wanted: State) -> Properties:
    """Return the properties with which an object is created."""
    properties: Properties = resource.body(resource.merged(resource.defaults("name"), wanted))["properties"]
    return properties


def updated(resource: Resource, existing: Properties, wanted: State) -> Properties:
    """Return the properties with which an existing object is replaced."""
    properties: Properties = resource.body(after(resource, existing, wanted), existing)["properties"]
    return properties


def after(resource: Resource, existing: Properties, wanted: State) -> State:
    """Return the state that an existing object shall have."""
    return resource.merged(resource.current(existing), wanted)


def is_settled(resource: Resource, existing: Properties, wanted: State) -> bool:
    """Tell whether a run finds nothing to do."""
    return after(resource, existing, wanted) == resource.current(existing)
