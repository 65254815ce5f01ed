# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the language of Bicep parameter files, by recursive descent.

What is no value, variable, string or function call (operators, loops, conditions, lambdas) cannot be carried over: it
is noted with its place, and reading goes on behind it. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.lexer import Kind, Token, tokens_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Place, Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.syntax import (
    Access,
    Call,
    ParameterFile,
    Reference,
    Statement,
    Template,
    Unreadable,
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

_OPENING, _CLOSING = ("{", "[", "("), ("}", "]", ")")
_CLOSING_OF = dict(zip(_OPENING, _CLOSING, strict=True))
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_NAMESPACES = ("az", "sys")
_VALUE_REMEDY = "write the value itself"
# Bicep's own limit is higher; a package file needs five.
_DEPTH = 50


def parse_parameter_file(text: str, problems: Problems) -> ParameterFile:
    """Return the statements of a ``.bicepparam`` file; whatever cannot be read is noted in ``problems``."""
    return _Parser(tokens_of(text, problems), problems).file()


def parse_expression(text: str, problems: Problems) -> Node:
    """Return the one value that a text holds, such as a JSON document; faults are noted in ``problems``."""
    return _Parser(tokens_of(text, problems), problems).document()


class _Parser:
    def __init__(self, tokens: tuple[Token, ...], problems: Problems) -> None:
        self._tokens = tokens
        self._problems = problems
        self._index = 0
        self._depth = 0

    @property
    def _here(self) -> Token:
        return self._tokens[self._index]

    @property
    def _following(self) -> Token:
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def _advance(self) -> Token:
        token = self._here
        self._index = min(self._index + 1, len(self._tokens) - 1)
        return token

    def _accept(self, *symbols: str) -> bool:
        found = self._here.is_symbol(*symbols)
        if found:
            self._advance()
        return found

    def file(self) -> ParameterFile:
        """The whole file."""
        statements: list[Statement] = []
        while True:
            before = self._trivia()[0]
            if self._here.kind is Kind.END:
                return ParameterFile(tuple(statements), joined(before))
            statements.append(self._statement(before))

    def document(self) -> Node:
        """One value with comments around it; those are not kept."""
        self._trivia()
        value = self._expression()
        self._trivia()
        if self._here.kind is not Kind.END:
            self._refuse(self._here.place, f"{_shown(self._here)} is behind the end", "remove it")
        return value

    def _statement(self, before: Comments) -> Statement:
        start = self._advance()
        name, value = "", None
        if start.kind is Kind.NAME and start.text == "using":
            value = self._expression()
        elif start.kind is Kind.NAME and start.text in ("param", "var"):
            name = self._declared_name()
            value = self._assigned() if name else self._unreadable(start.place)
        else:
            self._refuse(start.place, f"{_shown(start)} begins no using, param or var", "remove this statement")
            value = self._unreadable(start.place)
        after = self._comment_behind()
        if self._here.kind not in (Kind.NEWLINE, Kind.COMMENT, Kind.END):
            self._refuse(self._here.place, f"{_shown(self._here)} is behind the value", "begin a new line before it")
            self._skip()
        return Statement(start.text, name, value, before, after, place=start.place)

    def _declared_name(self) -> str:
        if self._here.kind is Kind.NAME:
            return self._advance().text
        self._refuse(self._here.place, f"{_shown(self._here)} is no name", "write the name of the parameter here")
        return ""

    def _assigned(self) -> Node:
        if not self._accept("="):
            remedy = "give the .bicepparam file, not the .bicep template; there it is: param name = value"
            self._refuse(self._here.place, f"{_shown(self._here)} stands where = is expected", remedy)
            return self._unreadable(self._here.place)
        return self._expression()

    def _expression(self) -> Node:
        """A value; an operator behind it makes it one that cannot be carried over."""
        start = self._here.place
        if self._depth == _DEPTH:
            self._refuse(start, f"more than {_DEPTH} brackets are open", "nest the values less deeply")
            return self._unreadable(start)
        self._depth += 1
        value = self._postfix(self._primary())
        self._depth -= 1
        if self._here.kind is Kind.SYMBOL and not self._here.is_symbol(*_OPENING, *_CLOSING, ",", ":"):
            self._refuse(start, f"an expression with {self._here.text} cannot be carried over", _VALUE_REMEDY)
            return self._unreadable(start)
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
            return self._array(token)
        if token.is_symbol("{"):
            return Object(*self._group(token, self._property), place=token.place)
        if token.is_symbol("("):
            value = self._expression()
            if not self._accept(")"):
                self._refuse(token.place, "a parenthesis begins here and does not end", "close it with )")
            return value
        self._index -= token.kind is not Kind.END
        self._refuse(token.place, f"{_shown(token)} stands where a value is expected", _VALUE_REMEDY)
        return self._unreadable(token.place)

    def _postfix(self, value: Node) -> Node:
        """Properties and items of a value: ``.name`` and ``[key]``, as often as there are some."""
        while True:
            place = self._here.place
            if self._here.is_symbol(".") and self._following.kind is Kind.NAME:
                self._advance()
                value = Access(value, Scalar(self._advance().text, place=place), place=place)
                if self._here.is_symbol("("):
                    self._refuse(place, "a method cannot be carried over", _VALUE_REMEDY)
                    return self._unreadable(place)
            elif self._accept("["):
                key = self._expression()
                if not self._accept("]"):
                    self._refuse(place, "a bracket begins here and does not end", "close it with ]")
                value = Access(value, key, place=place)
            else:
                return value

    def _string(self, token: Token) -> Node:
        if all(isinstance(part, str) for part in token.parts):
            return Scalar("".join(str(part) for part in token.parts), place=token.place)
        parts = (part if isinstance(part, str) else _Parser(part, self._problems).document() for part in token.parts)
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
        arguments = self._group(self._advance(), self._item)[0]
        return Call(name.text, tuple(argument.value for argument in arguments), place=token.place)

    def _array(self, bracket: Token) -> Node:
        if self._here.kind is Kind.NAME and self._here.text == "for":
            self._refuse(bracket.place, "a loop cannot be carried over", "write out the items")
            self._index -= 1
            return self._unreadable(bracket.place)
        return Array(*self._group(bracket, self._item), place=bracket.place)

    def _group(self, bracket: Token, read: Callable[[Comments], Entry]) -> tuple[tuple[Entry, ...], str, Comments]:
        """The entries between two brackets, of which the first is behind us: the fields of an array or object."""
        entries: list[Entry] = []
        opening = self._comment_behind()
        separated = True
        while True:
            before, newline = self._trivia()
            if self._accept(_CLOSING_OF[bracket.text]):
                break
            if self._here.kind is Kind.END or self._here.is_symbol(*_CLOSING):
                self._refuse(bracket.place, f"{bracket.text} has no {_CLOSING_OF[bracket.text]}", "add it")
                break
            if not separated and not newline:
                self._refuse(self._here.place, f"{_shown(self._here)} follows without a separator", "begin a new line")
            entry = read(joined(before) if not entries else before)
            separated = self._accept(",")
            entries.append(replace(entry, after=self._comment_behind()))
        self._refuse_duplicates(entries)
        return tuple(entries), opening, ending(before) if entries else joined(before)

    def _item(self, before: Comments) -> Entry:
        place = self._here.place
        return Entry("", self._expression(), before, place=place)

    def _property(self, before: Comments) -> Entry:
        token = self._advance()
        key = token.text if token.kind is Kind.NAME else ""
        if token.kind is Kind.STRING and all(isinstance(part, str) for part in token.parts):
            key = "".join(str(part) for part in token.parts)
        if not key or not self._accept(":"):
            self._refuse(token.place, f"{_shown(token)} is no name of a property", "write name: value")
            return Entry(key, self._unreadable(token.place), before, place=token.place)
        between = self._trivia()[0]
        return Entry(key, self._expression(), (*before, *between), place=token.place)

    def _refuse_duplicates(self, entries: list[Entry]) -> None:
        seen: set[str] = set()
        for entry in entries:
            if entry.key and entry.key in seen:
                self._refuse(entry.place, f"{entry.key} is given twice", "remove one of them")
            seen.add(entry.key)

    def _trivia(self) -> tuple[Comments, bool]:
        """Comments and line ends up to the next token, and whether there were line ends."""
        found: list[str | None] = []
        ended, lines = False, 0
        while self._here.kind in (Kind.NEWLINE, Kind.COMMENT):
            token = self._advance()
            if token.kind is Kind.NEWLINE:
                ended, lines = True, lines + 1
                continue
            found += [None] * (lines > 1)
            found += [str(part) for part in token.parts]
            lines = 0
        return (*found, *(None,) * (lines > 1)), ended

    def _comment_behind(self) -> str:
        """The comment of one line that ends this line, if there is one."""
        is_last = self._here.kind is Kind.COMMENT and self._following.kind in (Kind.NEWLINE, Kind.END)
        return str(self._advance().parts[0]) if is_last and len(self._here.parts) == 1 else ""

    def _refuse(self, place: Place, message: str, remedy: str) -> None:
        self._problems.add(place, message, remedy)

    def _unreadable(self, place: Place) -> Unreadable:
        self._skip()
        return Unreadable(place=place)

    def _skip(self) -> None:
        """Go to the end of this line or entry, over whole brackets."""
        depth = 0
        while self._here.kind is not Kind.END:
            if depth == 0 and (self._here.kind is Kind.NEWLINE or self._here.is_symbol(",", *_CLOSING)):
                return
            depth += self._here.is_symbol(*_OPENING) - self._here.is_symbol(*_CLOSING)
            self._advance()


def _shown(token: Token) -> str:
    """A token as a message names it; what a string holds may be a secret."""
    names = {Kind.END: "the end of the file", Kind.NEWLINE: "the end of the line", Kind.STRING: "a string"}
    return names.get(token.kind, token.text or "a comment")
