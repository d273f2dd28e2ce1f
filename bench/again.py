"""One merge of a folder: `python bench/again.py FOLDER first|full|difference`; prints a row of what it took.

`first`: nothing was examined before. `full`: everything anew, though releases were examined. `difference`:
one member has shared again, three of its records being others. Intake is all until the lock is planned, the
proving of releases, and who stands (from nothing and for `full`, proving goes on beside making the pool and
counts there); fusing is to find what is to be made anew after linking, and to make it and its rows; the pool
is all else.
"""
# ruff: noqa: T201

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from generate import change

from commons.merge import act, renew, run
from commons.merge.rebuild import whole
from commons.merge.run import Options, merge

SAYS = {"first": "from nothing", "full": "all examined before", "difference": "one member of them changed"}
spent: Counter[str] = Counter()


def processor() -> float:
    """Seconds of this process and its children that have ended."""
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, its wall-clock seconds counted."""

    def do(*given: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        try:
            return function(*given, **named)
        finally:
            spent[part] += time.perf_counter() - begun  # type: ignore[assignment]

    return do


if __name__ == "__main__":
    folder, way = Path(sys.argv[1]), sys.argv[2]
    if way == "difference":
        change(folder, 7)
    for owner, name, part in (
        (act._Merge, "_link", "link"), (act._Merge, "_regroup", "fuse"), (renew, "standing", "intake"),
        (run, "place", "act"),
    ):  # fmt: skip
        setattr(owner, name, timed(part, getattr(owner, name)))
    if way == "difference":  # else proving goes on beside everything else
        vars(run)["whole"] = timed("intake", lambda *given: iter(list(whole(*given))))
    begun, before = time.perf_counter(), processor()
    merged = merge(folder, Options(as_of=datetime(2026, 11, 21, tzinfo=UTC), full=way == "full"))
    seconds, used = time.perf_counter() - begun, processor() - before
    assert merged.way is not None and bool(merged.way.why) == (way != "difference")
    pool = spent["act"] - spent["link"] - spent["fuse"] - spent["intake"]
    parts = (used, seconds, seconds - spent["act"] + spent["intake"], spent["link"], spent["fuse"], pool)
    print(f"| {SAYS[way]} | {' | '.join(f'{part:.1f}' for part in parts)} |", flush=True)
