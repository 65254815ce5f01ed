# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells from when the pieces of a stream came whether something collected them on their way.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Piece

# Fewer parts, or an answer that is complete sooner, tell nothing: a quick backend writes them at once.
_FEWEST_PARTS, _SHORTEST_MS = 8, 1000
# Models write some hundred parts a second at most. What came faster than 500 a second was ready before it was sent; a
# network, and a busy client, may spread it so far.
_QUICKEST_MS = 2.0
# Thinking takes most of some answers' time, and the text after it a small part of it; a smaller one yet is no writing.
_SMALLEST_SHARE = 0.05
# Pieces that follow each other within so many milliseconds came together.
_TOGETHER_MS = 5.0
# With `buffer-response` API Management collects 8 KB before it lets go (documentation of forward-request), so that each
# load but the last one is as long, but for an event that just fits or just does not. Filters of Azure OpenAI collect
# text, too, until they have looked at it (documentation "Content streaming"), but by another measure.
_BUFFER = 8192
_FEWEST_FULL = 3
# What stands between two lines of events.
_BETWEEN = len(b"\n\n")


def held_back(pieces: Sequence[Piece], duration_ms: float) -> str:
    """Say how a stream shows that it was held back; empty when it does not, or nobody can tell.

    :param duration_ms: from the request to the end of the stream.
    """
    parts = [piece for piece in pieces if piece.has_text]
    if len(parts) < _FEWEST_PARTS or duration_ms < _SHORTEST_MS:
        return ""
    spread = parts[-1].at_ms - parts[0].at_ms
    if spread < len(parts) * _QUICKEST_MS and spread < duration_ms * _SMALLEST_SHARE:
        return f"its {len(parts)} parts came within {spread:.0f} ms, after {parts[0].at_ms:.0f} ms"
    *full, _last = _loads(pieces)
    longest = max(piece.size for piece in pieces) + _BETWEEN
    if len(full) >= _FEWEST_FULL and all(abs(size - _BUFFER) <= longest for size in full):
        return f"its {len(parts)} parts came in {len(full) + 1} loads of 8 KB"
    return ""


def _loads(pieces: Sequence[Piece]) -> list[int]:
    """Return the sizes in bytes of what came together."""
    loads: list[int] = []
    before = float("-inf")
    for piece in pieces:
        if piece.at_ms - before > _TOGETHER_MS:
            loads.append(0)
        loads[-1] += piece.size + _BETWEEN
        before = piece.at_ms
    return loads
