"""What came is sorted to whom it belongs, and nothing is deleted that was not safely taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from commons.federation.sources import inbox
from commons.federation.store import requests
from commons.federation.store.folder import Store
from commons.format import container
from tests.hostile.making import Member, place, release

ANA, OTRA = Member("ana"), Member("otra")
NOTE = b"\xff\xd8 a picture"


@pytest.fixture
def came(tmp_path: Path) -> Path:
    folder = tmp_path / "came"
    folder.mkdir()
    container.write_file(folder / "x (1).entrega", release(ANA, [place("a")]))
    container.write_file(folder / "hola.pdf", release(OTRA, [place("b")]))
    (folder / "foto.jpg").write_bytes(NOTE)
    return folder


def kinds(came: Path, store: Store) -> dict[str, str]:
    return {a.where: a.kind for a in inbox.sort(came, store, {ANA.id})}


def test_members_strangers_and_junk_each_have_their_place(came: Path, tmp_path: Path) -> None:
    """The member's release is in the store, the stranger's is not: it waits as a join request."""
    store = Store(tmp_path / "store")
    assert kinds(came, store) == {"x (1).entrega": "new", "hola.pdf": "request", "foto.jpg": "junk"}
    assert [s.manifest.member for s in store.seen()] == [ANA.id]
    assert list(requests.by_member(store)) == [OTRA.id]
    assert kinds(came, store)["x (1).entrega"] == "known"
    assert len(list(came.iterdir())) == 3


def test_only_what_was_safely_taken_is_cleared(came: Path, tmp_path: Path) -> None:
    """Junk stays; so does a file whose release does not prove itself in the store."""
    store = Store(tmp_path / "store")
    arrivals = list(inbox.sort(came, store, {ANA.id}))
    digest = next(a.digest for a in arrivals if a.kind == "new")
    stored = store.release_path(digest or "")
    stored.write_bytes(stored.read_bytes()[:-600])
    assert [path.name for path in inbox.clear(arrivals, store)] == ["hola.pdf"]
    assert sorted(path.name for path in came.iterdir()) == ["foto.jpg", "x (1).entrega"]


def test_who_is_taken_in_brings_what_had_waited(came: Path, tmp_path: Path) -> None:
    """Its requests move into the store; a declined one is gone."""
    store = Store(tmp_path / "store")
    kinds(came, store)
    assert [s.manifest.member for s in requests.accept({OTRA.id}, store)] == [OTRA.id]
    assert not requests.by_member(store) and len(list(store.seen(OTRA.id))) == 1
    assert requests.decline(OTRA.id, store) == 0


def test_join_requests_have_an_end(came: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody fills the disk by asking; the file stays where it is and is named."""
    monkeypatch.setattr(requests, "MOST", 0)
    store = Store(tmp_path / "store")
    arrival = next(a for a in inbox.sort(came, store, {ANA.id}) if a.where == "hola.pdf")
    assert (arrival.kind, arrival.code) == ("junk", "requests-full")


def test_of_one_stranger_the_newest_wait(came: Path, tmp_path: Path) -> None:
    """Who asks again gives way to itself; what is older than all that wait is named and not kept."""
    store, place_of = Store(tmp_path / "store"), tmp_path / "more"
    place_of.mkdir()
    for number in (2, 4, 5, 3, 1):
        container.write_file(place_of / f"{number}.entrega", release(OTRA, [place("b")], number=number))
        (arrival,) = inbox.sort(place_of / f"{number}.entrega", store, {ANA.id})
        assert arrival.kind == ("junk" if number == 1 else "request")
    assert arrival.code == "requests-older" and inbox.clear([arrival], store) == []
    assert [s.version for s in requests.by_member(store)[OTRA.id]] == [(0, 3), (0, 4), (0, 5)]
    assert kinds(came, store)["x (1).entrega"] == "new"  # members are not counted


def test_join_requests_have_a_size(came: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All together take so much of the disk and no more, however many strangers there are."""
    store = Store(tmp_path / "store")
    one = release(Member("tres"), [place("c")])
    monkeypatch.setattr(requests, "MOST_BYTES", sum(map(len, one.contents())) + 4096)
    requests.keep(one, store)
    with pytest.raises(requests.TooLargeRequests, match="MiB"):
        requests.keep(release(Member("cuatro"), [place("d")]), store)
    requests.keep(one, store)
    assert list(requests.by_member(store)) == [Member("tres").id]
