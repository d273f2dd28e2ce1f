"""The worked examples of docs/formats.md are what the program reads and writes."""

from __future__ import annotations

import re
from pathlib import Path

from commons.federation import lock as locks
from commons.federation.policy import file as policy

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"


def example(name: str) -> str:
    found = re.search(
        rf"<!-- example {re.escape(name)} -->\n```\w+\n(.*?)```\n<!-- end -->", PAGE.read_text("utf-8"), re.S
    )
    assert found is not None
    return found[1]


def test_the_example_policy_is_the_one_of_the_example_lock() -> None:
    """Reading the page's federation.yaml gives the policy, digest and holds of the page's lock."""
    read = policy.parse(example("federation.yaml"))
    lock = locks.parse(example("commons.lock").encode())
    assert lock.policy.digest == read.digest
    assert [(h.hash, h.field, h.until) for h in read.holds] == [
        (h.hash, h.field, h.until) for h in lock.holds
    ]


def test_every_key_is_explained() -> None:
    """Each key of both files stands in the page's tables."""
    page = PAGE.read_text("utf-8")
    for key in (*policy.Policy(name={"es": "x"}).to_json(), *locks.LockedMember(locks.LEFT).to_json()):
        assert f"`{key}" in page, key
