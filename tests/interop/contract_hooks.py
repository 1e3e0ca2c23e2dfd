"""What Schemathesis is told beside the OpenAPI document: who calls, and what only the tenant itself can know.

Loaded by Schemathesis (`hooks` of the settings that test_contract.py writes), in its own process.
"""

import os
import re
import secrets
from datetime import datetime, timedelta, timezone

import requests
import schemathesis

from city import trusting

TENANT = os.environ.get("CONTRACT_TENANT")
DOSSIERS = os.environ.get("CONTRACT_DOSSIERS", "").split()
POINT = os.environ.get("CONTRACT_POINT")
STAFF = os.environ.get("CONTRACT_STAFF")
DOSSIER = re.compile("dos_[0-9a-f]{32}")
FORMAT = re.compile("([a-z0-9-]+/v[0-9]+)?")
UNIQUE = re.compile("[!-~]{1,128}")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
MOMENT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]")
KEY = re.compile("[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?")

if TENANT:

    @schemathesis.auth(refresh_interval=240)
    class BoundToken:
        """A token of the tenant whose certificate makes the calls; a new one well before it ends."""

        def get(self, case, context):
            cert = (os.environ["CONTRACT_CERT"], os.environ["CONTRACT_KEY"])
            session = trusting(requests.Session(), os.environ["CONTRACT_CA"], cert)
            form = {"grant_type": "client_credentials", "client_id": TENANT}
            answer = session.post(os.environ["CONTRACT_TOKENS"], data=form, timeout=30)
            answer.raise_for_status()
            return answer.json()["access_token"]

        def set(self, case, data, context):
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Where a well-formed value must also be one that only the tenant can know, it becomes one; a malformed one stays.

    Of ids every second becomes that of a dossier the tenant sees. A key is used once. A format or a person that is left out
    becomes one of the tenant's, because a tenant with several formats, or an agent, must name it. (Schemathesis 4.32 also
    takes '' for a well-formed format.) Documents have no control characters: which text a format forbids, OpenAPI's "an
    object" cannot say. Nobody waits for news.
    """
    operation = case.operation.definition.raw
    parameters = {p["name"] for p in operation.get("parameters", [])}
    own = {
        "Submission-Format": (FORMAT, "canonical/v1"),
        "Idempotency-Key": (UNIQUE, secrets.token_hex(16)),
        "Receiving-Point": (KEY, POINT),
        "Acting-Staff": (KEY, STAFF),
    }
    for name in parameters & own.keys():
        form, value = own[name]
        optional = name in ("Submission-Format", "Acting-Staff")
        if form.fullmatch(case.headers.get(name, "")) or (optional and name not in case.headers):
            case.headers.pop(name, None)
            if value:
                case.headers[name] = value
    for name, value in (case.path_parameters or {}).items():
        if DOSSIERS and isinstance(value, str) and DOSSIER.fullmatch(value) and int(value[-1], 16) % 2 == 0:
            case.path_parameters[name] = DOSSIERS[int(value[-2], 16) % len(DOSSIERS)]
    wait = str((case.query or {}).get("wait", ""))
    if wait.isdecimal() and wait.isascii() and 0 < int(wait) <= 30:
        case.query["wait"] = 0
    if operation["operationId"] in ("submit", "report"):
        case.body = changed(case.body, lambda text: CONTROL.sub(" ", text))
    case.body = changed(case.body, not_in_future)


def changed(value, change):
    """The same document with every text changed."""
    if isinstance(value, dict):
        return {change(name): changed(part, change) for name, part in value.items()}
    if isinstance(value, list):
        return [changed(part, change) for part in value]
    return change(value) if isinstance(value, str) else value


def not_in_future(text):
    """A moment that is still to come, as the moment before this one."""
    if not MOMENT.match(text):
        return text
    now = datetime.now(timezone.utc) - timedelta(seconds=1)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return now.isoformat() if moment.tzinfo and moment > now else text
