# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that anybody can read who may read the service: in backends, named values and policies.

No message holds what was found. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    Check,
    failed,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.policies import Document

_REFERENCE = re.compile(r"\{\{([^{}]+)\}\}")
_SCHEME = re.compile(r"(?i)(?:bearer|basic|api-key)\s+")
# An expression that is nothing but a string.
_CONSTANT = re.compile(r'@\(\s*\$?@?"([^"\\]*)"\s*\)')
# Headers and query parameters that hold secrets.
_SECRET_NAME = re.compile(
    r"(?i)authorization|api-?key|subscription-key|cookie|^x-.*(?:key|token|secret)|(?:^|[-_])(?:key|code|sig|token|secret|password)$"
)
# Headers that backends are often given beside their credential, such as the Bicep package's client id.
_HARMLESS_HEADERS = ("accept", "content-type", "user-agent", "x-ms-client-id")
_SETTERS = ("set-header", "set-query-parameter")
_REMEDY = "rotate it, keep it in a secret named value, and refer to that: credential of the backend does so"


def judge_leaks(
    backends: Sequence[Mapping[str, Any]], named_values: Sequence[Mapping[str, Any]], policies: Mapping[str, Document]
) -> Iterator[Check]:
    """Yield a check for each place with a credential that can be read, and one for all the others.

    :param backends: ARM objects of backends.
    :param named_values: ARM objects of named values.
    :param policies: each policy and fragment, under what people call it.
    """
    plain = {
        str(each["properties"].get("displayName")).lower()
        for each in named_values
        if not each["properties"].get("secret") and not each["properties"].get("keyVault")
    }
    faults = {f"backend {each['name']}": list(_of_backend(each["properties"], plain)) for each in backends}
    faults |= {title: list(_of_policy(document, plain)) for title, document in policies.items()}
    found = {title: messages for title, messages in faults.items() if messages}
    for title, messages in found.items():
        yield failed("secrets", title, "; ".join(dict.fromkeys(messages)), _REMEDY)
    for title, document in policies.items():
        if document.fault:
            yield skipped("secrets", title, document.fault)
    if not found:
        looked_at = (
            f"{len(backends)} backends, {len(named_values)} named values, {len(policies)} policies and fragments"
        )
        yield passed("secrets", "what can be read in API Management", looked_at)


def _of_backend(properties: Mapping[str, Any], plain: set[str]) -> Iterator[str]:
    credentials = properties.get("credentials") or {}
    for kind in ("header", "query"):
        for name, values in (credentials.get(kind) or {}).items():
            if not _SECRET_NAME.search(name) if kind == "query" else name.lower() in _HARMLESS_HEADERS:
                continue
            for value in values if isinstance(values, list) else [values]:
                if fault := _fault(str(value), plain):
                    yield f"the credential in {kind} {name} {fault}"
    authorization = credentials.get("authorization") or {}
    if authorization and (fault := _fault(str(authorization.get("parameter") or ""), plain)):
        yield f"the credential in authorization {fault}"
    url = str(properties.get("url") or "")
    if "@" in url.partition("://")[2].partition("/")[0] or "?" in url:
        yield "its URL carries credentials or a query"


def _of_policy(document: Document, plain: set[str]) -> Iterator[str]:
    for element in document.elements():
        if fault := _fault(element.get("password", ""), plain):
            yield f"the password of {element.tag} {fault}"
        if element.tag in _SETTERS and _SECRET_NAME.search(element.get("name", "")):
            yield from _of_setter(element, plain)


def _of_setter(element: Element, plain: set[str]) -> Iterator[str]:
    for value in element.iter("value"):
        if fault := _fault((value.text or "").strip(), plain):
            yield f"the value of {element.tag} {element.get('name')} {fault}"


def _fault(value: str, plain: set[str]) -> str:
    """Say why a credential can be read; empty when it cannot."""
    constant = _CONSTANT.fullmatch(value)
    text = _SCHEME.sub("", constant[1] if constant else value, count=1).strip()
    if not text or text.startswith("@"):
        return ""
    names = [name.strip() for name in _REFERENCE.findall(text)]
    if not names:
        return "is not a reference to a named value, so that whoever reads the service reads it"
    if any(name.lower() not in plain for name in names):
        return ""
    return f"refers to the named value {names[0]}, which is not secret"
