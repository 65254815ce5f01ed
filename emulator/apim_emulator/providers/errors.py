# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors in the words of the real providers.

Azure's texts are those that clients report; OpenAI's are those of its API reference. Each surface speaks one dialect.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from apim_emulator.providers.families import Surface

_AZURE_OPENAI = frozenset((Surface.CLASSIC, Surface.V1))
_OPERATION_IDS = {
    "chat/completions": "ChatCompletions_Create",
    "completions": "Completions_Create",
    "embeddings": "Embeddings_Create",
    "images/generations": "ImageGenerations_Create",
}


class Refused(Exception):
    """A request that the provider answers with an error: status, JSON content and headers."""

    def __init__(self, status: int, content: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}")
        self.status = status
        self.content = content
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Dialect:
    """Makes the errors of one request: its surface, method and target, and where its tokens must be for."""

    surface: Surface
    method: str
    path: str
    audiences: tuple[str, ...] = field(default=())

    def not_found(self) -> Refused:
        """No such path, or an api-version that is missing or unknown (Azure OpenAI does not tell the two apart)."""
        if self.surface is Surface.EXTERNAL:
            return openai_error(404, f"Invalid URL ({self.method} {self.path})", None)
        return _azure_error(404, "404", "Resource not found")

    def wrong_method(self) -> Refused:
        """A path that exists, with a method that does not."""
        if self.surface is Surface.EXTERNAL:
            return openai_error(405, f"Invalid method for URL ({self.method} {self.path})", "method_not_supported")
        return self.not_found()

    def wrong_version(self) -> Refused:
        """An api-version that is missing or not supported."""
        if self.surface is Surface.CLASSIC:
            return self.not_found()
        return _azure_error(400, "BadRequest", "API version not supported")

    def no_credentials(self) -> Refused:
        """Neither key nor token, or a token that is not for this endpoint."""
        if self.surface is Surface.EXTERNAL:
            text = "You didn't provide an API key. Provide it in the header that this API names."
            return openai_error(401, text, None)
        text = (
            f"Unauthorized. Access token is missing, invalid, audience is incorrect ({self.audiences[0]}), "
            "or have expired."
        )
        return Refused(401, {"statusCode": 401, "message": text})

    def wrong_key(self) -> Refused:
        """A key that is not one of the endpoint's."""
        if self.surface is Surface.EXTERNAL:
            return openai_error(401, "Incorrect API key provided.", "invalid_api_key")
        text = (
            "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key "
            "for an active subscription and use a correct regional API endpoint for your resource."
        )
        return _azure_error(401, "401", text)

    def permission_denied(self, principal: str, action: str, operation: str) -> Refused:
        """A good token, whose principal has no role for the operation."""
        text = (
            f"The principal `{principal}` lacks the required data action `{action}` to perform `{operation}` operation."
        )
        return _azure_error(401, "PermissionDenied", text)

    def keys_disabled(self) -> Refused:
        """A key, where the account takes none."""
        text = "Key based authentication is disabled for this resource."
        return _azure_error(403, "AuthenticationTypeDisabled", text)

    def unknown_deployment(self, name: str) -> Refused:
        """A deployment or model that the endpoint does not have."""
        if self.surface is Surface.EXTERNAL:
            text = f"The model `{name}` does not exist or you do not have access to it."
            return openai_error(404, text, "model_not_found")
        if self.surface in _AZURE_OPENAI:
            text = (
                "The API deployment for this resource does not exist. If you created the deployment within the last "
                "5 minutes, please wait a moment and try again."
            )
            return _azure_error(404, "DeploymentNotFound", text)
        text = f"Unknown model: {name}"
        return Refused(404, {"error": {"code": "unknown_model", "message": text, "details": text}})

    def no_model(self) -> Refused:
        """A body that names no model, where the path does not either."""
        if self.surface is Surface.MODELS:
            text = (
                "No model specified in request. Please provide a model name in the request body or as a "
                "x-ms-model-mesh-model-name header."
            )
            return Refused(400, {"error": {"code": "no_model_name", "message": text, "details": text}})
        return self.missing_parameter("model")

    def missing_parameter(self, name: str) -> Refused:
        """A body without a member that the operation needs."""
        return openai_error(400, f"Missing required parameter: '{name}'.", "missing_required_parameter", name)

    def wrong_type(self, name: str, expected: str) -> Refused:
        """A member of the body that has the wrong type."""
        return openai_error(400, f"Invalid type for '{name}': expected {expected}.", "invalid_type", name)

    def not_json(self) -> Refused:
        """A body that is no JSON object."""
        text = "We could not parse the JSON body of your request. The API expects a JSON object."
        return openai_error(400, text, None)

    def wrong_media_type(self, sent: str) -> Refused:
        """A body that does not call itself JSON."""
        text = f"Unsupported media type '{sent}': this endpoint takes 'application/json'."
        if self.surface is Surface.EXTERNAL:
            return openai_error(415, text, "unsupported_media_type")
        return _azure_error(415, "UnsupportedMediaType", text)

    def scripted(self, status: int, retry_after: float | None, operation: str, version: str | None) -> Refused:
        """The error with which the provider was told to answer; `retry_after` in seconds goes into its headers."""
        refused = self._throttled(retry_after, operation, version) if status == 429 else self._failed(status)
        if retry_after is not None:
            refused.headers["Retry-After"] = str(math.ceil(retry_after))
            if self.surface is not Surface.EXTERNAL:
                refused.headers["retry-after-ms"] = str(round(retry_after * 1000))
        return refused

    def _throttled(self, retry_after: float | None, operation: str, version: str | None) -> Refused:
        wait = f" Please retry after {math.ceil(retry_after)} seconds." if retry_after is not None else ""
        if self.surface is Surface.EXTERNAL:
            return openai_error(429, f"Rate limit reached.{wait}", "rate_limit_exceeded", kind="requests")
        if self.surface in _AZURE_OPENAI:
            name = _OPERATION_IDS.get(operation, operation)
            text = (
                f"Requests to the {name} Operation under Azure OpenAI API version {version or 'v1'} have exceeded "
                f"token rate limit of your current OpenAI S0 pricing tier.{wait}"
            )
            return _azure_error(429, "429", text)
        return _azure_error(429, "RateLimitReached", f"Rate limit of the model is exceeded.{wait}")

    def _failed(self, status: int) -> Refused:
        phrase = _phrase(status)
        if self.surface is not Surface.EXTERNAL:
            return _azure_error(status, "InternalServerError" if status == 500 else str(status), phrase)
        kind = "server_error" if status >= 500 else "invalid_request_error"
        return openai_error(status, phrase, None, kind=kind)


def _azure_error(status: int, code: str, message: str) -> Refused:
    return Refused(status, {"error": {"code": code, "message": message}})


def openai_error(
    status: int, message: str, code: str | None, parameter: str | None = None, *, kind: str = "invalid_request_error"
) -> Refused:
    """Return an error in OpenAI's shape, which Azure's endpoints share for what OpenAI's own service checks."""
    return Refused(status, {"error": {"message": message, "type": kind, "param": parameter, "code": code}})


def _phrase(status: int) -> str:
    if status == 500:
        return "The server had an error while processing your request. Sorry about that!"
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
