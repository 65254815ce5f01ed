# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a preflight found, and what could not be read for it.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from dataclasses import dataclass

SERVICE, TIER, IDENTITY, ROLE, CONNECTIVITY = "service", "tier", "identity", "role", "connectivity"
INSIGHTS = "application_insights"
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

#: A role is granted at once, but takes effect later.
DELAY = "a new role assignment takes some minutes to work"


@dataclass(frozen=True)
class Finding:
    """One prerequisite.

    :ivar check: ``service``, ``tier``, ``identity``, ``role``, ``connectivity`` or ``application_insights``.
    :ivar subject: whose it is: the id of a backend, or the name of the service, the identity or Application Insights.
    :ivar outcome: ``passed``; ``failed``, it is not met; ``skipped``, it does not apply or could not be judged.
    :ivar message: what was seen, without a full stop.
    :ivar remedy: what to do, or when skipped how to check by hand; may be empty.
    """

    check: str
    subject: str
    outcome: str
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class Unread:
    """Stands for what ARM did not show.

    :ivar reason: ARM's refusal, without a full stop.
    :ivar status: HTTP status of it; 0 when an operation was accepted and then failed.
    """

    reason: str
    status: int
