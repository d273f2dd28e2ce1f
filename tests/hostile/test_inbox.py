"""Whatever is left in an inbox is sorted: nothing is written but proven releases, nobody else is touched."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from commons.federation.sources.inbox import sort
from commons.federation.store.folder import Store
from commons.format.container import write_file
from tests.hostile.deliveries import DELIVERIES, GOOD_MEMBERS, HOSTILE, Delivery, good_records
from tests.hostile.making import release

BY_FILE = [d for d in DELIVERIES if d.name.startswith(("file:", "folder:", "proof:", "manifest:", "pruned:"))]


@pytest.mark.parametrize("delivery", BY_FILE, ids=lambda d: d.name)
def test_an_inbox_takes_what_proves_itself_and_names_the_rest(delivery: Delivery, tmp_path: Path) -> None:
    """Under whatever names; a member's release beside it arrives all the same."""
    (tmp_path / "inbox").mkdir()
    delivery.put(tmp_path / "inbox")
    good = release(GOOD_MEMBERS[0], good_records(0))
    write_file(tmp_path / "inbox" / "zz.entrega", good)
    before = set(tmp_path.rglob("*"))
    store = Store(tmp_path / "federation" / "store")
    began = time.process_time()
    arrived = list(sort(tmp_path / "inbox", store, {m.id for m in GOOD_MEMBERS}))
    assert time.process_time() - began < 2.0
    assert good.digest in {a.digest for a in arrived}
    assert {a.member for a in arrived if a.digest} <= {GOOD_MEMBERS[0].id, HOSTILE.id}
    assert [s.digest for s in store.seen()] == [good.digest]
    new = set(tmp_path.rglob("*")) - before - {tmp_path / "federation"}
    assert all(store.root in p.parents or p == store.root for p in new), "nothing is written elsewhere"
