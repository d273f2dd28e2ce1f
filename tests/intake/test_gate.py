"""What the gate yields: exactly the signed records, in order, the same by every road."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commons.addresses import tombstone
from commons.format import canonical, characters, pruned
from commons.intake import frames, rows
from commons.intake.catalogue import Job, examine
from commons.intake.gate import Gate, Intake, Line
from commons.intake.tables import tables
from commons.model import Record
from commons.schema import columns, ddl
from commons.schema.spec import load_schema
from commons.schema.validate import check_record
from tests.hostile.making import SCHEMA, Member, database, place, profile, release, salt, withdrawal

MEMBER = Member("Comedor")
PHONES = [{"number": "+525511112222", "kind": "voice"}]
RECORDS = [
    place("b", summary="Niñas y niños", topics=["food"], location_reserved=True, capacity=30),
    place("a", description="Línea uno\nlínea «dos» 🩷", phones=PHONES),
    Record("organization", "comedor", {"title": "Comedor", "salt": salt("o")}),
    withdrawal(tombstone("x/place/y"), "record", 0, 1),
]


def said(intake: Intake) -> list[tuple[str, str, bytes]]:
    return [(row.type, row.id, row.data) for row in intake.rows()]


def test_what_comes_out_is_what_was_signed() -> None:
    """Canonical bytes and leaves, in order of type and id, with the withdrawals told apart."""
    with Gate() as gate:
        intake = gate.take_in(release(MEMBER, RECORDS))
        found = list(intake.rows())
    expected = sorted([profile("Comedor"), *RECORDS], key=lambda r: (r.type, r.id))
    assert [row.data for row in found] == [
        canonical.canonical_bytes(r.type, r.id, r.fields) for r in expected
    ]
    assert all(row.leaf == canonical.leaf(row.data) and row.code is None for row in found)
    assert intake.counts == {"catalogue": 1, "organization": 1, "place": 2, "withdrawal": 1}
    assert [(w.hash, w.kind, w.number) for w in intake.withdrawals] == [(tombstone("x/place/y"), "record", 1)]


def test_forked_spawned_and_kept_give_the_same(tmp_path: Path) -> None:
    """Act must not depend on what happens to be kept, nor on the system."""
    files = release(MEMBER, RECORDS)
    with Gate(tmp_path, fork=True) as one, Gate(fork=False) as two, Gate(tmp_path) as three:
        first, second, kept = one.take_in(files), two.take_in(files), three.kept(files.digest)
        assert kept is not None and said(first) == said(second) == said(kept)
        assert (first.counts, first.withdrawals, first.findings) == (
            kept.counts,
            kept.withdrawals,
            kept.findings,
        )


def test_damage_to_what_was_kept_is_noticed(tmp_path: Path) -> None:
    """A flipped byte is found when rows are read; a cut file counts as not kept."""
    files = release(MEMBER, RECORDS)
    with Gate(tmp_path) as gate:
        intake = gate.take_in(files)
        data = intake.path.read_bytes()
        intake.path.write_bytes(data[:200] + bytes([data[200] ^ 1]) + data[201:])
        with pytest.raises(frames.Damaged):
            said(intake)
        intake.path.write_bytes(data[:-9])
        assert gate.kept(files.digest) is None
        assert said(gate.take_in(files))


def test_results_come_in_the_order_of_the_releases() -> None:
    """Whichever child is done first."""
    members = [Member(f"m{n}") for n in range(7)]
    offered = [
        release(m, [place(f"p{i}") for i in range(300 if n % 3 == 0 else 1)]) for n, m in enumerate(members)
    ]
    with Gate(at_once=3) as gate:
        assert [i.member for i in gate.take_all(iter(offered))] == [m.id for m in members]


def test_a_pruned_release_yields_the_rows_that_may_be_shown() -> None:
    """The same rows as the full form, less what is hidden; findings are the same."""
    bad = place("malo", url="javascript:x")
    files = release(MEMBER, [*RECORDS, bad])
    with Gate() as gate:
        whole = gate.take_in(files)
        assert whole.taken, (whole.code, whole.detail)
        full = list(whole.rows())
        short = pruned.prune(files, [r.data for r in full], may_show=lambda data: b'"place","a"' not in data)
        intake = gate.take_in(short)
        assert list(intake.rows()) == [row for row in full if row.id != "a"]
    assert (intake.form, len(intake.hidden), dict(intake.refused)) == ("pruned", 1, {"url-malformed": 1})


def test_a_word_about_a_release_that_does_not_exist_yet_withdraws_nothing() -> None:
    """(epoch, number) of a withdrawal lies not after the release's own; its id is a tombstone."""
    later, short = withdrawal(tombstone("a/b/c"), number=2), withdrawal("corto")
    with Gate() as gate:
        intake = gate.take_in(release(MEMBER, [later, short], number=1))
    assert not intake.withdrawals and dict(intake.refused) == {"R_WITHDRAWAL": 2}


def test_every_table_of_the_schema_is_known_column_by_column() -> None:
    """What intake reads from the DDL is what the schema says."""
    schema = load_schema()
    found = tables(SCHEMA) or {}
    assert found.keys() == schema.types.keys()
    for name, rtype in schema.types.items():
        kinds = {"integer": "integer", "boolean": "boolean", "array": "json", "object": "json"}
        expected = {f.name: kinds.get(f.type, "text") for f in rtype.released.values()}
        assert {c.name: c.kind for c in found[name].columns} == expected
        assert found[name].ddl in ddl.published_sql(schema)


TEXTS = st.text(st.sampled_from('aá "\\\n\t\x00\x7f\x85\xad\u0301ñ🩷“ ́/<,:]}'), min_size=1, max_size=8)


@given(title=TEXTS, summary=TEXTS, keywords=st.lists(TEXTS, min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_the_quick_way_gives_the_same_as_the_slow_way(title: str, summary: str, keywords: list[str]) -> None:
    """A row is taken up exactly if the format and the schema allow it, with the same canonical bytes."""
    fields: dict[str, object] = {"title": title, "summary": summary, "keywords": keywords, "salt": salt("x")}
    rtype, table = load_schema().types["place"], (tables(SCHEMA) or {})["place"]
    stored = dict(zip(columns.names(rtype), columns.to_columns(rtype, fields), strict=True))
    row = ("x", *(stored.get(c.name) for c in table.columns))
    _id, data, finding = rows.reader(table, rtype)(row)
    allowed = all(
        characters.refuse(t) is None and characters.is_composed(t) for t in (title, summary, *keywords)
    )
    wrong = [f for f in check_record(rtype, "x", fields, published=True) if f.level == "error"]
    assert (finding is None) == (allowed and not wrong)
    if finding is None:
        assert data == canonical.canonical_bytes("place", "x", fields)
    assert json.loads(data)[2]["title"] == title


def test_time_that_runs_out_is_no_verdict_on_the_release() -> None:
    """Unreadable here, not refused; and nothing is kept of it."""
    from commons.intake.catalogue import Unreadable

    files = release(MEMBER, RECORDS)
    manifest = files.parsed_manifest
    job = Job("r", MEMBER.id, "full", SCHEMA, 0, 1, manifest.content_root, dict(manifest.counts))
    with pytest.raises(Unreadable):
        examine(job, files.catalogue, lambda _part: None, seconds=-1)


@pytest.mark.parametrize(("rows", "code"), [(200, "E_INTEGRITY"), (50_000, "E_ROOT")])
def test_far_more_rows_than_were_signed_are_refused_before_each_is_looked_at(rows: int, code: str) -> None:
    """They break their table's rules: where they are few beyond what was signed, that is found first."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        made.deserialize(database([profile("Comedor"), place("a")]))
        made.executescript(
            "PRAGMA ignore_check_constraints=ON; WITH RECURSIVE r(n) AS "
            f"(SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {rows}) "
            "INSERT INTO withdrawal SELECT 'x' || n, 'x', 0, 1 FROM r; "
            "UPDATE place SET description = hex(zeroblob(520000));"
        )
        files = release(MEMBER, [place("a")], catalogue=made.serialize())
    with Gate() as gate:
        assert gate.take_in(files).code == code


LISTS = st.text(st.sampled_from('[]{}":,ab0-1 \\n\ttrue'), max_size=24) | st.sampled_from(
    [
        '["a","b"]', '[""]', '[]', '[{}]', '[{"a":1}]', '[{"a":1,"b":"x"}]', '[{"b":1,"a":2}]',
        '[{"a":1,"a":2}]', '[{"a":-0}]', '[{"a":01}]', '[{"a":"x"},{"a":null}]', '[{"a":[]}]', '[["a"]]',
        '[1]', '["a" ]', '["a\\u0062"]',
        '["\\ud800"]', '[{"a":1.0}]', '[{"A":1}]', '["a",{"a":1}]', '["\x01"]',
    ]
)  # fmt: skip


@given(text=LISTS)
@settings(max_examples=500, deadline=None)
def test_a_list_is_read_only_in_its_one_form(text: str) -> None:
    """What is taken from a column is exactly what a canonical record would hold there."""
    found = rows._list(text, strict=False)
    if found is None:
        return
    if not all(
        isinstance(item, str) or (isinstance(item, dict) and item.keys() <= {"a", "b"}) for item in found
    ):
        return  # the schema's own check refuses it
    try:
        data = canonical.canonical_bytes("x", "x", {"x": found})
    except characters.CharacterRefused:
        return  # told as a character, not as a list
    assert data.decode() == '["x","x",{"x":' + text + "}]"


def test_a_shared_child_is_believed_only_what_proves_itself(tmp_path: Path) -> None:
    """Whatever a taken-over child says of another member: its own records as signed, or it is asked again."""
    from commons.intake import gate as room

    plain = [place("a"), place("b")]
    with Gate(tmp_path) as gate:
        good = gate.take_in(release(MEMBER, plain)).path.read_bytes()
        job = gate._look_at(release(MEMBER, plain, number=2))
    assert isinstance(job, room._Asked) and room._proven(job.job, good)
    summary = frames.read_summary(BytesIO(good))
    stone = {**summary, "withdrawals": [[tombstone("a/b/c"), "record", 0, 1]]}
    for said in (stone, {**summary, "outcome": "refused", "code": "E_ROOT"}, {**summary, "counts": {}}):
        forged = bytearray(good[: good.rindex(b"Z")])
        frames.write_summary(forged.extend, said)
        assert not room._proven(job.job, bytes(forged))
    title = good.replace(b"Comedor a", b"Comedor x")
    assert title != good and not room._proven(job.job, title)


def test_small_releases_of_many_members_give_what_each_gives_alone() -> None:
    """Good, refused and withdrawing ones together in a few children."""
    bad = release(Member("malo"), catalogue=b"no catalogue")
    word = release(Member("retira"), [withdrawal(tombstone("a/b/c"))])
    odd = release(Member("raro"), [place("p", url="javascript:x")])
    offered = [release(Member(f"n{n}"), [place(f"p{n}")]) for n in range(4)] + [bad, word, odd]
    with Gate(at_once=1) as together:
        found = [
            (i.member, i.code, dict(i.refused), i.withdrawals, said(i)) for i in together.take_all(offered)
        ]
    with Gate(at_once=1) as alone:
        each = [alone.take_in(files) for files in offered]
        assert found == [(i.member, i.code, dict(i.refused), i.withdrawals, said(i)) for i in each]


def test_a_child_that_is_listened_to_can_say_everything_while_nothing_else_comes(tmp_path: Path) -> None:
    """A pipe holds little: whoever waits for the net meanwhile would let its time run out."""
    many = [place(str(n), title=f"Comedor {n}", description="palabra " * 120) for n in range(4_000)]
    until = time.monotonic() + 60
    with Gate(tmp_path, at_once=1) as gate:
        list(Line(gate).add(release(MEMBER, many)))
        while sum(p.stat().st_size for p in tmp_path.glob(".new-*")) < 4_000_000:
            gate.hear()
            time.sleep(0.05)
            assert time.monotonic() < until
