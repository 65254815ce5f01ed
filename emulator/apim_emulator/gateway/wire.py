# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Headers and queries as they pass through a gateway."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, unquote_plus

Headers = list[tuple[str, str]]

# RFC 9110 7.6.1: these belong to one connection. Expect was answered by the listener.
_HOP_BY_HOP = frozenset(
    (
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)


def end_to_end(headers: Iterable[tuple[str, str]], *, without: frozenset[str] = frozenset()) -> Headers:
    """Return the headers without those of the connection, those that Connection names, and `without` (lower case)."""
    kept = [(name, value) for name, value in headers if name.lower() not in without]
    named = {part.strip().lower() for name, value in kept if name.lower() == "connection" for part in value.split(",")}
    return [(name, value) for name, value in kept if name.lower() not in _HOP_BY_HOP and name.lower() not in named]


def replaced_headers(headers: Headers, values: Mapping[str, Sequence[str]]) -> Headers:
    """Return the headers with `values` in the place of those of the same names (case ignored)."""
    names = {name.lower() for name in values}
    kept = [(name, value) for name, value in headers if name.lower() not in names]
    return kept + [(name, value) for name, several in values.items() for value in several]


def query_names(query: str) -> list[str]:
    """Return the decoded names of the parameters of a query, in order."""
    return [unquote_plus(part.partition("=")[0]) for part in query.split("&") if part]


def replaced_query(path_and_query: str, values: Mapping[str, Sequence[str]]) -> str:
    """Return path and query with `values` in the place of the parameters of the same names; the rest stays verbatim."""
    if not values:
        return path_and_query
    path, _, query = path_and_query.partition("?")
    parts = [part for part in query.split("&") if part]
    kept = [part for part, name in zip(parts, query_names(query), strict=True) if name not in values]
    added = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, several in values.items() for value in several]
    return f"{path}?{'&'.join(kept + added)}"


def joined_url(base: str, path_and_query: str) -> str:
    """Return the URL below a base: its trailing slash is dropped, its query comes before the request's (facts 3.2)."""
    base, _, fixed = base.partition("?")
    path, _, query = path_and_query.partition("?")
    queries = "&".join(part for part in (fixed, query) if part)
    return base.rstrip("/") + path + (f"?{queries}" if queries else "")
