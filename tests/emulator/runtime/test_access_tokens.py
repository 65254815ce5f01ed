# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""validate-jwt and validate-azure-ad-token, with keys that the issuer publishes."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from apim_emulator.runtime import Answer, Send
from cryptography.hazmat.primitives.asymmetric import ec

from .conftest import Evaluate, ScriptedIo, call

TENANT = "11111111-1111-1111-1111-111111111111"
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
SYMMETRIC = b"0123456789abcdef0123456789abcdef"
Sign = Callable[..., str]


class Issuer(ScriptedIo):
    """A gateway whose requests reach an OpenID issuer."""

    def __init__(self, keys: dict[str, ec.EllipticCurvePrivateKey]) -> None:
        super().__init__()
        self.keys = keys

    async def send(self, request: Send) -> Answer:
        self.sent.append(request)
        keys = [
            json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())) | {"kid": name, "alg": "ES256"}
            for name, key in self.keys.items()
        ]
        documents: dict[str, Any] = {
            f"{ISSUER}/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"},
            f"{ISSUER}/keys": {"keys": keys},
        }
        return Answer(200, "OK", [], json.dumps(documents[request.url]).encode())


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def io(key: ec.EllipticCurvePrivateKey) -> ScriptedIo:
    return Issuer({"k1": key})


@pytest.fixture
def sign(key: ec.EllipticCurvePrivateKey) -> Sign:
    def run(by: Any = key, kid: str = "k1", algorithm: str = "ES256", **claims: Any) -> str:
        usual = {"iss": ISSUER, "aud": "api://a", "azp": "client-1", "exp": time.time() + 60, "roles": ["r1", "r2"]}
        return jwt.encode(usual | claims, by, algorithm=algorithm, headers={"kid": kid})

    return run


AZURE_AD = (
    f"<validate-azure-ad-token tenant-id='{TENANT}' output-token-variable-name='jwt'><client-application-ids>"
    "<application-id>client-1</application-id></client-application-ids><audiences><audience>api://a</audience></audiences>"
    "<required-claims><claim name='roles' match='any'><value>r2</value><value>r9</value></claim></required-claims>"
    "</validate-azure-ad-token>"
)
SUBJECT = "<set-variable name='app' value='@(((Jwt)context.Variables[\"jwt\"]).Claims[\"azp\"][0])' />"


def run(evaluate: Evaluate, token: str | None, policy: str) -> Any:
    headers = [("Authorization", f"Bearer {token}")] if token else []
    return evaluate(inbound=policy, call=call(headers=headers))


def test_a_good_token_is_let_in(evaluate: Evaluate, sign: Sign, io: ScriptedIo) -> None:
    found = run(evaluate, sign(), AZURE_AD + SUBJECT)
    assert found.outcome.error is None
    assert found.variables["app"] == "client-1"
    assert len(io.forwards) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": 1}, "TokenExpired"),
        ({"aud": "api://b"}, "TokenAudienceNotAllowed"),
        ({"azp": "client-2"}, "TokenClaimValueNotAllowed"),
        ({"roles": ["r1"]}, "TokenClaimValueNotAllowed"),
        ({"iss": "https://evil"}, "TokenIssuerNotAllowed"),
        ({"kid": "k2"}, "TokenSignatureKeyNotFound"),
        ({"by": ec.generate_private_key(ec.SECP256R1())}, "TokenSignatureInvalid"),
        ({"by": SYMMETRIC.decode(), "algorithm": "HS256"}, "TokenInvalid"),
    ],
)
def test_a_bad_token_is_refused(
    evaluate: Evaluate, sign: Sign, io: ScriptedIo, changes: dict[str, Any], reason: str
) -> None:
    outcome = run(evaluate, sign(**changes), AZURE_AD).outcome
    assert outcome.error
    assert (outcome.status, outcome.error["Reason"], outcome.error["Source"]) == (
        401,
        reason,
        "validate-azure-ad-token",
    )
    assert json.loads(outcome.body)["message"] == outcome.error["Message"]
    assert not io.forwards


def test_an_unsigned_token_is_refused(evaluate: Evaluate) -> None:
    claims = {"iss": ISSUER, "aud": "api://a", "azp": "client-1", "exp": time.time() + 60, "roles": ["r2"]}
    outcome = run(evaluate, jwt.encode(claims, "", algorithm="none", headers={"kid": "k1"}), AZURE_AD).outcome
    assert (outcome.status, outcome.error and outcome.error["Reason"]) == (401, "TokenInvalid")


@pytest.mark.parametrize(("token", "reason"), [(None, "TokenNotPresent"), ("abc", "TokenInvalid")])
def test_what_is_no_token(evaluate: Evaluate, token: str | None, reason: str) -> None:
    error = run(evaluate, token, AZURE_AD).outcome.error
    assert error["Reason"] == reason


def test_a_shared_key_and_the_policy_s_own_refusal(evaluate: Evaluate, sign: Sign) -> None:
    policy = (
        "<validate-jwt header-name='Authorization' require-scheme='Bearer' failed-validation-httpcode='403'"
        " failed-validation-error-message='Stay out'><issuer-signing-keys><key>{key}</key></issuer-signing-keys>"
        '<issuers><issuer>@("https://own")</issuer></issuers></validate-jwt>'
    ).replace("{key}", base64.b64encode(SYMMETRIC).decode())
    signed = {"by": SYMMETRIC, "algorithm": "HS256"}
    assert run(evaluate, sign(**signed, iss="https://own"), policy).outcome.error is None
    outcome = run(evaluate, sign(**signed), policy).outcome
    assert (outcome.status, json.loads(outcome.body)["message"]) == (403, "Stay out")
