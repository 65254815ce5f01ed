# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Behaviour that may change while the emulator runs: delays, throttling, faults, and how providers answer."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from error
    return pattern


Milliseconds = Annotated[int, Field(ge=0, le=600_000)]
Pattern = Annotated[str, AfterValidator(_regular_expression)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]
HOST_NAME = r"^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$"
HostName = Annotated[str, Field(pattern=HOST_NAME)]


class Settings(BaseModel):
    """Base of everything that a person writes: an unknown key is refused by name."""

    model_config = ConfigDict(extra="forbid")


class Fault(Settings):
    """One scripted misbehaviour of the HTTPS origin that serves ARM, tokens and metadata.

    A request is hit when `plane`, `method` and `path` (a regular expression, searched in path and query, case ignored)
    all match. The first matching fault of the list acts, after it has let `skip` matches pass and until it has acted
    `times` times. It delays (`latency_ms`), answers an error (`status`, `code`, `message`, `retry_after`) or closes the
    connection (`drop`): before the request is looked at, or when the write is done (`after_write`), or as the end of
    the long-running operation that the write starts (`asynchronous`; at once when the write starts none); `lro_ms` says
    how long that operation runs.
    """

    plane: Literal["arm", "login", "metadata"] = "arm"
    method: str | None = None
    path: Pattern | None = None
    skip: int = Field(default=0, ge=0)
    times: int | None = Field(default=None, ge=1)

    status: int | None = Field(default=None, ge=400, le=599)
    code: str | None = None
    message: str | None = None
    retry_after: float | None = Field(default=None, ge=0)
    drop: bool = False
    after_write: bool = False
    asynchronous: bool = False
    latency_ms: Milliseconds = 0
    lro_ms: Milliseconds | None = None

    @model_validator(mode="after")
    def _has_an_effect(self) -> Fault:
        if self.status is None and not self.drop and not self.latency_ms and self.lro_ms is None:
            raise ValueError("has no effect: give status, drop, latency_ms or lro_ms")
        if self.asynchronous and self.status is None:
            raise ValueError("asynchronous needs the status (and code, message) with which the operation fails")
        return self


class ArmSettings(Settings):
    """How the control plane behaves (`PUT {admin}/arm`).

    `latency_ms` delays each ARM call, `propagation_ms` what the gateway sees of a write, `lro_ms` is how long a
    long-running operation runs, `throttling` makes the token buckets refuse, `token_lifetime_s` is the life of a token.
    """

    latency_ms: Milliseconds = 0
    propagation_ms: Milliseconds = 0
    lro_ms: Milliseconds = 0
    throttling: bool = False
    token_lifetime_s: int = Field(default=3599, ge=1, le=86_400)
    faults: list[Fault] = Field(default_factory=list)


class ProviderBehaviour(Settings):
    """How a simulated LLM endpoint misbehaves, the first `times` times (None: until told otherwise).

    `refuse` resets the connection instead of answering. `latency_ms` delays the answer, `status` makes it an error
    (below 400: the ordinary answer under that status) with `retry_after` seconds. `token_delay_ms` is the pause between
    two chunks of a stream, `stall_ms` one pause in the middle of the body, and after `cut_after` chunks of a stream
    (after half of any other body) the connection is cut.
    """

    status: int | None = Field(default=None, ge=200, le=599)
    retry_after: float | None = Field(default=None, ge=0)
    latency_ms: Milliseconds = 0
    refuse: bool = False
    times: int | None = Field(default=None, ge=1)
    token_delay_ms: Milliseconds = 0
    stall_ms: Milliseconds = 0
    cut_after: int | None = Field(default=None, ge=0)


class ProviderSettings(ProviderBehaviour):
    """The simulated LLM endpoint of one host name (`PUT {admin}/providers/{host}`): what it is, and how it behaves.

    `deployments` are the names that exist (None: any name does), `api_keys` the keys that it takes, `key_header` the
    header in which an endpoint that is not Azure's wants them (None: `Authorization: Bearer`), `base_path` where its
    paths begin, `region` where any endpoint says it is. In `per_deployment` a deployment has behaviour of its own,
    which goes before that of the host.
    """

    deployments: list[str] | None = None
    api_keys: list[SecretStr] = Field(default_factory=list)
    key_header: HeaderName | None = None
    base_path: Annotated[str, Field(pattern=r"^(/[^/?#]+)*$")] = "/v1"
    region: Annotated[str, Field(pattern=r"^[ -~]{1,64}$")] = "Sweden Central"
    per_deployment: dict[str, ProviderBehaviour] = Field(default_factory=dict)

    def replaced_by(self, wanted: ProviderSettings) -> ProviderSettings:
        """Return `wanted`, with what it does not say of what the endpoint is taken from here; behaviour is not kept."""
        named = wanted.model_fields_set
        kept = {name: getattr(self, name) for name in _IDENTITY if name not in named}
        return wanted.model_copy(update=kept)


class ObjectSeed(Settings):
    """An object that a provider is to keep (`POST {admin}/providers/{host}/objects`).

    `object` holds the members that differ from those of a new one, `content` the text of a file or of a response's
    input.
    """

    kind: Literal["responses", "files", "batches"]
    object: dict[str, Any] = Field(default_factory=dict)
    content: str = ""


_IDENTITY = ("deployments", "api_keys", "key_header", "base_path", "region")
