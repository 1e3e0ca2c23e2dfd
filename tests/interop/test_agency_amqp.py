"""An agency's own program with pika: it reads its queue, publishes statuses, and is kept from everything else."""

import hashlib
import json
import secrets
from datetime import datetime, timezone

import pika
import pytest
import requests
from pika.exceptions import ChannelClosedByBroker, ProbableAuthenticationError, UnroutableError

from city import QUEUE_AGENCY, as_bytes, dossier, until

ME = f"agency.{QUEUE_AGENCY}"
NEIGHBOUR = "agency.so-tu-phap"


@pytest.fixture
def agency(production):
    """A connection as the agency's own user, with publisher confirms."""
    url = production.tenant(ME).queue_url.read_text().strip()
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.confirm_delivery()
    yield channel
    if connection.is_open:
        connection.close()


@pytest.fixture
def branch(production):
    return production.tenant("branch.tay-ho")


def filed(branch, **fields):
    answer = branch.file(as_bytes(dossier(**fields)), form="canonical/v1")
    assert answer.status_code == 202, answer.text
    assert answer.json()["agency"]["key"] == QUEUE_AGENCY
    return answer.json()


def taken(channel, tracking_id):
    """The message about one dossier out of the agency's queue, acknowledged; others are acknowledged and forgotten."""

    def message():
        method, properties, body = channel.basic_get(ME)
        if method is None:
            return None
        channel.basic_ack(method.delivery_tag)
        found = properties.headers["cloudEvents:subject"] == tracking_id
        return (method, properties, json.loads(body)) if found else None

    return until(message, what="the message in the agency's queue")


def report(channel, tracking_id, status, *, key=ME, user=ME, **fields):
    said = {"dossier": tracking_id, "status": status, "occurred_at": datetime.now(timezone.utc).isoformat()} | fields
    publish(channel, as_bytes({"reports": [said]}), key=key, user=user)


def publish(channel, body, *, key=ME, user=ME, media="application/json", form="canonical/v1"):
    properties = pika.BasicProperties(
        user_id=user,
        message_id=secrets.token_hex(16),
        content_type=media,
        delivery_mode=pika.DeliveryMode.Persistent,
        headers={"submission-format": form},
    )
    channel.basic_publish("statuses", key, body, properties, mandatory=True)


def test_a_dossier_arrives_as_a_cloudevent_and_the_verdict_reaches_who_filed_it(agency, branch):
    answer = filed(branch)
    method, properties, data = taken(agency, answer["tracking_id"])
    assert method.routing_key == ME and properties.content_type == "application/json"
    assert properties.delivery_mode == 2 and properties.message_id.startswith("dlv_")
    attributes = {name.removeprefix("cloudEvents:"): value for name, value in properties.headers.items()}
    assert attributes["specversion"] == "1.0" and attributes["id"].startswith("evt_")
    assert attributes["type"] == properties.type == "vn.lienthong.dossier.filed"
    assert attributes["traceparent"].startswith("00-")
    assert data["tracking_id"] == answer["tracking_id"] and data["route"]["chosen"] == QUEUE_AGENCY
    assert data["document"]["applicant"]["name"] == "Nguyễn Văn Mẫu"

    report(agency, answer["tracking_id"], 4, officer="Cán bộ mẫu")
    report(agency, answer["tracking_id"], 9, text="Đã có kết quả")

    def changes(seen):
        return [e["data"]["event"] for e in seen if e["type"].endswith(".status-changed")]

    changed = changes(branch.events(answer["tracking_id"], lambda seen: len(changes(seen)) == 2))
    told = [(event["status"]["code"], event["verdict"], event["actor"]["tenant"]) for event in changed]
    assert told == [(4, "applied", ME), (9, "applied", ME)]
    route = branch.get(answer["links"]["route"]).json()
    assert [d["state"] for d in route["deliveries"]] == ["acknowledged"]


def test_a_report_that_cannot_be_is_in_the_history_with_its_label_and_spoils_no_other(agency, branch):
    answer, now = filed(branch), datetime.now(timezone.utc).isoformat()
    reports = [
        {"dossier": answer["tracking_id"], "status": 5, "occurred_at": now},
        {"dossier": "dos_" + "0" * 32, "status": 4},
        {"dossier": answer["tracking_id"], "status": "xong"},
        {"dossier": answer["tracking_id"], "status": 4, "occurred_at": now},
    ]
    publish(agency, as_bytes({"reports": reports}))

    def history():
        events = branch.get(answer["links"]["history"]).json()["events"]
        return events if events[-1]["kind"] == "status-changed" else None

    events = until(history, what="the last report")
    rejected = [e.get("label") for e in events if e["kind"] == "status-rejected"]
    assert rejected == ["reason-required"] and events[-1]["status"]["code"] == 4


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("no user-id", {"user": None}),
        ("a body that is no document", {"body": b"{"}),
        ("a format that is not the agency's", {"form": "vnpost-hcc/v1"}),
        ("an empty body", {"body": b""}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_taken_is_the_agencys_to_read_and_changes_nothing(production, services, agency, branch, what, message):
    answer = filed(branch)
    mark = secrets.token_hex(8)
    reports = {"reports": [{"dossier": answer["tracking_id"], "status": 4, "text": mark}]}
    body = message.pop("body", as_bytes(reports))
    publish(agency, body, **message)
    digest = hashlib.sha256(body).hexdigest()

    def kept():
        found = production.tenant(ME).get("/v1/refusals").json()["refusals"]
        return next((refusal for refusal in found if refusal["sha256"] == digest), None)

    refusal = until(kept, what="the refusal")
    assert refusal["kind"] == "statuses" and refusal["tenant"] == ME
    if what == "no user-id":
        assert refusal["label"] == "sender-unvouched"
    assert services.queue("dead.letters").get("messages", 0) == 0
    assert branch.get(answer["links"]["self"]).json()["status"]["code"] == 2


@pytest.mark.parametrize(
    "message",
    [{"key": NEIGHBOUR, "user": ME}, {"key": ME, "user": NEIGHBOUR}, {"key": NEIGHBOUR, "user": NEIGHBOUR}],
    ids=["a neighbour's routing key", "a neighbour's user-id", "both a neighbour's"],
)
def test_rabbitmq_lets_no_agency_speak_for_another(agency, branch, message):
    with pytest.raises(ChannelClosedByBroker) as closed:
        report(agency, filed(branch)["tracking_id"], 4, **message)
    assert closed.value.reply_code in (403, 406)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda channel: channel.basic_get(NEIGHBOUR),
        lambda channel: channel.basic_get("hub.statuses"),
        lambda channel: channel.basic_get("dead.letters"),
        lambda channel: channel.basic_publish("dossiers", ME, b"{}", mandatory=True),
        lambda channel: channel.basic_publish("", ME, b"{}", mandatory=True),
        lambda channel: channel.queue_declare("mine"),
        lambda channel: channel.queue_bind(ME, "dossiers", "#"),
        lambda channel: channel.queue_purge(NEIGHBOUR),
        lambda channel: channel.queue_delete(ME),
    ],
    ids=["another's queue", "statuses of all", "dead letters", "dossiers", "default exchange", "declare", "bind", "purge", "delete"],
)
def test_an_agency_reads_its_queue_and_nothing_else(agency, attempt):
    with pytest.raises(ChannelClosedByBroker) as closed:
        attempt(agency)
    assert closed.value.reply_code == 403


def test_a_wrong_password_is_refused(production):
    url = pika.URLParameters(production.tenant(ME).queue_url.read_text().strip())
    url.credentials = pika.PlainCredentials(ME, "sai")
    with pytest.raises(ProbableAuthenticationError):
        pika.BlockingConnection(url)


def test_a_key_nobody_reads_comes_back(agency):
    """A status goes to the hub's queue or nowhere: with `mandatory`, a publisher hears of nowhere."""
    with pytest.raises((UnroutableError, ChannelClosedByBroker)):
        publish(agency, b"{}", key="x")


def test_an_agency_with_its_own_queue_has_an_empty_inbox(production, branch):
    filed(branch)
    page = production.tenant(ME).get("/v1/inbox", params={"wait": 0})
    assert page.json() == {"messages": []}


def test_the_asyncapi_document_names_what_the_agency_uses(production):
    published = requests.get(production.web + "/asyncapi.json", timeout=30).json()
    # A channel whose address is only known when a submitter asks for it has none in the document.
    addresses = {channel["address"] for channel in published["channels"].values() if channel["address"]}
    assert any("agency." in address for address in addresses), addresses
