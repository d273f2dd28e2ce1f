"""What members are called in a table or sentence: by name; with letters of the id where two share one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from commons.federation.policy.called import plain
from commons.federation.store.folder import Store
from commons.federation.store.requests import requests_of
from commons.intake.gate import Gate
from commons.review.requests import join_requests

_LETTERS = 8  # of an id; four are enough to be meant by them


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """Member id → what to call it, each another."""
    often = Counter(plain(name) for name in names.values())
    return {
        id: name if name and often[plain(name)] == 1 else f"{name} ({id[:_LETTERS]}…)".strip()
        for id, name in names.items()
    }


def strangers(store: Store) -> dict[str, str]:
    """What those who asked to join say of themselves, by id; reads each newest request once."""
    with Gate(requests_of(store).intake, at_once=1) as gate:
        return {r.member: r.name if r.name != r.member else "" for r in join_requests(store, gate)}
