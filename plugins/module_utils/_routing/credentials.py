# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that the gateway shows to a backend: an API key or a bearer token, kept in a named value.

They belong to the APIM backend and not to a policy, so each member of a pool brings its own. PRIVATE to the
citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.endpoints import EXTERNAL, SERVERLESS
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import Fields
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems

_FIELDS = ("value", "named_value", "key_vault_secret_id", "header")
_SOURCES = ("value", "named_value", "key_vault_secret_id")
_SOURCES_REMEDY = f"give one of {', '.join(_SOURCES)}"

_BEARER_HEADER = "Authorization"
_KEY_HEADER = "api-key"

# facts: display names and values of named values. A value with braces would be taken for a reference.
_NAMED_VALUE = re.compile(r"[A-Za-z0-9._-]{1,256}")
_VALUE = re.compile(r"(?!.*\{\{)[!-~](?:[ -~]{0,4094}[!-~])?")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_VAULT_SECRET = re.compile(r"https://[A-Za-z0-9.-]+(?::\d{1,5})?/secrets/[A-Za-z0-9-]{1,127}(/[0-9A-Za-z]+)?/?")

_SCHEME = re.compile(r"(?:Bearer|Basic)\s.*", re.IGNORECASE)

_VALUE_REMEDY = "write a secret of printable ASCII characters, up to 4,096, such as a variable of a vault"
_NAMED_VALUE_REMEDY = "write the display name of a named value: letters, digits, dots, hyphens and underscores"
_VAULT_REMEDY = "write the secret's id without a version, such as https://my-vault.vault.azure.net/secrets/my-key"
_HEADER_REMEDY = "write the name of a header, such as api-key"


@dataclass(frozen=True)
class Credential:
    """A credential as an inventory gives it; exactly one of the three sources is set.

    :ivar value: the secret itself.
    :ivar named_value: display name of a named value that the service already has.
    :ivar key_vault_secret_id: id of a Key Vault secret, without a version, so that a new version is followed.
    :ivar header: name of the header that carries it.
    """

    header: str
    value: str = ""
    named_value: str = ""
    key_vault_secret_id: str = ""

    def options(self, backend_id: str) -> dict[str, Any]:
        """Return the option ``credentials`` of module ``apim_llm_backend``: a reference, never the secret."""
        reference = f"{{{{{self.named_value or named_value_of(backend_id)}}}}}"
        is_bearer = self.header.lower() == _BEARER_HEADER.lower()
        return {"header": {self.header: f"Bearer {reference}" if is_bearer else reference}}

    def named_values(self, backend_id: str) -> list[dict[str, Any]]:
        """Return the named values that must exist for it, as options of module ``apim_named_value``."""
        name = named_value_of(backend_id)
        if self.value:
            return [{"name": name, "secret_value": self.value}]
        if self.key_vault_secret_id:
            return [{"name": name, "key_vault": {"secret_identifier": self.key_vault_secret_id}}]
        return []


def named_value_of(backend_id: str) -> str:
    """Return the name of the named value that holds the credential of a backend."""
    return f"{backend_id}-credential"


def read_credential(fields: Fields, auth_scheme: str, family: str, problems: Problems) -> Credential | None:
    """Return the credential of a backend, None when it has none; faults are noted without quoting secrets.

    :param fields: the backend's fields; ``credential`` is read.
    :param auth_scheme: ``managed_identity``, ``api_key`` or ``token``; empty when it is not known.
    :param family: the endpoint's, see :func:`.endpoints.family_of`.
    """
    value = fields.raw("credential")
    if value is None:
        return None
    if auth_scheme == "managed_identity":
        remedy = "remove it, or write api_key or token as the auth_scheme"
        fields.refuse("credential", "is given, but managed_identity takes none", remedy)
        return None
    if not isinstance(value, Mapping):
        fields.refuse("credential", "is not a mapping (it is not shown)", _SOURCES_REMEDY)
        return None
    own = Fields(value, fields.at("credential"), _FIELDS, problems)
    given = [name for name in _SOURCES if own.raw(name) is not None]
    if len(given) != 1:
        problems.add(own.path, f"has {' and '.join(given) or 'no secret'}", _SOURCES_REMEDY)
    header = own.text("header", _HEADER_REMEDY, required=False, default=_default_header(auth_scheme, family))
    if header and not _HEADER.fullmatch(header):
        own.refuse("header", "is not the name of a header (it is not shown)", _HEADER_REMEDY)
    return Credential(
        header=header,
        value=_secret(own, header),
        named_value=_named_value(own),
        key_vault_secret_id=_vault_secret(own),
    )


def _default_header(auth_scheme: str, family: str) -> str:
    """Return the header in which endpoints of a family expect a credential.

    facts: accounts of Azure take their keys in api-key; serverless endpoints and most other providers take theirs as
    bearer tokens.
    """
    bearer = auth_scheme == "token" or family in {SERVERLESS, EXTERNAL}
    return _BEARER_HEADER if bearer else _KEY_HEADER


def _secret(fields: Fields, header: str) -> str:
    value = fields.raw("value")
    if value is None:
        return ""
    if not isinstance(value, str) or not _VALUE.fullmatch(value.strip()):
        fields.refuse("value", "cannot be a secret in a header (it is not shown)", _VALUE_REMEDY)
        return ""
    if header.lower() == _BEARER_HEADER.lower() and _SCHEME.fullmatch(value.strip()):
        message = "starts with a scheme, and Bearer is put before it already (it is not shown)"
        fields.refuse("value", message, "write the token without Bearer")
    return value.strip()


def _named_value(fields: Fields) -> str:
    name = fields.text("named_value", _NAMED_VALUE_REMEDY, required=False)
    if name and not _NAMED_VALUE.fullmatch(name):
        fields.refuse("named_value", "is not the name of one (it is not shown)", _NAMED_VALUE_REMEDY)
    return name


def _vault_secret(fields: Fields) -> str:
    address = fields.text("key_vault_secret_id", _VAULT_REMEDY, required=False)
    match = _VAULT_SECRET.fullmatch(address)
    if address and not match:
        fields.refuse("key_vault_secret_id", "is not the id of a secret (it is not shown)", _VAULT_REMEDY)
    elif match and match[1]:
        fields.refuse("key_vault_secret_id", "names a version of the secret, so a new one is never used", _VAULT_REMEDY)
    return address.rstrip("/")
