"""Pairs of which the pool keeps no evidence: weighed together, as each of them alone."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from commons.pool.opening import open_pool
from commons.pool.read import Pool
from commons.review.questions import ALIKE, Ask, Questions
from commons.review.weighing import weigh, weigh_all
from tests.hostile.making import place
from tests.merge.test_judging import merged
from tests.merge.unsigned import IDS
from tests.review.conftest import ONE, OTHER

TRES = f"{IDS['c']}/place/tres"
PAIRS = [(ONE, OTHER), (ONE, TRES), (OTHER, TRES)]


def test_many_pairs_are_weighed_in_one_reading(pool: Path) -> None:
    """Each as if it were alone; nothing comes of what is not in the pool, or not of one type."""
    with closing(open_pool(pool)) as connection:
        alone = {of: weigh(Pool(connection), *of) for of in PAIRS}
        said: list[str] = []
        connection.set_trace_callback(said.append)
        gone = (ONE, f"{IDS['c']}/place/nadie")
        unlike = (ONE, f"{IDS['c']}/service/tres")
        assert weigh_all(Pool(connection), [*PAIRS, gone, unlike]) == alone
        assert sum("FROM claim WHERE type" in sql for sql in said) == 1


def test_a_copy_makes_nothing_common(tmp_path: Path) -> None:
    """However many lists repeat one record, a name is as rare as it was."""
    here = {"street_address": "Calle Ocho 12"}
    records = [place(f"copia-{n}", title="Comedor Ollin", **here) for n in range(5)]
    world = {"a": [place("uno", title="Comedor Ollin")], "b": [place("dos", title="Ollin Comedor")], "c": []}
    found = []
    for more in ([], records):
        folder = tmp_path / str(len(more))
        folder.mkdir()
        merged(str(folder), {**world, "c": more}).close()
        with closing(open_pool(folder / "pool.db")) as connection:
            found.append(weigh(Pool(connection), ONE, OTHER))
    assert found[0] == found[1]


def test_an_answer_in_a_sheet_is_not_weighed(asked: Questions) -> None:
    """Who answered has seen what spoke for and against; a thousand answers are no thousand readings."""
    said: list[str] = []
    asked.pool.connection.set_trace_callback(said.append)
    assert asked.question(Ask(ALIKE, *PAIRS[0]), weighed=False) is not None
    assert not any("FROM claim WHERE type" in sql for sql in said)
    assert asked.question(Ask(ALIKE, *PAIRS[0])) is not None
    assert any("FROM claim WHERE type" in sql for sql in said)


def test_questions_are_weighed_once(asked: Questions, pool: Path) -> None:
    """What was weighed is not weighed again, and those that are open together are weighed together."""
    said: list[str] = []
    asked.pool.connection.set_trace_callback(said.append)
    asked.weigh(PAIRS)
    asked.weigh(PAIRS)
    assert sum("FROM claim WHERE type" in sql for sql in said) == 1
