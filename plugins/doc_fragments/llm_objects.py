# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the objects that several modules take: backends, pools, fragments, APIs, named values."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragments, one per option or group of options."""

    STATE = r"""
options:
  state:
    description:
      - V(present) creates what is missing and changes what differs.
      - V(absent) removes the listed objects; only their names count then.
    type: str
    choices: [present, absent]
    default: present
"""

    OWNERSHIP = r"""
options:
  owner:
    description:
      - Name that marks the objects as belonging to one inventory. It is kept at the end of their description, or for
        named values in a tag.
      - An object that only carries the mark of another owner is refused before anything is written.
      - When it is left out, marks are left alone, and whatever is listed is written.
    type: str
  adopt:
    description:
      - Take over listed objects that exist without a mark, and mark them. Without this they are refused before anything
        is written. Objects of other owners are refused in either case.
    type: bool
    default: false
  prune:
    description:
      - Remove the objects that carry the mark of O(owner) and are not listed.
      - Objects of other owners, and objects without a mark, are never removed.
    type: bool
    default: false
"""

    BACKENDS = r"""
options:
  backends:
    description: The backends.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the backend in ARM, 1 to 80 letters, digits and hyphens.
        type: str
        required: true
      url:
        description: Base URL of the endpoint. Required to create a backend.
        type: str
      title:
        description: Title shown in the portal.
        type: str
      description:
        description: Description, up to 2,000 characters with the mark of the owner.
        type: str
      circuit_breaker:
        description:
          - When the backend is taken out of service, and for how long. ARM takes one rule per backend.
          - Not available in the Consumption tier.
        type: dict
        suboptions:
          enabled:
            description: Whether there is a circuit breaker at all.
            type: bool
            default: true
          count:
            description: Number of failures within O(backends[].circuit_breaker.interval) that open it, 1 to 10,000.
            type: int
            default: 3
          interval:
            description: Time in which failures are counted, as an ISO 8601 duration.
            type: str
            default: PT10S
          trip_duration:
            description: Time that it stays open, as an ISO 8601 duration.
            type: str
            default: PT10S
          status_codes:
            description: Status codes that count as failures, single or as ranges.
            type: list
            elements: str
            default: ["429", "500-599"]
          error_reasons:
            description:
              - Reasons of failures without an answer that count, as API Management names them. Without them a backend
                that refuses connections is never taken out.
            type: list
            elements: str
            default: [BackendConnectionFailure, Timeout]
          accept_retry_after:
            description: Let a Retry-After of the backend replace O(backends[].circuit_breaker.trip_duration).
            type: bool
            default: true
      credentials:
        description:
          - Headers and query parameters that carry credentials to the backend.
          - Each value refers to a named value, because everybody who reads the backend can read what is written here.
            Only C(api-version) may be written as it is.
        type: dict
        suboptions:
          header:
            description: Headers by name, each a text or a list of texts.
            type: dict
          query:
            description: Query parameters by name, each a text or a list of texts.
            type: dict
      validate_certificate_chain:
        description: Check the chain of the endpoint's TLS certificate. ARM does when it is left out.
        type: bool
      validate_certificate_name:
        description: Check the name in the endpoint's TLS certificate. ARM does when it is left out.
        type: bool
"""

    POOLS = r"""
options:
  pools:
    description: The pools.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the pool in ARM, 1 to 80 letters, digits and hyphens. Backends and pools share their names.
        type: str
        required: true
      title:
        description: Title shown in the portal.
        type: str
      description:
        description: Description, up to 2,000 characters with the mark of the owner.
        type: str
      members:
        description: The backends of the pool, 1 to 30, in any order. Required to create a pool.
        type: list
        elements: dict
        suboptions:
          backend:
            description: Name of a backend of the same service; it cannot be a pool.
            type: str
            required: true
          priority:
            description:
              - Group of the member, 0 to 100. Lower groups are tried first, a later one serves only when every
                backend of the earlier ones is taken out by its circuit breaker.
            type: int
            default: 1
          weight:
            description: Share of the member within its group, 0 to 100.
            type: int
            default: 100
"""

    FRAGMENTS = r"""
options:
  fragments:
    description: The policy fragments.
    type: list
    elements: dict
    suboptions:
      name:
        description: Id of the fragment, which policies include it by.
        type: str
        required: true
      value:
        description:
          - The policies, in a C(fragment) element, up to 512 KiB. Required to create a fragment.
          - Compared by elements, attributes and expressions, because ARM answers in another layout than it was sent.
        type: str
      format:
        description: V(rawxml) has C# expressions as they are, V(xml) has them escaped as XML.
        type: str
        choices: [rawxml, xml]
        default: rawxml
      description:
        description: Description, up to 1,000 characters.
        type: str
"""

    APIS = r"""
options:
  apis:
    description: The APIs.
    type: list
    elements: dict
    suboptions:
      name:
        description: Id of the API.
        type: str
        required: true
      display_name:
        description: Name shown in the portals. A new API is shown by its O(apis[].name) when this is left out.
        type: str
      description:
        description: Description.
        type: str
      path:
        description: Path below the gateway's URL, up to 400 characters. Required to create an API.
        type: str
      service_url:
        description: Where requests go for which no policy names a backend.
        type: str
      protocols:
        description: How clients may call it. ARM takes V(https) for a new API when it is left out.
        type: list
        elements: str
        choices: [http, https]
      subscription_required:
        description: Whether a subscription key is needed. ARM says that it is when this is left out.
        type: bool
      subscription_key_names:
        description: Where clients put their key.
        type: dict
        suboptions:
          header:
            description: Name of the header.
            type: str
            default: api-key
          query:
            description: Name of the query parameter.
            type: str
            default: api-key
      definition:
        description:
          - An OpenAPI document of version 3, whose operations become operations of the API.
          - Other operations of it go if they carry the mark of O(owner), and are left alone otherwise.
          - Method, path, C(operationId), C(summary) and C(description) count. Schemas stay as they are.
        type: dict
      policy:
        description: The policy of the API, with C# expressions as they are (V(rawxml)), up to 512 KiB.
        type: str
      operation_policies:
        description: Policies of operations, by C(operationId). Operations that are not named here keep theirs.
        type: dict
      products:
        description: Products to which the API shall belong. Others to which it belongs are left alone.
        type: list
        elements: str
"""

    NAMED_VALUES = r"""
options:
  named_values:
    description: The named values.
    type: list
    elements: dict
    suboptions:
      name:
        description: Id of the named value in ARM.
        type: str
        required: true
      display_name:
        description:
          - Name by which policies and credentials refer to it. Letters, digits, dots, hyphens and underscores.
          - A new named value is shown by its O(named_values[].name) when this is left out.
        type: str
      value:
        description: A plain text that everybody who reads the service can see.
        type: str
      secret_value:
        description:
          - A secret. It is stored as secret, and never shown in results, differences or logs.
          - To compare it, the stored one is read (C(listValue)), which the credential must be allowed to do.
        type: str
      key_vault:
        description: A secret of a key vault.
        type: dict
        suboptions:
          secret_identifier:
            description: URL of the secret. Without a version, API Management follows new versions by itself.
            type: str
            required: true
          identity_client_id:
            description: Client id of the user-assigned identity that reads it. The system-assigned one when left out.
            type: str
      tags:
        description: Tags, up to 32.
        type: list
        elements: str
"""

    IDENTITY = r"""
options:
  managed_identity:
    description:
      - The user-assigned managed identity that the gateway shows to its backends.
      - Its client id becomes the named value C(uami-client-id), by which the shipped policies name it. It is looked up
        when the identity is named instead.
    type: dict
    suboptions:
      client_id:
        description: Client id, a GUID.
        type: str
      subscription_id:
        description: Subscription of the identity. That of the service when it is left out.
        type: str
      resource_group:
        description: Resource group of the identity.
        type: str
      name:
        description: Name of the identity.
        type: str
"""
