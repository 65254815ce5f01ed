# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hub has before any onboarding: its own APIs, products and fragments, made with Microsoft's SDK.

The policies include the fragments in the order in which those of existing hubs do, and know nothing else of them.
"""

from __future__ import annotations

import re
from typing import Any

from tests.integration.harness import Service

PARAMETER = "deployment-id"

_KEEP = """<set-variable name="{0}" value="@(context.Variables.GetValueOrDefault<string>("{0}", ""))" />"""
_ADD_MODEL = """
    <choose>
        <when condition="@(context.Request.Method == "POST")">
            <set-body>@{
                var body = context.Request.Body.As<JObject>(preserveContent: true);
                if (body["model"] == null)
                {
                    body["model"] = (string)context.Variables["requestedModel"];
                }
                return body.ToString(Newtonsoft.Json.Formatting.None);
            }</set-body>
        </when>
    </choose>
    <set-variable name="requestedPath" value="@(context.Request.OriginalUrl.Path)" />"""
_BACKEND = """
    <retry count="2" interval="0" first-fast-retry="true" condition="@(context.Response != null
            && (context.Response.StatusCode == 429
                || (context.Response.StatusCode >= 500
                    && !context.Response.StatusReason.Contains("Backend pool"))))">
        <forward-request buffer-request-body="true" />
    </retry>"""
_BACKEND_WITH_FALLBACKS = """
    <retry count="@(Math.Max(1, context.Variables.GetValueOrDefault<int>("targetRetries", 0)))" interval="0"
            first-fast-retry="true" condition="@(context.Variables.GetValueOrDefault<int>("targetRetries", 0) > 0
                && (context.Variables.GetValueOrDefault<string>("targetAdvance", "") == "missing"
                    ? context.Response != null && (context.Response.StatusCode == 404
                        || (context.Response.StatusCode == 400 && context.Response.Body
                            .As<string>(preserveContent: true).Contains("previous_response_not_found")))
                    : context.Response == null || context.Response.StatusCode == 429
                        || context.Response.StatusCode >= 500))">
        <include-fragment fragment-id="set-fallback-backend" />
        <forward-request buffer-request-body="true" />
    </retry>"""
_CORS = """
    <cors>
        <allowed-origins><origin>https://ai.azure.com</origin></allowed-origins>
        <allowed-headers><header>*</header></allowed-headers>
    </cors>"""
_ANSWER = """
    <include-fragment fragment-id="get-available-models" />
    <return-response>
        <set-status code="200" reason="OK" />
        <set-header name="Content-Type" exists-action="override"><value>application/json</value></set-header>
        <set-body>@("{\\"value\\":" + (string)context.Variables["availableFilteredModels"] + "}")</set-body>
    </return-response>"""
VALIDATE_MODEL_ACCESS = """
    <set-variable name="modelIsAllowed" value="@{
        var allowed = context.Variables.GetValueOrDefault<string>("allowedModels", "");
        var model = context.Variables.GetValueOrDefault<string>("requestedModel", "");
        return allowed == "" || model == "non-llm-request"
            || allowed.Split(',').Any(name => name.Trim().Equals(model, StringComparison.OrdinalIgnoreCase));
    }" />
    <choose>
        <when condition="@(!(bool)context.Variables["modelIsAllowed"])">
            <return-response>
                <set-status code="401" reason="Unauthorized model access" />
                <set-header name="Content-Type" exists-action="override"><value>application/json</value></set-header>
                <set-body>{"error": {"code": "unauthorized_model_access", "message": "Not for you."}}</set-body>
            </return-response>
        </when>
    </choose>"""


def include(name: str) -> str:
    """The policy that includes a fragment."""
    return f'<include-fragment fragment-id="{name}" />'


def policies(inbound: str, backend: str = "<base />") -> str:
    """A policy document with `<base />` first in each section, except in `backend`, which may hold one policy only."""
    return (
        f"<policies><inbound><base />{inbound}</inbound><backend>{backend}</backend>"
        "<outbound><base /></outbound><on-error><base /></on-error></policies>"
    )


def _inbound(*, is_azure_openai: bool) -> str:
    return "".join(
        (
            include("set-llm-requested-model"),
            _ADD_MODEL if is_azure_openai else "",
            '<set-header name="api-key" exists-action="delete" />',
            _KEEP.format("allowedBackendPools"),
            _KEEP.format("defaultBackendPool"),
            include("set-backend-pools"),
            include("set-target-backend-pool"),
            include("set-backend-authorization"),
            include("set-llm-usage"),
        )
    )


class Hub:
    """Makes the objects of a hub in one service."""

    def __init__(self, service: Service) -> None:
        self._sdk = service.azure.sdk
        self._place = service.place

    def universal_api(self) -> None:
        """The Universal LLM API at /models."""
        posts = ("chat/completions", "completions", "embeddings", "images/generations")
        self._api("universal-llm-api", "models", posts)
        self._policy("universal-llm-api", policies(_CORS + _inbound(is_azure_openai=False), _BACKEND))
        self._operation("universal-llm-api", "deployments", "GET", "/deployments")
        self._sdk.api_operation_policy.create_or_update(
            *self._place, "universal-llm-api", "deployments", "policy", _document(policies(_ANSWER))
        )

    def azure_openai_api(self) -> None:
        """The Azure OpenAI API at /openai, with the deployment in its paths."""
        posts = tuple(f"deployments/{{{PARAMETER}}}/{name}" for name in ("chat/completions", "embeddings"))
        self._api("azure-openai-api", "openai", posts)
        self._policy("azure-openai-api", policies(_inbound(is_azure_openai=True), _BACKEND))

    def proxy_api(self, key_header: str) -> None:
        """An API at /proxy that takes any path, and its key in a header and a query parameter of this name."""
        self._api("proxy", "proxy", ("*",), key_header)
        self._policy("proxy", policies(_inbound(is_azure_openai=False), _BACKEND))

    def fallback_api(self, key_header: str) -> None:
        """As :meth:`proxy_api`, at /fallback, with the fragment that goes on to the next route of a model."""
        self._api("fallback", "fallback", ("*",), key_header)
        self._policy("fallback", policies(_inbound(is_azure_openai=False), _BACKEND_WITH_FALLBACKS))

    def fragment(self, name: str, content: str) -> None:
        """A policy fragment of the hub's own."""
        body = {"properties": {"format": "rawxml", "value": f"<fragment>{content}</fragment>"}}
        self._sdk.policy_fragment.begin_create_or_update(*self._place, name, body, polling_interval=0).result()

    def product(self, name: str, policy: str, *apis: str) -> str:
        """A product of these APIs with a policy document; return the key of a subscription to it."""
        sdk, place = self._sdk, self._place
        sdk.product.create_or_update(*place, name, {"properties": {"displayName": name, "state": "published"}})
        for api in apis:
            sdk.product_api.create_or_update(*place, name, api)
        sdk.product_policy.create_or_update(*place, name, "policy", _document(policy))
        scope = {"properties": {"displayName": name, "scope": f"/products/{name}", "state": "active"}}
        sdk.subscription.create_or_update(*place, name, scope)
        return str(sdk.subscription.list_secrets(*place, name).primary_key)

    def _api(self, name: str, path: str, posts: tuple[str, ...], key_header: str = "api-key") -> None:
        properties = {
            "displayName": name,
            "path": path,
            "protocols": ["https"],
            "serviceUrl": "https://unused.example",
            "subscriptionKeyParameterNames": {"header": key_header, "query": key_header},
        }
        self._sdk.api.begin_create_or_update(
            *self._place, name, {"properties": properties}, polling_interval=0
        ).result()
        for post in posts:
            identifier = re.sub("[^a-z]+", "-", post).strip("-") or "any"
            self._operation(name, identifier, "POST", f"/{post}")

    def _operation(self, api: str, name: str, method: str, template: str) -> None:
        parameters = [{"name": PARAMETER, "required": True, "type": "string"}] if PARAMETER in template else []
        properties: dict[str, Any] = {
            "displayName": name,
            "method": method,
            "urlTemplate": template,
            "templateParameters": parameters,
        }
        self._sdk.api_operation.create_or_update(*self._place, api, name, {"properties": properties})

    def _policy(self, api: str, text: str) -> None:
        self._sdk.api_policy.create_or_update(*self._place, api, "policy", _document(text))


def _document(text: str) -> dict[str, Any]:
    return {"properties": {"format": "rawxml", "value": text}}
