"""Write schemas/v1/vectors.json: what every program that reads or writes releases must agree on.

Language-neutral: keys come from SHA-256 of named texts, so anybody can recompute all of it. The file is
checked in and stays; run this only to add vectors, and read the difference.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from commons import addresses
from commons.format import canonical, container, keylog, keys, manifest, merkle, pruned, sshsig, words

TARGET = Path(__file__).resolve().parent.parent / "schemas" / "v1" / "vectors.json"
ABOUT = (
    "Test vectors of the commons formats; docs/formats.md explains them. Private keys (never use them) are"
    " the SHA-256 of the UTF-8 text in 'from'. 'bytes' and 'text' are exact, in UTF-8."
)


def key(name: str) -> keys.PrivateKey:
    return keys.PrivateKey(hashlib.sha256(name.encode()).digest())


CURRENT, NEXT, THIRD = "vector key 0", "vector key 1", "vector key 2"
MEMBER = keylog.KeyLog.begin(key(CURRENT).public, key(NEXT).public).member_id

RECORDS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("only an id", "place", "p1", {}),
    ("text with accents", "place", "comedor-la-paz", {"title": "Comedor La Paz, Ñandú", "salt": "a" * 26}),
    ("keys are sorted", "service", "s1", {"title": "t", "email": "e", "a_1": "x", "a": "y"}),
    (
        "empty values are left out at every level",
        "service",
        "s2",
        {
            "title": "t",
            "url": "",
            "topics": [],
            "email": None,
            "phones": [{"number": "+525512345678", "note": ""}, {"note": ""}, None],
            "extra": {"a": None},
        },
    ),
    ("zero and false are values", "service", "s3", {"capacity": 0, "free": False, "open": True}),
    (
        "the greatest integers",
        "service",
        "s4",
        {"most": 2**53 - 1, "least": -(2**53) + 1, "latitude_e6": 19432608, "longitude_e6": -99133209},
    ),
    (
        "what JSON escapes, and what not",
        "service",
        "s5",
        {"title": 'a "quoted" \\ word/slash', "description": "line\n\ttab"},
    ),
    ("emoji newer than Unicode 14.0", "service", "s6", {"title": "café 🩷 👩🏽‍🚒 ½"}),
    ("nested lists keep their order", "service", "s7", {"schedules": [{"z": [2, 1], "a": "b"}, {"a": "a"}]}),
]

REFUSED: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("a float", "place", "p", {"latitude": 19.5}, "E_NUMBER"),
    ("an integer beyond 2^53-1", "place", "p", {"n": 2**53}, "E_NUMBER"),
    ("a float within a list", "place", "p", {"n": [1.0]}, "E_NUMBER"),
    ("NUL", "place", "p", {"title": "a\0b"}, "E_CHAR"),
    ("carriage return", "place", "p", {"title": "a\r\nb"}, "E_CHAR"),
    ("a direction override", "place", "p", {"title": "a\u202eb"}, "E_CHAR"),
    ("a byte order mark", "place", "p", {"title": "\ufeffa"}, "E_CHAR"),
    ("private use", "place", "p", {"title": "\ue000"}, "E_CHAR"),
    ("half a surrogate pair", "place", "p", {"title": "\ud800"}, "E_CHAR"),
    ("unassigned", "place", "p", {"title": "\u0378"}, "E_CHAR"),
    ("within an object in a list", "place", "p", {"phones": [{"note": "\u2066"}]}, "E_CHAR"),
    ("an accent apart from its letter", "place", "p", {"title": "cafe\u0301"}, "E_NFC"),
    ("a compatibility ideograph", "place", "p", {"title": "\uf900"}, "E_NFC"),
    ("upper case in a key", "place", "p", {"Title": "x"}, "E_NAME"),
    ("a record id with upper case", "place", "P", {}, "E_NAME"),
    ("a record id that climbs", "place", "../x", {}, "E_NAME"),
    ("a type with a hyphen", "my-type", "p", {}, "E_NAME"),
    ("nine levels", "place", "p", {"a": [[[[[[[["x"]]]]]]]]}, "E_TOOBIG"),
]

BYTES_REFUSED = [
    ("a space", '["place", "p",{}]', "E_CANONICAL"),
    ("keys not sorted", '["place","p",{"b":"x","a":"x"}]', "E_CANONICAL"),
    ("a key twice", '["place","p",{"a":"x","a":"x"}]', "E_CANONICAL"),
    ("an empty value", '["place","p",{"a":""}]', "E_CANONICAL"),
    ("null", '["place","p",{"a":null}]', "E_CANONICAL"),
    ("a character escaped without need", '["place","p",{"a":"\\u00e9"}]', "E_CANONICAL"),
    ("a float", '["place","p",{"a":1.0}]', "E_CANONICAL"),
    ("minus zero", '["place","p",{"a":-0}]', "E_CANONICAL"),
    ("not a number", '["place","p",{"a":NaN}]', "E_CANONICAL"),
    ("two parts", '["place","p"]', "E_CANONICAL"),
    ("not a list", '{"type":"place"}', "E_CANONICAL"),
    ("a newline at the end", '["place","p",{}]\n', "E_CANONICAL"),
    ("a lone surrogate", '["place","p",{"a":"\\ud800"}]', "E_CHAR"),
]


def canonical_vectors() -> dict[str, Any]:
    accepted = []
    for name, type_, id_, fields in RECORDS:
        data = canonical.canonical_bytes(type_, id_, fields)
        accepted.append(
            {
                "name": name,
                "type": type_,
                "id": id_,
                "fields": fields,
                "bytes": data.decode(),
                "leaf": canonical.leaf(data).hex(),
            }
        )
    return {
        "accepted": accepted,
        "refused": [{"name": n, "type": t, "id": i, "fields": f, "code": c} for n, t, i, f, c in REFUSED],
        "bytes_refused": [{"name": n, "bytes": b, "code": c} for n, b, c in BYTES_REFUSED],
    }


def merkle_vectors() -> list[dict[str, Any]]:
    leaves = [hashlib.sha256(b"leaf %d" % n).digest() for n in range(11)]
    return [
        {"leaves": [leaf.hex() for leaf in leaves[:n]], "root": merkle.root_of(leaves[:n]).hex()}
        for n in (0, 1, 2, 3, 4, 5, 7, 8, 11)
    ]


def address_vectors() -> list[dict[str, str]]:
    texts = [f"{MEMBER}/organization/comedor-la-paz", f"{MEMBER}/place/p1", f"{MEMBER}/service/0"]
    return [
        {
            "address": text,
            "tombstone": addresses.tombstone(text),
            "short_code": addresses.short_code(text),
        }
        for text in texts
    ]


def keylog_vectors() -> dict[str, Any]:
    begun = keylog.KeyLog.begin(key(CURRENT).public, key(NEXT).public)
    recovered = begun.rotated(key(NEXT), key(THIRD).public, void_from=(0, 7))
    thief = (
        begun.to_bytes()
        + recovered.to_bytes()
        .split(b"\n")[1]
        .replace(key(NEXT).public.line.encode(), key("thief").public.line.encode())
        + b"\n"
    )
    first = begun.to_bytes().decode()
    return {
        "accepted": [
            {
                "name": name,
                "text": log.to_bytes().decode(),
                "member": log.member_id,
                "head": log.head,
                "epoch": log.epoch,
                "current": log.current.line,
                "voids": [{"from": list(void.start), "before_epoch": void.end} for void in log.voids],
            }
            for name, log in (("a new catalogue", begun), ("recovered once", recovered))
        ],
        "refused": [
            {"name": "a key that was not announced", "text": thief.decode(), "code": "E_PREROTATION"},
            {"name": "no line end", "text": first[:-1], "code": "E_KEYLOG"},
            {"name": "an unknown key", "text": first.replace("}", ',"x":1}'), "code": "E_KEYLOG"},
            {"name": "a key twice", "text": first.replace("{", '{"key":"",'), "code": "E_KEYLOG"},
            {"name": "a space", "text": first.replace(",", ", "), "code": "E_KEYLOG"},
            {"name": "empty", "text": "", "code": "E_KEYLOG"},
            {
                "name": "another signature",
                "text": recovered.to_bytes().decode().replace('"void_from":[0,7]', '"void_from":[0,6]'),
                "code": "E_KEYLOG",
            },
        ],
    }


def release_vectors() -> dict[str, Any]:
    log = keylog.KeyLog.begin(key(CURRENT).public, key(NEXT).public)
    records = [
        canonical.canonical_bytes("place", id_, {"title": title, "salt": letter * 26})
        for id_, title, letter in (("p0", "Café", "a"), ("p1", "Refugio", "b"), ("p2", "Taller", "c"))
    ]
    catalogue = b"The bytes of a SQLite file stand here in a real release."
    made = manifest.Manifest(
        member=log.member_id,
        keylog_head=log.head,
        epoch=0,
        number=2,
        previous=(hashlib.sha256(b"release 1").hexdigest(),),
        schema="1-draft.1",
        licence="CC-BY-4.0",
        language="es",
        issued_at="2026-11-21T18:00:00Z",
        valid_until="2027-12-26T18:00:00Z",
        content_root=merkle.root_of(map(canonical.leaf, records)).hex(),
        files={
            "catalogue.db": manifest.FileEntry.of(catalogue),
            "keylog.jsonl": manifest.FileEntry.of(log.to_bytes()),
        },
        counts={"place": 3},
    )
    text = made.to_bytes()
    signature = sshsig.sign(key(CURRENT), text)
    files = container.ReleaseFiles(text, signature, log.to_bytes(), catalogue)
    part = pruned.prune(files, records, may_show=lambda data: b'"p1"' not in data)
    whole = container.to_bytes(files)
    return {
        "release.json": text.decode(),
        "digest": made.digest,
        "release.json.sig": signature.decode(),
        "keylog.jsonl": log.to_bytes().decode(),
        "catalogue.db": catalogue.decode(),
        "one_file": {"size": len(whole), "sha256": hashlib.sha256(whole).hexdigest()},
        "records": [data.decode() for data in records],
        "pruned": {
            "withheld": ["place/p1"],
            "records.jsonl": part.records.decode(),
            "one_file_sha256": hashlib.sha256(container.to_bytes(part)).hexdigest(),
        },
    }


def key_vectors() -> list[dict[str, Any]]:
    data = "Hola, vecinas y vecinos.\n"
    return [
        {
            "from": name,
            "public": key(name).public.line,
            "public_digest": key(name).public.digest,
            "words": " ".join(words.to_words(key(name))),
            "fingerprint": " ".join(words.fingerprint_words(key(name).public)),
            "namespace": sshsig.RELEASE_NAMESPACE,
            "signed": data,
            "signature": sshsig.sign(key(name), data.encode()).decode(),
        }
        for name in (CURRENT, NEXT, THIRD)
    ]


def vectors() -> dict[str, Any]:
    return {
        "about": ABOUT,
        "canonical": canonical_vectors(),
        "merkle": merkle_vectors(),
        "addresses": address_vectors(),
        "keys": key_vectors(),
        "keylog": keylog_vectors(),
        "release": release_vectors(),
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="ascii", newline="\n")
