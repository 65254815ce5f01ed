# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that anybody can read who may read the service: in backends, named values and policies.

No message holds what was found. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import Check, failed, passed
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.policies import elements_of

_REFERENCE = re.compile(r"\{\{([^{}]+)\}\}")
_SCHEME = re.compile(r"(?i)(?:bearer|basic|api-key)\s+")
# Headers, query parameters and attributes that hold secrets.
_SECRET_HEADER = re.compile(r"(?i)authorization|api-?key|x-.*(?:key|token|secret)|ocp-apim-subscription-key|cookie")
_SETTERS = ("set-header", "set-query-parameter")
_REMEDY = "rotate it, keep it in a secret named value, and refer to that: credential of the backend does so"


def judge_leaks(
    backends: Sequence[Mapping[str, Any]], named_values: Sequence[Mapping[str, Any]], policies: Mapping[str, str]
) -> Iterator[Check]:
    """Yield a check for each place with a credential that can be read, and one for all the others.

    :param backends: ARM objects of backends.
    :param named_values: ARM objects of named values.
    :param policies: text of each policy and fragment, under what people call it.
    """
    plain = {
        str(each["properties"].get("displayName"))
        for each in named_values
        if not each["properties"].get("secret") and not each["properties"].get("keyVault")
    }
    found = [
        *((f"backend {each['name']}", fault) for each in backends for fault in _of_backend(each["properties"], plain)),
        *((title, fault) for title, text in policies.items() for fault in _of_policy(text, plain)),
    ]
    for title, fault in dict(found).items():
        yield failed("secrets", title, fault, _REMEDY)
    looked_at = f"{len(backends)} backends, {len(named_values)} named values, {len(policies)} policies and fragments"
    if not found:
        yield passed("secrets", "what can be read in API Management", looked_at)


def _of_backend(properties: Mapping[str, Any], plain: set[str]) -> Iterator[str]:
    credentials = properties.get("credentials") or {}
    for kind in ("header", "query"):
        for name, values in (credentials.get(kind) or {}).items():
            if kind == "query" and not _SECRET_HEADER.search(name):
                continue
            for value in values if isinstance(values, list) else [values]:
                if fault := _fault(str(value), plain):
                    yield f"the credential in {kind} {name} {fault}"
    authorization = credentials.get("authorization") or {}
    if authorization and (fault := _fault(str(authorization.get("parameter") or ""), plain)):
        yield f"the credential in authorization {fault}"
    url = urlsplit(str(properties.get("url") or ""))
    if "@" in url.netloc or url.query:
        yield "its URL carries credentials or a query"


def _of_policy(text: str, plain: set[str]) -> Iterator[str]:
    for element in elements_of(text):
        name = element.get("name", "")
        if element.tag in _SETTERS and _SECRET_HEADER.search(name):
            for value in element.iter("value"):
                if fault := _fault((value.text or "").strip(), plain):
                    yield f"the value of {element.tag} {name} {fault}"
        elif element.tag == "authentication-basic" and (fault := _fault(element.get("password", ""), plain)):
            yield f"the password of authentication-basic {fault}"


def _fault(value: str, plain: set[str]) -> str:
    """Say why a credential can be read; empty when it cannot."""
    if not value or value.startswith("@"):
        return ""
    bare = _SCHEME.sub("", value.strip(), count=1)
    reference = _REFERENCE.fullmatch(bare)
    if reference is None:
        return "is not a reference to a named value, so that whoever reads the service reads it"
    return f"refers to the named value {reference[1]}, which is not secret" if reference[1] in plain else ""
