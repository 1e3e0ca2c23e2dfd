"""The published schemas and the hub agree on what is a canonical document, tried with validators that others wrote.

The JSON Schema (2020-12) is tried with `jsonschema`, the XSD with libxml2: by lxml, and by `xmllint --schema` itself. For
each sample and for 200 seeded mutants of each syntax:

    the schema takes it  ==  the hub, asked to take it, tells no problem of STRUCTURE

STRUCTURE are the labels about bytes and about the form of fields. Every other refusal is about what a document means: a
check digit, a day in the future, a procedure or place that does not exist, who decides, a reference already in use. Of
these a schema knows nothing. What a parser refuses is not valid: by RFC 8259 and I-JSON also a name that stands twice.

Only the canonical form has schemas. The other formats are other people's, and their documents have none.
"""

import json
import random
import re
import shutil
import subprocess
from datetime import date, datetime

import jsonschema
import pytest
from lxml import etree

from city import ROOT, STAFF
from mutations import json_mutant, xml_mutant

MUTANTS = 240
SAMPLES = ROOT / "adapters/canonical/v1/samples"
SCHEMAS = ROOT / "schema/canonical"
STRUCTURE = set(
    """
    document-empty encoding-invalid encoding-contradicted encoding-unsupported syntax-invalid duplicate-key too-deep too-many-parts text-too-long doctype-forbidden
    entity-forbidden control-character field-missing field-unknown namespace-wrong field-forbidden field-repeated type-wrong value-unknown
    text-empty text-length number-malformed number-fraction number-range number-quoted list-empty object-expected text-misplaced nil-filled date-malformed code-malformed too-many-items
    """.split()
)
# Beside those, of a status report: its status is in no table.
STATUS = STRUCTURE | {"status-word-unknown"}

formats = jsonschema.FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def is_moment(value):
    """RFC 3339, 5.6, with its zone."""
    if not isinstance(value, str):
        return True
    zone = r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
    found = re.fullmatch(rf"(\d{{4}}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(\.\d+)?{zone}", value, re.ASCII)
    # A leap second is a moment; Python's clock has none.
    return bool(found) and bool(datetime.fromisoformat(f"{found[1]} {found[2]}:{min(int(found[3]), 59 if found[3] == '60' else 99):02}"))


@formats.checks("date", raises=ValueError)
def is_day(value):
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII) and date.fromisoformat(value))


def no_name_twice(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a name stands twice")
    return dict(pairs)


def parsed(body):
    def refuse(word):
        raise ValueError(word)

    return json.loads(body.decode(), object_pairs_hook=no_name_twice, parse_constant=refuse)


def taken_by_json_schema(validator, body):
    try:
        return validator.is_valid(parsed(body))
    except ValueError:
        return False


def taken_by_xsd(xsd, body):
    try:
        return xsd.validate(etree.fromstring(body))
    except etree.XMLSyntaxError:
        return False


def taken_by_xmllint(files):
    """What a partner finds who has only the published file and the program."""
    xmllint = shutil.which("xmllint")
    assert xmllint, "missing: apt-get install libxml2-utils"
    command = [xmllint, "--noout", "--nonet", "--schema", SCHEMAS / "dossier-v1.xsd", *files]
    said = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", timeout=60).stderr.splitlines()
    told = [(f"{file} validates" in said, f"{file} fails to validate" in said) for file in files]
    # What is no XML at all is neither; nothing may be both, and nothing may go unread.
    assert (True, True) not in told and (True, False) in told, said
    return [taken for taken, _ in told]


@pytest.fixture(scope="module")
def dossier_schema():
    schema = json.loads((SCHEMAS / "dossier-v1.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=formats)


@pytest.fixture(scope="module")
def status_schema(sandbox):
    published = sandbox.page("/asyncapi.json").json()
    schema = {"$ref": "#/components/schemas/StatusRequest", "components": published["components"]}
    return jsonschema.Draft202012Validator(schema, format_checker=formats)


@pytest.fixture(scope="module")
def xsd():
    return etree.XMLSchema(etree.parse(SCHEMAS / "dossier-v1.xsd"))


def structure_told(sandbox, body, media):
    """The labels of structure with which the hub refuses to take it; none when it takes it, or refuses what it means."""
    answer = sandbox.tenant("branch.tay-ho").file(body, form="canonical/v1", media=media, key=None)
    assert answer.status_code in (202, 400, 409, 422), answer.text
    problems = [] if answer.status_code == 202 else answer.json()["problems"]
    return {(p["label"], p.get("path")) for p in problems if p["label"] in STRUCTURE}


def statuses_told(sandbox, body, media):
    tenant = sandbox.tenant("agency.so-noi-vu")
    headers = {"Content-Type": media, "Submission-Format": "canonical/v1"}
    answer = tenant.post("/v1/statuses", data=body, headers=headers)
    if answer.status_code != 200:
        return {p["label"] for p in answer.json()["problems"] if p["label"] in STATUS}
    problems = [r["problem"]["label"] for r in answer.json()["results"] if "problem" in r]
    return {label for label in problems if label in STATUS}


def agree(tried):
    """Each (name, body, whether the schema takes it, what the hub told): no disagreement among them."""
    wrong = [(name, taken, told, body) for name, body, taken, told in tried if taken != (not told)]
    assert not wrong, "\n\n".join(
        f"{name}: the schema {'takes' if taken else 'refuses'} it, the hub tells {told}\n{body.decode(errors='replace')[:3000]}"
        for name, taken, told, body in wrong
    )


def test_every_sample(sandbox, dossier_schema, status_schema, xsd):
    tried = []
    for path in sorted(SAMPLES.iterdir()):
        body, statuses, is_json = path.read_bytes(), path.stem == "statuses", path.suffix == ".json"
        media = "application/json" if is_json else "application/xml"
        told = (statuses_told if statuses else structure_told)(sandbox, body, media)
        schema = status_schema if statuses else dossier_schema
        taken = taken_by_json_schema(schema, body) if is_json else taken_by_xsd(xsd, body)
        tried.append((path.name, body, taken, told))
    assert len(tried) >= 14 and {taken for _, _, taken, _ in tried} == {True, False}
    agree([one for one in tried if not one[0].startswith("ugly.")])
    # What the hub mends, with a warning, the schemas do not have: they say what needs no mending.
    mended = [(taken, told) for name, _, taken, told in tried if name.startswith("ugly.")]
    assert mended == [(False, set())] * 2
    in_xml = {name: taken for name, _, taken, _ in tried if name.endswith(".xml")}
    assert len(in_xml) >= 6 and taken_by_xmllint([SAMPLES / name for name in in_xml]) == list(in_xml.values())


def test_mutants_in_json(sandbox, dossier_schema):
    good = [(SAMPLES / name).read_bytes() for name in ("full.json", "full.json", "minimal.json")]
    tried = []
    for seed in range(MUTANTS):
        rng = random.Random(seed)
        done, body = json_mutant(rng.choice(good), rng)
        told = structure_told(sandbox, body, "application/json")
        tried.append((f"{seed} {done}", body, taken_by_json_schema(dossier_schema, body), told))
    assert 40 < sum(taken for _, _, taken, _ in tried) < MUTANTS - 40
    agree(tried)


def test_mutants_in_xml(sandbox, xsd, tmp_path):
    good = [(SAMPLES / name).read_bytes() for name in ("full.xml", "full.xml", "minimal.xml")]
    tried = []
    for seed in range(MUTANTS):
        rng = random.Random(seed)
        done, body = xml_mutant(rng.choice(good), rng)
        (tmp_path / f"{seed:03}.xml").write_bytes(body)
        told = structure_told(sandbox, body, "application/xml")
        tried.append((f"{seed} {done}", body, taken_by_xsd(xsd, body), told))
    assert 40 < sum(taken for _, _, taken, _ in tried) < MUTANTS - 40
    agree(tried)
    assert taken_by_xmllint(sorted(tmp_path.iterdir())) == [taken for _, _, taken, _ in tried]
