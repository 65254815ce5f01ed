# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""OData options of list requests: $top, $skip, $filter and pages.

The grammar is what the specification documents for API Management's lists: comparisons ge, le, eq, ne, gt, lt and the
functions substringof, contains, startswith, endswith on named fields, joined by and, or, not and parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from apim_emulator.arm.errors import ArmError, Problem, invalid
from apim_emulator.http import Request

PAGE_SIZE = 100

T = TypeVar("T")

Predicate = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z_][\w/]*)|(?P<mark>[(),]))")

_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, part: part in value,
    "startswith": lambda value, part: value.startswith(part),
    "endswith": lambda value, part: value.endswith(part),
    "substringof": lambda value, part: part in value,
}


def compile_filter(text: str, fields: frozenset[str]) -> Predicate:
    """Return the predicate of a $filter.

    It is asked with a mapping of field name to value; `fields` are the names that may be filtered. Text is compared
    without regard to case. Raises ArmError (ValidationError) for a field, function or syntax that is not supported.
    """
    return _FilterParser(text, fields).parse()


class _FilterParser:
    """Recursive descent over the tokens of one $filter."""

    def __init__(self, text: str, fields: frozenset[str]) -> None:
        self._text = text
        self._fields = {field.lower(): field for field in fields}
        self._tokens = self._tokenize(text)
        self._position = 0

    def parse(self) -> Predicate:
        predicate = self._disjunction()
        if self._peek() is not None:
            raise self._error()
        return predicate

    def _tokenize(self, text: str) -> list[str]:
        tokens, position, end = [], 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._error()
            tokens.append(match.group().strip())
            position = match.end()
        return tokens

    def _peek(self) -> str | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _take(self, expected: str | None = None) -> str:
        token = self._peek()
        if token is None or (expected is not None and token.lower() != expected):
            raise self._error()
        self._position += 1
        return token

    def _accept(self, word: str) -> bool:
        token = self._peek()
        if token is None or token.lower() != word:
            return False
        self._position += 1
        return True

    def _disjunction(self) -> Predicate:
        terms = [self._conjunction()]
        while self._accept("or"):
            terms.append(self._conjunction())
        return terms[0] if len(terms) == 1 else lambda item: any(term(item) for term in terms)

    def _conjunction(self) -> Predicate:
        terms = [self._negation()]
        while self._accept("and"):
            terms.append(self._negation())
        return terms[0] if len(terms) == 1 else lambda item: all(term(item) for term in terms)

    def _negation(self) -> Predicate:
        if self._accept("not"):
            negated = self._negation()
            return lambda item: not negated(item)
        if self._accept("("):
            inner = self._disjunction()
            self._take(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Predicate:
        word = self._take()
        if self._accept("("):
            return self._function(word.lower())
        field = self._field(word)
        compare = _COMPARISONS.get(self._take().lower())
        if compare is None:
            raise self._error()
        literal = self._literal(self._take())
        return lambda item: compare(_value(item, field), literal)

    def _function(self, name: str) -> Predicate:
        function = _FUNCTIONS.get(name)
        if function is None:
            raise self._error()
        first = self._take()
        self._take(",")
        second = self._take()
        self._take(")")
        # substringof('part', field) has its arguments the other way round.
        if name == "substringof":
            first, second = second, first
        field, literal = self._field(first), self._literal(second)
        return lambda item: function(_value(item, field), literal)

    def _field(self, word: str) -> str:
        field = self._fields.get(word.lower())
        if field is None:
            raise invalid([Problem("$filter", f"Could not find a property named '{word}' that can be filtered.")])
        return field

    def _literal(self, token: str) -> str:
        if not token.startswith("'"):
            raise self._error()
        return token[1:-1].replace("''", "'").lower()

    def _error(self) -> ArmError:
        return invalid([Problem("$filter", f"Invalid filter clause: {self._text}")])


def _value(item: Mapping[str, Any], field: str) -> str:
    value = item.get(field)
    return "" if value is None else str(value).lower()


def _number(request: Request, name: str, minimum: int) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < minimum:
        raise invalid([Problem(name, f"Value should be an integer greater than or equal to {minimum}.")])
    return int(text)


def page(
    request: Request, items: Sequence[T], fields: frozenset[str], values: Callable[[T], Mapping[str, Any]]
) -> tuple[list[T], int, str | None]:
    """Return one page of `items`, the count of all that match, and the link to the next page.

    `values` gives an item's filterable fields. A page holds 100 items, or $top when that is less.
    """
    for option in ("$orderby", "isKeyVaultRefreshFailed", "tags"):
        if option in request.query:
            raise invalid([Problem(option, f"The embedded Azure does not know the option '{option}'.")])
    top, skip = _number(request, "$top", 1), _number(request, "$skip", 0) or 0
    clause = request.query.get("$filter")
    if clause is not None:
        predicate = compile_filter(clause, fields)
        items = [item for item in items if predicate(values(item))]
    size = min(top or PAGE_SIZE, PAGE_SIZE)
    shown = list(items[skip : skip + size])
    wanted = len(items) if top is None else min(len(items), skip + top)
    following = skip + len(shown)
    link = _next_link(request, following, None if top is None else top - len(shown)) if following < wanted else None
    return shown, len(items), link


def _next_link(request: Request, skip: int, top: int | None) -> str:
    query = {name: value for name, value in request.query.items() if name not in ("$skip", "$top")}
    query["$skip"] = str(skip)
    if top is not None:
        query["$top"] = str(top)
    return f"{request.origin}{request.path}?{urlencode(query, quote_via=quote, safe='$')}"
