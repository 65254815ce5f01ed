# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What in a text is a credential, and how it is masked.

A literal is a credential when the name under which it stands is that of a credential, or when it looks like a token.

- Names are read as words. ``authorization``, ``apikey``, ``password``, ``secret`` and ``cookie`` make one wherever they
  stand; ``key``, ``token`` and the like when they are the last word, as in ``x-provider-key``, but not in
  ``Idempotency-Key``, ``continuationToken`` or ``useApiKey``. Plurals are amounts: ``max-tokens`` is no credential.
- A token has a prefix that providers give their keys (``sk-`` and others), or is a JWT, a private key, a long word with
  digits after ``Bearer``, or 32 or more characters in which letters and digits alternate as only chance makes them.
  GUIDs are names, and so are 40 hexadecimal capitals, the thumbprint of a certificate.
- In any text, such as a URL, a form, JSON or a connection string, a value behind the name of a credential is one, and
  so is the password before the host of a URL.

References to named values, ``{{name}}``, are none. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

MASK = "********"
REFERENCE = re.compile(r"\{\{([^{}\"']+)\}\}")
Span = tuple[int, int]

_SCHEME = re.compile(r"(?i)\s*(?:(?:bearer|basic|api-key)(?:\s+|$))?")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_TELLING = {"authorization", "apikey", "password", "passwd", "pwd", "secret", "cookie"}
_LAST = {"key", "token", "credential", "signature", "passphrase"}
# Words that are credentials of requests, and something else as names of variables.
_LAST_OF_REQUESTS = {"auth", "authentication", "sig"}
_NOT_LAST = {
    "count",
    "limit",
    "name",
    "type",
    "scheme",
    "uri",
    "url",
    "endpoint",
    "version",
    "scope",
    "format",
    "length",
}
_ANOTHERS_KEY = {
    "idempotency", "cache", "counter", "routing", "route", "partition", "row", "sort", "group", "lookup", "correlation",
    "affinity", "object", "surrogate", "session", "public", "foreign",
}  # fmt: skip
_ANOTHERS_TOKEN = {"continuation", "next", "page", "pagination", "skip", "sync", "cancellation", "stop", "max", "per"}
_TELLS_WHETHER = {"use", "uses", "has", "is", "needs", "require", "requires", "skip", "allow", "no", "with", "without"}
_HARMLESS = re.compile(r"(?i)true|false|null|none|undefined|\d{1,4}")

# Of URLs, forms and connection strings; of JSON, also inside a string of C#, where quotes are escaped or doubled.
_ASSIGNED = re.compile(r"(?<![\w.-])([A-Za-z][\w.-]*)=([^&;,\s\"'<>{}\\]+)")
_OF_JSON = re.compile(r"[\"']{1,2}([\w.-]+)\\*[\"']{1,2}\s*:\s*\\*[\"']{1,2}([^\"'\\{}]+)")
_PASSWORD = re.compile(r"://[^/?#\s:@\"'{}]*:([^/?#\s@\"'{}]+)@")
_FORMS = (
    re.compile(r"(?<![A-Za-z0-9])sk[-_][A-Za-z0-9_-]{8,}"),
    # Of providers, some of whose models begin with the same letters, and of others that functions behind an API use.
    re.compile(
        r"(?<![A-Za-z0-9])(?:gsk_|xai-|nvapi-|pplx-|hf_|r8_|gh[opusr]_|github_pat_|AKIA|AIza)[A-Za-z0-9]{16}[\w-]*"
    ),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"(?i)(?<![a-z])(?:bearer|basic)\s+((?=[a-z._~+/-]*\d)[a-z0-9._~+/-]{16,}=*)(?![\w=\"'])"),
)
# Any JSON in Base64 begins so; three parts or five are a token.
_TOKENS = (*_FORMS, re.compile(r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){0,4}"))
_SIGNED = re.compile(r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){2,4}")
_LONG = re.compile(r"[A-Za-z0-9+/_-]{32,}={0,2}")
_GUID = re.compile(r"(?i)(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])")
_THUMBPRINT = re.compile(r"[0-9A-F]{40}")
_HEXADECIMAL = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_SHORTEST = 32
# By the number of classes in it: lower case, upper case, digits. Of the neighbours in a random text of all three 62 %
# differ in class, in one of letters of one case and digits 40 %; in text-embedding-3-large-deployment-westeurope-001
# 7 %, in Meta-Llama-3-1-405B-Instruct-fine-tuned-v2 21 %, in SubscriptionKeyParameterNamesForOpenAI2024 31 %.
_LEAST_ALTERNATION = {2: 0.25, 3: 0.37}


def is_credential_name(name: str, *, of_request: bool = True) -> bool:
    """Tell whether what has this name is a credential.

    :param of_request: it is the name of a header or query parameter, not that of a variable.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    if not words or words[0] in _TELLS_WHETHER or words[-1] in _NOT_LAST:
        return False
    if _TELLING.intersection(words) or ("api", "key") in pairwise(words):
        return True
    before, last = words[-2] if len(words) > 1 else "", words[-1]
    if (last == "key" and before in _ANOTHERS_KEY) or (last == "token" and before in _ANOTHERS_TOKEN):
        return False
    if of_request:
        # The key of an Azure function is a parameter of this name; other codes are those of errors or countries.
        return last in _LAST | _LAST_OF_REQUESTS or words == ["code"]
    return last in _LAST and words != ["key"]


def credential_spans(text: str, *, named: bool = False) -> list[Span]:
    """Return where credentials stand in a literal text, in order and without overlaps.

    :param named: the text stands under the name of a credential: all of it is one, but for a scheme such as ``Bearer``,
        unless it refers to a named value.
    """
    if named and not REFERENCE.search(text):
        start = _SCHEME.match(text).end()  # type: ignore[union-attr]  # matches any text
        rest = text[start:].rstrip()
        return [(start, start + len(rest))] if rest and not _HARMLESS.fullmatch(rest) else []
    return _joined([*_named(text), *_tokens(text), *(match.span(1) for match in _PASSWORD.finditer(text))])


def holds_token(text: str) -> bool:
    """Tell whether a text holds a token that has the form of one, not only the looks."""
    return holds_signed_token(text) or any(form.search(text) for form in _FORMS)


def holds_signed_token(text: str) -> bool:
    """Tell whether a text holds a whole JWT (RFC 7519), which nothing else looks like."""
    return bool(_SIGNED.search(text))


def without_spans(text: str, spans: Iterable[Span]) -> str:
    """Return a text with the mask in place of what stands at ``spans``, which are in order and do not overlap."""
    parts, position = [], 0
    for start, end in spans:
        parts += [text[position:start], MASK]
        position = end
    return "".join([*parts, text[position:]])


def masked(text: str, *, named: bool = False) -> str:
    """Return a literal text with its credentials masked; ``named`` as for :func:`credential_spans`."""
    return without_spans(text, credential_spans(text, named=named))


def _named(text: str) -> Iterator[Span]:
    """Yield values that stand behind the name of a credential."""
    for pattern in (_ASSIGNED, _OF_JSON):
        for match in pattern.finditer(text):
            name, value = match.groups()
            of_request = match.start() > 0 and text[match.start() - 1] in "?&"
            if is_credential_name(name, of_request=of_request) and value != MASK and not _HARMLESS.fullmatch(value):
                yield match.span(2)


def _tokens(text: str) -> Iterator[Span]:
    for pattern in _TOKENS:
        for match in pattern.finditer(text):
            yield match.span(pattern.groups)
    for match in _LONG.finditer(text):
        if _is_random(match[0]):
            yield match.span()


def _is_random(text: str) -> bool:
    """Tell whether a long text is one that chance made."""
    rest = _GUID.sub("", text).rstrip("=")
    if len(rest) < _SHORTEST or _THUMBPRINT.fullmatch(rest):
        return False
    classes = [_class_of(character) for character in rest if character.isalnum()]
    kinds = len(set(classes))
    if "digit" not in classes or kinds == 1:
        return False
    changes = sum(one != other for one, other in pairwise(classes))
    return bool(_HEXADECIMAL.fullmatch(rest)) or changes >= _LEAST_ALTERNATION[kinds] * len(classes)


def _class_of(character: str) -> str:
    if character.isdigit():
        return "digit"
    return "upper" if character.isupper() else "lower"


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
