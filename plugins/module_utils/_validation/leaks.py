# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that anybody can read who may read the service: in backends, named values and policies.

No message holds what was found. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_secrets import (
    Constant,
    constants_of,
    places,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.secrets import (
    REFERENCE,
    credential_spans,
    is_credential_name,
    masked,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    FAILED,
    Check,
    failed,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.policies import Document

_READABLE = "so that whoever reads the service reads it"
_REMEDY = "rotate it, keep it in a secret named value, and refer to that: credential of the backend does so"
_REMEDY_OF_NAMED_VALUE = "rotate it, and make the named value secret (secret: true) or a reference to a key vault"
# Characters of the shortest keys that providers give out.
_SHORTEST_KEY = 16
_HOLDS = f"it holds a credential and is not secret, {_READABLE}"
_NOT_OWN = "it is not in the inventory, so its owner is to be told: "


def judge_leaks(
    backends: Sequence[Mapping[str, Any]],
    named_values: Sequence[Mapping[str, Any]],
    policies: Mapping[str, Document],
    planned: Iterable[str] | None = None,
) -> Iterator[Check]:
    """Yield a check for each place with a credential that can be read, and one for all the others.

    What is a credential, a literal by its name or by its looks, ``_resources/secrets.py`` says. A reference to a named
    value that is not secret is as good as the literal: under the name of a credential, and where that value looks like
    a token. Such a value is also told by itself, whoever refers to it, and by its own name.

    :param backends: ARM objects of backends.
    :param named_values: ARM objects of named values.
    :param policies: each policy and fragment, under what people call it.
    :param planned: names of the inventory's backends; those of others, and named values to which these alone refer, can
        only be told of. None: all are its own.
    """
    readable = {
        str(each["properties"].get("displayName")): str(each["properties"].get("value") or "")
        for each in named_values
        if not each["properties"].get("secret") and not each["properties"].get("keyVault")
    }
    plain = {name.lower(): value for name, value in readable.items()}
    names = {name.lower() for name in planned} if planned is not None else None
    own = [each for each in backends if names is None or each["name"].lower() in names]
    others = [each for each in backends if each not in own]
    faults = {f"backend {each['name']}": list(_of_backend(each["properties"], plain)) for each in own}
    faults |= {title: list(_of_policy(document, plain)) for title, document in policies.items()}
    checks = [failed("secrets", title, _told(messages), _REMEDY) for title, messages in faults.items() if messages]
    checks += [
        skipped("secrets", f"backend {each['name']}", _NOT_OWN + _told(messages))
        for each in others
        if (messages := list(_of_backend(each["properties"], plain)))
    ]
    not_own = _referred(others) - _referred([*own, *(document.text for document in policies.values())])
    checks += _of_named_values(readable, not_own)
    yield from checks
    for title, document in policies.items():
        if document.fault:
            yield skipped("secrets", title, document.fault)
    if all(check.outcome != FAILED for check in checks):
        looked_at = f"{len(own)} backends, {len(named_values)} named values, {len(policies)} policies and fragments"
        yield passed("secrets", "what can be read in API Management", looked_at)


def _of_named_values(readable: Mapping[str, str], not_own: Container[str]) -> Iterator[Check]:
    """Yield a check for each named value that is not secret, and that holds a credential by its name or its looks.

    :param not_own: names, in lower case, of those to which only backends refer that are not in the inventory.
    """
    for name, value in readable.items():
        # Under such a name a shorter value is that of a placeholder or, say, the name of a header.
        named = len(value) >= _SHORTEST_KEY and is_credential_name(name, of_request=False)
        if not credential_spans(value, named=named):
            continue
        if name.lower() in not_own:
            yield skipped("secrets", f"named value {name}", _NOT_OWN + _HOLDS)
        else:
            yield failed("secrets", f"named value {name}", _HOLDS, _REMEDY_OF_NAMED_VALUE)


def _referred(places: Iterable[object]) -> set[str]:
    """Return the display names, in lower case, of the named values to which objects or documents refer."""
    return {name.strip().lower() for place in places for name in REFERENCE.findall(str(place))}


def _told(messages: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(messages))


def _of_backend(properties: Mapping[str, Any], plain: Mapping[str, str]) -> Iterator[str]:
    credentials = properties.get("credentials") or {}
    for kind in ("header", "query"):
        for name, values in (credentials.get(kind) or {}).items():
            for value in values if isinstance(values, list) else [values]:
                if fault := _first_fault(constants_of(str(value), named=is_credential_name(name)), plain):
                    yield f"the credential in {kind} {masked(name)} {fault}"
    authorization = credentials.get("authorization") or {}
    parameter = str(authorization.get("parameter") or "")
    if fault := _first_fault(constants_of(parameter, named=True), plain):
        yield f"the credential in authorization {fault}"
    url = str(properties.get("url") or "")
    if "@" in url.partition("://")[2].partition("/")[0] or "?" in url:
        yield "its URL carries credentials or a query"


def _of_policy(document: Document, plain: Mapping[str, str]) -> Iterator[str]:
    for child in document.children():
        for place in places(child):
            if fault := _first_fault(place.constants(), plain):
                yield f"{place.what} {fault}"
    if any(credential_spans(comment) for comment in document.comments()):
        yield f"a comment holds a credential, {_READABLE}"


def _first_fault(constants: Sequence[Constant], plain: Mapping[str, str]) -> str:
    return next((fault for constant in constants if (fault := _fault(constant, plain))), "")


def _fault(constant: Constant, plain: Mapping[str, str]) -> str:
    """Say why a credential can be read; empty when it cannot, or when there is none."""
    if any(constant.credentials()):
        return f"is not a reference to a named value, {_READABLE}"
    names = constant.references()
    readable = [name for name in names if name.lower() in plain]
    # A credential of two parts, one of them secret, is not known to whoever reads the other one.
    in_name = readable if constant.named and len(readable) == len(names) else []
    by_value = [name for name in readable if credential_spans(plain[name.lower()])]
    return f"refers to the named value {(in_name + by_value)[0]}, which is not secret" if in_name + by_value else ""
