# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations of OpenAPI documents."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.openapi import operations_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import InvalidOptionsError


def document(paths: Any, version: Any = "3.0.1") -> dict[str, Any]:
    return {"openapi": version, "info": {"title": "T", "version": "1"}, "paths": paths}


def test_an_operation_has_what_the_gateway_routes_by() -> None:
    item = {"operationId": "show", "summary": "Show", "description": "Shows.", "responses": {}}
    assert operations_of(document({"/a/{b}/{c-d}": {"get": item, "parameters": []}})) == [
        {
            "name": "show",
            "display_name": "Show",
            "description": "Shows.",
            "method": "GET",
            "url_template": "/a/{b}/{c-d}",
            "parameters": ["b", "c-d"],
        }
    ]


def test_an_operation_without_summary_is_shown_by_its_id() -> None:
    first, second = operations_of(document({"/": {"post": {"operationId": "a"}, "get": {"operationId": "b"}}}, "3.1.0"))
    assert [(each["display_name"], each["description"]) for each in (first, second)] == [("b", ""), ("a", "")]


@pytest.mark.parametrize(
    ("definition", "place"),
    [
        ({}, "openapi: "),
        (document({}, "2.0"), "openapi: "),
        (document(None), "paths: "),
        (document({"/a": []}), "paths./a: "),
        (document({"/a": {"get": None}}), "paths./a.get: "),
        (document({"/a": {"get": {}}}), "paths./a.get.operationId: "),
        (document({"/a": {"get": {"operationId": "a/b"}}}), "paths./a.get.operationId: "),
        (document({"/a": {"get": {"operationId": "a" * 81}}}), "paths./a.get.operationId: "),
        (document({"a": {"get": {"operationId": "a"}}}), "paths.a.get: "),
        (document({"/a": {"get": {"operationId": "a"}, "put": {"operationId": "A"}}}), "operationId 'A': "),
    ],
)
def test_a_document_that_cannot_be_used_is_refused_with_the_place(definition: Any, place: str) -> None:
    with pytest.raises(InvalidOptionsError) as refusal:
        operations_of(definition)
    assert str(refusal.value).lower().startswith(place.lower())
