"""What Schemathesis is told beside the OpenAPI document: who calls, and what only the tenant itself can know.

Loaded by Schemathesis (`hooks` of the settings that test_contract.py writes), in its own process.
"""

import hashlib
import json
import os
import re
import secrets
from datetime import datetime, timedelta, timezone
from urllib.parse import unquote

import jsonschema
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
DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
KEY = re.compile("[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?")
DIGEST = re.compile("([sS][hH][aA]-?256[:=-])?[0-9A-Fa-f]{64}")
AGENCIES = os.environ.get("CONTRACT_AGENCIES", "").split()
FILE = hashlib.sha256(b"contract").hexdigest()
LINES = "application/x-ndjson"

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


@schemathesis.serializer(LINES)
def lines(context, value):
    """A batch of one: OpenAPI describes a line."""
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"


@schemathesis.check
def every_line_of_an_answer_is_one(ctx, response, case):
    """Of the answer to a batch OpenAPI describes a line too: each is held to it, the last ends it, and nothing made up is taken."""
    if response.headers.get("content-type") != [LINES]:
        return
    raw = case.operation.schema.raw_schema
    shape = case.operation.definition.raw["responses"]["200"]["content"][LINES]["schema"]
    validator = jsonschema.Draft202012Validator(shape | {"components": raw["components"]})
    told = [json.loads(line) for line in response.content.splitlines()]
    for line in told:
        validator.validate(line)
    assert ["end" in line for line in told] == [False] * (len(told) - 1) + [True], told
    assert told[-1]["end"]["taken"] == 0, told


@schemathesis.hook
def before_call(context, case, kwargs):
    """Where a well-formed value must also be one that only the tenant can know, it becomes one; a malformed one stays.

    Of ids every second becomes that of a dossier the tenant sees, and of numbers of files every second the first. A key is
    used once. A format or a person that is left out becomes one of the tenant's, because a tenant with several formats, or an
    agent, must name it. (Schemathesis 4.32 also takes '' for a well-formed format.) An agency is one of the directory. A file
    is uploaded under its own digest. Nothing has happened in the future or before the offices were, and a new due date, a deadline and an early result lie ahead. Documents have no
    control characters: which text a format forbids, OpenAPI's "an object" cannot say. Nobody waits for news.
    """
    operation = case.operation.definition.raw
    named(case, {p["name"] for p in operation.get("parameters", [])})
    placed(case, operation["operationId"])
    wait = str((case.query or {}).get("wait", ""))
    if wait.isdecimal() and wait.isascii() and 0 < int(wait) <= 30:
        case.query["wait"] = 0
    if operation["operationId"] in ("submit", "submitBatch", "report"):
        case.body = changed(case.body, lambda text: CONTROL.sub(" ", text))
    case.query = changed(case.query, plausible) if case.query else case.query
    if operation["operationId"] == "irregularCounts":
        period(case.query)
    # A date that moves, a deadline; a result that comes early comes before its due date.
    to_come = {"new_due": timedelta(days=20), "due_at": timedelta(days=20), "expected_at": timedelta(minutes=1)}
    ahead = {name: by for name, by in to_come.items() if isinstance(case.body, dict) and moment(case.body.get(name))}
    case.body = changed(case.body, plausible)
    for name, by in ahead.items():
        case.body[name] = (datetime.now(timezone.utc) + by).isoformat()
    agency = case.body.get("agency") if isinstance(case.body, dict) else None
    if AGENCIES and isinstance(agency, str) and KEY.fullmatch(agency):
        case.body["agency"] = AGENCIES[len(agency) % len(AGENCIES)]


def named(case, parameters):
    """Headers that name the tenant's own."""
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


def placed(case, operation):
    """What the path names."""
    path = case.path_parameters or {}
    dossier, number, digest = (unquote(str(path.get(name, ""))) for name in ("id", "n", "sha256"))
    if DOSSIERS and DOSSIER.fullmatch(dossier) and int(dossier[-1], 16) % 2 == 0:
        path["id"] = DOSSIERS[int(dossier[-2], 16) % len(DOSSIERS)]
    if number.isdecimal() and 0 < int(number) < 2**31 and int(number) % 2 == 1:
        path["n"] = 1
    if DIGEST.fullmatch(digest) and operation == "upload":
        sent = {name: value for name, value in case.as_transport_kwargs().items() if name in ("data", "json")}
        body = requests.Request("PUT", "https://localhost", **sent).prepare().body or b""
        path["sha256"] = hashlib.sha256(body.encode() if isinstance(body, str) else body).hexdigest()
    elif DIGEST.fullmatch(digest) and int(digest[-1], 16) % 2 == 0:
        path["sha256"] = FILE


def changed(value, change):
    """The same document with every text changed."""
    if isinstance(value, dict):
        return {change(name): changed(part, change) for name, part in value.items()}
    if isinstance(value, list):
        return [changed(part, change) for part in value]
    return change(value) if isinstance(value, str) else value


def moment(text):
    """What a well-formed moment names."""
    try:
        named = datetime.fromisoformat(text) if isinstance(text, str) and MOMENT.match(text) else None
    except ValueError:
        return None
    return named if named and named.tzinfo else None


def plausible(text):
    """A moment or date that is still to come, or before there were offices, or of an offset nobody has, as one just past."""
    now = datetime.now(timezone.utc) - timedelta(seconds=1)
    named = moment(text)
    if named:
        far = abs(named.utcoffset()) > timedelta(hours=14)
        return now.isoformat() if far or named.year < 2001 or named > now else text
    if isinstance(text, str) and DATE.fullmatch(text):
        return text if "2001" < text[:4] < now.isoformat()[:4] else now.date().isoformat()
    return text


def period(query):
    """From and to, where they are dates, as days that exist, in their order."""
    today = datetime.now(timezone.utc).date()
    for name, day in (("from", today - timedelta(days=10)), ("to", today - timedelta(days=1))):
        if DATE.fullmatch(str((query or {}).get(name, ""))):
            query[name] = day.isoformat()
