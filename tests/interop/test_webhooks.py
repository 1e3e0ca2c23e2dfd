"""What the hub posts, received as a partner would: by an HTTPS server of its own, verified by the package `standardwebhooks`.

Events of a submitter (`/v1/subscription`) and messages of an agency that is pushed to (`/v1/endpoint`), on both stacks.
"""

import json
from datetime import datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from city import PUSH_AGENCY, as_bytes, dossier, until
from receiver import Receiver

AGENCY = f"agency.{PUSH_AGENCY}"
THEIRS = {"code": "9.904001"}  # a procedure of the agency that is pushed to
DOSSIERS = 5


@pytest.fixture(params=["sandbox", "production"])
def hub(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def receiver(hub, tmp_path):
    listening = Receiver(hub, tmp_path)
    yield listening
    listening.stop()


def verified(secret, call):
    """The event of a call, by the package: signature, time and body, or it raises."""
    return Webhook(secret).verify(call.body, call.headers)


def refused(secret, headers, body):
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


def filed(tenant, count):
    answers = [tenant.file(as_bytes(dossier(procedure=THEIRS)), form="canonical/v1") for _ in range(count)]
    assert [answer.status_code for answer in answers] == [202] * count, answers[-1].text
    assert {answer.json()["agency"]["key"] for answer in answers} == {PUSH_AGENCY}
    return [answer.json()["tracking_id"] for answer in answers]


def reported(agency, tracking_ids, status, moment, **fields):
    """One status of each dossier, over HTTPS."""
    reports = [{"dossier": id, "status": status, "occurred_at": moment.isoformat()} | fields for id in tracking_ids]
    answer = agency.post("/v1/statuses", json={"reports": reports}, headers={"Submission-Format": "canonical/v1"})
    assert [result["verdict"] for result in answer.json()["results"]] == ["applied"] * len(reports), answer.text


def by_dossier(events):
    told = {}
    for event in events:
        told.setdefault(event["subject"], []).append(event)
    return told


def test_a_submitter_gets_every_event_of_its_feed_once_in_order_and_signed(hub, receiver):
    submitter, agency = hub.tenant("branch.ha-dong"), hub.tenant(AGENCY)
    _, cursor = submitter.feed()
    wish = {"way": "webhook", "url": receiver.url, "from": cursor}
    answer = submitter.put("/v1/subscription", json=wish)
    assert answer.status_code == 200, answer.text
    first = answer.json()["secret"]
    assert "secret" not in submitter.put("/v1/subscription", json=wish).json(), "shown once"

    tracking_ids, now = filed(submitter, DOSSIERS), datetime.now(timezone.utc)
    receiver.answer(503, 500)  # what fails comes again, and nothing of its dossier overtakes it
    reported(agency, tracking_ids, 4, now - timedelta(minutes=2), officer="Cán bộ mẫu")
    reported(agency, tracking_ids, 9, now - timedelta(minutes=1), text="Đã có kết quả")
    feed, _ = submitter.feed(cursor)
    assert [e["type"].rpartition(".")[2] for e in feed if e["subject"] == tracking_ids[0]].count("status-changed") == 2
    until(lambda: len(receiver.taken) >= len(feed), what="as many events as the feed has")

    came = [verified(first, call) for call in receiver.taken]
    assert by_dossier(came) == by_dossier(feed), "nothing missing, nothing doubled, and in the feed's order"
    assert {call.answer for call in receiver.posted} == {204, 500, 503}
    for call in receiver.posted:
        event = verified(first, call)
        assert call.headers["content-type"].partition(";")[0] == "application/cloudevents+json"
        assert call.headers["webhook-id"] == event["id"]
    again = [call.headers["webhook-id"] for call in receiver.posted]
    assert len(again) == len(set(again)) + 2, "the two that failed came again under their own ids"

    call = receiver.taken[0]
    tampered = call.body.replace(b'"reference":"INTEROP', b'"reference":"interop')
    assert tampered != call.body
    refused(first, call.headers, tampered)
    refused(first, call.headers | {"webhook-id": receiver.taken[1].headers["webhook-id"]}, call.body)
    late = str(int(call.headers["webhook-timestamp"]) - 600)
    refused(first, call.headers | {"webhook-timestamp": late}, call.body)

    rotated = submitter.post("/v1/subscription/secret").json()
    assert rotated["secret"] != first
    tested = submitter.post("/v1/subscription/test", json={"way": "webhook"}).json()["event"]
    test = until(lambda: next((c for c in receiver.taken if c.headers["webhook-id"] == tested), None), what="the test")
    assert len(test.headers["webhook-signature"].split(" ")) == 2
    assert verified(first, test) == verified(rotated["secret"], test) and b"subscription.test" in test.body
    refused(rotated["secret"], call.headers, call.body)  # signed before there was the new secret
    assert submitter.delete("/v1/subscription", params={"way": "webhook"}).json()["webhook"] is None


@pytest.fixture
def pushed(hub):
    agency = hub.pushed(PUSH_AGENCY)
    agency.delete("/v1/endpoint")
    yield agency
    agency.delete("/v1/endpoint")


def test_an_agency_is_pushed_its_messages_in_order_and_signed(hub, pushed, receiver):
    agency, submitter = pushed, hub.tenant("branch.ha-dong")
    assert agency.get("/v1/endpoint").status_code == 404
    receiver.answer(503)
    answer = agency.put("/v1/endpoint", json={"url": receiver.url})
    assert answer.status_code == 200, answer.text
    first = answer.json()["secret"]
    assert "secret" not in agency.put("/v1/endpoint", json={"url": receiver.url}).json(), "shown once"

    tracking_id = filed(submitter, 1)[0]
    mine = lambda: [c for c in receiver.taken if json.loads(c.body)["subject"] == tracking_id]
    call = until(lambda: next(iter(mine()), None), what="the dossier")
    message = verified(first, call)
    assert message["type"] == "vn.lienthong.dossier.filed" and call.headers["webhook-id"] == message["id"]
    assert message["data"]["route"]["chosen"] == PUSH_AGENCY
    assert message["data"]["document"]["applicant"]["name"] == "Nguyễn Văn Mẫu"
    tampered = call.body.replace("Nguyễn Văn Mẫu".encode(), "Nguyễn Văn Mâu".encode())
    assert tampered != call.body
    refused(first, call.headers, tampered)

    new = agency.put("/v1/endpoint", json={"url": receiver.url, "new_secret": True}).json()["secret"]
    now = datetime.now(timezone.utc)
    reported(agency, [tracking_id], 5, now, text="Thiếu bản sao", papers=[{"name": "Bản sao có chứng thực"}])
    brought = submitter.post(
        f"/v1/dossiers/{tracking_id}/supplements",
        json={"text": "Đã bổ sung bản sao", "papers": [{"name": "Bản sao có chứng thực"}]},
        headers={"Idempotency-Key": tracking_id, "Acting-Staff": "nv-001"},
    )
    assert brought.status_code == 200, brought.text
    call = until(lambda: (mine() + [None])[1:2][0], what="the supplement")
    assert len(call.headers["webhook-signature"].split(" ")) == 2
    assert verified(first, call) == verified(new, call)
    told = [verified(first, call)["type"].rpartition(".")[2] for call in mine()]
    assert told == ["filed", "supplemented"]

    def handed():
        route = submitter.get(f"/v1/dossiers/{tracking_id}/route").json()
        states = [delivery["state"] for delivery in route["deliveries"]]
        return states if "queued" not in states and "waiting" not in states else None

    assert until(handed, what="both messages") == ["acknowledged", "handed"]
    failed = [call.headers["webhook-id"] for call in receiver.posted if call.answer == 503]
    assert len(failed) == 1
    until(lambda: failed[0] in {call.headers["webhook-id"] for call in receiver.taken}, what="what was answered 503, again")
