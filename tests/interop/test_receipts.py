"""Receipts, verified by a library that knows nothing of the hub but its published keys."""

import base64
import hashlib
import json

import pytest
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from city import as_bytes, dossier


@pytest.fixture(scope="module")
def filed(sandbox):
    """The bytes that were filed, the hub's answer, and its public keys."""
    body = as_bytes(dossier())
    answer = sandbox.tenant("branch.tay-ho").file(body, form="canonical/v1").json()
    return body, answer, sandbox.page("/.well-known/jwks.json").json()


def test_a_receipt_names_exactly_the_bytes_that_were_filed(sandbox, filed):
    body, answer, keys = filed
    receipt = jws.deserialize_compact(answer["receipt"], KeySet.import_key_set(keys), algorithms=["ES256"])
    assert receipt.protected["typ"] == "receipt+jwt"
    claims = json.loads(receipt.payload)
    assert claims["sha256"] == hashlib.sha256(body).hexdigest() and claims["bytes"] == len(body)
    assert (claims["sub"], claims["submission"]) == (answer["tracking_id"], answer["submission"])
    assert (claims["tenant"], claims["received_at"]) == ("branch.tay-ho", answer["received_at"])
    assert "exp" not in claims and claims["iss"] == sandbox.web

    stored = sandbox.tenant("branch.tay-ho").get(answer["links"]["receipt"])
    assert stored.headers["Content-Type"] == "application/jose" and stored.text == answer["receipt"]


def test_one_changed_byte_anywhere_and_it_is_refused(filed):
    _, answer, keys = filed
    parts = [bytearray(base64.urlsafe_b64decode(p + "==")) for p in answer["receipt"].split(".")]
    keys = KeySet.import_key_set(keys)
    for part, raw in enumerate(parts):
        for place in range(len(raw)):
            changed = [bytes(p) for p in parts]
            changed[part] = bytes(b ^ 1 if i == place else b for i, b in enumerate(raw))
            token = b".".join(base64.urlsafe_b64encode(p).rstrip(b"=") for p in changed).decode()
            with pytest.raises((JoseError, ValueError)):
                jws.deserialize_compact(token, keys, algorithms=["ES256"])


def test_the_keys_say_what_they_are_for_and_hold_nothing_private(filed):
    _, answer, keys = filed
    header = json.loads(base64.urlsafe_b64decode(answer["receipt"].split(".")[0] + "=="))
    assert header["kid"] in {key["kid"] for key in keys["keys"]}
    for key in keys["keys"]:
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
        assert not {"d", "p", "q"} & key.keys()
