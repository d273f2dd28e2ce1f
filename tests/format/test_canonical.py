"""One record has exactly one form of bytes, whoever writes it."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.format import canonical, characters
from commons.format.errors import FormatError, TooBig
from commons.format.limits import LIMITS

text = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cn", "Co", "Cc", "Cf", "Zl", "Zp")), max_size=20
).map(lambda t: unicodedata.normalize("NFC", t))
number = st.integers(-LIMITS.number, LIMITS.number)
key = st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True)
value = st.recursive(
    st.none() | st.booleans() | number | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(key, inner, max_size=3),
    max_leaves=6,
).filter(lambda v: _depth(v) < LIMITS.record_depth - 1)
fields = st.dictionaries(key, value, max_size=6)


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


@given(fields)
def test_reading_what_was_written_gives_the_same_bytes(fields: dict[str, Any]) -> None:
    """`parse` and `canonical_bytes` are each other's inverse on canonical bytes."""
    data = canonical.canonical_bytes("place", "p1", fields)
    type_, id_, read = canonical.parse(data)
    assert canonical.canonical_bytes(type_, id_, read) == data


@given(fields)
def test_the_form_is_what_the_design_says(fields: dict[str, Any]) -> None:
    """Sorted, compact, UTF-8: equal to what the plain JSON encoder writes for the fields without empties."""
    data = canonical.canonical_bytes("place", "p1", fields)
    value = json.loads(data)
    assert data == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert not _holds_empty(value[2])


def _holds_empty(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(v is None or v in ("", [], {}) or _holds_empty(v) for v in inner)


@given(fields, st.randoms())
def test_the_order_of_keys_does_not_matter(fields: dict[str, Any], random: Any) -> None:
    """Fields given in another order are the same record."""
    shuffled = list(fields.items())
    random.shuffle(shuffled)
    assert canonical.canonical_bytes("place", "p", dict(shuffled)) == canonical.canonical_bytes(
        "place", "p", fields
    )


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_record_or_a_sentence(data: bytes) -> None:
    """Hostile bytes end in a typed error, never in another one."""
    try:
        type_, id_, read = canonical.parse(data)
    except FormatError as error:
        assert error.code.startswith("E_") and str(error)
    else:
        assert canonical.canonical_bytes(type_, id_, read) == data


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_bottomless_nesting_is_refused(opening: bytes) -> None:
    """Ten thousand brackets end neither the program nor its stack."""
    with pytest.raises(FormatError):
        canonical.parse(b'["place","p",{"a":' + opening * 10_000)


def test_a_record_that_is_too_long_is_refused() -> None:
    """The limit counts bytes of the canonical form."""
    fitting = "x" * (LIMITS.record_bytes - len(b'["place","p",{"a":""}]'))
    assert len(canonical.canonical_bytes("place", "p", {"a": fitting})) == LIMITS.record_bytes
    with pytest.raises(TooBig):
        canonical.canonical_bytes("place", "p", {"a": fitting + "x"})


def test_the_vectors_are_written_as_they_stand(vectors: dict[str, Any]) -> None:
    """Bytes and leaf of every accepted vector; the leaf by hashlib alone."""
    for vector in vectors["canonical"]["accepted"]:
        data = canonical.canonical_bytes(vector["type"], vector["id"], vector["fields"])
        assert data.decode() == vector["bytes"], vector["name"]
        assert hashlib.sha256(b"\0" + vector["bytes"].encode()).hexdigest() == vector["leaf"]
        assert canonical.leaf(data).hex() == vector["leaf"]


def test_the_vectors_are_refused_with_their_codes(vectors: dict[str, Any]) -> None:
    """Values and bytes that must not become a record."""
    for vector in vectors["canonical"]["refused"]:
        with pytest.raises(FormatError) as caught:
            canonical.canonical_bytes(vector["type"], vector["id"], vector["fields"])
        assert caught.value.code == vector["code"], vector["name"]
    for vector in vectors["canonical"]["bytes_refused"]:
        with pytest.raises(FormatError) as caught:
            canonical.parse(vector["bytes"].encode("utf-8", "surrogatepass"))
        assert caught.value.code == vector["code"], vector["name"]


def test_what_is_tidied_is_accepted() -> None:
    """A number pasted from a chat comes with direction marks; decomposed accents come from some phones."""
    pasted = "\u202a+52 55 1234 5678\u202c cafe\u0301\r\nhoy\u2028fin\ufeff"
    assert characters.tidy(pasted) == "+52 55 1234 5678 café\nhoy\nfin"
    assert characters.refuse(characters.tidy(pasted)) is None
    assert characters.refuse("ab\u202ec") == 2 and not characters.is_composed("e\u0301")
