# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files and batches as a provider makes them of what it is given."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.message import MIMEPart
from email.policy import HTTP
from typing import Any

from apim_emulator.providers.asking import metadata_of
from apim_emulator.providers.errors import Dialect, openai_error
from apim_emulator.providers.objects import StoredObject

_PURPOSES = frozenset(("assistants", "batch", "fine-tune", "vision", "user_data", "evals"))
_WINDOW = "24h"
_DAY_S = 86_400


def uploaded_file(content_type: str, content: bytes, dialect: Dialect) -> StoredObject:
    """Return the file in a form of media type multipart/form-data. Raises Refused: no form, no file, no purpose."""
    parts = _form(content_type, content, dialect)
    for name in ("file", "purpose"):
        if name not in parts:
            raise dialect.missing_parameter(name)
    purpose = _content(parts["purpose"]).decode("utf-8", "replace")
    if purpose not in _PURPOSES:
        raise openai_error(400, f"'{purpose}' is not one of {sorted(_PURPOSES)}.", "invalid_value", "purpose")
    # A name that is no UTF-8 comes with lone surrogates, which no JSON writer takes.
    filename = (parts["file"].get_filename() or "upload").encode("utf-8", "replace").decode()
    return file_object(filename, purpose, _content(parts["file"]))


def file_object(filename: str, purpose: str, content: bytes) -> StoredObject:
    """Return a file that is ready to be used."""
    body = {
        "id": f"file-{secrets.token_hex(12)}",
        "object": "file",
        "bytes": len(content),
        "created_at": int(time.time()),
        "filename": filename,
        "purpose": purpose,
        "status": "processed",
    }
    return StoredObject("files", body, content)


def wanted_batch(wanted: Mapping[str, Any], has_file: Callable[[str], bool], dialect: Dialect) -> StoredObject:
    """Return the batch that a body asks for. Raises Refused: a member or the input file is missing."""
    for name in ("input_file_id", "endpoint", "completion_window"):
        if not isinstance(wanted.get(name), str):
            raise dialect.missing_parameter(name)
    if wanted["completion_window"] != _WINDOW:
        raise openai_error(400, f"The completion window must be '{_WINDOW}'.", "invalid_value", "completion_window")
    if not has_file(wanted["input_file_id"]):
        text = f"Input file '{wanted['input_file_id']}' not found."
        raise openai_error(400, text, "invalid_value", "input_file_id")
    return batch_object(wanted["input_file_id"], wanted["endpoint"], metadata_of(wanted))


def batch_object(input_file_id: str, endpoint: str, metadata: dict[str, str] | None = None) -> StoredObject:
    """Return a batch that waits; nothing runs it."""
    now = int(time.time())
    body = {
        "id": f"batch_{secrets.token_hex(12)}",
        "object": "batch",
        "endpoint": endpoint,
        "errors": None,
        "input_file_id": input_file_id,
        "completion_window": _WINDOW,
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": now,
        "in_progress_at": None,
        "expires_at": now + _DAY_S,
        "finalizing_at": None,
        "completed_at": None,
        "failed_at": None,
        "expired_at": None,
        "cancelling_at": None,
        "cancelled_at": None,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "metadata": metadata,
    }
    return StoredObject("batches", body)


def _form(content_type: str, content: bytes, dialect: Dialect) -> dict[str, MIMEPart]:
    """Return the parts of a form by name."""
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    form = message_from_bytes(head + content, policy=HTTP)
    if form.get_content_type() != "multipart/form-data":
        raise dialect.wrong_media_type(form.get_content_type())
    named = ((part.get_param("name", header="content-disposition"), part) for part in form.iter_parts())
    return {str(name): part for name, part in named if name is not None}


def _content(part: MIMEPart) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
