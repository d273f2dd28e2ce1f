"""What leaves and what stays home, field by field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from commons.catalogue.store import Catalogue
from commons.messages import speaking
from commons.release import build
from commons.release.build import ProfileIncomplete

Put = Callable[..., None]
Leaving = Callable[[str], dict[str, Any]]
Held = Callable[[], list[tuple[str, str | None]]]


def test_a_persons_contact_leaves_only_with_consent(
    catalogue: Catalogue, put: Put, leaving: Leaving, held: Held, at: datetime
) -> None:
    """The organisation's channels always; a person's after consent to that very value."""
    put("organization/paz", email="hola@example.org", contact_phone="+525598765432")
    assert leaving("organization/paz")["email"] == "hola@example.org"
    assert ("no-consent", "contact_phone") in held()
    with catalogue.act("consent", at=at) as act:
        items = [("organization", "paz", "contact_phone")]
        catalogue.consents.grant(
            act, whose="Marina", asked_by="Ana", purpose="web", items=items, at="2026-11-21"
        )
    assert leaving("organization/paz")["contact_phone"] == "+525598765432"
    put("organization/paz", contact_phone="+525511112222")
    assert "contact_phone" not in leaving("organization/paz")


def test_private_records_and_local_columns_never_leave(
    catalogue: Catalogue, put: Put, leaving: Leaving, at: datetime
) -> None:
    """Nor the mark that says who may see a record."""
    put("place/casa", audience="public", extra={"nota interna": "no decir"})
    put("place/refugio", audience="private")
    put("place/socios", audience="members")
    assert leaving("place/refugio") == leaving("place/socios") == {}
    assert not {"extra", "audience"} & leaving("place/casa").keys()
    assert build.preview(catalogue, at=at).private == {"place": 2}


def test_of_a_reserved_place_only_district_and_telephone_leave(
    put: Put, leaving: Leaving, held: Held
) -> None:
    """And a text elsewhere that tells its street stays home."""
    put("place/refugio", location_reserved=True, street_address="Calle Jacaranda 12", district="09007",
        latitude_e6=19000000, longitude_e6=-99000000, email="r@example.org",
        phones=[{"number": "+525512345678"}])  # fmt: skip
    put("service/apoyo", description="Estamos en calle jacaranda #12.", summary="Llama al 55 1234 5678.")
    place = leaving("place/refugio")
    assert {"district", "phones"} <= place.keys()
    assert not {"street_address", "latitude_e6", "longitude_e6", "email"} & place.keys()
    assert "description" not in leaving("service/apoyo") and "summary" in leaving("service/apoyo")
    assert ("location-reserved", None) in held() and ("held-private", "description") in held()


def test_a_field_in_which_something_private_stands_stays_home(
    catalogue: Catalogue, put: Put, leaving: Leaving, held: Held, at: datetime
) -> None:
    """It is listed; once answered "that is ours" it leaves."""
    put("organization/paz", contact_name="Marina Ejemplo")
    put("service/comida", summary="Con Marina Ejemplo", description="Tel. 55 9999 8888")
    assert not {"summary", "description"} & leaving("service/comida").keys()
    assert ("held-private", "summary") in held() and ("held-phone", "description") in held()
    build.remember(catalogue, ["5599998888"])
    assert "description" in leaving("service/comida") and "summary" not in leaving("service/comida")


def test_a_name_that_slipped_into_another_column_is_caught(put: Put, leaving: Leaving, held: Held) -> None:
    """As in a sheet whose columns are shifted by one in some rows."""
    put("place/a", extra={"Nombre del contacto": "Juana Inventada Pérez"})
    put("place/b", neighbourhood="Juana Inventada Pérez")
    assert "neighbourhood" not in leaving("place/b") and ("held-private", "neighbourhood") in held()


def test_one_bad_entry_does_not_keep_a_whole_list_home(put: Put, leaving: Leaving, held: Held) -> None:
    """The entry stays, the others leave; of an object only the part."""
    put("organization/paz", alternate_names=["La Paz", "tel 55 9999 8888"],
        phones=[{"number": "+525512345678", "description": "con 55 7777 6666"}])  # fmt: skip
    fields = leaving("organization/paz")
    assert fields["alternate_names"] == ["La Paz"]
    assert fields["phones"] == [{"number": "+525512345678"}]
    assert [code for code, _ in held()] == ["held-phone", "held-phone"]


def test_references_leave_as_whole_addresses(catalogue: Catalogue, put: Put, leaving: Leaving) -> None:
    """An own id becomes the address that others can follow."""
    put("organization/paz")
    put("service/comida", organization="paz")
    assert leaving("service/comida")["organization"] == f"{catalogue.member_id}/organization/paz"


def test_a_reference_to_what_stays_home_is_left_empty(put: Put, leaving: Leaving, held: Held) -> None:
    """A record that cannot do without it stays home, too, and so does what refers to that one."""
    put("organization/secreta", audience="private")
    put("place/secreto", audience="private")
    put("service/comida", organization="secreta")
    put("service_at_place/x", service="comida", place="secreto")
    put("relation/r", subject="service/comida", kind="partner", object="service_at_place/x")
    assert "organization" not in leaving("service/comida")
    assert leaving("service_at_place/x") == leaving("relation/r") == {}
    assert ("reference-private", "organization") in held() and ("record-incomplete", None) in held()


def test_a_reference_never_tells_what_a_tombstone_hides(
    catalogue: Catalogue, put: Put, leaving: Leaving, held: Held, at: datetime
) -> None:
    """That of a withdrawn record is left empty; one to nothing at all leaves and is listed."""
    put("organization/vieja")
    put("service/a", organization="vieja")
    put("service/b", organization="nunca")
    with catalogue.act("withdraw", at=at) as act:
        act.withdraw("organization", "vieja")
    assert "organization" not in leaving("service/a")
    assert leaving("service/b")["organization"].endswith("/organization/nunca")
    assert ("reference-dangling", "organization") in held()


def test_drafts_stay_home_and_are_listed(catalogue: Catalogue, put: Put, held: Held, at: datetime) -> None:
    """Somebody typed something that does not fit yet."""
    with catalogue.act("edit", at=at) as act:
        act.put("place", "casa", {"title": "Casa"}, drafts={"phones": "pregunta en la tienda"})
    assert held() == [("draft-stays", "phones")]


def test_a_record_without_name_stays_home(
    catalogue: Catalogue, put: Put, leaving: Leaving, held: Held
) -> None:
    """What every record needs cannot be left out."""
    put("place/casa", title="llamar al 55 9999 8888")
    assert leaving("place/casa") == {}
    assert ("held-phone", "title") in held()


def test_texts_leave_composed_and_without_invisible_marks(put: Put, leaving: Leaving) -> None:
    """Chat programs and some phones put them in; nobody should be refused for it."""
    put("place/casa", summary="cafe\u0301 \u202ade día\u202c")
    assert leaving("place/casa")["summary"] == "café de día"


def test_a_catalogue_that_does_not_say_who_it_is_cannot_speak(catalogue: Catalogue, at: datetime) -> None:
    """The sentence names what lacks."""
    with catalogue.act("edit", at=at) as act:
        act.put("catalogue", "catalogue", {"title": "Paz"})
    with pytest.raises(ProfileIncomplete) as caught:
        build.preview(catalogue, at=at)
    assert caught.value.fields == "licence, language"
    with speaking("en"):
        assert "Licence, Language" in str(caught.value) and "Licence=…" in caught.value.hint


def test_the_name_of_a_private_record_is_looked_for_in_running_text_only(put: Put, leaving: Leaving) -> None:
    """A branch of something private may be called after it; a description must not tell of it."""
    put("place/x", title="Refugio Luz del Alba", audience="private")
    put("place/y", title="Escuela Refugio Luz del Alba", summary="Junto al Refugio Luz del Alba")
    assert leaving("place/y")["title"] == "Escuela Refugio Luz del Alba"
    assert "summary" not in leaving("place/y")


def test_the_street_of_a_reserved_place_leaves_with_no_record(put: Put, leaving: Leaving) -> None:
    """Not even as the address of the organisation that runs it."""
    put("place/x", location_reserved=True, street_address="Calle Oculta 99")
    put("organization/o", street_address="Calle Oculta 99")
    assert "street_address" not in leaving("organization/o")
