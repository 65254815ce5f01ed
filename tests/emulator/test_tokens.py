# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signing in, with Microsoft's own identity library and by hand."""

from __future__ import annotations

import time
from pathlib import Path

import jwt
import pytest
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
)

from tests.emulator.harness import Azure, error_code

SCOPES = ("https://management.azure.com/.default", "https://management.core.windows.net//.default")


def _options(azure: Azure) -> dict[str, object]:
    return {"authority": azure.url, "disable_instance_discovery": True, "connection_verify": azure.bundle}


def _subscriptions(azure: Azure, token: str) -> int:
    url = f"{azure.url}/subscriptions?api-version=2022-12-01"
    return azure.http("GET", url, headers={"Authorization": f"Bearer {token}"}).status_code


def test_client_secret(azure: Azure) -> None:
    env = azure.environment
    credential = ClientSecretCredential(azure.tenant, env["AZURE_CLIENT_ID"], env["AZURE_SECRET"], **_options(azure))
    for scope in (f"{azure.url}/.default", f"{azure.url}//.default", *SCOPES):
        assert _subscriptions(azure, credential.get_token(scope).token) == 200


def test_certificate(azure: Azure, tmp_path: Path) -> None:
    sample = azure.admin("GET", "credentials").json()
    path = tmp_path / "client.pem"
    path.write_text(sample["certificate"], "ascii")
    credential = CertificateCredential(azure.tenant, sample["client_id"], str(path), **_options(azure))
    assert _subscriptions(azure, credential.get_token(f"{azure.url}/.default").token) == 200


def test_federated_token(azure: Azure) -> None:
    sample = azure.admin("GET", "credentials").json()
    credential = ClientAssertionCredential(
        azure.tenant, sample["client_id"], lambda: sample["federated_token"], **_options(azure)
    )
    assert _subscriptions(azure, credential.get_token(f"{azure.url}/.default").token) == 200


@pytest.mark.parametrize("client_id", [None, "22222222-2222-2222-2222-222222222222"])
def test_managed_identity(azure: Azure, monkeypatch: pytest.MonkeyPatch, client_id: str | None) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, azure.environment[name])
    credential = ManagedIdentityCredential(client_id=client_id, connection_verify=azure.bundle)
    token = credential.get_token(f"{azure.url}/.default").token
    assert _subscriptions(azure, token) == 200
    assert jwt.decode(token, options={"verify_signature": False})["appid"] == "22222222-2222-2222-2222-222222222222"


def test_managed_identity_needs_its_header_and_a_known_identity(azure: Azure) -> None:
    endpoint = azure.environment["IDENTITY_ENDPOINT"]
    headers = {"X-IDENTITY-HEADER": azure.environment["IDENTITY_HEADER"]}
    assert azure.http("GET", endpoint, params={"resource": azure.url}).status_code == 401
    unknown = {"resource": azure.url, "client_id": "99999999-9999-9999-9999-999999999999"}
    assert azure.http("GET", endpoint, params=unknown, headers=headers).status_code == 400
    assert azure.http("GET", endpoint, params={"resource": "https://nowhere"}, headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("form", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000218),
        ({"client_id": "99999999-9999-9999-9999-999999999999"}, 400, "unauthorized_client", 700016),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"scope": ""}, 400, "invalid_request", 900144),
        ({"scope": "https://nowhere.example/.default"}, 400, "invalid_resource", 500011),
        ({"scope": "https://management.azure.com/user_impersonation"}, 400, "invalid_scope", 1002012),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"client_assertion": "no-jwt", "client_assertion_type": ""}, 400, "invalid_request", 900144),
        ({"tenant": "99999999-9999-9999-9999-999999999999"}, 400, "invalid_request", 90002),
    ],
)
def test_refusals(azure: Azure, form: dict[str, str], status: int, error: str, number: int) -> None:
    response = azure.token_response(**form)
    body = response.json()
    assert (response.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"iss": "https://elsewhere"}, 70021),
        ({"sub": "somebody"}, 70021),
        ({"aud": "api://other"}, 700212),
        ({"exp": 1}, 700212),
    ],
)
def test_federated_token_of_someone_else(azure: Azure, changes: dict[str, object], number: int) -> None:
    sample = azure.admin("GET", "credentials").json()["federated_token"]
    claims = jwt.decode(sample, options={"verify_signature": False})
    forged = jwt.encode({**claims, **changes}, "x" * 32, algorithm="HS256")
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    body = azure.token_response(client_secret="", client_assertion=forged, client_assertion_type=kind).json()
    assert body["error_codes"] == [number]


def test_certificate_that_is_not_registered(azure: Azure) -> None:
    claims = {"iss": azure.environment["AZURE_CLIENT_ID"], "sub": azure.environment["AZURE_CLIENT_ID"]}
    forged = jwt.encode({**claims, "aud": azure.url, "exp": int(time.time()) + 60}, "x" * 32, algorithm="HS256")
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    body = azure.token_response(client_secret="", client_assertion=forged, client_assertion_type=kind).json()
    assert body["error_codes"] == [700027]


def test_arm_refuses_other_tokens(azure: Azure) -> None:
    path = f"/subscriptions/{azure.subscription}"
    assert error_code(azure.arm("GET", path, headers={"Authorization": ""})) == (401, "AuthenticationFailed")
    foreign = azure.arm("GET", path, headers={"Authorization": "Bearer eyJ0.e30.x"})
    assert error_code(foreign) == (401, "InvalidAuthenticationToken")
    assert f'authorization_uri="{azure.url}/{azure.tenant}"' in foreign.headers["WWW-Authenticate"]
    other = azure.token(scope="https://cognitiveservices.azure.com/.default")
    wrong = azure.arm("GET", path, headers={"Authorization": f"Bearer {other}"})
    assert error_code(wrong) == (401, "InvalidAuthenticationTokenAudience")


def test_expired_token(azure: Azure) -> None:
    azure.configure(token_lifetime_s=1)
    token = azure.token()
    time.sleep(1.1)
    response = azure.arm("GET", f"/subscriptions/{azure.subscription}", headers={"Authorization": f"Bearer {token}"})
    assert error_code(response) == (401, "ExpiredAuthenticationToken")


def test_tokens_can_be_checked_with_the_published_keys(azure: Azure) -> None:
    configuration = azure.http("GET", f"{azure.url}/{azure.tenant}/v2.0/.well-known/openid-configuration").json()
    keys = jwt.PyJWKSet.from_dict(azure.http("GET", configuration["jwks_uri"]).json())
    token = azure.token()
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["ES256"], audience=azure.url)
    assert claims["tid"] == azure.tenant
    assert claims["exp"] - claims["iat"] == 3599
