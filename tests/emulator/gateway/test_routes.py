# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which API and operation a request is for."""

from __future__ import annotations

import pytest
from apim_emulator.gateway.routes import Routes

from tests.emulator.gateway.views import api, operation

APIS = [
    api(operation("/chat/completions"), operation("/deployments", "GET"), id="universal", path="models"),
    api(operation("/special"), id="longer", path="models/chat"),
    api(operation("/*"), id="root", path=""),
    api(operation("/x"), id="plain", path="plain", protocols=("http",)),
]


@pytest.mark.parametrize(
    ("method", "path", "found", "below"),
    [
        ("POST", "/models/chat/special", ("longer", "POST /special"), "/special"),
        ("POST", "/models/chat/completions", ("longer", None), "/completions"),
        ("GET", "/Models/Deployments", ("universal", "GET /deployments"), "/Deployments"),
        ("POST", "/models/deployments", ("universal", None), "/deployments"),
        ("POST", "/modelsx/deployments", ("root", "POST /*"), "/modelsx/deployments"),
        ("POST", "/", ("root", "POST /*"), "/"),
        ("POST", "/m%6Fdels/x%2Fy", ("universal", None), "/x%2Fy"),
        ("POST", "/plain/x", ("root", "POST /*"), "/plain/x"),
    ],
)
def test_longest_suffix_wins(method: str, path: str, found: tuple[str, str | None], below: str) -> None:
    route = Routes(APIS).find(method, path, {})
    assert route is not None
    assert (route.api.id, route.operation.id if route.operation else None) == found
    assert route.path == below


def test_without_an_api_there_is_no_route() -> None:
    assert Routes(APIS[:2]).find("GET", "/openai", {}) is None
    assert Routes([]).find("GET", "/", {}) is None


TEMPLATES = [
    "/*",
    "/deployments/{d}",
    "/deployments/{d}/*",
    "/deployments/list",
    "/files/{name}.{ext}",
    "/get?a={b}&c=1",
]


@pytest.mark.parametrize(
    ("path", "query", "template", "parameters"),
    [
        ("/deployments/list", {}, "/deployments/list", {}),
        ("/deployments/gpt-4.1", {}, "/deployments/{d}", {"d": "gpt-4.1"}),
        ("/deployments/a%2Fb", {}, "/deployments/{d}", {"d": "a/b"}),
        ("/deployments/a/chat/completions", {}, "/deployments/{d}/*", {"d": "a", "*": "chat/completions"}),
        ("/FILES/report.2026.pdf", {}, "/files/{name}.{ext}", {"name": "report.2026", "ext": "pdf"}),
        ("/get", {"a": ["1", "2"], "c": ["1"]}, "/get?a={b}&c=1", {"b": "1"}),
        ("/get", {"a": ["1"], "c": ["2"]}, "/*", {"*": "get"}),
        ("/", {}, "/*", {"*": ""}),
        ("/deployments/", {}, "/*", {"*": "deployments"}),
    ],
)
def test_most_literal_template_wins(
    path: str, query: dict[str, list[str]], template: str, parameters: dict[str, str]
) -> None:
    routes = Routes([api(*(operation(text) for text in TEMPLATES), path="")])
    route = routes.find("POST", path, query)
    assert route is not None
    assert route.operation is not None
    assert route.operation.url_template == template
    assert route.parameters == parameters
