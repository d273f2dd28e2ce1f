"""When a release has run out, how to reach its people is no longer shown in the data; nothing is deleted."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.hostile.making import place
from tests.merge.world import AS_OF, Federation

PHONES = [{"number": "+525555550101"}]
OTHER = [{"number": "+525555550202"}]
RUN_OUT = "2026-11-20T12:00:00Z"
SAME = {"identifiers": ["MX-CLUNI:ABC09010101"]}


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    return Federation(tmp_path)


def phones(federation: Federation) -> list[object]:
    return [row[0] for row in federation.rows("SELECT phones FROM place ORDER BY entity")]


def test_contacts_leave_the_data_when_a_release_has_run_out(federation: Federation) -> None:
    """Fused values and the member's row; the claim stays as it was signed, and the record in its lists."""
    federation.share("a", [place("uno", phones=PHONES, email="a@uno.mx")], valid_until=RUN_OUT)
    before = federation.merge(as_of=datetime.fromisoformat("2026-11-19T00:00:00Z")).root
    assert phones(federation) != [None]
    assert federation.merge().root != before
    assert phones(federation) == [None] and federation.rows("SELECT email FROM place") == [(None,)]
    assert federation.titles() == ["Comedor uno"]
    assert "5555550101" in federation.rows("SELECT json FROM claim WHERE type = 'place'")[0][0]
    assert federation.merge(as_of=AS_OF).root == federation.act(children=2).root


def test_who_still_stands_by_a_number_is_shown(federation: Federation) -> None:
    """Of a thing that two say, only the one whose release has run out loses its contacts."""
    federation.share("a", [place("uno", phones=PHONES, **SAME)], valid_until=RUN_OUT)
    federation.share("b", [place("uno", phones=OTHER, **SAME)])
    federation.merge()
    (shown,) = phones(federation)
    assert "5555550202" in str(shown) and "5555550101" not in str(shown)
