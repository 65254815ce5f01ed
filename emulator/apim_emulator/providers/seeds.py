# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects that a provider keeps because somebody says so, not because a caller made them."""

from __future__ import annotations

import re
from dataclasses import replace

from apim_emulator.providers.answers import Model
from apim_emulator.providers.families import Surface
from apim_emulator.providers.hosts import Host
from apim_emulator.providers.objects import StoredObject
from apim_emulator.providers.responses import respond
from apim_emulator.providers.uploads import batch_object, file_object
from apim_emulator.settings import ObjectSeed

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def seeded(wanted: ObjectSeed, host: Host) -> StoredObject:
    """Return a valid object of the kind with the members that are wanted.

    Raises ValueError for a member that the kind does not have, and for an id that is none.
    """
    made = _made(wanted, host)
    unknown = sorted(wanted.object.keys() - made.body.keys())
    if unknown:
        raise ValueError(f"object.{unknown[0]}: is not a member of {wanted.kind}")
    body = {**made.body, **wanted.object}
    if not isinstance(body["id"], str) or not _ID.fullmatch(body["id"]):
        raise ValueError("object.id: must be letters, digits, hyphens and underscores")
    return replace(made, body=body)


def _made(wanted: ObjectSeed, host: Host) -> StoredObject:
    if wanted.kind == "files":
        return file_object("seed.jsonl", "batch", wanted.content.encode())
    if wanted.kind == "batches":
        return batch_object("file-seed", "/v1/chat/completions")
    surface = Surface.V1 if Surface.V1 in host.family.surfaces else Surface.EXTERNAL
    model = Model(host.default_model, host.name, host.settings.region, surface)
    return respond(model, {"input": wanted.content or "Hello!"})[0]
