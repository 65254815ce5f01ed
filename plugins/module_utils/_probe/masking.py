# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes credentials out of texts that somebody else wrote: known ones, and what looks like one.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.secrets import MASK, masked

# Whoever refuses a credential may repeat it, and it may be one that neither the inventory nor this client knows, nor
# one of a provider whose keys are told by their looks: what follows the name of a scheme of authentication, and what a
# text calls a key, however short. The first group of each stays: it says what it was.
_CALLED = (
    re.compile(r"(?i)(\bbearer\s+)[\w.~+/=-]{6,}"),
    re.compile(r"(?i)(\bbasic\s+)[\w+/=-]{8,}"),
    re.compile(r"""(?i)(key["']?\s*[=:]\s*["']?)(?!bearer\b|basic\b)[\w.~+/-]{6,}"""),
)
_SCHEME = re.compile(r"(?i)^\s*(?:bearer|basic|apikey|api-key|token)\s+")


class Masker:
    """Masks texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """:param secrets: whatever must not be shown; empty ones are none."""
        self._secrets = forms(secrets)

    def known(self, text: str, *more: str) -> str:
        """Return a text without the known secrets, and without some more."""
        for secret in forms([*self._secrets, *more]):
            text = text.replace(secret, MASK)
        return text

    def all(self, text: str, *more: str) -> str:
        """Return a text without the known secrets, some more, and what looks like one."""
        text = masked(self.known(text, *more))
        for called in _CALLED:
            text = called.sub(rf"\1{MASK}", text)
        return text

    def __repr__(self) -> str:
        return f"Masker({MASK})"


def forms(secrets: Iterable[str]) -> list[str]:
    """Return secrets in all forms in which texts may hold them; the longest first, for others may be parts of it."""
    found: set[str] = set()
    for secret in secrets:
        alone = _SCHEME.sub("", secret, count=1).strip()
        found |= {secret.strip(), alone, quote(alone, safe="")}
    return sorted(filter(None, found), key=len, reverse=True)
