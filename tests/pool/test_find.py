"""Searching a pool: words, filters, counts, pages; the same answer as by looking at every record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.pool.find import Asked, overview, search
from commons.pool.opening import open_pool
from commons.pool.read import Gone, Pool, Several, Thing, Unknown
from commons.pool.rows import Entity
from commons.pool.write import Content, write_pool

MEMBERS = ("a" * 26, "b" * 26)
TOPICS = ("food", "health", "water")
DISTRICTS = ("09002", "09003")
AT = "2026-11-21T06:00:00Z"
WORDS = ("comedor", "taller", "clínica")


def made(n: int) -> Entity:
    """The nth of many: every facet and word in another rhythm; each seventh has expired."""
    fields: dict[str, object] = {
        "title": f"{WORDS[n % 3].capitalize()} número {n}",
        "topics": [TOPICS[n % 3]] + ([TOPICS[(n + 1) % 3]] if n % 2 else []),
        "summary": f"Un {WORDS[(n + 1) % 3]} también" if n % 4 == 0 else "Nada más",
    }
    if n % 5:
        fields["district"] = DISTRICTS[n % 2]
    if n % 7 == 0:
        fields["expires_at"] = "2026-11-20T00:00:00Z"
    kind = ("place", "organization")[n % 2]
    return Entity(0, f"{MEMBERS[n % 2]}/{kind}/r{n:03}", kind, fields, 1, None, "es")  # type: ignore[arg-type]


ENTITIES = [made(n) for n in range(120)]


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    path = tmp_path_factory.mktemp("find") / "pool.db"
    claims = [
        (e.address, e.address, json.dumps([e.type, e.address.split("/")[2], dict(e.fields)]), ())
        for e in ENTITIES
    ]
    members = [{"id": m, "name": m[:3], "state": "current", "records": 1, "refused": 0} for m in MEMBERS]
    write_pool(path, Content(ENTITIES, claims, {"federation": {}}, {"member": members}))
    with closing(open_pool(path)) as connection:
        yield Pool(connection)


def matches(entity: Entity, chosen: dict[str, tuple[str, ...]], word: str) -> bool:
    """What search should say of one record, by looking at it."""
    fields = entity.fields
    has = {
        "type": {entity.type},
        "topic": set(fields["topics"]),  # type: ignore[arg-type]
        "district": {fields.get("district")},
        "member": {entity.address.split("/")[0]},
    }
    text = f"{fields['title']} {fields['summary']}".lower()
    expired = str(fields.get("expires_at", "9")) <= AT
    return not expired and word in text and all(not v or has[f] & set(v) for f, v in chosen.items())


CHOICES = st.fixed_dictionaries(
    {
        "type": st.sets(st.sampled_from(["place", "organization"])),
        "topic": st.sets(st.sampled_from(TOPICS)),
        "district": st.sets(st.sampled_from(DISTRICTS)),
        "member": st.sets(st.sampled_from(MEMBERS)),
    }
).map(lambda chosen: {facet: tuple(sorted(values)) for facet, values in chosen.items()})


@given(chosen=CHOICES, word=st.sampled_from(["", *WORDS]))
def test_search_finds_what_looking_at_every_record_finds(
    pool: Pool, chosen: dict[str, tuple[str, ...]], word: str
) -> None:
    """Total, cards and the counts of every filter agree with a plain loop, expired records left out."""
    found = search(pool, Asked(word, chosen, size=200), at=AT)
    expected = {e.address for e in ENTITIES if matches(e, chosen, word)}
    assert {card.address for card in found.cards} == expected and found.total == len(expected)
    for facet, counts in found.counts.items():
        others = {**chosen, facet: ()}
        for value, n in counts.items():
            assert n == sum(matches(e, {**others, facet: (value,)}, word) for e in ENTITIES)


@given(size=st.integers(1, 50), word=st.sampled_from(["", "taller"]))
def test_pages_together_are_the_whole_in_one_order(pool: Pool, size: int, word: str) -> None:
    """No card twice, none missing, whatever the size of a page."""
    whole = search(pool, Asked(word, size=200), at=AT)
    pages = search(pool, Asked(word, size=size), at=AT).pages
    cards = [
        c.address
        for n in range(1, pages + 1)
        for c in search(pool, Asked(word, page=n, size=size), at=AT).cards
    ]
    assert cards == [c.address for c in whole.cards]


@given(st.text(max_size=60))
def test_no_question_is_an_error(pool: Pool, text: str) -> None:
    """Quotes, operators, other alphabets: a question is words, never a program."""
    search(pool, Asked(text), at=AT)


def test_the_overview_counts_what_has_not_expired(pool: Pool) -> None:
    """The front page's numbers are those of the lists behind them."""
    counts = overview(pool.index, AT)
    for value, n in counts["type"].items():
        assert search(pool, Asked(chosen={"type": (value,)}), at=AT).total == n


def test_a_slip_is_met_with_advice(pool: Pool) -> None:
    """The nearest word of a title; what each word alone would find; what there is without filters."""
    assert (found := search(pool, Asked("comdeor"), at=AT).advice) and found.spelling == "comedor"
    alone = search(pool, Asked("comedor elefante"), at=AT).advice
    assert alone and list(alone.single_words) == ["comedor"]
    chosen = {"topic": ("none",)}
    assert (more := search(pool, Asked("taller", chosen), at=AT).advice) and more.without_filters > 0


def test_a_code_resolves_to_one_several_or_nothing(pool: Pool) -> None:
    """Every full code is a thing; a shared prefix is a choice; anything else is unknown."""
    codes = [row[0] for row in pool.connection.execute("SELECT short FROM entity")]
    assert all(isinstance(pool.resolve(code), Thing | Several) for code in codes)
    for text in ("abc", "zzzzzzzzz", "", "0189", "a/b/c", "x' OR 1"):
        assert isinstance(pool.resolve(text), Unknown | Gone)


def test_a_pool_is_read_by_its_path_and_not_as_an_address(tmp_path: Path) -> None:
    """A file name with ? and # opens that file and creates no other."""
    path = tmp_path / "x?mode=rwc#.db"
    write_pool(path, Content(ENTITIES[:1], (), {"federation": {}}))
    with closing(open_pool(path)) as connection:
        assert connection.execute("SELECT count(*) FROM entity").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("DELETE FROM entity")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
