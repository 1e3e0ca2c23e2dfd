"""Filing and following, as a partner's own program in Python does it: every shipped format, every kind of filer."""

import itertools
import json
import re
import secrets
from datetime import datetime, timezone

import pytest
from lxml import etree

from city import PULL_AGENCY, ROOT, STAFF, as_bytes, dossier, until

FILERS = {"branch.tay-ho": ["canonical/v1", "dvcqg-mc/v1"], "agent.a-001": ["canonical/v1", "vnpost-hcc/v1"]}
MEDIA = {".json": "application/json", ".xml": "application/xml"}
# Where each format has the sender's own name of a dossier.
REFERENCES = re.compile(
    r'("(?:reference|OrderNumber|MaHoSo|SoThamChieu)": *"|<(?:reference|OrderNumber|MaHoSo|SoThamChieu)>)[^"<]*'
)
OFFICIAL_CODE = re.compile(r"(H26\.P[0-9]+-[0-9]{6}-)[0-9]+")
_codes = itertools.count(1)


def samples():
    for filer, forms in FILERS.items():
        for form in forms:
            for path in sorted((ROOT / "adapters" / form / "samples").iterdir()):
                if path.stem in ("minimal", "full"):
                    yield pytest.param(filer, form, path, id=f"{filer.split('.')[0]}-{form}-{path.name}")


@pytest.mark.parametrize(("filer", "form", "path"), list(samples()))
def test_every_shipped_sample_is_filed_followed_and_given_back_byte_for_byte(sandbox, filer, form, path):
    tenant, media = sandbox.tenant(filer), MEDIA[path.suffix]
    reference = f"INTEROP-{secrets.token_hex(6)}"
    text = REFERENCES.sub(rf"\g<1>{reference}", path.read_text())
    body = OFFICIAL_CODE.sub(rf"\g<1>{next(_codes):04}", text).encode()
    key = secrets.token_hex(8)

    first = tenant.file(body, form=form, media=media, key=key)
    assert first.status_code == 202, first.text
    answer = first.json()
    assert answer["existing"] is False and answer["agency"], answer

    again = tenant.file(body, form=form, media=media, key=key)
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"

    other_key = tenant.file(body, form=form, media=media)
    assert other_key.json()["existing"] is True
    assert other_key.json()["tracking_id"] == answer["tracking_id"]

    changed = tenant.file(body + b"\n", form=form, media=media, key=key)
    assert (changed.status_code, changed.json()["label"]) == (422, "idempotency-key-reused")

    given_back = tenant.get(answer["links"]["self"] + "/submission")
    assert given_back.content == body and given_back.headers["Content-Type"].startswith(media)

    if answer["status"]["code"] == 1 and filer.startswith("branch."):
        accept(tenant, answer)
    events = tenant.events(answer["tracking_id"], lambda seen: any("status-changed" in e["type"] for e in seen))
    assert events[0]["type"] == "vn.lienthong.dossier.filed"
    assert [e["data"]["event"]["number"] for e in events] == list(range(1, len(events) + 1))
    assert len({e["id"] for e in events}) == len(events)
    listed = tenant.get("/v1/dossiers", params={"reference": answer_reference(tenant, answer)}).json()["dossiers"]
    assert [d["tracking_id"] for d in listed] == [answer["tracking_id"]]


def accept(branch, filed):
    """What a branch files online, it accepts itself as the receiving unit; said twice with one key, done once."""
    headers = {"Idempotency-Key": secrets.token_hex(8), "Acting-Staff": STAFF}
    for _ in range(2):
        accepted = branch.post(filed["links"]["self"] + "/acceptance", json={}, headers=headers)
        assert accepted.status_code == 200, accepted.text


def answer_reference(tenant, answer):
    return tenant.get(answer["links"]["self"]).json()["reference"]


def test_the_answer_comes_as_xml_to_a_client_that_asks_for_it(sandbox):
    tenant = sandbox.tenant("branch.tay-ho")
    answer = tenant.file(as_bytes(dossier()), form="canonical/v1", Accept="application/xml")
    assert answer.status_code == 202 and answer.headers["Content-Type"] == "application/xml"
    root = etree.fromstring(answer.content)
    tracking_id = root.findtext("{urn:vn:lienthong:answer:v1}tracking_id")
    assert tenant.get(f"/v1/dossiers/{tracking_id}").status_code == 200


def place(cursor):
    """Where in its history a cursor stands."""
    return int(cursor.split("-")[0])


def test_the_feed_is_the_same_however_its_pages_are_cut(sandbox):
    tenant = sandbox.tenant("branch.ba-dinh")
    filed = [tenant.file(as_bytes(dossier()), form="canonical/v1").json()["tracking_id"] for _ in range(5)]

    def pages(limit):
        after, events = "0", []
        while True:
            page = tenant.get("/v1/events", params={"after": after, "limit": limit}).json()
            assert len(page["events"]) <= limit and place(page["next"]) >= place(after)
            if page["next"] == after:
                return events
            events, after = events + page["events"], page["next"]

    # The feed still grows; what both readings have seen must be the same, in the same order.
    ids = [[e["id"] for e in pages(limit)] for limit in (1, 3, 200)]
    shortest = min(map(len, ids))
    assert ids[0][:shortest] == ids[1][:shortest] == ids[2][:shortest]
    assert set(filed) <= {e["subject"] for e in pages(200)}


def test_an_agent_must_name_who_acts_and_a_branch_may(sandbox):
    body = as_bytes(dossier())
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json", "Submission-Format": "canonical/v1"}
    refused = sandbox.tenant("agent.a-001").post("/v1/submissions", data=body, headers=headers)
    assert (refused.status_code, refused.json()["label"]) == (400, "staff-required")
    unknown = sandbox.tenant("agent.a-001").file(body, form="canonical/v1", **{"Acting-Staff": "nv-999"})
    assert (unknown.status_code, unknown.json()["label"]) == (403, "staff-unknown")
    assert sandbox.tenant("branch.tay-ho").post("/v1/submissions", data=body, headers=headers).status_code == 202


def test_what_another_filed_is_absent(sandbox):
    mine = sandbox.tenant("agent.a-001").file(as_bytes(dossier()), form="canonical/v1").json()
    nothing = sandbox.tenant("agent.a-001").get("/v1/dossiers/dos_" + "0" * 32)
    for other in ("agent.a-002", "branch.tay-ho"):
        hidden = sandbox.tenant(other).get(mine["links"]["self"])
        assert hidden.status_code == 404 and hidden.json()["label"] == "not-found"
        assert {k: v for k, v in hidden.json().items() if k != "instance"} == {
            k: v for k, v in nothing.json().items() if k != "instance"
        }
    assert sandbox.tenant("enterprise.buu-chinh-mau-a").get(mine["links"]["self"]).status_code == 200


def test_every_problem_of_a_document_is_told_at_once_with_its_place(sandbox):
    document = dossier(channel="fax", chanel="counter")
    del document["applicant"]["name"]
    answer = sandbox.tenant("branch.tay-ho").file(as_bytes(document), form="canonical/v1", **{"Accept-Language": "en"})
    assert answer.status_code == 422
    told = {(p["path"], p["label"]) for p in answer.json()["problems"]}
    assert {("/channel", "value-unknown"), ("/chanel", "field-unknown"), ("/applicant/name", "field-missing")} <= told


def test_an_agency_that_pulls_takes_settles_and_answers(sandbox):
    agency, branch = sandbox.tenant(f"agency.{PULL_AGENCY}"), sandbox.tenant("branch.tay-ho")
    filed = branch.file(as_bytes(dossier(procedure={"code": "9.902001"})), form="canonical/v1").json()
    assert filed["agency"]["key"] == PULL_AGENCY

    def message():
        page = agency.get("/v1/inbox", params={"max": 100, "wait": 5}).json()
        return [m for m in page["messages"] if m["event"]["subject"] == filed["tracking_id"]]

    (taken,) = until(message, what="the message in the inbox")
    data = taken["event"]["data"]
    assert data["document"]["procedure"]["code"] == "9.902001" and data["route"]["chosen"] == PULL_AGENCY
    settled = agency.post("/v1/inbox/settle", json={"messages": [{"delivery": taken["delivery"], "outcome": "done"}]})
    assert settled.json() == {"results": [{"delivery": taken["delivery"], "state": "handed"}]}

    now = datetime.now(timezone.utc).isoformat()
    reports = {"reports": [{"dossier": filed["tracking_id"], "status": 4, "occurred_at": now}]}
    headers = {"Content-Type": "application/json", "Submission-Format": "canonical/v1"}
    for verdict in ("applied", "repeated"):
        told = agency.post("/v1/statuses", data=json.dumps(reports), headers=headers)
        assert [r["verdict"] for r in told.json()["results"]] == [verdict], told.text
    events = branch.events(filed["tracking_id"], lambda seen: "status-changed" in seen[-1]["type"] if seen else False)
    assert events[-1]["data"]["event"]["status"]["code"] == 4
    route = branch.get(filed["links"]["route"]).json()
    assert [d["state"] for d in route["deliveries"]] == ["acknowledged"]
