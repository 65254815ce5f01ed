# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the managed identity may send requests to the account behind an endpoint.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.accounts import accounts_at
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.findings import (
    DELAY,
    FAILED,
    PASSED,
    ROLE,
    SKIPPED,
    Finding,
    Unread,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.roles import (
    ROLES,
    allows_requests,
    applies,
    definition_of,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.targets import Target

_UNKNOWN_PRINCIPAL = "PRINCIPAL_ID_OF_THE_IDENTITY"
_UNKNOWN_ACCOUNT = "ID_OF_THE_ACCOUNT"


@dataclass(frozen=True)
class Access:
    """What ARM tells of accounts and of the identity's roles.

    :ivar principal: object id of the identity, empty when it is not known.
    :ivar subscription_id: where the accounts were listed.
    :ivar accounts: the accounts there.
    :ivar assignments: account id to the identity's role assignments, inherited ones and those of its groups included.
    :ivar definitions: GUID of a role, in lower case, to its definition; None when it does not exist any more.
    """

    principal: str
    subscription_id: str
    accounts: Sequence[Mapping[str, Any]] | Unread = ()
    assignments: Mapping[str, Sequence[Mapping[str, Any]] | Unread] = field(default_factory=dict)
    definitions: Mapping[str, Mapping[str, Any] | Unread | None] = field(default_factory=dict)


def judge_role(target: Target, access: Access) -> Finding:
    """Judge whether the identity holds a role that the backend needs."""
    if not target.shows_identity:
        return _skipped(target, f"it is called with credentials of its own ({target.auth_scheme})")
    if not target.needs_role:
        where = "in the Azure portal, under Access control (IAM) of the endpoint's workspace or project"
        return _skipped(target, f"{target.host} is not an account of Cognitive Services", f"check its roles {where}")
    if isinstance(access.accounts, Unread):
        message = f"the accounts of subscription {access.subscription_id} cannot be listed: {access.accounts.reason}"
        return _unjudged(target, message, access.principal)
    found = accounts_at(access.accounts, target.host)
    if len(found) != 1:
        return _unjudged(target, _not_one(access, len(found)), access.principal)
    return _judge_account(target, access, str(found[0]["id"]))


def _judge_account(target: Target, access: Access, account_id: str) -> Finding:
    principal = access.principal
    if not principal:
        return _unjudged(target, "the identity is not known", principal, account_id)
    assignments = access.assignments.get(account_id, ())
    if isinstance(assignments, Unread):
        message = f"role assignments on {account_id} cannot be read: {assignments.reason}"
        return _unjudged(target, message, principal, account_id)
    roles = {definition_of(each): each for each in assignments if applies(each, account_id)}
    definitions = {guid: access.definitions.get(guid) for guid in roles}
    for guid, definition in definitions.items():
        if isinstance(definition, Mapping) and allows_requests(definition, target.family):
            scope = roles[guid]["properties"]["scope"]
            return Finding(ROLE, target.backend_id, PASSED, f"{_name(definition)} on {scope}")
    for guid, definition in definitions.items():
        if isinstance(definition, Unread):
            message = f"the role definition {guid} cannot be read: {definition.reason}"
            return _unjudged(target, message, principal, account_id)
    return _missing(target, principal, account_id, definitions.values())


def _missing(target: Target, principal: str, account_id: str, definitions: Any) -> Finding:
    names = sorted({_name(definition) for definition in definitions if definition})
    others = f"; {', '.join(names)} there do{'es' if len(names) == 1 else ''} not" if names else ""
    message = f"the managed identity has no role on {account_id} that allows requests to its models{others}"
    command = (
        f"az role assignment create --assignee-object-id {principal} --assignee-principal-type ServicePrincipal"
        f" --role '{ROLES[target.family]}' --scope {account_id}"
    )
    return Finding(ROLE, target.backend_id, FAILED, message, f"{command} ({DELAY})")


def _not_one(access: Access, count: int) -> str:
    if count:
        return f"{count} accounts share its host, which is that of their region"
    return f"no account in subscription {access.subscription_id} that the signed-in account may read has its host"


def _unjudged(target: Target, reason: str, principal: str, account_id: str = _UNKNOWN_ACCOUNT) -> Finding:
    # Without what is the target's alone: backends that are skipped for one reason are told of in one line.
    by_hand = (
        "check it with az role assignment list --include-inherited --include-groups"
        f" --assignee {principal or _UNKNOWN_PRINCIPAL} --scope {account_id}"
    )
    return _skipped(target, f"needs '{ROLES[target.family]}', but {reason}", by_hand)


def _skipped(target: Target, message: str, remedy: str = "") -> Finding:
    return Finding(ROLE, target.backend_id, SKIPPED, message, remedy)


def _name(definition: Mapping[str, Any]) -> str:
    return str((definition.get("properties") or {}).get("roleName") or definition.get("name"))
