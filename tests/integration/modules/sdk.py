# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody else does to an APIM service: writes by Microsoft's SDK, with properties as ARM spells them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep
from typing import Any

from tests.integration.harness import Azure, Request, Service

_PATIENCE_S = 60


def put_backend(service: Service, name: str, **properties: Any) -> None:
    """Create or replace a backend or a pool; a URL and a protocol are filled in for a backend."""
    if "pool" not in properties:
        properties = {"url": f"https://{name}.openai.azure.com", "protocol": "http", **properties}
    service.azure.sdk.backend.create_or_update(*service.place, name, _body(properties))


def patch_backend(service: Service, name: str, **properties: Any) -> None:
    """Change some properties of a backend or a pool, whatever its ETag is."""
    service.azure.sdk.backend.update(*service.place, name, "*", _body(properties))


def put_pool(service: Service, name: str, *members: str, **properties: Any) -> None:
    """Create or replace a pool of these backends."""
    ids = [{"id": f"/backends/{member}"} for member in members]
    put_backend(service, name, type="Pool", pool={"services": ids}, **properties)


def put_named_value(service: Service, name: str, **properties: Any) -> None:
    """Create or replace a named value that is shown by its name."""
    body = _body({"displayName": name, **properties})
    service.azure.sdk.named_value.begin_create_or_update(*service.place, name, body).result()


def put_fragment(service: Service, name: str, value: str, **properties: Any) -> None:
    """Create or replace a fragment from raw policies."""
    body = _body({"format": "rawxml", "value": value, **properties})
    service.azure.sdk.policy_fragment.begin_create_or_update(*service.place, name, body).result()


def empty(service: Service) -> None:
    """Delete everything, what refers to something first."""
    sdk, place = service.azure.sdk, service.place
    backends = sorted(sdk.backend.list_by_service(*place), key=lambda entity: entity.type_properties_type != "Pool")
    fragments = sdk.policy_fragment.list_by_service(*place)
    for kind, entities in ((sdk.policy_fragment, fragments), (sdk.backend, backends)):
        for entity in entities:
            kind.delete(*place, entity.name, "*")
    for entity in sdk.named_value.list_by_service(*place):
        sdk.named_value.delete(*place, entity.name, "*")


def secret(service: Service, name: str) -> str:
    """Return the value of a secret named value."""
    return str(service.azure.sdk.named_value.list_value(*service.place, name).value)


def _body(properties: dict[str, Any]) -> io.BytesIO:
    """Return a body as bytes: the SDK's models would drop what they do not know."""
    return io.BytesIO(json.dumps({"properties": properties}).encode())


@contextmanager
def once(azure: Azure, seen: Callable[[Request], bool], action: Callable[[], Any]) -> Iterator[None]:
    """Do something as soon as Azure has answered a request that matches, while the context runs.

    :raises TimeoutError: at the end of the context, when no such request came.
    """
    done: list[bool] = []
    over = monotonic() + _PATIENCE_S

    def watch() -> None:
        while not done and monotonic() < over:
            if any(seen(request) for request in azure.requests()):
                action()
                done.append(True)
            sleep(0.02)

    thread = Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over = min(over, monotonic() + 1)
        thread.join()
    if not done:
        raise TimeoutError("the request that was waited for did not come")
