"""Tokens and certificates, as a client written with Authlib and requests meets them (RFC 6749, 8705, 8414, 9728).

Each refusal a newcomer can run into has its label, and each is brought about here the way it comes about in life.
"""

import base64
import hashlib
import time

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from certificates import issued
from city import trusting

BRANCH = "branch.tay-ho"
OTHER = "branch.ha-dong"


@pytest.fixture
def branch(sandbox):
    return sandbox.tenant(BRANCH)


def thumbprint(path):
    der = x509.load_pem_x509_certificate(open(path, "rb").read()).public_bytes(serialization.Encoding.DER)
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def refused(answer, status, label):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["label"]) == (status, label)
    assert problem["type"].endswith(f"/errors/{label}") and problem["detail"]
    return problem


def test_authlib_finds_the_endpoint_in_the_published_metadata_and_gets_a_bound_token(sandbox, branch):
    published = sandbox.page("/.well-known/oauth-authorization-server").json()
    assert "tls_client_auth" in published["token_endpoint_auth_methods_supported"]
    assert published["tls_client_certificate_bound_access_tokens"] is True
    assert published["mtls_endpoint_aliases"]["token_endpoint"] == f"{sandbox.partner}/oauth2/token"

    session = branch.client(scope="dossier:read event:read")
    assert session.token["token_type"] == "Bearer"
    assert set(session.token["scope"].split()) == {"dossier:read", "event:read"}
    assert 0 < session.token["expires_in"] <= 600

    keys = KeySet.import_key_set(sandbox.page("/.well-known/jwks.json").json())
    token = jwt.decode(session.token["access_token"], keys, algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    assert token.claims["cnf"]["x5t#S256"] == thumbprint(branch.cert[0])
    assert token.claims["iss"] == published["issuer"]
    assert session.get(sandbox.partner + "/v1/dossiers").status_code == 200


@pytest.mark.parametrize(
    ("change", "error", "status"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
        ({"scope": "hub:read"}, "invalid_scope", 400),
        ({"resource": "https://elsewhere.test"}, "invalid_target", 400),
        ({"client_id": OTHER}, "invalid_client", 401),
        ({"client_id": ""}, "invalid_request", 400),
    ],
)
def test_a_wrong_request_for_a_token_is_refused_in_oauths_own_words(sandbox, branch, change, error, status):
    form = {"grant_type": "client_credentials", "client_id": BRANCH} | change
    answer = branch.bare().post(f"{sandbox.partner}/oauth2/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_authlib_raises_the_hubs_error_when_the_client_is_not_who_the_certificate_says(branch):
    branch_as_other = branch.client()
    branch_as_other.client_id = OTHER
    with pytest.raises(OAuthError) as raised:
        branch_as_other.fetch_token()
    assert raised.value.error == "invalid_client"


def test_a_token_works_with_no_other_tenants_certificate(sandbox, branch):
    thief = sandbox.tenant(OTHER).bare()
    answer = thief.get(sandbox.partner + "/v1/dossiers", headers={"Authorization": f"Bearer {branch.token}"})
    refused(answer, 401, "token-certificate-mismatch")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def minted(sandbox, branch, typ="at+jwt", **claims):
    """What only the hub can do: sign. The sandbox's key lies open, so that a token's end need not be waited for."""
    pem = (sandbox.dir / "keys/token.p8").read_bytes()
    key = serialization.load_der_private_key(pem, None)
    key = ECKey.import_key(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    good = jwt.decode(branch.token, key, algorithms=["ES256"])
    header = {"alg": "ES256", "kid": good.header["kid"], "typ": typ}
    return jwt.encode(header, good.claims | claims, key, algorithms=["ES256"])


def test_each_way_a_token_can_be_wrong_has_its_label(sandbox, branch):
    now = int(time.time())
    head, body, signature = branch.token.split(".")
    other_signature = ("A" if signature[0] != "A" else "B") + signature[1:]
    for token, label in [
        (minted(sandbox, branch), None),
        (minted(sandbox, branch, iat=now - 1200, exp=now - 600), "token-expired"),
        (minted(sandbox, branch, aud="https://elsewhere.test"), "token-audience-wrong"),
        (minted(sandbox, branch, typ="receipt+jwt"), "token-malformed"),
        (".".join([head, body, other_signature]), "token-signature-invalid"),
        # 65 characters are no base64 of anything, whatever they are; 66 sometimes are.
        (branch.token[:-21], "token-malformed"),
        ("abc", "token-malformed"),
    ]:
        answer = branch.bare().get(sandbox.partner + "/v1/dossiers", headers={"Authorization": f"Bearer {token}"})
        if label is None:
            assert answer.status_code == 200, answer.text
        else:
            refused(answer, 401, label)
    refused(branch.bare().get(sandbox.partner + "/v1/dossiers"), 401, "token-missing")


@pytest.mark.parametrize(
    ("how", "label"),
    [
        (None, "certificate-missing"),
        ({}, "certificate-unknown"),
        ({"days": (-30, -1)}, "certificate-expired"),
        ({"days": (1, 30)}, "certificate-not-yet-valid"),
        ({"by_sandbox": False}, "certificate-untrusted"),
    ],
)
def test_each_way_a_certificate_can_be_wrong_has_its_label(sandbox, branch, tmp_path, how, label):
    cert = None if how is None else issued(sandbox, tmp_path, BRANCH, **how)
    session = trusting(requests.Session(), sandbox.ca, cert)
    answer = session.get(sandbox.partner + "/v1/dossiers", headers={"Authorization": f"Bearer {branch.token}"})
    problem = refused(answer, 401, label)
    if label == "certificate-unknown":
        der = x509.load_pem_x509_certificate((tmp_path / "cert.pem").read_bytes())
        assert der.fingerprint(hashes.SHA256()).hex() in problem["detail"].lower().replace(":", "")

    form = {"grant_type": "client_credentials", "client_id": BRANCH}
    token = session.post(f"{sandbox.partner}/oauth2/token", data=form)
    assert (token.status_code, token.json()["error"]) == (401, "invalid_client")
    assert token.json()["error_description"].startswith(label)


def test_a_hub_whose_certificate_leads_to_no_trusted_root_is_not_spoken_to(sandbox, branch):
    session = branch.bare()
    session.verify = True
    with pytest.raises(requests.exceptions.SSLError):
        session.get(sandbox.partner + "/v1/dossiers")
