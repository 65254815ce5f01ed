# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame that all modules share: options, errors, results.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.argument_spec import AUTH_ARGUMENT_SPEC
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient, create_client
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ArmError, ClientError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import (
    FAILED,
    SKIPPED,
    UNCHANGED,
    Change,
    Goal,
    GoalError,
    Report,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._reconcile.reconciler import Reconciler
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.ownership import Ownership
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import Resource

# The options by which objects belong to an owner.
OWNERSHIP_SPEC: dict[str, dict[str, Any]] = {
    "owner": {"type": "str"},
    "adopt": {"type": "bool", "default": False},
    "prune": {"type": "bool", "default": False},
}

# A message with hundreds of lines hides its first one; all errors are in the result's ``errors``.
_ERRORS_IN_MESSAGE = 20


def items_spec(resource: Resource) -> dict[str, Any]:
    """Return the argument spec of an option that lists objects of one kind."""
    options = {"name": {"type": "str", "required": True}, **resource.argument_spec()}
    return {"type": "list", "elements": "dict", "options": options}


def create_module(**options: dict[str, Any]) -> AnsibleModule:
    """Return the module for its own ``options`` and those that every module has; it supports check mode."""
    return AnsibleModule(  # type: ignore[no-untyped-call]  # ansible-core annotates only a part of it
        argument_spec={**AUTH_ARGUMENT_SPEC, **options}, supports_check_mode=True
    )


def run_module(module: AnsibleModule, work: Callable[[ArmClient], dict[str, Any]]) -> None:
    """Run ``work`` with a client, and exit with its result or with one clear error."""
    try:
        result = work(create_client(module.params))
    except ArmError as error:
        module.fail_json(msg=str(error), errors=[_error_fields(error)], exception=traceback.format_exc())
    except (ClientError, GoalError) as error:
        module.fail_json(msg=str(error))
    else:
        module.exit_json(**result)


def reconcile(module: AnsibleModule, client: ArmClient, goals: Sequence[Goal], **options: Any) -> dict[str, Any]:
    """Reach the goals, and return ``changed``, ``objects``, ``kept``, ``unlisted`` and, in diff mode, ``diff``; warn.

    Exits with an error that names each object when some could not be written; what was written is in the result.

    :param options: further options of :class:`Reconciler`.
    """
    params = module.params
    ownership = Ownership(params.get("owner") or None, bool(params.get("adopt")))
    reconciler = Reconciler(
        client, ownership, parallelism=params["parallelism"], check_mode=module.check_mode, **options
    )
    report = reconciler.run(goals)
    for warning in report.warnings:
        module.warn(warning)
    result: dict[str, Any] = {"changed": report.changed, "objects": report.objects()}
    if report.kept():
        result["kept"] = report.kept()
    if report.unlisted:
        result["unlisted"] = report.stays()
    if module._diff:
        result["diff"] = report.diff()
    if report.errors:
        errors = [
            {"kind": c.resource.kind, "name": c.title, **_error_fields(c.error)} for c in report.errors if c.error
        ]
        module.fail_json(msg=_failure_message(report), errors=errors, **result)
    return result


def run_kind(resource: Resource, option: str, *, owned: bool = False) -> None:
    """Be the whole of a module that manages one kind of object.

    :param option: name of the option that lists the objects.
    :param owned: objects of this kind carry the mark of an owner and can be pruned.
    """
    spec: dict[str, dict[str, Any]] = {
        option: {**items_spec(resource), "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    if owned:
        spec |= OWNERSHIP_SPEC
    module = create_module(**spec)
    if owned:
        check_ownership(module)
    params = module.params
    goal = Goal(resource, option, params[option], absent=params["state"] == "absent", prune=bool(params.get("prune")))
    run_module(module, lambda client: reconcile(module, client, [goal]))


def check_ownership(module: AnsibleModule) -> None:
    """Fail unless the module's options say what ``prune`` removes, and for whom ``adopt`` takes over."""
    params = module.params
    if params["adopt"] and not params["owner"]:
        module.fail_json(msg="adopt marks objects as the owner's: give owner")
    if params["prune"] and (not params["owner"] or params.get("state") == "absent"):
        module.fail_json(msg="prune removes what an owner no longer lists: give owner, and leave state at present")


def _error_fields(error: ArmError) -> dict[str, Any]:
    return {
        "action": error.action,
        "resource_id": error.resource,
        "status": error.status,
        "code": error.code,
        "message": error.message,
        "request_id": error.request_id,
    }


def _failure_message(report: Report) -> str:
    failed = report.errors
    done = sum(change.action not in {FAILED, SKIPPED, UNCHANGED} for change in report.changes)
    skipped = sum(change.action == SKIPPED for change in report.changes)
    heading = f"{len(failed)} of {done + len(failed) + skipped} changes failed"
    state = f"{done} were made and stay, {skipped} were not tried; another run does the rest"
    lines = [_failure_line(change) for change in failed[:_ERRORS_IN_MESSAGE]]
    more = len(failed) - len(lines)
    return "\n".join([f"{heading}; {state}:", *lines, *([f"  - and {more} more, see errors"] if more else [])])


def _failure_line(change: Change) -> str:
    return f"  - {change.resource.kind} {change.title}: {change.error}"
