"""What was proven is known again by its file's sum alone; another byte is another file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import astuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commons.federation.store import folder as stored
from commons.federation.store.folder import Store
from commons.federation.store.proven import Reader
from commons.format import container, pruned
from commons.format.container import PrunedFiles
from commons.intake.gate import Gate
from tests.hostile.making import Member, place, release

FILES = release(Member("ana"), [place("a"), place("b")])


@pytest.fixture(scope="module", params=[stored.HEAD_BYTES, 6_000], autouse=True)
def room(request: pytest.FixtureRequest) -> Iterator[None]:
    """Files that are read at one go, and longer ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored, "HEAD_BYTES", request.param)
        yield


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> list[Store]:
    """Two stores: with the full form, and with the pruned one."""
    found = [Store(tmp_path_factory.mktemp(name)) for name in ("full", "pruned")]
    with Gate(found[1].intake) as gate:
        rows = [row.data for row in gate.take_in(FILES).rows()]
    found[0].put(FILES)
    found[1].prune(pruned.prune(FILES, rows, may_show=lambda data: b'"a"' not in data), sealed=False)
    return found


def test_a_file_that_is_what_it_was_gives_its_first_parts(forms: list[Store]) -> None:
    """Full or pruned; the sum is that of the whole file, and no other will do."""
    for store in forms:
        files = store.read(FILES.digest)
        sum = container.sum_of(files)
        assert sum == hashlib.sha256(store.release_path(FILES.digest).read_bytes()).hexdigest()
        known = Reader(store).read(FILES.digest, sum)
        assert known is not None
        assert astuple(known) == (*files.contents()[:3], isinstance(files, PrunedFiles))
        assert Reader(store).read(FILES.digest, "0" * 64) is None
        assert Reader(store).read("0" * 64, sum) is None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_another_byte_anywhere_is_another_file(forms: list[Store], data: st.DataObject) -> None:
    """Also in the padding, and where nothing of what is given back stands."""
    store = data.draw(st.sampled_from(forms))
    path = store.release_path(FILES.digest)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    sum = hashlib.sha256(whole).hexdigest()
    spoilt = bytearray(whole)
    spoilt[at] ^= data.draw(st.integers(1, 255))
    try:
        path.write_bytes(spoilt)
        assert Reader(store).read(FILES.digest, sum) is None
    finally:
        path.write_bytes(whole)
    assert Reader(store).read(FILES.digest, sum) is not None
