# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the objects of an API Management service to a wanted state: read, plan, write, report.

Each ARM collection is listed once, whatever the number of objects; all changes are planned before the first of them is
made; kinds are written in the order of the goals, so that what is referred to exists first; objects of one kind are
written in parallel, never one object twice at a time. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import Goal, Report
from ansible_collections.citadel.ai_gateway.plugins.module_utils._reconcile.planner import Planner
from ansible_collections.citadel.ai_gateway.plugins.module_utils._reconcile.service import Service
from ansible_collections.citadel.ai_gateway.plugins.module_utils._reconcile.writer import Writer
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.limits import Limits
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.ownership import Ownership
from ansible_collections.citadel.ai_gateway.plugins.module_utils._sharing import absence_warnings, sharing_warnings


class Reconciler:
    """Reconciles one API Management service.

    :param ownership: on whose behalf.
    :param parallelism: reads or writes in flight at once.
    :param check_mode: plan only.
    :param prune_delay: seconds after the last write in which gateways come to see it, before anything is removed that
        requests pass through.
    :param limits: those of the service's tier, the widest ones when it is not known.
    :param problems: what is wrong with the goals besides what their resources tell of it.
    """

    def __init__(
        self,
        client: ArmClient,
        ownership: Ownership,
        *,
        parallelism: int,
        check_mode: bool,
        prune_delay: float = 0,
        limits: Limits | None = None,
        problems: Sequence[str] = (),
    ) -> None:
        self._owner = ownership.owner
        self._check_mode = check_mode
        self._service = Service(client, parallelism)
        self._planner = Planner(self._service, ownership, limits or Limits(), problems)
        self._writer = Writer(self._service, ownership, prune_delay)

    def run(self, goals: Sequence[Goal]) -> Report:
        """Reach all goals.

        Removals come last, in the reverse order of the goals: nothing is removed that something still refers to.
        When objects of one kind fail, later kinds are not tried; what was done stays, and another run goes on.

        :return: the report; failures of single objects are in it.
        :raises GoalError: before anything is written.
        :raises ArmError: when the service cannot be read.
        """
        existing = self._service.listings({goal.resource.collection for goal in goals if goal.is_about_something})
        stages = self._planner.stages(goals, existing)
        changes = [change for stage in stages for change in stage]
        warnings = [*sharing_warnings(changes, self._owner), *absence_warnings(goals, existing, self._owner)]
        report = Report(changes, warnings, self._planner.told(goals, existing, changes))
        if self._check_mode:
            for change in changes:
                change.action = change.decide()
        else:
            self._writer.write(stages)
        return report
