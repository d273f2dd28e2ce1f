"""One key of one member's entry is set; every other byte of the maintainer's file stays."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from commons.federation.policy import entry
from commons.federation.policy import file as policy

A, B = "a" * 26, "b" * 26
PAUSE = {"at": [0, 10], "reason": "la robaron: ayer #1"}
BLOCK = f"""# Nuestra federación
name: Prueba
members:
  # las primeras
  - id: {A}
    name: Comedor  # el de la esquina
    sources: [inbox]

  # las segundas
  - id: {B}
    name: Huerto
    pause:
      at: [0, 3]
      reason: >-
        una razón
        larga
    sources:
      - inbox

holds: []  # nada
"""
FLOW = (
    f"name: Prueba\nmembers: [{{id: {A}, name: Comedor}}, {{id: {B}, name: Huerto, pause: {{at: [0, 1]}}}}]\n"
)
ODD = f"name: x\nmembers:\n- pause: {{at: [0, 1]}}   # primero\n  id: {A}\n  name: x\n- {{id: {B}, name: y}}"


@pytest.mark.parametrize("text", [BLOCK, FLOW, ODD])
@pytest.mark.parametrize("member", [A, B])
@pytest.mark.parametrize("value", [PAUSE, None])
def test_a_key_is_set_or_taken_out_in_every_way_of_writing(text: str, member: str, value: object) -> None:
    """Only that entry says something else; comments and order of the others stay."""
    changed = entry.with_key(text, member, "pause", value)
    read = policy.parse(changed).member(member)
    assert read is not None and (read.pause.at if read.pause else None) == ((0, 10) if value else None)
    other = policy.parse(text).member(A if member == B else B)
    assert other in policy.parse(changed).members
    assert [c for c in text.split("\n") if c.lstrip().startswith("#")] == [
        c for c in changed.split("\n") if c.lstrip().startswith("#")
    ]


@given(st.text(max_size=40), st.sampled_from([BLOCK, FLOW, ODD]))
def test_any_reason_is_written_so_that_it_is_read_back(reason: str, text: str) -> None:
    """Quotes, colons, line ends: what a person types on the telephone. Or it is refused, never half."""
    try:
        changed = entry.with_key(text, B, "pause", {"at": [1, 2], "reason": reason})
    except (entry.CannotChange, yaml.YAMLError):
        assert not reason.isprintable()
        return
    assert yaml.safe_load(changed)["members"][1]["pause"]["reason"] == reason


def test_what_cannot_be_changed_is_shown_as_a_line_to_write(tmp_path: Path) -> None:
    """An unknown member; the file is as it was."""
    path = tmp_path / "federation.yaml"
    path.write_text(BLOCK, "utf-8")
    with pytest.raises(entry.CannotChange) as caught:
        entry.set_key(path, "c" * 26, "pause", PAUSE)
    assert "pause: {at: [0, 10]" in caught.value.hint
    assert path.read_text("utf-8") == BLOCK
    assert entry.set_key(tmp_path, A, "pause", PAUSE).members[0].pause is not None
