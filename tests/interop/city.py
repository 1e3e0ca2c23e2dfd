"""Sandboxes for these tests, and the tenants of their city as ordinary programs would speak for them.

Start with `Sandbox`: a running `lienthong sandbox` on free ports, stopped whatever happens. `Sandbox.tenant` gives a
`Tenant`: its certificate, its token by Authlib, requests over mutual TLS.
"""

import itertools
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pg8000.native
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2 import ClientAuth

ROOT = Path(__file__).resolve().parents[2]
LIENTHONG = os.environ["LIENTHONG"]
START_SECONDS = 120
STOP_SECONDS = 30

# The person every branch and agent of a sandbox has.
STAFF = "nv-001"

# Agencies the tests play themselves: one with its own queue, one that pulls, one that is pushed to once the operator says so.
QUEUE_AGENCY = "van-phong-ubnd-thanh-pho"
PULL_AGENCY = "so-noi-vu"
PUSH_AGENCY = "so-tai-chinh"


def until(condition, seconds=30, what="the condition"):
    """What `condition` gives as soon as it gives something. Never a fixed wait: a condition with a deadline."""
    end = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        time.sleep(0.05)


def tls_client_auth(client, method, uri, headers, body):
    """RFC 8705, 2: the certificate says who the client is; the body only names it."""
    joined = f"{body}&client_id={client.client_id}"
    headers["Content-Length"] = str(len(joined))
    return uri, headers, joined


def trusting(session, ca, cert=None):
    """The session with this certificate, trusting this authority and nothing the environment says."""
    session.trust_env, session.verify, session.cert = False, ca, cert
    return session


class Tenant:
    """A partner's program: Authlib for the token, requests for the calls, mutual TLS under both."""

    def __init__(self, sandbox, key):
        self.sandbox, self.key = sandbox, key
        folder = sandbox.dir / "tenants" / key
        self.cert = (str(folder / "cert.pem"), str(folder / "key.pem"))
        self.queue_url = folder / "amqp.url"
        self.session = self.client()

    def client(self, scope=None):
        """A session with a token that renews itself before it ends."""
        session = OAuth2Session(
            self.key,
            scope=scope,
            token_endpoint=f"{self.sandbox.partner}/oauth2/token",
            token_endpoint_auth_method="tls_client_auth",
            grant_type="client_credentials",
        )
        session.register_client_auth_method(("tls_client_auth", tls_client_auth))
        trusting(session, self.sandbox.ca, self.cert).fetch_token()
        return session

    @property
    def token(self):
        return self.session.token["access_token"]

    def bare(self):
        """The certificate without a token."""
        return trusting(requests.Session(), self.sandbox.ca, self.cert)

    def get(self, path, **more):
        return self.session.get(self.sandbox.partner + path, timeout=60, **more)

    def post(self, path, **more):
        return self.session.post(self.sandbox.partner + path, timeout=60, **more)

    def put(self, path, **more):
        return self.session.put(self.sandbox.partner + path, timeout=60, **more)

    def delete(self, path, **more):
        return self.session.delete(self.sandbox.partner + path, timeout=60, **more)

    def feed(self, after=0):
        """Every event after a cursor that is there now, and the cursor to go on from."""
        events = []
        while True:
            page = self.get("/v1/events", params={"after": after, "limit": 200}).json()
            events, moved, after = events + page["events"], page["next"] != after, page["next"]
            if not moved:
                return events, after

    def file(self, body, *, form, media="application/json", key=None, **headers):
        """Files bytes in a format, as the person every sandbox tenant has."""
        said = {
            "Acting-Staff": STAFF,
            "Idempotency-Key": key or secrets.token_hex(16),
            "Submission-Format": form,
            "Content-Type": media,
        }
        return self.post("/v1/submissions", data=body, headers=said | headers)

    def events(self, tracking_id, wanted):
        """The events of one dossier out of the feed, read by cursor until `wanted` says they are enough."""
        seen, after = [], 0
        end = time.monotonic() + 60
        while not wanted(seen):
            assert time.monotonic() < end, f"events of {tracking_id} so far: {seen}"
            page = self.get("/v1/events", params={"after": after, "wait": 5}).json()
            seen += [e for e in page["events"] if e["subject"] == tracking_id]
            after = page["next"]
        return seen


class Sandbox:
    """A running `lienthong sandbox` on free ports, in a folder of its own."""

    def __init__(self, *options, left=()):
        # The log is beside the sandbox's folder: `--reset` empties that.
        self._place = Path(tempfile.mkdtemp(prefix="lienthong-interop."))
        self.dir = self._place / "city"
        self._tenants, self._log = {}, self._place / "hub.log"
        command = [LIENTHONG, "sandbox", "--dir", str(self.dir), *options]
        for port in ("--partner-port", "--web-port", "--operations-port"):
            command += [port, "0"]
        for agency in left:
            command += ["--leave", agency]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log.open("wb"), text=True
        )
        try:
            self._read_addresses()
        except BaseException:
            self.stop()
            raise
        self.ca = str(self.dir / "ca/root.pem")

    def _read_addresses(self):
        """The sandbox says where it listens when it is ready; the rest of what it says is read away."""
        late = threading.Timer(START_SECONDS, self.process.kill)
        late.start()
        said = {}
        for line in self.process.stdout:
            if found := re.match(r"  (partners|pages|operations) +(https?://\S+)", line):
                said[found[1]] = found[2]
            if len(said) == 3:
                break
        late.cancel()
        assert len(said) == 3, f"the sandbox did not start:\n{self._log.read_text()}"
        self.partner, self.web, self.operations = said["partners"], said["pages"], said["operations"]
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def tenant(self, key):
        if key not in self._tenants:
            self._tenants[key] = Tenant(self, key)
        return self._tenants[key]

    def page(self, path, **more):
        return requests.get(self.web + path, timeout=60, **more)

    def pushed(self, key):
        """An agency whose way is push: the operator says so in the directory, by a plan and its import."""
        operator = self.tenant("operator.trung-tam")
        files = {path.name: path.read_text() for path in (ROOT / "schema/directory/hanoi").glob("*.csv")}
        row = next(line for line in files["agencies.csv"].splitlines() if line.startswith(f"{key},"))
        files["agencies.csv"] = files["agencies.csv"].replace(row, row.replace(",pull,", ",push,"))
        plan = operator.post("/v1/directory/plan", json={"files": files})
        assert plan.status_code == 200, plan.text
        if plan.json()["files"]:
            wish = {"files": files, "plan": plan.json()["digest"], "reason": "Cơ quan nhận bản tin tại địa chỉ của mình"}
            answer = operator.post("/v1/directory", json=wish)
            assert answer.status_code == 200, answer.text
        return self.tenant(f"agency.{key}")

    @property
    def log(self):
        return self._log.read_text()

    def stop(self):
        """Ends it, orderly if it will, and leaves nothing behind."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self._place)


class Services:
    """A database and a virtual host of their own on the servers that tests/run names, for one production-like sandbox."""

    def __init__(self, purpose):
        self.name = f"interop_{purpose}_{os.getpid()}"
        self._postgres = urlsplit(os.environ["LIENTHONG_TEST_POSTGRES"])
        self.admin = os.environ["LIENTHONG_TEST_AMQP_ADMIN"]
        self._vhost("PUT")
        self._sql(f"CREATE DATABASE {self.name}")
        amqp = urlsplit(os.environ["LIENTHONG_TEST_AMQP"])
        self.amqp = urlunsplit(amqp._replace(path=f"/{self.name}"))

    def options(self):
        """What a sandbox is told."""
        postgres = urlunsplit(self._postgres._replace(path=f"/{self.name}"))
        ca = os.environ.get("LIENTHONG_TEST_POSTGRES_CA")
        more = ["--postgres-ca", ca] if ca else []
        return ["--postgres", postgres, *more, "--amqp", self.amqp, "--amqp-admin", self.admin]

    def _sql(self, statement):
        at = self._postgres
        server = pg8000.native.Connection(
            at.username, host=at.hostname, port=at.port, database=at.path[1:], password=at.password
        )
        server.run(statement)
        server.close()

    def _vhost(self, method):
        answer = requests.request(method, f"{self.admin}/api/vhosts/{self.name}", json={}, timeout=30)
        answer.raise_for_status()

    def queue(self, name):
        """A queue as RabbitMQ's management interface shows it."""
        answer = requests.get(f"{self.admin}/api/queues/{self.name}/{name}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def remove(self):
        self._sql(f"DROP DATABASE {self.name} WITH (FORCE)")
        self._vhost("DELETE")


_numbers = itertools.count(1)


def dossier(**fields):
    """A canonical dossier that goes to the agency the tests play with its queue, by a reference nobody else uses."""
    return {
        "reference": f"INTEROP-{os.getpid()}-{next(_numbers)}",
        "procedure": {"code": "9.901001"},
        "channel": "counter",
        "filed_at": (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat(timespec="seconds"),
        "applicant": {"kind": "citizen", "name": "Nguyễn Văn Mẫu"},
    } | fields


def as_bytes(document):
    return json.dumps(document, ensure_ascii=False).encode()
