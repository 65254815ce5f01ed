# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""validate-jwt and validate-azure-ad-token, with tokens that azure-identity gets from the embedded Entra."""

from __future__ import annotations

import jwt
import pytest
from azure.identity import ClientSecretCredential

from tests.emulator.gateway.site import TO_BACKEND, Site
from tests.emulator.harness import CONFIG, READER, Azure, serving

TENANT = "11111111-1111-1111-1111-111111111111"
OTHER_TENANT = "99999999-1111-1111-1111-111111111111"
AUDIENCE = "https://cognitiveservices.azure.com"
OTHER_AUDIENCE = "https://management.azure.com"
V1 = "/.well-known/openid-configuration"
V2 = "/v2.0/.well-known/openid-configuration"
LOGIN = f"https://login.microsoftonline.com/{TENANT}"


def validate_jwt(*urls: str, audience: str = AUDIENCE, issuer: str = "") -> str:
    """Return the policy with these configurations."""
    configurations = "".join(f'<openid-config url="{url}" />' for url in urls)
    issuers = f"<issuers><issuer>{issuer}</issuer></issuers>" if issuer else ""
    return (
        f'<validate-jwt header-name="Authorization" require-scheme="Bearer">{configurations}'
        f"<audiences><audience>{audience}</audience></audiences>{issuers}</validate-jwt>"
    )


def validate_azure_ad_token(tenant: str = TENANT, audience: str = AUDIENCE, **attributes: str) -> str:
    """Return the policy; underscores in attributes stand for hyphens."""
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return (
        f'<validate-azure-ad-token tenant-id="{tenant}"{more}>'
        f"<audiences><audience>{audience}</audience></audiences></validate-azure-ad-token>"
    )


def token(azure: Azure, audience: str) -> str:
    """Return a token for an audience, as any application gets one."""
    credential = ClientSecretCredential(
        azure.tenant,
        azure.environment["AZURE_CLIENT_ID"],
        azure.environment["AZURE_SECRET"],
        authority=azure.url,
        disable_instance_discovery=True,
        connection_verify=azure.bundle,
    )
    return credential.get_token(f"{audience}/.default").token


@pytest.fixture
def site(azure: Azure) -> Site:
    """An API with a backend that answers."""
    site = Site(azure)
    site.backend("model", "model.example")
    return site


def protect(site: Site, policy: str) -> None:
    """Let the API's policy check tokens."""
    site.policy(inbound=policy.replace("{authority}", site.azure.url) + TO_BACKEND.format("model"))


def ask(site: Site, bearer: str | None) -> tuple[int, str | None]:
    """Return the status of a request with this token, and the reason of the error that the gateway logged."""
    headers = {"api-key": site.key, **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
    response = site.ask(headers=headers)
    error = site.log("gateway")[-1].get("error")
    return response.status_code, error["Reason"] if error else None


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(validate_jwt(LOGIN + V1), id="login.microsoftonline.com"),
        pytest.param(validate_jwt(f"https://login.windows.net/{TENANT}{V1}"), id="login.windows.net"),
        pytest.param(validate_jwt(f"https://STS.windows.net/{TENANT}{V1}"), id="sts.windows.net"),
        pytest.param(validate_jwt(f"{{authority}}/{TENANT}{V1}"), id="authority"),
        pytest.param(validate_jwt(LOGIN + V2, issuer=f"https://sts.windows.net/{TENANT}/"), id="listed-issuer"),
        pytest.param(validate_jwt(LOGIN + V2, LOGIN + V1), id="two-configurations"),
        pytest.param(validate_azure_ad_token(), id="azure-ad"),
        pytest.param(validate_azure_ad_token(LOGIN), id="azure-ad-tenant-url"),
        pytest.param(validate_azure_ad_token(authentication_endpoint="login.windows.net"), id="azure-ad-endpoint"),
        pytest.param(validate_azure_ad_token(authentication_endpoint="{authority}"), id="azure-ad-authority"),
    ],
)
def test_the_audience_decides(site: Site, policy: str) -> None:
    protect(site, policy)
    assert ask(site, token(site.azure, AUDIENCE)) == (200, None)
    assert ask(site, None) == (401, "TokenNotPresent")
    assert ask(site, token(site.azure, OTHER_AUDIENCE)) == (401, "TokenAudienceNotAllowed")


@pytest.mark.parametrize(
    "policy",
    [validate_jwt(LOGIN + V2, audience=READER), validate_azure_ad_token(audience=READER)],
    ids=["jwt", "azure-ad"],
)
def test_an_app_that_wants_tokens_of_version_2(site: Site, policy: str) -> None:
    protect(site, policy)
    good = token(site.azure, f"api://{READER}")
    claims = jwt.decode(good, options={"verify_signature": False})
    assert (claims["aud"], claims["iss"], claims["ver"]) == (READER, f"{LOGIN}/v2.0", "2.0")
    assert (claims["azp"], "appid" in claims) == (site.azure.environment["AZURE_CLIENT_ID"], False)
    assert ask(site, good) == (200, None)
    assert ask(site, None) == (401, "TokenNotPresent")
    own = site.azure.environment["AZURE_CLIENT_ID"]
    reason = "TokenIssuerNotAllowed" if "validate-jwt" in policy else "TokenAudienceNotAllowed"
    assert ask(site, token(site.azure, f"api://{own}")) == (401, reason)


def test_the_issuer_is_that_of_the_token_s_version(site: Site) -> None:
    protect(site, validate_jwt(LOGIN + V2))
    assert ask(site, token(site.azure, AUDIENCE)) == (401, "TokenIssuerNotAllowed")


def test_a_token_of_another_tenant(site: Site) -> None:
    with serving(config=CONFIG.replace(TENANT, OTHER_TENANT)) as other:
        foreign = token(other, AUDIENCE)
    for policy in (validate_jwt(LOGIN + V1), validate_azure_ad_token()):
        protect(site, policy)
        assert ask(site, foreign) == (401, "TokenSignatureInvalid")


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (validate_jwt(f"https://login.microsoftonline.com/{OTHER_TENANT}{V2}"), "OpenIdConfigUnavailable"),
        (validate_azure_ad_token(OTHER_TENANT), "OpenIdConfigUnavailable"),
        (validate_jwt(f"https://login.example/{TENANT}{V1}"), "BackendConnectionFailure"),
        (validate_jwt(f"http://login.microsoftonline.com/{TENANT}{V1}"), "BackendConnectionFailure"),
        (validate_jwt(f"https://login.microsoftonline.us/{TENANT}{V1}"), "BackendConnectionFailure"),
        (validate_jwt(f"https://127.0.0.1/{TENANT}{V1}"), "BackendConnectionFailure"),
    ],
)
def test_what_is_not_there(site: Site, policy: str, reason: str) -> None:
    protect(site, policy)
    assert ask(site, token(site.azure, AUDIENCE)) == (500, reason)


@pytest.mark.parametrize(("version", "issuer"), [(V1, f"https://sts.windows.net/{TENANT}/"), (V2, f"{LOGIN}/v2.0")])
def test_the_configuration_leads_on_under_the_name_that_was_asked(azure: Azure, version: str, issuer: str) -> None:
    for base, headers in ((azure.url, {}), ("https://login.windows.net", {"Host": "login.windows.net"})):
        found = azure.http("GET", f"{azure.url}/{TENANT}{version}", headers=headers).json()
        assert found["issuer"] == issuer
        assert found["jwks_uri"].startswith(f"{base}/{TENANT}/discovery/")
        path = found["jwks_uri"].removeprefix(base)
        assert azure.http("GET", azure.url + path, headers=headers).json()["keys"][0]["kty"] == "EC"


def test_arm_is_not_at_a_login_host(azure: Azure) -> None:
    headers = {"Host": "login.microsoftonline.com", "Authorization": f"Bearer {azure.token()}"}
    response = azure.http("GET", f"{azure.url}/subscriptions?api-version=2022-12-01", headers=headers)
    assert response.status_code == 404


def test_a_host_that_no_url_has_is_no_login_host(azure: Azure) -> None:
    headers = {"Host": "[login.microsoftonline.com", "Authorization": f"Bearer {azure.token()}"}
    response = azure.http("GET", f"{azure.url}/subscriptions?api-version=2022-12-01", headers=headers)
    assert response.status_code == 200
