# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the statements of Bicep parameter files, and files that hold one value.

What the inventory has nothing for is noted with its place, and reading goes on behind it. PRIVATE to the
citadel.ai_gateway collection.
"""

from __future__ import annotations

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep import constructs
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.lexer import Kind, tokens_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Place, Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.syntax import (
    Call,
    Document,
    ParameterFile,
    Statement,
    Unreadable,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.token_reader import CLOSING, OPENING, shown
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import Comments, Node, Scalar, joined
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.value_parser import ValueParser

# Bicep's own name for this is BCP130.
_DECORATOR_REMEDY = "remove it: in a parameter file Bicep takes decorators above var alone (BCP130)"


def parse_parameter_file(text: str, problems: Problems) -> ParameterFile:
    """Return the statements of a ``.bicepparam`` file; whatever cannot be read is noted in ``problems``."""
    return _Parser(tokens_of(text, problems), problems).file()


def parse_document(text: str, problems: Problems) -> Document:
    """Return the one value that a text holds, such as a JSON document; faults are noted in ``problems``."""
    return ValueParser(tokens_of(text, problems), problems).document()


class _Parser(ValueParser):
    def file(self) -> ParameterFile:
        """The whole file."""
        statements: list[Statement] = []
        while True:
            before, decorators = self._leading()
            if self._here.kind is Kind.END:
                for place, name in decorators:
                    self._refuse(place, f"{name} is a decorator of nothing", "remove it")
                return ParameterFile(tuple(statements), joined(before))
            statement = self._statement(before)
            statements.append(statement)
            for place, name in decorators if statement.keyword != "var" else ():
                message = f"{name} says nothing about the value of a parameter and was left out"
                self._problems.lose(place, message, _DECORATOR_REMEDY)

    def _leading(self) -> tuple[Comments, list[tuple[Place, str]]]:
        """What is above a statement: comments, descriptions among them, and other decorators by place and name."""
        before = self._trivia()[0]
        decorators = []
        while self._here.is_symbol("@"):
            place = self._advance().place
            call = self._expression()
            if isinstance(call, Call) and call.name == "description":
                before = (*before, *self._description(call))
            elif isinstance(call, Call):
                decorators.append((place, f"@{call.name}"))
            elif not isinstance(call, Unreadable):
                self._refuse(place, "@ begins no decorator", "write @description('...'), or a comment")
            before = (*before, *self._trivia()[0])
        return before, decorators

    def _description(self, decorator: Call) -> Comments:
        """The lines of a description, which is what a comment is in an inventory."""
        text = decorator.arguments[0] if len(decorator.arguments) == 1 else None
        if isinstance(text, Scalar) and isinstance(text.value, str):
            return tuple(text.value.strip().split("\n"))
        message = "@description is no plain string and was left out"
        self._problems.lose(decorator.place, message, "write its text itself, or a comment")
        return ()

    def _statement(self, before: Comments) -> Statement:
        start = self._advance()
        keyword = start.text if start.kind is Kind.NAME else ""
        name = ""
        if keyword == "using":
            value = self._expression()
        elif keyword in ("param", "var"):
            name = self._declared_name()
            value = self._assigned(keyword, name) if name else self._unreadable(start.place)
        else:
            value = self._refused(start.place, *constructs.statement(keyword, shown(start)))
        after = self._comment_behind()
        if self._here.kind not in (Kind.NEWLINE, Kind.COMMENT, Kind.END):
            self._refuse(self._here.place, f"{shown(self._here)} is behind the value", "begin a new line before it")
            self._skip()
        return Statement(start.text, name, value, before, after, place=start.place)

    def _declared_name(self) -> str:
        if self._here.kind is Kind.NAME:
            return self._advance().text
        self._refuse(self._here.place, f"{shown(self._here)} is no name", "write the name of the parameter here")
        return ""

    def _assigned(self, keyword: str, name: str) -> Node:
        if keyword == "var":
            self._skip_type()
        if self._accept("="):
            return self._expression()
        place = self._here.place
        if self._here.kind in (Kind.NEWLINE, Kind.COMMENT, Kind.END):
            return self._refused(place, f"{name} has no value", f"write {keyword} {name} = value")
        return self._refused(place, f"{shown(self._here)} stands where = is expected", constructs.TEMPLATE_REMEDY)

    def _skip_type(self) -> None:
        """Go past the type of a variable: its value says the same."""
        depth = 0
        while self._here.kind is not Kind.END:
            if depth == 0 and (self._here.kind in (Kind.NEWLINE, Kind.COMMENT) or self._here.is_symbol("=")):
                return
            depth += self._here.is_symbol(*OPENING) - self._here.is_symbol(*CLOSING)
            self._advance()
