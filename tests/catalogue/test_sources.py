"""A source and its rows are remembered until they are forgotten; an act that fails remembers nothing."""

from __future__ import annotations

import pytest

from commons.catalogue.sources import Source, SourceRow


def test_a_source_comes_back_as_it_was_put(catalogue):
    source = Source(
        "hoja", "https://example.org/hoja", {"mapping": {"a": ["b"]}}, "2026-11-21T12:00:00Z", "d" * 64
    )
    catalogue.sources.put(source)
    assert catalogue.sources.get("hoja") == source and list(catalogue.sources) == [source]
    assert catalogue.sources.get("otra") is None


def test_rows_remember_their_record_and_what_they_said(catalogue):
    row = SourceRow("17", "service", "clinica", {"title": "Clínica", "phones": [{"number": "+525555550134"}]})
    catalogue.sources.link("hoja", row)
    catalogue.sources.link("hoja", SourceRow("18", "place", "x"))
    assert catalogue.sources.rows("hoja")["17", "service"] == row
    assert catalogue.sources.of_record("service", "clinica") == [("hoja", "17")]
    catalogue.sources.unlink("hoja", "17", "service")
    assert list(catalogue.sources.rows("hoja")) == [("18", "place")]


def test_an_act_that_fails_links_nothing(catalogue, at):
    with pytest.raises(RuntimeError), catalogue.act("import", at=at) as act:
        act.put("service", "a", {"title": "A"})
        catalogue.sources.link("hoja", SourceRow("1", "service", "a"))
        raise RuntimeError
    assert catalogue.sources.rows("hoja") == {}


def test_forgetting_a_source_keeps_its_records(catalogue, at):
    with catalogue.act("import", at=at) as act:
        act.put("service", "a", {"title": "A"})
    catalogue.sources.put(Source("hoja", "hoja.xlsx"))
    catalogue.sources.link("hoja", SourceRow("1", "service", "a"))
    catalogue.sources.remove("hoja")
    assert catalogue.sources.rows("hoja") == {} and catalogue.get("service", "a") is not None
