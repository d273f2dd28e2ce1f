"""Anyone can check: a pool is merged again from the proof inside, and what was altered is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from commons.addresses import tombstone
from commons.errors import CommonsError
from commons.federation.policy.file import Hold
from commons.merge.verify import Verdict, verify
from commons.pool.differences import Difference
from tests.hostile.making import place, withdrawal
from tests.merge.world import AS_OF, Federation

WORDS = {"summary": "Comida caliente para niñas y niños · 🌽", "topics": ["food"]}


@pytest.fixture(scope="module")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Federation:
    """Three members, one of whom others speak about, too; one record withdrawn."""
    made = Federation(tmp_path_factory.mktemp("verify"))
    shared = place(
        "uno", identifiers=["X-ID:10020"], latitude_e6=19_300_001, longitude_e6=-99_100_003, **WORDS
    )
    made.share("a", [shared, place("dos", **WORDS)])
    made.share("b", [place("uno", identifiers=["X-ID:10020"], summary="Otra cosa")])
    gone = tombstone(f"{made.id('c')}/place/ya-no")
    made.share("c", [place("tres", url="https://example.org/"), place("ya-no"), withdrawal(gone)])
    made.merge()
    return made


@pytest.fixture
def check(federation: Federation, tmp_path: Path) -> Callable[..., Verdict]:
    """Checks a copy of the pool that SQL statements have altered."""

    def checked(*statements: str, values: tuple[object, ...] = ()) -> Verdict:
        copy, scratch = tmp_path / "copy.db", tmp_path / "scratch"
        shutil.copyfile(federation.folder / "pool.db", copy)
        with closing(sqlite3.connect(copy, isolation_level=None)) as pool:
            for statement in statements:
                pool.execute(statement, values)
        scratch.mkdir()
        return verify(copy, scratch)

    return checked


def told(verdict: Verdict) -> set[tuple[str, str, str, str]]:
    return {(d.table, f"{d.type}/{d.id}", d.field, d.kind) for d in verdict.differences}


def test_an_honest_pool_has_the_same_root(federation: Federation, check: Callable[..., Verdict]) -> None:
    """Merged again from the proof inside, nothing differs."""
    verdict = check()
    assert verdict.differences == ()
    assert verdict.same and verdict.root == verdict.merged
    assert verdict.left_out == 1 and not verdict.untold


@pytest.mark.parametrize(
    "statement, table, record, field",
    [
        ("UPDATE place SET summary = 'frÍa' WHERE address LIKE '%/dos'", "place", "place/dos", "summary"),
        ("UPDATE place SET latitude = 19.300002 WHERE latitude > 0", "place", "place/uno", "latitude"),
        ("UPDATE claim SET json = replace(json, 'caliente', 'callente') WHERE id = 'dos'",
         "claim", "place/dos", "summary"),
        ("UPDATE claim SET json = replace(json, 'Otra cosa', 'Otra cesa')", "claim", "place/uno", "summary"),
        ("UPDATE leaf SET digest = zeroblob(32) WHERE id = 'dos'", "leaf", "place/dos", "digest"),
        ("UPDATE leaf SET digest = zeroblob(32) WHERE type = 'catalogue'", "leaf", "catalogue/", "digest"),
        ("UPDATE withdrawal SET number = 2", "withdrawal", "/", "number"),
    ],
)  # fmt: skip
def test_one_changed_dot_is_named(
    check: Callable[..., Verdict], statement: str, table: str, record: str, field: str
) -> None:
    """Member, record and field, whether a value, a claim, a leaf or a withdrawal was altered."""
    verdict = check(statement)
    assert not verdict.same_root
    assert (table, field) in {(d.table, d.field) for d in verdict.differences}
    found = next(d for d in verdict.differences if (d.table, d.field) == (table, field))
    assert f"{found.type}/{found.id}".startswith(record) and found.member in verdict.names


@pytest.mark.parametrize(
    "statement, table, field",
    [
        ("UPDATE entity SET slug = 'otra' WHERE address LIKE '%/dos'", "entity", "slug"),
        ("UPDATE entity SET title = 'Otra' WHERE address LIKE '%/dos'", "entity", "title"),
        ("UPDATE receipt SET json = json_set(json, '$.records', 7)", "receipt", "records"),
        ("UPDATE receipt SET json = json_set(json, '$.refused', json('{}'))", "receipt", "refused"),
        ("UPDATE receipt SET json = json_set(json, '$.hidden', 9)", "receipt", "hidden"),
        ("UPDATE member SET refused = 9", "member", "refused"),
        ("UPDATE release SET form = 'pruned'", "receipt", "form"),
        ("UPDATE member SET fingerprint = 'otras palabras'", "member", "fingerprint"),
        ("UPDATE member SET url = 'https://example.net/'", "member", "url"),
        ("UPDATE disagreement SET shown = 1 - shown", "disagreement", "shown"),
        ("DELETE FROM entity_topic", "entity_topic", ""),
        ("INSERT INTO candidate VALUES ('x', 'y', 1, 'z', '{}')", "candidate", ""),
        ("UPDATE meta SET value = '2020-01-01T00:00:00Z' WHERE key = 'as_of'", "meta", "as_of"),
    ],
)  # fmt: skip
def test_what_stands_beside_the_root_is_compared_too(
    check: Callable[..., Verdict], statement: str, table: str, field: str
) -> None:
    """The root is the same, and still it is said that something else is not."""
    verdict = check(statement)
    assert verdict.same_root and not verdict.same
    assert {(d.table, d.field, d.covered) for d in verdict.differences} == {(table, field, False)}


def test_one_word_of_the_search_index_is_named(federation: Federation, check: Callable[..., Verdict]) -> None:
    """An index that leads readers elsewhere gives itself away by the word."""
    ((entity,),) = federation.rows("SELECT id FROM entity WHERE address LIKE '%/dos'")
    verdict = check(f"INSERT INTO search(rowid, exact, folded, stem) VALUES ({entity}, 'trampa', '', '')")
    assert verdict.same_root and not verdict.same
    assert ("search", "place/dos", "", "extra") in told(verdict)
    assert {d.here for d in verdict.differences if d.kind == "extra"} == {"trampa"}


def test_a_false_root_is_named(check: Callable[..., Verdict]) -> None:
    """The root that a pool says of itself is compared, not believed."""
    verdict = check(f"UPDATE meta SET value = '{'0' * 64}' WHERE key = 'root'")
    assert not verdict.same_root and ("meta", "/", "root", "altered") in told(verdict)


@pytest.mark.parametrize(
    "statement, code",
    [
        ("UPDATE release SET signature = CAST(replace(signature, 'AAA', 'AAB') AS BLOB)", "E_SIGNATURE"),
        ("UPDATE release SET manifest = CAST(replace(manifest, '\"es\"', '\"en\"') AS BLOB)", "E_SIGNATURE"),
        ("UPDATE release SET keylog = zeroblob(9)", "E_KEYLOG"),
    ],
)
def test_a_release_that_does_not_prove_itself_is_named(
    check: Callable[..., Verdict], statement: str, code: str
) -> None:
    """Signature, manifest, key log: each is checked, and says whose it is."""
    verdict = check(statement)
    assert verdict.merged is None and not verdict.same_root
    assert {(d.table, d.field) for d in verdict.differences} == {("release", code)}
    assert {d.member for d in verdict.differences} == set(verdict.names)


def test_a_claim_that_nobody_signed_is_named(check: Callable[..., Verdict]) -> None:
    """Where the signed record cannot be found again, the record is named all the same."""
    verdict = check("UPDATE claim SET json = replace(json, '\"salt\":\"', '\"salt\":\"x') WHERE id = 'tres'")
    assert told(verdict) == {("claim", "place/tres", "", "altered")}


def test_a_record_taken_out_is_missed(check: Callable[..., Verdict]) -> None:
    """A pool cannot leave out a record by deleting it everywhere."""
    verdict = check(
        "DELETE FROM place WHERE address LIKE '%/tres'", "DELETE FROM alias WHERE address LIKE '%/tres'",
        "DELETE FROM claim WHERE address LIKE '%/tres'", "DELETE FROM entity WHERE address LIKE '%/tres'",
        "UPDATE leaf SET status = 'R_WITHDRAWN' WHERE id = 'tres'",
    )  # fmt: skip
    assert not verdict.same_root
    assert ("leaf", "status") in {(d.table, d.field) for d in verdict.differences}


def test_what_is_refused_without_a_proof_is_counted(tmp_path: Path) -> None:
    """A record refused for its licence: only the full release shows why."""
    made = Federation(tmp_path)
    made.share("a", [place("uno", licence="ODbL-1.0"), place("dos")])
    made.merge()
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    assert verify(tmp_path / "pool.db", tmp_path / "one").untold == {"R_LICENCE": 1}
    store = made.store
    verdict = verify(tmp_path / "pool.db", tmp_path / "two", served=lambda d: store.read(d))
    assert verdict.same and verdict.untold == {}


def test_three_people_with_three_mirrors_have_one_root(federation: Federation, tmp_path: Path) -> None:
    """Same lock, releases from different places in another order: one root, and each can check the others."""
    roots = set()
    for n, names in enumerate(("abc", "cab", "bca")):
        mirror = Federation(tmp_path / str(n), members={m: federation.members[m] for m in "abc"})
        mirror.lock = federation.lock
        for name in names:
            mirror.store.put(federation.store.read(federation.last[name]))
        roots.add(mirror.act().root)
        (mirror.folder / "scratch").mkdir()
        assert verify(mirror.folder / "pool.db", mirror.folder / "scratch").same
    assert len(roots) == 1


def test_differences_travel_as_json() -> None:
    """What the child says is what the parent reads."""
    said = Difference("place", "m" * 26, "place", "uno", "summary", here="a", merged="b", covered=False)
    assert Difference.from_json(json.loads(json.dumps(said.to_json()))) == said


def test_a_field_on_hold_is_held_not_checkable(tmp_path: Path) -> None:
    """What is shown in part cannot be checked; it is counted, and all the rest is."""
    made = Federation(tmp_path)
    made.share("a", [place("uno", summary="Algo"), place("dos")])
    address = f"{made.id('a')}/place/uno"
    made.holds = (Hold(address, "summary", "porque sí", "Ana", AS_OF.replace(year=2027)),)
    made.merge()
    (tmp_path / "scratch").mkdir()
    verdict = verify(tmp_path / "pool.db", tmp_path / "scratch")
    assert verdict.same_root and verdict.held == 1


@pytest.mark.parametrize(
    "named", ["\\\\example.org\\share\\x", "/dev/stdin", "../x", "C:x", "//example.org/x", "."]
)
def test_no_file_is_looked_for_where_a_strangers_lock_points(
    federation: Federation, check: Callable[..., Verdict], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows even the question whether a share has a file says who is asking."""
    touched: list[str] = []
    seen = Path.is_file

    def noted(path: Path) -> bool:
        touched.append(str(path))
        return seen(path)

    monkeypatch.setattr(Path, "is_file", noted)
    territory = json.dumps({"name": named, "digest": "0" * 64})
    with pytest.raises(CommonsError):
        check(
            "UPDATE meta SET value = json_set(value, '$.territory', json(?)) WHERE key = 'lock'",
            values=(territory,),
        )
    assert named not in touched and str(Path(named)) not in touched
