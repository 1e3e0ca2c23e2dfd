"""Documents made wrong, or only different, in one place: the same seed makes the same document.

`json_mutant` and `xml_mutant` take a good document's bytes and give a mutant's, with the name of what was done to it.
"""

import json

from lxml import etree

NAMESPACE = "urn:vn:lienthong:dossier:v1"

# Values that sit at an edge of some field: text, numbers, codes, days, moments, words of a table.
TEXTS = [
    "", " ", "\n\t", " mẫu ", "ế" * 100, "ế" * 101, "ế" * 2000, "ế" * 2001, "x\u0085y", "\u00a0", "a\u200bb",
    "0", "-1", "1", "15000", "1.0", "1e3", "65536", "9999999999999", "true", "True", "null",
    "9.901001", "9.90100", "00004", "0004", "H26-260230-0001", "H26-240229-0001", "H26-261120-0000",
    "counter", "Counter", "counter ", "citizen", "2025", "legacy", "male", "post",
    "1990-10-02", "1990-02-30", "0000-01-01", "1990-10-02Z", "02/10/1990",
    "2026-11-20T09:00:00+07:00", "2026-11-20T09:00:00Z", "2026-11-20t09:00:00z", "2026-11-20 09:00:00Z", "2026-11-20T09:00:00",
    "2026-11-20T09:00Z", "2026-11-20T24:00:00Z", "2026-11-20T09:00:00.123456789Z", "2026-11-20T09:00:00+0700",
    "2026-02-29T09:00:00Z", "2026-11-20T09:00:00+15:00", "2026-11-20T23:59:60Z",
    "mau@vidu.vn", "mau@vidu", "a b@vidu.vn", "+84000000001", "0000", "khong-phai", "a" * 64, "A" * 64,
]  # fmt: skip
VALUES = [None, True, False, 0, 1, -1, 1.0, 1.5, 1e3, 65535, 65536, 10**12, 10**12 + 1, 2**63, [], {}, [None], {"la": 1}, ["x"]]
NAMES = ["chanel", "Reference", "status", "tracking_id", "agency", "x", "ghi chú", "name", "code", "kind", ""]


def places(value, path=()):
    """Every place of a JSON document, as a path of names and numbers."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*path, name))


def json_mutant(good, rng):
    document = json.loads(good)
    path = rng.choice([p for p in places(document) if p])
    holder = document
    for name in path[:-1]:
        holder = holder[name]
    last = path[-1]
    done = rng.choice(["text", "text", "value", "drop", "add", "rename", "twice", "copies", "reorder", "bytes"])
    if done == "text":
        holder[last] = rng.choice(TEXTS)
    elif done == "value":
        holder[last] = rng.choice(VALUES)
    elif done == "drop":
        del holder[last]
    elif done == "add" and isinstance(holder, dict):
        holder[rng.choice(NAMES)] = rng.choice([*TEXTS, *VALUES])
    elif done == "rename" and isinstance(holder, dict):
        holder[rng.choice([n for n in NAMES if n not in holder])] = holder.pop(last)
    elif done == "twice" and isinstance(holder, dict):
        mark = "\ue000"  # becomes the same name again, which no dict can hold
        holder[last + mark] = holder[last]
        return done, json.dumps(document, ensure_ascii=False).replace(mark, "").encode()
    elif done == "copies" and isinstance(holder, list):
        holder[last:last] = [holder[last]] * rng.choice([1, 19, 20, 49, 50, 199, 200])
    elif done == "reorder" and isinstance(holder, dict):
        names = list(holder)
        rng.shuffle(names)
        parts = {name: holder.pop(name) for name in names}
        holder.update(parts)
    else:
        return "bytes", broken(json.dumps(document, ensure_ascii=False).encode(), rng)
    return done, json.dumps(document, ensure_ascii=False, indent=rng.choice([None, 1])).encode()


def xml_mutant(good, rng):
    root = etree.fromstring(good)
    element = rng.choice([e for e in root.iter() if e is not root])
    holder = element.getparent()
    done = rng.choice(
        ["text", "text", "text", "drop", "add", "rename", "twice", "copies", "reorder", "namespace", "attribute", "around", "bytes"]
    )
    if done == "text":
        value = rng.choice([t for t in TEXTS if "\x85" not in t])
        for part in list(element):
            element.remove(part)
        element.text = value
    elif done == "drop":
        holder.remove(element)
    elif done == "add":
        added = etree.SubElement(holder, f"{{{NAMESPACE}}}{rng.choice([n for n in NAMES if n and ' ' not in n])}")
        added.text = rng.choice(["x", "1", None])
    elif done == "rename":
        element.tag = f"{{{NAMESPACE}}}{rng.choice([n for n in NAMES if n and ' ' not in n])}"
    elif done == "twice":
        holder.append(etree.fromstring(etree.tostring(element)))
    elif done == "copies":
        for _ in range(rng.choice([1, 20, 50, 200])):
            element.addnext(etree.fromstring(etree.tostring(element)))
    elif done == "reorder":
        parts = list(holder)
        rng.shuffle(parts)
        holder[:] = parts
    elif done == "namespace":
        other = rng.choice(["", "{urn:vn:lienthong:dossier:v2}", "{urn:vn:lienthong:dossier:V1}"])
        if rng.random() < 0.3:
            return done, good.replace(NAMESPACE.encode(), (other.strip("{}") or "x").encode())
        element.tag = other + etree.QName(element).localname
    elif done == "attribute":
        name = rng.choice(["id", "{http://www.w3.org/XML/1998/namespace}lang", "{urn:x}y"])
        element.set(name, "vi")
    elif done == "around":
        around = rng.choice([etree.Comment(" x "), etree.ProcessingInstruction("x", "y"), "chữ"])
        if isinstance(around, str):
            element.tail = around
        else:
            element.addprevious(around)
    else:
        return done, broken(etree.tostring(root, encoding="UTF-8", xml_declaration=True), rng)
    return done, etree.tostring(root, encoding="UTF-8", xml_declaration=rng.random() < 0.5)


def broken(body, rng):
    """Not a document any more."""
    cut = rng.randrange(1, len(body))
    while body[cut] & 0xC0 == 0x80:  # not inside a character: that is another kind of broken, below
        cut -= 1
    return rng.choice([body[:cut], body[:cut] + b"\xff" + body[cut:], body + b"x", body[:cut] + b"\x00" + body[cut:], b" "])
