# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Goes through the tokens of a file: comments, ends of lines, and what is read past after a problem.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.lexer import Kind, Token
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import Place, Problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.syntax import Unreadable
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.tree import Comments, Node

OPENING, CLOSING = ("{", "[", "("), ("}", "]", ")")
_TRIVIA = (Kind.NEWLINE, Kind.COMMENT)


class TokenReader:
    """A place in the tokens of a file; what cannot be read is noted in ``problems``."""

    def __init__(self, tokens: tuple[Token, ...], problems: Problems) -> None:
        self._tokens = tokens
        self._problems = problems
        self._index = 0

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

    def _beyond_lines(self) -> Token:
        """The next token that is neither a comment nor the end of a line."""
        index = self._index
        while self._tokens[index].kind in _TRIVIA:
            index += 1
        return self._tokens[index]

    def _trivia(self) -> tuple[Comments, bool]:
        """Comments and line ends up to the next token, and whether there were line ends."""
        found: list[str | None] = []
        ended, lines = False, 0
        while self._here.kind in _TRIVIA:
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

    def _refused(self, place: Place, message: str, remedy: str) -> Node:
        """Note a problem, and read past what it is about."""
        self._refuse(place, message, remedy)
        return self._unreadable(place)

    def _unreadable(self, place: Place) -> Unreadable:
        self._skip()
        return Unreadable(place=place)

    def _skip(self) -> None:
        """Go to the end of this line or entry, over whole brackets and the lines of a condition."""
        depth = 0
        while self._here.kind is not Kind.END:
            ends_line = self._here.kind is Kind.NEWLINE and not self._beyond_lines().is_symbol("?", ":")
            if depth == 0 and (ends_line or self._here.is_symbol(",", *CLOSING)):
                return
            depth += self._here.is_symbol(*OPENING) - self._here.is_symbol(*CLOSING)
            self._advance()


def shown(token: Token) -> str:
    """A token as a message names it; what a string holds may be a secret."""
    names = {Kind.END: "the end of the file", Kind.NEWLINE: "the end of the line", Kind.STRING: "a string"}
    return names.get(token.kind, token.text or "a comment")
