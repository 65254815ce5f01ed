# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in as a service principal: with a secret, a certificate, a federated token; by options and by environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.credentials.signing_in import Machine, proof, sign_in
from tests.integration.modules.steps import task

pytestmark = pytest.mark.gate

_WRONG_SECRET = "wrong-Secret-1414213562"


@pytest.fixture
def principal(client: dict[str, Any]) -> dict[str, Any]:
    """The options that say who signs in."""
    return {"tenant": client["tenant"], "client_id": client["client_id"]}


@pytest.fixture
def certificate(client: dict[str, Any], tmp_path: Path) -> str:
    """Path of a PEM file with the client's certificate and key."""
    path = tmp_path / "client.pem"
    path.write_text(client["certificate"], encoding="ascii")
    return str(path)


@pytest.fixture
def token_file(client: dict[str, Any], tmp_path: Path) -> str:
    """Path of a file with a token of the federated identity provider."""
    path = tmp_path / "token"
    path.write_text(client["federated_token"], encoding="ascii")
    return str(path)


def variables(client: dict[str, Any], **more: str) -> dict[str, str]:
    """The environment variables that say who signs in, and more."""
    return {"AZURE_TENANT": client["tenant"], "AZURE_CLIENT_ID": client["client_id"], **more}


def test_each_proof_signs_in_by_options(
    machine: Machine, client: dict[str, Any], principal: dict[str, Any], certificate: str, token_file: str
) -> None:
    thumbprint = ":".join(client["thumbprint"][place : place + 2] for place in range(0, 40, 2)).lower()

    steps = machine.run(
        sign_in("secret", secret=client["secret"], **principal),
        sign_in("certificate", x509_certificate_path=certificate, **principal),
        sign_in("thumbprint", x509_certificate_path=certificate, thumbprint=thumbprint, **principal),
        sign_in("token", oidc_token=client["federated_token"], **principal),
        sign_in("token file", oidc_token_file_path=token_file, **principal),
    )

    assert [step.result.get("msg") for step in steps if step.failed] == []
    assert [proof(step) for step in steps] == ["secret", *["assertion"] * 4]
    for hidden in (client["secret"], client["federated_token"]):
        assert hidden not in machine.output


def test_each_proof_signs_in_by_environment(
    machine: Machine, client: dict[str, Any], certificate: str, token_file: str
) -> None:
    cases = {
        "secret": {"AZURE_SECRET": client["secret"]},
        "secret, as the SDK calls it": {"AZURE_CLIENT_SECRET": client["secret"]},
        "certificate": {"AZURE_X509_CERTIFICATE_PATH": certificate, "AZURE_THUMBPRINT": client["thumbprint"]},
        "certificate, as the SDK calls it": {"AZURE_CLIENT_CERTIFICATE_PATH": certificate},
        "token": {"AZURE_FEDERATED_TOKEN": client["federated_token"]},
        "token file": {"AZURE_FEDERATED_TOKEN_FILE": token_file},
    }
    steps = machine.run(
        *(sign_in(name, environment=variables(client, **more)) for name, more in cases.items()),
        sign_in(
            "everything by environment",
            environment=variables(client, AZURE_SECRET=client["secret"], ANSIBLE_AZURE_AUTH_SOURCE="env"),
        ),
        sign_in(
            "tenant as the SDK calls it",
            environment={
                "AZURE_TENANT_ID": client["tenant"],
                "AZURE_CLIENT_ID": client["client_id"],
                "AZURE_SECRET": client["secret"],
            },
        ),
        # With more -v, Ansible itself shows the variables that a task sets.
        arguments=(),
    )

    assert [step.result.get("msg") for step in steps if step.failed] == []
    assert [proof(step) for step in steps] == ["secret"] * 2 + ["assertion"] * 4 + ["secret"] * 2
    for hidden in (client["secret"], client["federated_token"]):
        assert hidden not in machine.output


def test_options_outrank_the_environment(
    machine: Machine, client: dict[str, Any], principal: dict[str, Any], certificate: str
) -> None:
    wrong = {
        "AZURE_TENANT": "22222222-0000-0000-0000-000000000000",
        "AZURE_CLIENT_ID": "33333333-0000-0000-0000-000000000000",
        "AZURE_SECRET": _WRONG_SECRET,
    }

    secret, other_proof, environment_alone = machine.run(
        sign_in("secret", environment=wrong, secret=client["secret"], **principal),
        sign_in("other proof", environment=wrong, x509_certificate_path=certificate, **principal),
        sign_in("environment alone", environment=wrong, auth_source="env", secret=client["secret"], **principal),
    )

    assert (secret.failed, proof(secret)) == (False, "secret")
    assert (other_proof.failed, proof(other_proof)) == (False, "assertion")
    assert f"/{wrong['AZURE_TENANT']}. " in environment_alone.message


def test_the_action_group_sets_options_for_all_modules(
    machine: Machine, client: dict[str, Any], principal: dict[str, Any]
) -> None:
    steps = machine.run(
        task("apim_llm_gateway_info"),
        task("apim_named_value", named_values=[{"name": "region", "value": "sweden"}]),
        task("apim_llm_backend", backends=[{"name": "aoai", "url": "https://aoai.openai.azure.com"}]),
        task("apim_backend_pool", pools=[{"name": "pool", "members": [{"backend": "aoai"}]}]),
        task(
            "apim_policy_fragment", fragments=[{"name": "f", "value": "<fragment><set-status code='200' /></fragment>"}]
        ),
        task("apim_llm_gateway", backends=[{"name": "aoai", "title": "Sweden"}]),
        sign_in("option of a task", secret=_WRONG_SECRET),
        defaults={"secret": client["secret"], **principal},
    )

    assert [step.result.get("msg") for step in steps[:-1] if step.failed] == []
    assert [step.changed for step in steps[:-1]] == [False, *[True] * 5]
    assert "AADSTS7000215" in steps[-1].message
    assert client["secret"] not in machine.output


def test_what_entra_refuses_is_told_in_its_words_and_without_the_secret(
    machine: Machine, client: dict[str, Any], principal: dict[str, Any]
) -> None:
    elsewhere = {**principal, "tenant": "22222222-0000-0000-0000-000000000000"}
    unknown = {**principal, "client_id": "33333333-0000-0000-0000-000000000000"}

    secret, tenant, client_id, token = machine.run(
        sign_in("secret", secret=_WRONG_SECRET, **principal),
        sign_in("tenant", secret=client["secret"], **elsewhere),
        sign_in("client", secret=client["secret"], **unknown),
        sign_in("token", oidc_token=_foreign_token(), **principal),
    )

    assert "AADSTS7000215" in secret.message
    # azure-identity says so itself: it finds no sign-in of that tenant.
    assert f"/{elsewhere['tenant']}. " in tenant.message
    assert "double check your tenant name or GUID" in tenant.message
    assert "AADSTS700016" in client_id.message
    assert "AADSTS70021" in token.message
    for step in (secret, tenant, client_id, token):
        assert "AuthenticationFailed" in step.message
        assert (
            "Check the credential: auth_source, tenant, client_id and the secret, certificate or token" in step.message
        )
        assert step.arm == []
    for hidden in (_WRONG_SECRET, client["secret"], _foreign_token()):
        assert hidden not in machine.output


def test_a_certificate_that_cannot_work_is_told_before_anything_is_sent(
    machine: Machine, client: dict[str, Any], principal: dict[str, Any], certificate: str, tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no certificate", encoding="ascii")
    absent = str(tmp_path / "absent.pem")

    other, nothing, missing = machine.run(
        sign_in("other thumbprint", x509_certificate_path=certificate, thumbprint="00" * 20, **principal),
        sign_in("no certificate", x509_certificate_path=str(text), **principal),
        sign_in("no file", x509_certificate_path=absent, **principal),
    )

    assert other.message == f"thumbprint: the certificate in {certificate} has the thumbprint {client['thumbprint']}"
    assert nothing.message.startswith(
        f"x509_certificate_path: {text} is not a PEM certificate with its plain private key"
    )
    assert missing.message == f"x509_certificate_path: the file {absent} does not exist or cannot be read"
    for step in (other, nothing, missing):
        assert [request for request in step.requests if request.plane != "metadata"] == []


def test_what_is_missing_is_told_at_once_with_option_variable_and_meaning(
    machine: Machine, client: dict[str, Any], principal: dict[str, Any], tmp_path: Path
) -> None:
    absent = str(tmp_path / "absent")

    secret, halves, environment, subscription, token = machine.run(
        sign_in("secret alone", secret=client["secret"]),
        sign_in("no proof", **principal),
        sign_in("empty environment", auth_source="env"),
        sign_in("no subscription", subscription_id="", secret=client["secret"], client_id=client["client_id"]),
        sign_in("no token", oidc_token_file_path=absent, **principal),
    )

    tenant = "tenant is missing: set the option tenant or the environment variable AZURE_TENANT or AZURE_TENANT_ID to "
    client_id = "client_id is missing: set the option client_id or the environment variable AZURE_CLIENT_ID to "
    no_secret = "secret is missing: set the option secret or the environment variable AZURE_SECRET or "
    assert tenant in secret.message
    assert client_id in secret.message
    assert "secret is missing" not in secret.message
    assert halves.message.startswith(no_secret)
    assert all(part in environment.message for part in (tenant, client_id, no_secret))
    assert tenant in subscription.message
    assert "subscription_id is missing" in subscription.message
    assert "AZURE_SUBSCRIPTION_ID" in subscription.message
    assert token.message == f"oidc_token_file_path: the file {absent} does not exist or cannot be read"
    for step in (secret, halves, environment, subscription, token):
        assert step.requests == []


def _foreign_token() -> str:
    """A well-formed token of an issuer that the client does not trust; nobody checks its signature."""
    import base64
    import json

    def part(content: dict[str, str]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    claims = {"iss": "https://issuer.example", "sub": "somebody", "aud": "api://AzureADTokenExchange"}
    return f"{part({'alg': 'ES256', 'typ': 'JWT'})}.{part(claims)}.c2lnbmF0dXJl"
