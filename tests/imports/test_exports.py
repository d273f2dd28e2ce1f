"""Sheets as forms, calendars, web sites and surveys export them: nothing private shown, garbled or lost."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.catalogue.store import Catalogue
from commons.imports.guessing.guess import propose
from commons.imports.guessing.proposal import HOME
from commons.imports.loading.prepare import NothingRecognised
from commons.imports.loading.report import ImportReport
from commons.imports.reading.plain_text import is_html, without_html
from commons.imports.reading.read import read_bytes
from commons.schema import hours
from commons.schema.spec import load_schema

SCHEMA = load_schema()
Importer = Callable[..., ImportReport]


def guessed(text: str, type_name: str = "place") -> dict[str, str]:
    table = read_bytes(text.encode(), "x.csv")
    return {g.column: g.target for g in propose(table, SCHEMA.types[type_name], SCHEMA).guesses}


def test_a_person_under_a_heading_of_two_rows_is_never_the_public_name() -> None:
    """«Responsable · Nombre» was taken for the names of the kitchens, which are public."""
    text = (
        "No.;Comedor;Responsable;;Raciones\n;;Nombre;Teléfono;\n"
        "1;La Cazuela;Marta Ruiz;55 5512 3456;120\n2;El Fogón;Pedro Gil;55 5512 3457;80\n3;Doña T;;;60\n"
    )
    found = guessed(text)
    assert found["Comedor"] == "title" and found["Responsable · Nombre"] == "contact_name"
    for heading in ("Nombre del responsable", "Nombre de la persona titular", "Contact name"):
        cells = "".join(f"Casa {n},Calle {n},Ana Ruiz\n" for n in range(3))
        assert guessed(f"Casa,Domicilio,{heading}\n{cells}")[heading] != "title"


def test_in_a_list_of_offers_no_person_is_the_public_name(bring: Importer) -> None:
    """«Tu nombre» was the offer's name; a telephone has no field there but the person's."""
    text = "¿Qué puedes ofrecer?,Tu nombre,Tu teléfono,Nombre\n" + "".join(
        f"Cocinar {n},Ana Ruiz,55 5512 345{n},Luz Díaz\n" for n in range(3)
    )
    found = guessed(text, "offer")
    assert "title" not in (found["Tu nombre"], found["Nombre"])
    assert (found["Tu nombre"], found["Tu teléfono"]) == ("contact_name", "contact_phone")
    fields = bring(text, type="offer", dry=True).changes[0].fields
    assert fields["contact_phone"] == "+525555123450" and fields["title"] == "Cocinar 0"


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("2025/11/12 10:33:12 AM CST", "2025-11-12T16:33:12Z"),
        ("2025/11/12 4:05:02 p.m. GMT-6", "2025-11-12T22:05:02Z"),
        ("2025/11/12 10:33:12 UTC", "2025-11-12T10:33:12Z"),
    ],
)
def test_stamps_of_forms_say_their_hour(bring: Importer, cell: str, kept: str) -> None:
    """«Marca temporal» with a clock behind it made a draft of every row."""
    text = "Nombre,Marca temporal\n" + "".join(f"Casa {n},{cell}\n" for n in range(3))
    assert bring(text, type="place", dry=True).changes[0].fields["created_at"] == kept


def test_ticked_boxes_and_areas_are_no_words_of_a_list(bring: Importer) -> None:
    """«servicios/agua» with 1 and 0, «Shape_Area» with 0.0: each made drafts or topics."""
    text = "nombre,servicios/agua,Shape_Area,Verificado\nA,1,0.0,SI\nB,0,0.0,NO\nC,1,0.0,SI\n"
    found = guessed(text)
    assert (found["servicios/agua"], found["Shape_Area"], found["Verificado"]) == (HOME, HOME, HOME)
    assert bring(text, type="place", dry=True).waiting == 0


def test_words_that_a_list_lacks_stay_at_home_and_the_known_ones_count(bring: Importer) -> None:
    """One word out of the list made a draft of the whole cell."""
    text = 'Título,Temas\nA,"salud, ovnis"\nB,educación\nC,"vivienda; salud"\n'
    first, second, _ = bring(text, type="event", dry=True).changes
    assert first.fields["topics"] == ["health"] and not first.drafts
    assert "ovnis" in str(first.fields["extra"]) and "extra" not in second.fields


def test_day_and_hour_in_two_columns_are_one_moment(bring: Importer) -> None:
    """Before, the hour stayed at home and every event began at midnight."""
    text = (
        "Event Name,Event Start Date,Event Start Time,Event End Date,Event End Time\n"
        "Feria,2025-11-15,10:00 AM,2025-11-15,6:00 PM\nBaile,2025-12-01,,2025-12-01,\n"
    )
    first, second = bring(text, type="event", dry=True).changes
    assert (first.fields["starts_at"], first.fields["ends_at"]) == (
        "2025-11-15T16:00:00Z",
        "2025-11-16T00:00:00Z",
    )
    assert str(second.fields["starts_at"]).startswith("2025-12-01")


@pytest.mark.parametrize(
    ("cell", "kept"),
    [("20251120T180000Z", "2025-11-20T18:00:00Z"), ("20251122T090000", "2025-11-22T15:00:00Z")],
)
def test_calendars_write_moments_without_signs(bring: Importer, cell: str, kept: str) -> None:
    """DTSTART of calendars; a UID that looks like an e-mail is no e-mail."""
    text = "UID,SUMMARY,DTSTART\n" + "".join(f"a{n}@x.example,Fiesta {n},{cell}\n" for n in range(3))
    assert guessed(text, "event")["UID"] == "key"
    assert bring(text, type="event", dry=True).changes[0].fields["starts_at"] == kept


def test_words_for_web_pages_lose_their_tags_and_no_word(bring: Importer) -> None:
    """People would have read <p> and &nbsp;; the report says which cells."""
    text = "Nombre,Descripción\nSol,<p>Casa &nbsp;de <b>todos</b></p><ul><li>Agua</li></ul>\nB,5 < 7 && x\n"
    report = bring(text, type="place", dry=True)
    assert report.changes[0].fields["description"] == "Casa de todos\n\n- Agua"
    assert report.changes[1].fields["description"] == "5 < 7 && x"
    assert [f.row for f in report.findings if f.code == "html-unwrapped"] == [2]


@given(st.text(alphabet="ab <>&;/\"'=\n", max_size=80))
def test_taking_tags_off_loses_no_letter_and_ends(text: str) -> None:
    """Law: letters outside of known tags stay, in order, whatever stands around them."""
    assert isinstance(without_html(text), str)
    if not is_html(text) and "<" not in text and "&" not in text:
        assert without_html(text).split() == text.split()


def test_signs_that_nobody_sees_are_taken_out_and_said(bring: Importer) -> None:
    """Two names that look alike are alike; an emoji made of several stays whole."""
    text = "\u200bNombre\u00a0,Tel\nCasa\u00a0Sol\u200e,\u200e55 5512 3456\nCasa 👩\u200d🌾,55 5512 3457\n"
    report = bring(text, type="place", dry=True)
    assert [c.fields["title"] for c in report.changes] == ["Casa Sol", "Casa 👩\u200d🌾"]
    assert [f.details["n"] for f in report.findings if f.code == "blanks-plain"] == [3]


def test_errors_of_a_spreadsheet_are_told_with_their_cells() -> None:
    """The reader hands #REF! on as nothing: the report names the cells."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (["Nombre", "Cupo"], ["Casa", "#REF!"], ["Sol", 4]):
        page.append(row)
    data = io.BytesIO()
    book.save(data)
    told = [f for f in read_bytes(data.getvalue(), "x.xlsx").findings if f.code == "cells-in-error"]
    assert [(f.value, f.details["n"]) for f in told] == [("B2", 1)]


def test_pages_without_their_scheme_are_pages(bring: Importer) -> None:
    """«casasol.example.org» under «Web» was left out where most cells were like that."""
    text = "Nombre,Web\nA,casasol.example.org\nB,sol.mx/inicio?x=1\nC,poster.pdf\n"
    assert guessed(text)["Web"] == "url"
    assert bring(text, type="place", dry=True).changes[0].fields["url"] == "https://casasol.example.org"


def test_hours_and_prices_in_words_stand_where_words_may(bring: Importer) -> None:
    """Among readable ones they waited as drafts, row by row."""
    text = (
        "Servicio,Costo,Horario\nA,$350,lun-vie 9:00-18:00\nB,Cooperación voluntaria,previa cita\n"
        "C,20,sáb 10:00-14:00\n"
    )
    second = bring(text, type="service", dry=True).changes[1]
    assert second.fields["fees_description"] == "Cooperación voluntaria" and not second.drafts
    assert second.fields["schedule_text"] == "previa cita"


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("L-V 11:00 a 19:00, sáb 11:00 a 15:00", 2),
        ("Lunes a viernes 10:00-18:00 y sábados 10:00-14:00", 2),
        ("Mo-Sa 10:00-14:00; Su off", 2),
        ("lun, mar y jue 9:00-14:00", 1),
    ],
)
def test_a_comma_between_a_time_and_a_day_begins_anew(text: str, days: int) -> None:
    """And one between days does not."""
    assert len(hours.read(text) or ()) == days


def test_rows_are_called_by_their_keeper_where_nothing_else_names_them() -> None:
    """«Agency name» over food pantries; beside a name it stays the keeper."""
    rows = "".join(f"Casa {n},{n} Oak St\n" for n in range(3))
    assert guessed("Agency Name,Address\n" + rows)["Agency Name"] == "title"
    both = "".join(f"Casa {n},Red Ejemplo,{n} Oak St\n" for n in range(3))
    assert guessed("Name,Agency Name,Address\n" + both)["Agency Name"] == "organization"


def test_no_place_is_made_of_online(catalogue: Catalogue, bring: Importer) -> None:
    """«En línea» and «por definir» name nothing; the word stays at home, without a draft."""
    text = "Evento,Sede,Fecha\nA,En línea,2025-11-20\nB,Casa Común,2025-11-21\nC,Por definir,2025-11-22\n"
    report = bring(text, type="event")
    assert [r.fields["title"] for r in catalogue.records("place")] == ["Casa Común"]
    assert report.waiting == 0 and "En línea" in str(report.changes[0].fields["extra"])


def test_what_a_program_wrote_is_no_text_for_people(bring: Importer) -> None:
    """Lists in JSON stood as raw text under hours and telephones; a number in them is found."""
    rows = [
        {"name": f"S{n}", "phones": [{"number": f"55 5512 345{n}"}], "schedules": [{"byday": "MO"}]}
        for n in range(3)
    ]
    report = bring(json.dumps(rows), type="service", name="x.json", dry=True)
    first = report.changes[0].fields
    assert first["contact_phone"] == "+525555123450" and "schedule_text" not in first
    assert "schedules" in str(first["extra"]) and report.waiting == 0


@pytest.mark.parametrize("type_name", [name for name, t in SCHEMA.types.items() if not t.small])
def test_a_proposal_is_a_mapping_or_one_sentence(bring: Importer, type_name: str) -> None:
    """Where no column is like a field a mapping without fields was written, and refused by its own reader."""
    for text in ("x1;x2\n1;2\n3;4\n", "Hora fin,Número\n10:00,4\n11:00,5\n12:00,9\n", "a\nñ\nñ\n"):
        try:
            report = bring(text, type=type_name, dry=True)
        except NothingRecognised as refusal:
            assert refusal.columns
        else:
            assert report.rows_read == report.rows_imported + len(report.skipped) + len(report.refused)


def test_an_hour_of_ending_has_the_day_of_beginning(bring: Importer) -> None:
    """«Fecha», «Hora inicio», «Hora fin» is how most calendars of a neighbourhood look."""
    text = "Evento,Fecha,Hora inicio,Hora fin\n" + "".join(
        f"E{n},2{n}/11/2025,10:00,12:30\n" for n in range(3)
    )
    fields = bring(text, type="event", dry=True).changes[1].fields
    assert (fields["starts_at"], fields["ends_at"]) == ("2025-11-21T16:00:00Z", "2025-11-21T18:30:00Z")


def test_groups_of_a_survey_are_read_like_headings_in_two_rows(bring: Importer) -> None:
    """«grupo_contacto/telefono» is as sure as «telefono»; of two keys the second stays at home by name."""
    text = "grupo_lugar/nombre,grupo_contacto/responsable,grupo_contacto/nombre,_id,_uuid\n" + "".join(
        f"Casa {n},Ana Ruiz,Luz Díaz,{n},u-{n}\n" for n in range(3)
    )
    table = read_bytes(text.encode(), "x.csv")
    found = {g.column: g for g in propose(table, SCHEMA.types["place"], SCHEMA).guesses}
    assert found["grupo_lugar/nombre"].target == "title" and found["grupo_lugar/nombre"].confidence >= 90
    assert found["grupo_contacto/nombre"].target != "title"
    assert (found["_id"].target, found["_uuid"].target) == ("key", HOME)
    assert not {f.code for f in bring(text, type="place", dry=True).findings} & {"column-unknown"}


def test_a_short_summary_is_the_name_where_there_is_no_other(bring: Importer) -> None:
    """SUMMARY of calendars; its descriptions were taken for names, and rows without one had none."""
    text = "UID,SUMMARY,DTSTART,DESCRIPTION\n1,Asamblea,20251120,Temas varios\n2,Tequio,20251121,\n"
    report = bring(text, type="event", dry=True)
    assert [c.fields["title"] for c in report.changes] == ["Asamblea", "Tequio"]


def test_who_did_not_agree_to_be_shared_stays_here(bring: Importer) -> None:
    """A form asks whether it may be published: a no, and no answer, were imported as public."""
    text = (
        'Nombre,¿Aceptas que publiquemos estos datos?\nA,"Sí, acepto"\nB,No\nC,\nD,"Sí, acepto"\n'
        "E,No acepto\n"
    )
    report = bring(text, type="place", dry=True)
    assert [c.fields.get("audience", "public") for c in report.changes] == [
        "public", "private", "private", "public", "private",
    ]  # fmt: skip
    assert [f.details["n"] for f in report.findings if f.code == "not-agreed"] == [3]
    assert guessed("Nombre,Público\nA,Sí\nB,No\n")["Público"] != "agreed"


def audiences(bring: Importer, text: str, type: str = "place") -> dict[str, str]:
    """Title → who sees it, of all records that a list makes."""
    report = bring(text, type=type, dry=True)
    return {str(c.fields["title"]): str(c.fields.get("audience", "public")) for c in report.changes}


@pytest.mark.parametrize(
    "answer",
    [
        "Sí, pero no mi teléfono",
        "Acepto solo el nombre",
        "ok no",
        "Si no hay de otra",
        "Tal vez",
        "No gracias",
    ],
)
def test_only_a_plain_yes_is_a_yes(bring: Importer, answer: str) -> None:
    """What is doubtful is kept: what was shared once cannot be kept any more."""
    text = f'Nombre,¿Aceptas que publiquemos estos datos?\nA,"{answer}"\nB,Claro que sí\nC,"Sí, adelante"\n'
    assert audiences(bring, text) == {"A": "private", "B": "public", "C": "public"}


def test_who_is_asked_twice_has_to_say_yes_twice(bring: Importer) -> None:
    """The notice of privacy is one question, publishing another."""
    text = "Nombre,¿Aceptas el aviso de privacidad?,¿Autorizas que publiquemos?\nA,Sí,No\nB,Sí,Sí\nC,No,No\n"
    assert audiences(bring, text) == {"A": "private", "B": "public", "C": "private"}


def test_a_tick_under_a_no_is_no_yes(bring: Importer) -> None:
    """«No acepto …» with an X."""
    text = "Nombre,No acepto que se publiquen mis datos\nA,X\nB,\n"
    assert audiences(bring, text) == {"A": "private", "B": "private"}


def test_a_column_of_audiences_beside_the_question_stays_at_home(bring: Importer) -> None:
    """It was written twice, and the mapping could not be read."""
    text = "Nombre,¿Aceptas que publiquemos estos datos?,Quién la ve\nA,No,public\nB,Sí,public\n"
    assert audiences(bring, text) == {"A": "private", "B": "public"}


def test_the_place_of_who_said_no_is_kept_too(bring: Importer) -> None:
    """Its address was public as a place of its own."""
    text = (
        "Servicio,Calle y número,¿Aceptas que publiquemos estos datos?\n"
        "Taller de pan,Calle Secreta 1,No\nTaller de luz,Calle Abierta 2,Sí\n"
    )
    report = bring(text, type="service", dry=True)
    kept = {str(c.fields.get("street_address")): c.fields.get("audience") for c in report.changes}
    assert kept["Calle Secreta 1"] == "private" and kept["Calle Abierta 2"] is None


def test_mixed_ways_to_reach_somebody_are_no_name() -> None:
    """An e-mail, a telephone and a name with one under «Contacto»."""
    text = "Curso,Contacto\nA,tierra@x.example\nB,Dra. Luz Mora 55 1234 5678\nC,5512345699\n"
    assert guessed(text, "event")["Contacto"] == HOME


def test_what_programs_read_is_left_out_and_what_people_wrote_is_kept() -> None:
    """No style or script in a public description; no words lost in signs of other languages."""
    cell = "<style>p {color: red}</style>Casa<script>track()</script><p>Sol <![CDATA[de todos]]> <?hoy?></p>"
    text = without_html(cell)
    assert "color" not in text and "track" not in text
    assert all(word in text for word in ("Casa", "Sol", "de todos", "hoy"))
