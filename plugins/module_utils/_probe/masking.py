# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes credentials out of texts that somebody else wrote: known ones, and what looks like one.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"
# Whoever refuses a credential may repeat it, and it may be one that neither the inventory nor this client knows.
# The first group of each stays: it says what it was.
_LOOKS = (
    # What follows the name of a scheme of authentication, and what a member, a header or a query calls a key.
    re.compile(r"(?i)(\bbearer\s+)[\w.~+/=-]{6,}"),
    re.compile(r"(?i)(\bbasic\s+)[\w+/=-]{8,}"),
    re.compile(r"""(?i)(key["']?\s*[=:]\s*["']?)(?!bearer\b|basic\b)[\w.~+/-]{6,}"""),
    re.compile(r"(?i)([?&](?:sig|code|token)=)[^&\s]+"),
    # Keys and tokens with a mark of their own: OpenAI and its like, Google, Groq, xAI, AWS, JSON Web Tokens.
    re.compile(r"()\bsk-[\w-]{4,}"),
    re.compile(r"()\b(?:AIza|gsk_|xai-|AKIA)[\w-]{12,}"),
    re.compile(r"()\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"),
    # Keys of Azure: long runs of letters and digits without anything between them, as no word has them.
    re.compile(r"()\b(?=[A-Za-z]*\d)[A-Za-z0-9]{32,}\b"),
)
_SCHEME = re.compile(r"(?i)^\s*(?:bearer|basic|apikey|api-key|token)\s+")


class Masker:
    """Masks texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """:param secrets: whatever must not be shown; empty ones are none."""
        self._secrets = _forms(secrets)

    def known(self, text: str, *more: str) -> str:
        """Return a text without the known secrets, and without some more."""
        for secret in _forms([*self._secrets, *more]):
            text = text.replace(secret, MASK)
        return text

    def all(self, text: str, *more: str) -> str:
        """Return a text without the known secrets, some more, and what looks like one."""
        text = self.known(text, *more)
        for look in _LOOKS:
            text = look.sub(rf"\1{MASK}", text)
        return text

    def __repr__(self) -> str:
        return "Masker(***)"


def _forms(secrets: Iterable[str]) -> list[str]:
    """Return secrets in all forms in which texts may hold them; the longest first, for others may be parts of it."""
    found: set[str] = set()
    for secret in secrets:
        alone = _SCHEME.sub("", secret, count=1).strip()
        found |= {secret.strip(), alone, quote(alone, safe="")}
    return sorted(filter(None, found), key=len, reverse=True)
