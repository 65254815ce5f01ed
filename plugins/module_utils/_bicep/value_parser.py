# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the values of Bicep parameter files, by recursive descent.

What is no value, variable, string, spread or function call (operators, loops, conditions, lambdas) cannot be carried
over: it is noted with its place, and reading goes on behind it. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep import constructs
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.lexer import Kind, Token
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.syntax import (
    Access,
    Call,
    Document,
    Reference,
    Spread,
    Template,
    Unreadable,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.token_reader import (
    CLOSING,
    OPENING,
    TokenReader,
    shown,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import (
    Array,
    Comments,
    Entry,
    Node,
    Object,
    Scalar,
    ending,
    joined,
)

_CLOSING_OF = dict(zip(OPENING, CLOSING, strict=True))
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_NAMESPACES = ("az", "sys")
# Bicep's own limit is higher; a package file needs five.
_DEPTH = 50


class ValueParser(TokenReader):
    """Reads values from tokens."""

    def __init__(self, tokens: tuple[Token, ...], problems: Problems) -> None:
        super().__init__(tokens, problems)
        self._depth = 0

    def document(self) -> Document:
        """One value, which is all that there is, with the comments around it."""
        before = joined(self._trivia()[0])
        value = self._expression()
        after = self._comment_behind()
        end = joined(self._trivia()[0])
        if self._here.kind is not Kind.END:
            remedy = "write [ and ] around all of them" if self._here.is_symbol("{", ",") else "remove it"
            self._refuse(self._here.place, f"{shown(self._here)} is behind the end", remedy)
        return Document(value, before, after, end)

    def _expression(self) -> Node:
        """A value; an operator behind it makes it one that cannot be carried over."""
        start = self._here.place
        if self._depth == _DEPTH:
            return self._refused(start, f"more than {_DEPTH} brackets are open", "nest the values less deeply")
        self._depth += 1
        value = self._postfix(self._primary())
        self._depth -= 1
        following = self._beyond_lines()
        # Of all operators only that of a condition may begin a line.
        if following.kind is Kind.SYMBOL and (following is self._here or following.text == "?"):
            operator = constructs.operator(following.text)
            return self._refused(start, *operator) if operator else value
        return value

    def _primary(self) -> Node:
        token = self._advance()
        if token.kind is Kind.STRING:
            return self._string(token)
        if token.kind is Kind.NUMBER or (token.is_symbol("-") and self._here.kind is Kind.NUMBER):
            return self._number(token)
        if token.kind is Kind.NAME:
            return self._named(token)
        if token.is_symbol("["):
            return Array(*self._group(token, self._item), place=token.place)
        if token.is_symbol("{"):
            return Object(*self._group(token, self._property), place=token.place)
        return self._parenthesis(token) if token.is_symbol("(") else self._no_value(token)

    def _parenthesis(self, token: Token) -> Node:
        if self._is_lambda():
            return self._refused(token.place, *constructs.LAMBDA)
        value = self._expression()
        if not self._accept(")"):
            self._refuse(token.place, "a parenthesis begins here and does not end", "close it with )")
        return value

    def _is_lambda(self) -> bool:
        """Whether names between parentheses, the first of which is behind us, are those of a lambda; then go to =>."""
        index = self._index
        while self._tokens[index].kind in (Kind.NAME, Kind.NEWLINE) or self._tokens[index].is_symbol(","):
            index += 1
        found = self._tokens[index].is_symbol(")") and self._tokens[index + 1].is_symbol("=>")
        self._index = index + 1 if found else self._index
        return found

    def _no_value(self, token: Token) -> Node:
        self._index -= token.kind is not Kind.END
        if token.is_symbol("$") and self._following.kind is Kind.STRING:
            return self._refused(token.place, *constructs.INTERPOLATED_LINES)
        symbol = token.text if token.kind is Kind.SYMBOL else ""
        return self._refused(token.place, *constructs.no_value(symbol, shown(token)))

    def _postfix(self, value: Node) -> Node:
        """Properties and items of a value: ``.name`` and ``[key]``, as often as there are some."""
        while True:
            place = self._here.place
            if self._here.is_symbol(".") and self._following.kind is Kind.NAME:
                self._advance()
                value = Access(value, Scalar(self._advance().text, place=place), place=place)
                if self._here.is_symbol("("):
                    return self._refused(place, "a method cannot be carried over", constructs.VALUE_REMEDY)
            elif self._accept("["):
                if self._here.is_symbol("?"):
                    self._index -= 1
                    return self._refused(place, *constructs.SAFE_INDEX)
                key = self._expression()
                if not self._accept("]"):
                    self._refuse(place, "a bracket begins here and does not end", "close it with ]")
                value = Access(value, key, place=place)
            elif not self._accept("!"):  # which says that a value is not null, and changes nothing
                return value

    def _string(self, token: Token) -> Node:
        if all(isinstance(part, str) for part in token.parts):
            return Scalar("".join(str(part) for part in token.parts), place=token.place)
        parts = (
            part if isinstance(part, str) else ValueParser(part, self._problems).document().value
            for part in token.parts
        )
        return Template(tuple(parts), place=token.place)

    def _number(self, token: Token) -> Node:
        digits = token.text + self._advance().text if token.is_symbol("-") else token.text
        if digits.removeprefix("-").isdigit() and len(digits) < 20:
            return Scalar(int(digits), place=token.place)
        self._refuse(token.place, f"{digits[:40]} is no integer of 64 bits", "write an integer")
        return Unreadable(place=token.place)

    def _named(self, token: Token) -> Node:
        if token.text in _CONSTANTS:
            return Scalar(_CONSTANTS[token.text], place=token.place)
        name = token
        if token.text in _NAMESPACES and self._here.is_symbol(".") and self._following.kind is Kind.NAME:
            self._advance()
            name = self._advance()
        if not self._here.is_symbol("("):
            return Reference(name.text, place=token.place)
        arguments = self._group(self._advance(), self._argument)[0]
        return Call(name.text, tuple(argument.value for argument in arguments), place=token.place)

    def _group(self, bracket: Token, read: Callable[[Comments], Entry]) -> tuple[tuple[Entry, ...], str, Comments]:
        """The entries between two brackets, of which the first is behind us: the fields of an array or object."""
        entries: list[Entry] = []
        opening = self._comment_behind()
        separated = True
        while True:
            before, newline = self._trivia()
            if self._accept(_CLOSING_OF[bracket.text]):
                break
            if self._here.kind is Kind.END or self._here.is_symbol(*CLOSING):
                self._refuse(bracket.place, f"{bracket.text} has no {_CLOSING_OF[bracket.text]}", "add it")
                break
            if not separated and not newline:
                self._refuse(self._here.place, f"{shown(self._here)} follows without a separator", "begin a new line")
            entry = read(joined(before) if not entries else before)
            separated = self._accept(",")
            entries.append(replace(entry, after=self._comment_behind()))
        self._refuse_duplicates(entries)
        return tuple(entries), opening, ending(before) if entries else joined(before)

    def _argument(self, before: Comments) -> Entry:
        return Entry("", self._expression(), before)

    def _item(self, before: Comments) -> Entry:
        place = self._here.place
        is_for = self._here.kind is Kind.NAME and self._here.text == "for"
        if is_for and (self._following.kind is Kind.NAME or self._following.is_symbol("(")):
            return Entry("", self._refused(place, *constructs.LOOP), before, place=place)
        if self._here.is_symbol("..."):
            return self._spread(before)
        return Entry("", self._expression(), before, place=place)

    def _spread(self, before: Comments) -> Entry:
        place = self._advance().place
        return Entry("", Spread(self._expression(), place=place), before, place=place)

    def _property(self, before: Comments) -> Entry:
        if self._here.is_symbol("..."):
            return self._spread(before)
        token = self._advance()
        key = token.text if token.kind is Kind.NAME else ""
        if token.kind is Kind.STRING:
            if not all(isinstance(part, str) for part in token.parts):
                return Entry("", self._refused(token.place, *constructs.PROPERTY_NAME), before, place=token.place)
            key = "".join(str(part) for part in token.parts)
        if not key or not self._accept(":"):
            message = f"{shown(token)} is no name of a property"
            return Entry(key, self._refused(token.place, message, "write name: value"), before, place=token.place)
        between = self._trivia()[0]
        return Entry(key, self._expression(), (*before, *between), place=token.place)

    def _refuse_duplicates(self, entries: list[Entry]) -> None:
        seen: set[str] = set()
        for entry in entries:
            if entry.key and entry.key in seen:
                self._refuse(entry.place, f"{entry.key} is given twice", "remove one of them")
            seen.add(entry.key)
