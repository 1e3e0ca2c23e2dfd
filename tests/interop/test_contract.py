"""The hub against its own OpenAPI document, by Schemathesis: as each kind of tenant, and as somebody from the street.

What the hub serves at /openapi.json is what is tried, all of it. For every operation Schemathesis sends what the document allows (and expects to be served, or refused for a reason the document cannot state) and what it
does not allow (and expects to be refused); every answer must be one the document announces, in its media type, by its
schema. All of Schemathesis' checks are on.
"""

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from city import PUSH_AGENCY, QUEUE_AGENCY, STAFF, as_bytes, dossier

HERE = Path(__file__).parent

# The file of each dossier, as contract_hooks.py knows it too.
FILE = b"contract"

# Of Schemathesis' own lists, the answers of the 5xx class but 503 are taken out, and 413 put in: a document over its limit.
SERVED = ["2xx", "3xx", "401", "403", "404", "409", "429", "503"]
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "429"]

SETTINGS = """
hooks = "contract_hooks"
seed = 1
continue-on-failure = true
request-timeout = 30
tls-verify = {ca}
{cert}
workers = 1

[output.sanitization]
enabled = true

[generation]
max-examples = {examples}
database = "none"
allow-x00 = false

[checks]
positive_data_acceptance = {{ expected-statuses = {served} }}
negative_data_rejection = {{ expected-statuses = {refused} }}

[warnings]
display = []

# What follows is what a document cannot say, for each operation it cannot say it of.

# A document can be right by OpenAPI, which says only "an object", and wrong by its format: 422.
[[operations]]
include-operation-id = ["submit", "report"]
checks = {{ positive_data_acceptance = {{ expected-statuses = {unprocessable} }} }}

# So can one in a batch; and whether a format lists dossiers in one document, the format says: 415. Of a batch in lines each
# line is refused for itself, in an answer that is 200: contract_hooks.py reads it.
[[operations]]
include-operation-id = ["submitBatch"]
checks = {{ positive_data_acceptance = {{ expected-statuses = {unlisted} }}, negative_data_rejection = {{ expected-statuses = {each_refused} }} }}

# So can a registration: a certificate is a text that must be PEM, a format or a commune must be one the hub knows, and of adding and
# taking off it must be one. Reading a tenant and its standing have no such reason.
[[operations]]
include-operation-id = ["registerTenants", "alterTenant", "certify", "staff", "point"]
checks = {{ positive_data_acceptance = {{ expected-statuses = {unprocessable} }} }}

# So can a directory: its files are CSV with rules of their own, among them that a row names only what another file has.
[[operations]]
include-operation-id = ["directoryPlan", "directoryImport", "directoryRollback"]
checks = {{ positive_data_acceptance = {{ expected-statuses = {unprocessable} }} }}

# So can a version of a format: its text is TOML with rules of its own. There may be no version to go back to: 409.
[[operations]]
include-operation-id = ["formatPlan", "formatActivate", "formatShadow", "formatRollback"]
checks = {{ positive_data_acceptance = {{ expected-statuses = {unprocessable} }} }}

# So can the report of a task: one that cannot be done says why, and one that is done need not say anything.
[[operations]]
include-operation-id = ["reportTask"]
checks = {{ positive_data_acceptance = {{ expected-statuses = {unprocessable} }} }}

# So can an address: which hosts there are, a pattern cannot say, and the guard refuses those inside.
[[operations]]
include-operation-id = ["setEndpoint"]
checks = {{ positive_data_acceptance = {{ expected-statuses = {unprocessable} }} }}

# A well-formed cursor can be one that no history of this hub gave out: 410. That of a subscription stands beside its address.
[[operations]]
include-operation-id = ["events", "alarms", "irregularities"]
checks = {{ positive_data_acceptance = {{ expected-statuses = {foreign} }} }}

[[operations]]
include-operation-id = ["subscribe"]
checks = {{ positive_data_acceptance = {{ expected-statuses = {foreign_or_unprocessable} }} }}

# A well-formed range may lie behind the end of the file: 416.
[[operations]]
include-operation-id = ["attachment"]
checks = {{ positive_data_acceptance = {{ expected-statuses = {beyond} }} }}
"""


def settings(ca, cert, examples):
    pair = f"request-cert = {json.dumps(cert[0])}\nrequest-cert-key = {json.dumps(cert[1])}" if cert else ""
    return SETTINGS.format(
        ca=json.dumps(ca),
        cert=pair,
        examples=examples,
        served=json.dumps(SERVED),
        refused=json.dumps(REFUSED),
        unprocessable=json.dumps([*SERVED, "422"]),
        foreign=json.dumps([*SERVED, "410"]),
        foreign_or_unprocessable=json.dumps([*SERVED, "410", "422"]),
        unlisted=json.dumps([*SERVED, "415", "422"]),
        each_refused=json.dumps([*REFUSED, "200"]),
        beyond=json.dumps([*SERVED, "416"]),
    )


def schemathesis(sandbox, folder, *, url, tag, tenant=None, examples=8, **knows):
    """Runs it on what the hub serves, and gives what it says when it is not content."""
    cert = tenant.cert if tenant else None
    file, served = folder / "schemathesis.toml", folder / "openapi.json"
    file.write_text(settings(sandbox.ca, cert, examples))
    served.write_bytes(sandbox.page("/openapi.json").content)
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_CA_BUNDLE")}
    environment |= {"PYTHONPATH": str(HERE)} | {f"CONTRACT_{name.upper()}": value for name, value in knows.items()}
    if tenant:
        environment |= {
            "CONTRACT_TENANT": tenant.key,
            "CONTRACT_CERT": cert[0],
            "CONTRACT_KEY": cert[1],
            "CONTRACT_CA": sandbox.ca,
            "CONTRACT_TOKENS": f"{sandbox.partner}/oauth2/token",
        }
    program = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(file), "--no-color", "run"]
    done = subprocess.run(
        [*program, str(served), "--url", url, "--include-tag", tag],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
    )
    assert "Tested: " in done.stdout and "generated" in done.stdout, done.stdout
    return None if done.returncode == 0 else done.stdout


@pytest.fixture(scope="module")
def filed(sandbox):
    """Dossiers of a branch and of an agent, each with a file, at an agency that is pushed to: what each kind of tenant sees."""
    agency, filed = sandbox.pushed(PUSH_AGENCY), {}
    digest = hashlib.sha256(FILE).hexdigest()
    paper = {"name": "Tờ khai", "files": [{"name": "to-khai.txt", "sha256": digest, "media_type": "text/plain"}]}
    for filer in ("branch.tay-ho", "agent.a-001"):
        tenant, headers = sandbox.tenant(filer), {"Acting-Staff": STAFF, "Content-Type": "text/plain"}
        assert tenant.put(f"/v1/blobs/{digest}", data=FILE, headers=headers).status_code == 201
        body = lambda: as_bytes(dossier(procedure={"code": "9.904001"}, components=[paper]))
        answers = [tenant.file(body(), form="canonical/v1") for _ in range(4)]
        filed[filer] = " ".join(answer.json()["tracking_id"] for answer in answers)
    yield filed
    agency.delete("/v1/endpoint")


# Each kind of tenant: who speaks, whose dossiers it sees, and what else it alone knows.
KINDS = {
    "branch.tay-ho": ("branch.tay-ho", {"point": "chi-nhanh-tay-ho", "staff": STAFF}),
    "agent.a-001": ("agent.a-001", {"staff": STAFF}),
    "enterprise.buu-chinh-mau-a": ("agent.a-001", {}),
    f"agency.{PUSH_AGENCY}": ("branch.tay-ho", {}),
    "operator.trung-tam": ("branch.tay-ho", {"agencies": f"{PUSH_AGENCY} {QUEUE_AGENCY}"}),
}


@pytest.fixture(scope="module")
def said(sandbox, filed, tmp_path_factory):
    """What Schemathesis says as each kind, two at a time."""
    with ThreadPoolExecutor(2) as together:
        yield {
            key: together.submit(
                schemathesis, sandbox, tmp_path_factory.mktemp("kind"),
                url=sandbox.partner, tag="partner", tenant=sandbox.tenant(key), dossiers=filed[sees], **knows,
            )
            for key, (sees, knows) in KINDS.items()
        }  # fmt: skip


@pytest.mark.parametrize("key", KINDS, ids=lambda key: key.split(".")[0])
def test_the_partner_interface_is_what_it_says(said, key):
    assert said[key].result() is None, said[key].result()


def test_the_public_pages_and_documents_are_what_they_say(sandbox, tmp_path):
    said = schemathesis(sandbox, tmp_path, url=sandbox.web, tag="web")
    assert said is None, said
