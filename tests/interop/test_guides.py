"""The guides are true: their commands run as they stand, and print what the guide shows.

A block marked `sh terminal` starts the sandbox that the blocks after it use; one marked `python terminal` is left running
beside them. Every other `sh` block is run by one bash that lives as long as the guide, as a reader's terminal does; a `python`
block is run by itself. Both must end well. A `json` or
`text` block right after one shows what it prints: it is searched for in the output, `…` standing for anything.

Only addresses differ from what a reader does: the sandbox of a test has free ports.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
from itertools import zip_longest

import pytest

from city import LIENTHONG, ROOT, Sandbox, Services

GUIDES = ["PARTNER.md", "AGENCY.md"]
BLOCK = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.M | re.S)
END = "-- the end of a block --"


def blocks(path):
    """(language, mark, text) of each fenced block, and what stands between it and the one before."""
    text, last = path.read_text(), 0
    for found in BLOCK.finditer(text):
        yield found[1], found[2], found[3], text[last : found.start()].strip()
        last = found.end()


def commands(path):
    """What is run, without the comments, which are in the guide's own language."""
    runs = []
    for language, mark, text, _ in blocks(path):
        if language in ("sh", "python"):
            lines = (re.sub(r"\s+# .*$|^# .*$", "", line).rstrip() for line in text.splitlines())
            runs.append((language, mark, [line for line in lines if line]))
    return runs


class Reader:
    """Somebody who follows a guide at the top of the source tree."""

    def __init__(self, folder):
        self.folder, self.services, self.sandbox, self.shell, self.left = folder, None, None, None, []
        with socket.create_server(("localhost", 0)) as free:
            self.endpoint = f"{free.getsockname()[1]}"
        for name in ("adapters", "schema"):
            (folder / name).symlink_to(ROOT / name)
        (folder / "target/release").mkdir(parents=True)
        (folder / "target/release/lienthong").symlink_to(LIENTHONG)

    def start(self, text):
        """The sandbox the guide starts, with its own options, in a folder and on ports of its own."""
        said = " ".join(text.replace("\\\n", " ").split())
        found = re.fullmatch(r"cargo run --release -- sandbox ?(.*)", said)
        assert found, said
        options = found[1].split()
        self.stop()
        if "--postgres" in options:
            self.services = Services("guide")
            real = self.services.options()
            for name in ("--postgres", "--amqp", "--amqp-admin"):
                at = options.index(name)
                del options[at : at + 2]
            options += real
        self.sandbox = Sandbox(*options)
        (self.folder / ".lienthong").unlink(missing_ok=True)
        (self.folder / ".lienthong").symlink_to(self.sandbox.dir)
        # What the reader's own surroundings say of proxies and authorities is not the guide's business.
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith(("_proxy", "_ca_bundle"))}
        self.shell = subprocess.Popen(
            ["bash", "-o", "pipefail"], cwd=self.folder, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def addressed(self, text):
        for told, real in [
            ("https://localhost:8443", self.sandbox.partner),
            ("http://localhost:8080", self.sandbox.web),
            ("http://127.0.0.1:9464", self.sandbox.operations),
            ("9443", self.endpoint),
        ]:
            text = text.replace(told, real)
        return text

    def leave(self, text):
        """A program in a terminal of its own, until the next sandbox."""
        said = (self.folder / f"terminal-{len(self.left)}").open("w+")
        program = [sys.executable, "-u", "-c", self.addressed(text)]
        self.left.append((subprocess.Popen(program, cwd=self.folder, stdout=said, stderr=said), said))

    def run(self, language, text):
        """What it prints; it must end well."""
        text = self.addressed(text)
        if language == "python":
            done = subprocess.run(
                [sys.executable, "-c", text], cwd=self.folder,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
            )  # fmt: skip
            assert done.returncode == 0, f"{text}\n{done.stdout}"
            return done.stdout
        self.shell.stdin.write(f"{text}\nprintf '\\n%s %s\\n' '{END}' $?\n")
        self.shell.stdin.flush()
        printed = ""
        for line in self.shell.stdout:
            if line.startswith(END):
                assert line.split()[-1] == "0", f"{text}\n{printed}"
                return printed
            printed += line
        raise AssertionError(f"the shell ended\n{text}\n{printed}")

    def stop(self):
        for program, said in self.left:
            ended = program.poll()
            program.kill()
            program.wait()
            said.seek(0)
            assert ended is None, said.read()
        self.left = []
        if self.shell:
            self.shell.stdin.close()
            self.shell.wait(30)
            self.shell = None
        if self.sandbox:
            self.sandbox.stop()
            self.sandbox = None
        if self.services:
            self.services.remove()
            self.services = None


@pytest.fixture
def reader(tmp_path):
    assert shutil.which("curl"), "missing: apt-get install curl"
    somebody = Reader(tmp_path)
    yield somebody
    somebody.stop()


def shows(shown, printed):
    """Whether the output has what the guide shows."""
    pattern = ".*?".join(re.escape(part) for part in shown.strip().split("…"))
    return re.search(pattern, printed, re.S)


def follow(reader, parts):
    printed, runs = None, 0
    for language, mark, text, between in parts:
        if (language, mark) == ("python", "terminal"):
            reader.leave(text)
            printed = None
        elif mark == "terminal":
            reader.start(text)
            printed = None
        elif language in ("sh", "python"):
            printed = reader.run(language, text)
            runs += 1
        elif language in ("json", "text") and printed is not None and not between:
            assert shows(text, printed), f"the guide shows\n{text}\nbut this is printed:\n{printed}"
    return runs


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_of_a_guide_runs_and_prints_what_the_guide_shows(reader, guide):
    assert follow(reader, blocks(ROOT / "docs" / guide)) >= 8


def test_the_first_submission_of_the_readme_is_filed(reader):
    parts = [part for part in blocks(ROOT / "README.md") if "hub()" in part[2]]
    assert len(parts) == 1
    reader.start("cargo run --release -- sandbox")
    assert follow(reader, parts) == 1


@pytest.mark.parametrize(
    ("english", "vietnamese"),
    [("README.md", "README.vi.md"), *((f"docs/{guide}", f"docs/vi/{guide}") for guide in GUIDES)],
)
def test_the_vietnamese_page_has_the_same_commands_in_the_same_order(english, vietnamese):
    for here, there in zip_longest(commands(ROOT / english), commands(ROOT / vietnamese)):
        assert here == there


@pytest.mark.parametrize("guide", GUIDES)
def test_every_label_a_guide_names_exists(sandbox, guide):
    labels = set(sandbox.page("/openapi.json").json()["components"]["schemas"]["Label"]["enum"])
    for path in (ROOT / "docs" / guide, ROOT / "docs/vi" / guide):
        rows = [line.split("|")[1] for line in path.read_text().splitlines() if line.startswith("| `")]
        named = {word for row in rows for word in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", row)}
        assert named <= labels, named - labels
