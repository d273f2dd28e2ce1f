"""The laws of the merge: what must hold for every federation, whatever its members say."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commons.format import canonical, strict_json
from commons.format.merkle import root_of
from commons.link.judgements import DIFFERENT
from commons.merge.pooling.root import leaf
from commons.model import Record
from tests.hostile.making import place, salt
from tests.merge.unsigned import IDS, NAMES, Pool

TARGETS = [f"{id}/place/{place_id}" for id in IDS.values() for place_id in ("uno", "dos", "tres")]
LAW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])

places = st.builds(
    lambda id, title, key, text, same_as: place(
        id,
        **{"title": title, **({"identifiers": [key]} if key else {}), **({"summary": text} if text else {})},
        **({"same_as": same_as} if same_as else {}),
    ),
    st.sampled_from(["uno", "dos", "tres"]),
    st.sampled_from(["Comedor La Paz", "Comedor Paz", "Casa Norte", "Casa Sur"]),
    st.sampled_from([None, "X-ID:10020", "X-ID:10021"]),
    st.sampled_from([None, "Comida caliente", "Café y pan"]),
    st.sampled_from([None, None, *TARGETS]),
)
verdicts = st.builds(
    lambda a, b, verdict: Record(
        "judgement",
        f"j-{TARGETS.index(a)}-{TARGETS.index(b)}",
        {"left": min(a, b), "right": max(a, b), "verdict": verdict, "salt": salt(a + b)},
    ),
    st.sampled_from(TARGETS),
    st.sampled_from(TARGETS),
    st.sampled_from(["same", DIFFERENT]),
)
worlds = st.fixed_dictionaries(
    {
        name: st.builds(
            lambda records, said: [*records, *said],
            st.lists(places, max_size=3, unique_by=lambda r: r.id),
            st.lists(verdicts, max_size=2, unique_by=lambda r: r.id),
        )
        for name in NAMES
    }
)
World = dict[str, list[Record]]


@LAW
@given(worlds, st.permutations(NAMES), st.randoms(use_true_random=False))
def test_order_does_not_matter(world: World, order: list[str], mix: random.Random) -> None:
    """Commutative, associative, idempotent: the root is a function of the set of releases."""
    with tempfile.TemporaryDirectory() as folder:
        first = Pool(folder, world).result
        other = {name: mix.sample(world[name], len(world[name])) for name in order}
        again = Pool(folder, other).result
    assert again.root == first.root
    assert again.receipts == first.receipts


@LAW
@given(worlds)
def test_no_claim_is_lost_or_altered(world: World) -> None:
    """Every record of every release is a claim, byte for byte as it was signed, and leads to one entity."""
    with tempfile.TemporaryDirectory() as folder:
        pool = Pool(folder, world)
        claims = {a: (t, d) for a, t, d in pool.rows(_CLAIMS)}
        aliases = pool.rows("SELECT address FROM alias ORDER BY address")
    for name, records in world.items():
        for r in records:
            text, digest = claims.pop(f"{IDS[name]}/{r.type}/{r.id}")
            assert text.encode() == canonical.canonical_bytes(r.type, r.id, r.fields)
            assert canonical.leaf(text.encode()) == digest
    assert {a.split("/")[1] for a in claims} <= {"catalogue"}
    expected = sorted(f"{IDS[n]}/place/{r.id}" for n, rs in world.items() for r in rs if r.type == "place")
    assert [a for (a,) in aliases] == expected


_CLAIMS = "SELECT address, json, digest FROM claim JOIN leaf USING (member, type, id)"


@LAW
@given(worlds)
def test_different_is_never_merged_across(world: World) -> None:
    """A member's word about its own claim keeps it apart from another's for good, also through a third."""
    with tempfile.TemporaryDirectory() as folder:
        entity = dict(Pool(folder, world).rows("SELECT address, entity FROM alias"))
    for name, records in world.items():
        for j in records:
            a, b = str(j.fields.get("left")), str(j.fields.get("right"))
            if j.fields.get("verdict") != DIFFERENT or a == b or not {a, b} <= entity.keys():
                continue
            if IDS[name] in (a[:26], b[:26]):
                assert entity[a] != entity[b]


@LAW
@given(worlds)
def test_the_pool_proves_its_own_root(world: World) -> None:
    """The root can be made again from the pool's tables alone, over leaves sorted by their bytes."""
    with tempfile.TemporaryDirectory() as folder:
        pool = Pool(folder, world)
        leaves = sorted((strict_json.compact(value).encode(), leaf(value)) for value in _leaves(pool))
    assert root_of(digest for _text, digest in leaves).hex() == pool.result.root


def _leaves(pool: Pool) -> Iterator[list[Any]]:
    for address, _text, digest in pool.rows(_CLAIMS):
        yield ["claim", address, digest.hex(), []]
    columns = [c[0] for c in pool.rows("SELECT name FROM pragma_table_info('place')")][2:]
    for number, name, *values in pool.rows("SELECT * FROM place"):
        found = pool.rows("SELECT address FROM alias WHERE entity = ? ORDER BY address", number)
        yield ["entity", name, [address for (address,) in found]]
        fields = {c: v for c, v in zip(columns, values, strict=True) if v is not None}
        if "identifiers" in fields:
            fields["identifiers"] = json.loads(fields["identifiers"])
        yield ["fused", name, fields]
    for (address,) in pool.rows("SELECT address FROM judgement WHERE counts"):
        yield ["judgement", address]
