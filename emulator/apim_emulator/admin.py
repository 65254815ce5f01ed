# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The admin API: JSON over plain HTTP on loopback, for tests and for people; see README.md."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import orjson
from aiohttp import web
from pydantic import ValidationError

from apim_emulator.arm.store import Store
from apim_emulator.entra.samples import SampleCredentials
from apim_emulator.origin import Origin
from apim_emulator.providers import Providers
from apim_emulator.requestlog import RequestLog
from apim_emulator.settings import HOST_NAME, ArmSettings, ObjectSeed, ProviderSettings, Settings

S = TypeVar("S", bound=Settings)
HttpHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Admin:
    """Shows what happened and tells the planes how to behave."""

    def __init__(
        self,
        origin: Origin,
        store: Store,
        log: RequestLog,
        initial: ArmSettings,
        samples: SampleCredentials,
        providers: Providers,
        breakers: Callable[[], Iterable[dict[str, Any]]],
    ) -> None:
        self._origin = origin
        self._store = store
        self._log = log
        self._initial = initial
        self._arm = initial
        self._samples = samples
        self._providers = providers
        self._breaker_states = breakers

    def application(self) -> web.Application:
        """Return the web application."""
        application = web.Application(middlewares=[_errors_as_json])
        application.router.add_get("/requests", self._requests)
        application.router.add_delete("/requests", self._clear_requests)
        application.router.add_get("/services", self._services)
        application.router.add_get("/breakers", self._breakers)
        application.router.add_get("/credentials", self._credentials)
        application.router.add_get("/arm", self._show_arm)
        application.router.add_put("/arm", self._configure_arm)
        application.router.add_delete("/arm", self._reset_arm)
        application.router.add_get("/providers", self._show_providers)
        application.router.add_put("/providers/{host}", self._configure_provider)
        application.router.add_delete("/providers/{host}", self._reset_provider)
        application.router.add_get("/providers/{host}/objects", self._show_objects)
        application.router.add_post("/providers/{host}/objects", self._seed_object)
        application.router.add_delete("/providers/{host}/objects", self._forget_objects)
        return application

    async def _requests(self, request: web.Request) -> web.Response:
        plane = request.query.get("plane")
        entries = self._log.entries()
        return _json([entry for entry in entries if plane is None or entry["plane"] == plane])

    async def _clear_requests(self, _request: web.Request) -> web.Response:
        self._log.clear()
        return web.Response(status=204)

    async def _services(self, _request: web.Request) -> web.Response:
        return _json(
            [
                {
                    "subscription_id": service.config.subscription_id,
                    "resource_group": service.config.resource_group,
                    "name": service.config.name,
                    "sku": service.config.sku,
                    "url": service.gateway_url,
                    "key": service.gateway_key,
                }
                for service in self._store.services.values()
            ]
        )

    async def _breakers(self, _request: web.Request) -> web.Response:
        return _json(list(self._breaker_states()))

    async def _credentials(self, _request: web.Request) -> web.Response:
        return _json(self._samples.describe())

    async def _show_arm(self, _request: web.Request) -> web.Response:
        return _json(self._arm.model_dump())

    async def _configure_arm(self, request: web.Request) -> web.Response:
        """Change the settings that the body names; the others stay."""
        wanted = await _body(request, ArmSettings)
        changes = {name: getattr(wanted, name) for name in wanted.model_fields_set}
        self._arm = self._arm.model_copy(update=changes)
        self._origin.configure(self._arm)
        return _json(self._arm.model_dump())

    async def _reset_arm(self, _request: web.Request) -> web.Response:
        self._arm = self._initial
        self._origin.configure(self._arm)
        return web.Response(status=204)

    async def _show_providers(self, _request: web.Request) -> web.Response:
        return _json({host: _shown(settings) for host, settings in self._providers.configured().items()})

    async def _configure_provider(self, request: web.Request) -> web.Response:
        """Tell a host how to behave; what it is (deployments, keys, ...) stays where the body does not name it."""
        host = request.match_info["host"]
        if not re.fullmatch(HOST_NAME, host):
            return _refusal(400, [f"{host}: is not a host name"])
        return _json(_shown(self._providers.configure(host, await _body(request, ProviderSettings))))

    async def _reset_provider(self, request: web.Request) -> web.Response:
        self._providers.reset(request.match_info["host"])
        return web.Response(status=204)

    async def _show_objects(self, request: web.Request) -> web.Response:
        items = self._providers.objects(request.match_info["host"])
        return _json([{"kind": item.kind, "object": item.body} for item in items])

    async def _seed_object(self, request: web.Request) -> web.Response:
        wanted = await _body(request, ObjectSeed)
        try:
            item = self._providers.seed(request.match_info["host"], wanted)
        except ValueError as error:
            return _refusal(400, [str(error)])
        return _json({"kind": item.kind, "object": item.body}, 201)

    async def _forget_objects(self, request: web.Request) -> web.Response:
        self._providers.forget(request.match_info["host"])
        return web.Response(status=204)


def _shown(settings: ProviderSettings) -> dict[str, Any]:
    # As JSON, pydantic masks the keys.
    return settings.model_dump(mode="json")


def _json(content: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(content), content_type="application/json")


def _refusal(status: int, problems: list[str]) -> web.Response:
    return _json({"error": {"message": "; ".join(problems), "problems": problems}}, status)


async def _body(request: web.Request, model: type[S]) -> S:
    return model.model_validate_json(await request.read())


@web.middleware
async def _errors_as_json(request: web.Request, handler: HttpHandler) -> web.StreamResponse:
    """Answer wrong input with 400 and a message that names the key, and unknown paths with 404."""
    try:
        return await handler(request)
    except ValidationError as error:
        problems = []
        for problem in error.errors(include_url=False, include_input=False):
            place = ".".join(str(part) for part in problem["loc"]) or "body"
            text = "is not a known key" if problem["type"] == "extra_forbidden" else problem["msg"]
            problems.append(f"{place}: {text}")
        return _refusal(400, problems)
    except web.HTTPException as error:
        return _refusal(error.status, [f"{request.method} {request.path}: {error.reason}"])
