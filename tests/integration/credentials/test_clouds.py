# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the modules sign in and whom they call: Microsoft's clouds by name, any other by the https URL of its ARM."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.credentials.signing_in import Machine, dead_end, sign_in
from tests.integration.modules.steps import Task

pytestmark = pytest.mark.gate

_TOKEN = '{"accessToken": "not-a-token", "expires_on": 4102444800, "expiresOn": "2100-01-01 00:00:00.000000"}'


@pytest.mark.parametrize(
    ("cloud", "login", "arm", "resource"),
    [
        ("AzureCloud", "login.microsoftonline.com", "management.azure.com", "https://management.azure.com"),
        (
            "azureusgovernment",
            "login.microsoftonline.us",
            "management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net",
        ),
        (
            "https://management.chinacloudapi.cn/",
            "login.chinacloudapi.cn",
            "management.chinacloudapi.cn",
            "https://management.chinacloudapi.cn",
        ),
    ],
)
def test_a_cloud_of_microsoft_is_known_by_name_or_url(
    machine: Machine, client: dict[str, Any], cloud: str, login: str, arm: str, resource: str
) -> None:
    machine.install("az", f"echo \"$@\" >> '{machine.folder}/az.log'\necho '{_TOKEN}'")
    principal = {"tenant": client["tenant"], "client_id": client["client_id"], "secret": client["secret"]}

    def reach(name: str, proxy: str, **options: Any) -> Task:
        # One second ends the repetitions, which are not the point here.
        proxies = {"HTTPS_PROXY": proxy, "https_proxy": proxy}
        return sign_in(name, environment=proxies, cloud_environment=cloud, timeout=1, **options)

    with dead_end() as (sign_in_proxy, sign_in_hosts), dead_end() as (call_proxy, call_hosts):
        sign_in_step, call_step = machine.run(
            reach("sign in", sign_in_proxy, disable_instance_discovery=True, **principal),
            reach("call ARM", call_proxy, auth_source="cli"),
        )

    assert set(sign_in_hosts) == {f"{login}:443"}
    assert set(call_hosts) == {f"{arm}:443"}
    for step in (sign_in_step, call_step):
        assert step.message.startswith("cannot read API Management service ")
        assert step.requests == []
    assert f"--resource {resource}" in (machine.folder / "az.log").read_text(encoding="utf-8")
    assert client["secret"] not in machine.output


def test_a_cloud_that_cannot_be_meant_is_told_before_anything_is_sent(machine: Machine) -> None:
    plain, unknown, query = machine.run(
        sign_in("plain", cloud_environment="http://127.0.0.1:1"),
        sign_in("unknown", cloud_environment="AzureMoonCloud"),
        sign_in("query", cloud_environment="https://127.0.0.1:1/?a=b"),
    )

    assert "is http://127.0.0.1:1: tokens go over https only, give an https:// URL" in plain.message
    assert "give AzureCloud, AzureUSGovernment, AzureChinaCloud or the https:// URL" in unknown.message
    assert "give AzureCloud, AzureUSGovernment, AzureChinaCloud or the https:// URL" in query.message
    for step in (plain, unknown, query):
        assert "cloud_environment (AZURE_CLOUD_ENVIRONMENT)" in step.message
        assert step.requests == []


def test_a_cloud_by_url_tells_where_to_sign_in(machine: Machine, client: dict[str, Any]) -> None:
    principal = {"tenant": client["tenant"], "client_id": client["client_id"], "secret": client["secret"]}

    (step,) = machine.run(sign_in("by URL", cloud_environment=f"{machine.cloud}/", **principal))

    assert not step.failed
    assert step.requests[0].plane == "metadata"
    assert {request.plane for request in step.requests} == {"metadata", "login", "arm"}


def test_a_server_whose_certificate_is_not_trusted_gets_no_secret(machine: Machine, client: dict[str, Any]) -> None:
    import certifi

    principal = {"tenant": client["tenant"], "client_id": client["client_id"], "secret": client["secret"]}

    (step,) = machine.run(sign_in("not trusted", environment={"REQUESTS_CA_BUNDLE": certifi.where()}, **principal))

    assert "TlsFailed" in step.message
    assert "REQUESTS_CA_BUNDLE" in step.message
    assert step.requests == []
