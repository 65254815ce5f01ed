# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tiers of API Management take, where they differ in what this collection writes.

Source: Azure subscription and service limits, section API Management, as of March 2026; for circuit breakers the
documentation of backends. Classic tiers publish no limit of backends or fragments, v2 tiers none of named values
either. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_KIB = 1024


@dataclass(frozen=True)
class Limits:
    """Limits of one tier.

    :ivar tier: name of the tier, as ARM spells it; empty when it is not known.
    :ivar policy_bytes: size of a policy document or fragment in UTF-8.
    :ivar named_values: number of named values; None when there is no known limit.
    :ivar has_breakers: whether backends can have a circuit breaker.
    """

    tier: str = ""
    policy_bytes: int = 512 * _KIB
    named_values: int | None = None
    has_breakers: bool = True

    def unsupported(self, fragments: Mapping[str, str]) -> list[str]:
        """Say that the tier is none for these policy fragments, however small an inventory is.

        :param fragments: name to text.
        """
        sizes = {name: size_of(text) for name, text in fragments.items()}
        if self.policy_bytes >= Limits.policy_bytes or max(sizes.values(), default=0) <= self.policy_bytes:
            return []
        name = max(sizes, key=lambda each: sizes[each])
        takes = f"takes {self.policy_bytes} bytes of a policy, and {name} has {sizes[name]}"
        return [f"tier {self.tier} is not supported: it {takes}; use a service of another tier"]

    def too_many_named_values(self, there: int, new: int) -> list[str]:
        """Say that so many new named values do not fit beside those that are there; what goes, goes after them."""
        if self.named_values is None or not new or there + new <= self.named_values:
            return []
        takes = f"tier {self.tier} takes {self.named_values}"
        return [
            f"named_values: there are {there}, and {new} are new, but {takes}; share some, or remove old ones first"
        ]


def size_of(policy: str) -> int:
    """Return the bytes that ARM counts of a policy document."""
    return len(policy.encode("utf-8", "surrogatepass"))


_TIERS = {
    limits.tier: limits
    for limits in (
        Limits("Consumption", policy_bytes=16 * _KIB, named_values=5_000, has_breakers=False),
        Limits("Developer", named_values=5_000),
        Limits("Basic", named_values=5_000),
        Limits("Standard", named_values=10_000),
        Limits("Premium", named_values=18_000),
    )
}


def limits_of(tier: str | None) -> Limits:
    """Return the limits of a tier: the widest ones for a tier that the table does not hold."""
    return _TIERS.get(tier or "", Limits())
