"""What a list says of a record's fate is what the release then does, whatever else the list shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from commons.catalogue.store import Catalogue
from commons.release import build
from commons.release.outlook import outlook


@pytest.fixture
def mixed(catalogue: Catalogue, put: Callable[..., None]) -> Catalogue:
    """References to what leaves, what stays, what is not there; a person's name; an offer without consent."""
    put("place/casa", phones=[{"number": "+525555550134"}])
    put("place/refugio", audience="private", street_address="Calle Escondida 12 bis")
    put("service/sopa", place="casa")
    put("service/clase", place="refugio", contact_name="Juana Ejemplo")
    put("service/taller", place="nowhere", description="Está en Calle Escondida 12 bis")
    put("service_at_place/sopa-casa", service="sopa", place="casa")
    put("service_at_place/clase-refugio", service="clase", place="refugio")
    put("offer/horas", kind="time")
    return catalogue


def test_each_record_alone_fares_as_it_does_in_the_release(mixed: Catalogue, at: datetime) -> None:
    """A list shows a part of the catalogue; what a record names is looked at, too."""
    shown = build.preview(mixed, at=at)
    public = [r for r in mixed.records() if not r.private]
    assert {"service_at_place", "offer", "service"} <= {r.type for r in public}
    together = outlook(mixed, public)
    for record in public:
        key = (record.type, record.id)
        alone = outlook(mixed, [record])
        assert alone == {key: together[key]}
        assert alone[key].leaves == (key in shown.records)
        if alone[key].leaves:
            gone = record.fields.keys() - shown.records[key].keys()
            assert alone[key].waits == {n for n in gone if mixed.schema.types[key[0]].fields[n].leaves}


def test_what_stays_here_by_choice_has_no_outlook(mixed: Catalogue) -> None:
    """And a record that waits for nothing but a consent is told apart from one that lacks something."""
    assert outlook(mixed, [r for r in mixed.records("place") if r.private]) == {}
    (offer,) = outlook(mixed, mixed.records("offer")).values()
    (sopa,) = outlook(mixed, [r for r in mixed.records("service") if r.id == "sopa"]).values()
    assert (offer.leaves, offer.agreed) == (False, False) and (sopa.leaves, sopa.waits) == (True, frozenset())
