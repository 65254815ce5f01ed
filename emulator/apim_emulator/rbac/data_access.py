# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What roles and accounts mean for the data plane: which token and which key a host takes."""

from __future__ import annotations

from apim_emulator.config import Config
from apim_emulator.rbac.assignments import Assignments


class DataAccess:
    """Who may do what at the hosts of the configured accounts; other hosts have no roles."""

    def __init__(self, config: Config, assignments: Assignments) -> None:
        self._assignments = assignments
        self._accounts = {host: account for account in config.accounts for host in account.hosts}

    def allows(self, host: str, principal: str, action: str) -> bool:
        """Tell whether a host (lower case) lets a principal (its object id) do a data action."""
        account = self._accounts.get(host)
        return account is None or self._assignments.allow_data(principal, account.id, action)

    def takes_keys(self, host: str) -> bool:
        """Tell whether a host takes keys: an account may be configured with `disable_local_auth`."""
        account = self._accounts.get(host)
        return account is None or not account.disable_local_auth
