# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of one request to a provider: checked in the order of the real endpoints, then answered or refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from apim_emulator.entra import TokenIssuer
from apim_emulator.http import new_guid
from apim_emulator.providers import answers, listings, responses
from apim_emulator.providers.asking import Asked, check_body, check_version, model_of, operation_of, read_body
from apim_emulator.providers.credentials import check_credentials, describe_credentials
from apim_emulator.providers.errors import Dialect, Refused
from apim_emulator.providers.families import EXTERNAL, Place, Surface, locate
from apim_emulator.providers.hosts import REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE, Host
from apim_emulator.providers.objects import Objects
from apim_emulator.providers.permissions import Permissions, needed
from apim_emulator.providers.stored import Given, StoredCall, perform, stored_call
from apim_emulator.settings import ProviderBehaviour

_GETS = ("deployments", "models", "info")
_HEADER_VALUE = re.compile(r"[!-~]([ -~]{0,254}[!-~])?")


@dataclass(slots=True)
class Outgoing:
    """An answer as it is to be sent, under which behaviour. With status 0 nothing is sent."""

    status: int
    media_type: str
    pieces: tuple[bytes, ...]
    behaviour: ProviderBehaviour
    headers: dict[str, str] = field(default_factory=dict)


class Exchange:
    """One request to one host: its whole `body`, `objects` that all hosts keep, `permissions` of callers."""

    def __init__(
        self,
        host: Host,
        received: web.BaseRequest,
        body: bytes,
        issuer: TokenIssuer,
        objects: Objects,
        permissions: Permissions,
    ) -> None:
        url = received.rel_url
        self._host = host
        self._issuer = issuer
        self._objects = objects
        self._permissions = permissions
        self._given = Given(url.query, received.headers.get("Content-Type", ""), body)
        self._headers: Mapping[str, str] = received.headers
        self._media_type = received.content_type
        self._version = url.query.get("api-version")
        self._body = read_body(body) if body else None
        self._place = locate(host.family, host.settings.base_path, url.raw_path)
        self._deployment = (self._place.deployment if self._place else None) or model_of(self._body)
        surface = self._place.surface if self._place else _first_surface(host)
        self._dialect = Dialect(surface, received.method, url.raw_path, host.family.audiences)

    def outgoing(self) -> Outgoing:
        """Decide on the answer. What a behaviour does `times` times is counted here.

        A request that would be refused anyway does not use up what the provider was told to do.
        """
        key, behaviour = self._host.behaviour(self._deployment)
        if behaviour.refuse:
            self._host.count(key)
            return Outgoing(0, answers.JSON, (), behaviour)
        try:
            wanted = self._checked()
            self._host.count(key)
            return self._finished(behaviour.status or 200, self._reply(wanted, behaviour), behaviour, {})
        except Refused as refused:
            content = answers.Reply(answers.JSON, (orjson.dumps(refused.content),))
            return self._finished(refused.status, content, behaviour, refused.headers)

    def details(self) -> dict[str, Any]:
        """Return what the request log tells of the request beyond HTTP."""
        return {
            "host": self._host.name,
            "family": self._host.family.name,
            "operation": self._place.operation if self._place else None,
            "deployment": self._deployment,
            "api_version": self._version,
            "credentials": describe_credentials(self._host.settings, self._headers, self._given.query, self._issuer),
        }

    def _checked(self) -> Asked | StoredCall | tuple[str, str]:
        """Return what is asked of a model or of what the host keeps, or which list (and which item of it) is wanted."""
        place, dialect, host = self._place, self._dialect, self._host
        if place is None:
            raise dialect.not_found()
        stored = stored_call(place, dialect) if host.family.keeps_objects else None
        operation, item = (stored.kind, "") if stored else operation_of(place, dialect)
        check_version(place.surface, self._version, dialect)
        self._check_caller(place, operation)
        if stored:
            return stored
        if operation in _GETS:
            return operation, item
        body = check_body(place, operation, self._media_type, self._body, dialect)
        deployment = self._deployment or host.default_model
        if not host.has(deployment):
            raise dialect.unknown_deployment(deployment)
        return Asked(operation, deployment, body)

    def _check_caller(self, place: Place, operation: str) -> None:
        """Raise Refused unless the request has credentials, and their owner may do what it asks for."""
        caller = check_credentials(self._host, self._dialect, self._headers, self._issuer, self._permissions)
        if caller is None:
            return
        need = needed(place, operation, self._dialect.method)
        if not self._permissions.allows(self._host.name, caller.object_id, need.action):
            raise self._dialect.permission_denied(caller.object_id, need.action, need.operation)

    def _reply(self, wanted: Asked | StoredCall | tuple[str, str], behaviour: ProviderBehaviour) -> answers.Reply:
        operation = _operation(wanted)
        if behaviour.status is not None and behaviour.status >= 400:
            raise self._dialect.scripted(behaviour.status, behaviour.retry_after, operation, self._version)
        if isinstance(wanted, StoredCall):
            return perform(wanted, self._host.name, self._objects, self._given, self._dialect)
        if isinstance(wanted, tuple):
            return answers.Reply(answers.JSON, (orjson.dumps(self._listing(*wanted)),))
        host = self._host
        model = answers.Model(wanted.deployment, host.name, host.settings.region, self._dialect.surface)
        return self._respond(model, wanted.body) if operation == "responses" else answers.answer(model, wanted)

    def _respond(self, model: answers.Model, body: Mapping[str, Any]) -> answers.Reply:
        responses.check_request(body, self._host.name, self._objects)
        item, reply = responses.respond(model, body)
        if item.body["store"] and self._host.family.keeps_objects:
            self._objects.put(self._host.name, item)
        return reply

    def _listing(self, operation: str, item: str) -> dict[str, Any]:
        deployments = self._host.settings.deployments or []
        if item:
            return listings.one_of(operation, item, self._host.has(item), self._dialect)
        if operation == "info":
            return listings.model_info(self._host.default_model)
        if operation == "deployments":
            return listings.list_deployments(deployments)
        return listings.list_models(deployments)

    def _finished(
        self, status: int, reply: answers.Reply, behaviour: ProviderBehaviour, headers: dict[str, str]
    ) -> Outgoing:
        headers["x-request-id"] = new_guid()
        deployment = self._deployment or ""
        if self._host.family is not EXTERNAL:
            headers["apim-request-id"] = headers["x-request-id"]
            headers["x-ms-region"] = self._host.settings.region
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains; preload"
            headers["X-Content-Type-Options"] = "nosniff"
            if _HEADER_VALUE.fullmatch(deployment):
                headers["x-ms-deployment-name"] = deployment
        if status < 400:
            requests, tokens = self._host.served(deployment, reply.tokens)
            headers["x-ratelimit-limit-requests"] = str(REQUESTS_PER_MINUTE)
            headers["x-ratelimit-limit-tokens"] = str(TOKENS_PER_MINUTE)
            headers["x-ratelimit-remaining-requests"] = str(requests)
            headers["x-ratelimit-remaining-tokens"] = str(tokens)
        return Outgoing(status, reply.media_type, tuple(reply.pieces), behaviour, headers)


def _operation(wanted: Asked | StoredCall | tuple[str, str]) -> str:
    match wanted:
        case Asked(operation=operation) | StoredCall(kind=operation):
            return operation
        case (operation, _):
            return operation


def _first_surface(host: Host) -> Surface:
    """Return the surface in whose dialect an endpoint refuses a path that belongs to none."""
    return next(surface for surface in Surface if surface in host.family.surfaces)
