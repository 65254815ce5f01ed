# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a preflight judges: the service, its identity, AI accounts, roles on them, ways to their hosts, and where
the workbook shall be.

Nothing is written. What may not be read is told as such; every other refusal is an error.
PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import (
    ArmError,
    AuthenticationFailed,
    ConnectionFailed,
    DeadlineExceeded,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._gateway import identity_path
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.access import Access
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.accounts import accounts_at
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.connectivity import (
    Route,
    request_for,
    routes_to,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.findings import Unread
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.identity import Identity, principal_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.insights import Insights
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.preflight import Facts
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.roles import applies, definition_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.targets import Target
from ansible_collections.citadel.ai_gateway.plugins.module_utils._workbook import COMPONENT_QUERY

_FORBIDDEN, _ABSENT, _CONFLICT = 403, 404, 409

_Value = TypeVar("_Value")
_Key = TypeVar("_Key")


def read_service(client: ArmClient) -> Mapping[str, Any] | Unread | None:
    """Return the service as ARM has it, None when it does not exist.

    :raises ArmError: as all of this file, for whatever is neither absent nor forbidden.
    """
    return _attempt(lambda: _body(client, client.service_path), _FORBIDDEN, _ABSENT)


class Reader:
    """Reads the facts about a service that exists.

    :param service: the service as ARM returned it.
    :param wanted: the option ``managed_identity``.
    :param parallelism: calls at the same time.
    :param insights: ARM id of the Application Insights resource, empty for none.
    """

    def __init__(
        self,
        client: ArmClient,
        service: Mapping[str, Any],
        wanted: Mapping[str, Any] | None,
        parallelism: int,
        insights: str = "",
    ) -> None:
        self._client = client
        self._service = service
        self._wanted = wanted
        self._parallelism = parallelism
        self._insights_id = insights
        self._subscription_id = client.service_path.split("/")[2]

    def read(self, targets: Sequence[Target]) -> Facts:
        """Return the facts that the targets ask for; what goes side by side is read so."""
        routes = routes_to(self._service, targets)
        with ThreadPoolExecutor(4) as executor:
            # The checks of connectivity take the longest, so they start first.
            answers = executor.submit(self._each, self._check, routes)
            accounts = executor.submit(self._accounts, targets)
            insights = executor.submit(self._insights)
            identity = executor.submit(self._identity).result()
            access = self._access(targets, principal_of(self._service, identity), accounts.result())
            return Facts(self._service, identity, access, answers.result(), insights.result())

    def _identity(self) -> Identity | None:
        if not self._wanted:
            return None
        if self._wanted.get("client_id"):
            return Identity(self._wanted["client_id"], client_id=self._wanted["client_id"])
        path = identity_path(self._client, self._wanted)
        found = _attempt(lambda: _body(self._client, path), _FORBIDDEN, _ABSENT)
        return Identity(self._wanted["name"], resource_id=path, found=found)

    def _insights(self) -> Insights | None:
        path = self._insights_id
        if not path:
            return None
        return Insights(path, _attempt(lambda: _body(self._client, path, COMPONENT_QUERY), _FORBIDDEN, _ABSENT))

    def _accounts(self, targets: Sequence[Target]) -> Sequence[Mapping[str, Any]] | Unread:
        if not any(target.needs_role for target in targets):
            return ()
        path = f"/subscriptions/{self._subscription_id}/providers/Microsoft.CognitiveServices/accounts"
        # 409: the subscription has never used the provider.
        return _attempt(lambda: self._client.list(path), _FORBIDDEN, _CONFLICT)

    def _access(
        self, targets: Sequence[Target], principal: str, accounts: Sequence[Mapping[str, Any]] | Unread
    ) -> Access:
        if isinstance(accounts, Unread) or not principal:
            return Access(principal, self._subscription_id, accounts)
        found = [accounts_at(accounts, target.host) for target in targets if target.needs_role]
        ids = dict.fromkeys(str(each[0]["id"]) for each in found if len(each) == 1)
        assignments = self._each(lambda account_id: self._assignments(account_id, principal), ids)
        # A role is read at the subscription: the id of one that was given above it does not begin there.
        guids = dict.fromkeys(
            definition_of(each)
            for account_id, listed in assignments.items()
            if not isinstance(listed, Unread)
            for each in listed
            if applies(each, account_id)
        )
        return Access(principal, self._subscription_id, accounts, assignments, self._each(self._definition, guids))

    def _assignments(self, account_id: str, principal: str) -> Sequence[Mapping[str, Any]] | Unread:
        path = f"{account_id}/providers/Microsoft.Authorization/roleAssignments"
        query = {"$filter": f"assignedTo('{principal}')"}
        return _attempt(lambda: self._client.list(path, query=query), _FORBIDDEN)

    def _definition(self, guid: str) -> Mapping[str, Any] | Unread | None:
        path = f"/subscriptions/{self._subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
        return _attempt(lambda: _body(self._client, path), _FORBIDDEN)

    def _check(self, route: Route) -> Mapping[str, Any] | Unread:
        """Let Azure check a route; a tier without this check and an account without the right both refuse it."""
        try:
            return self._client.post(f"{self._client.service_path}/connectivityCheck", request_for(route))
        except (AuthenticationFailed, ConnectionFailed, DeadlineExceeded):
            raise
        except ArmError as error:
            # No status: the check was accepted and then failed, which tells nothing about the route.
            if error.status is None or 400 <= error.status < 500:
                return _unread(error)
            raise

    def _each(self, read: Callable[[_Key], _Value], keys: Iterable[_Key]) -> dict[_Key, _Value]:
        wanted = list(keys)
        with ThreadPoolExecutor(max(1, min(self._parallelism, len(wanted)))) as executor:
            return dict(zip(wanted, executor.map(read, wanted), strict=True))


def _attempt(read: Callable[[], _Value], *statuses: int) -> _Value | Unread:
    """Return what is read, or why it is not when ARM refuses with one of these statuses."""
    try:
        return read()
    except DeadlineExceeded:
        raise
    except ArmError as error:
        if error.status not in statuses:
            raise
        return _unread(error)


def _unread(error: ArmError) -> Unread:
    cause = f"HTTP {error.status} {error.code}" if error.status else error.code
    # Without the request id: backends that are refused for one reason are told of in one line.
    return Unread(f"{cause}: {' '.join(error.message.split()).rstrip('.')}", error.status or 0)


def _body(client: ArmClient, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any] | None:
    entity = client.get(path, query=query)
    return None if entity is None else entity.body
