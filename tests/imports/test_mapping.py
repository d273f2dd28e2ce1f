"""A mapping file says what it means or is refused with the line; its rules do what the manual says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from commons.catalogue.store import Catalogue
from commons.imports.loading.report import ImportReport
from commons.imports.mapping.file import MappingRefused, parse_mapping
from commons.messages import speaking
from commons.model import Fields
from commons.schema.spec import load_schema

Importer = Callable[..., ImportReport]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("", 1, "empty"),
        ("type: place\nfields:\n  title: nombre\n  cupos: cupo\n", 4, "cupos"),
        ("type: lugar\nfields: {title: nombre}\n", 1, "lugar"),
        ("type: place\nfields: {title: nombre}\nclave: folio\n", 3, "clave"),
        ("type: place\nfields:\n  title: a\n  title: b\n", 4, "title"),
        ("type: place\nfields:\n  title: {column: a, value: b}\n", 3, "exactly one"),
        ("type: place\nfields:\n  created_at: {column: a, dates: [yyyy]}\n", 3, "yyyy"),
        ("type: place\nfields:\n  phones: {column: a, owner: nadie}\n", 3, "owner"),
        ("type: place\nfields:\n  title: {column: a, pattern: '(('}\n", 3, "pattern"),
        ("type: place\nfields:\n  title: {column: a, pattern: '((a+)+)+b'}\n", 3, "pattern"),
        ("type: place\nfields: {title: a}\nskip: [{column: b}]\n", 3, "condition"),
        ("type: place\nfields: {title: a}\nwithin: {south: 2, west: 0, north: 1, east: 3}\n", 3, "south"),
        ("type: place\nfields: {title: a}\ntime_zone: Luna/Mar\n", 3, "Luna"),
        ("type: place\nfields: {title: a}\nignore: [a]\n", 3, "«a»|“a”"),
        ("type: place\nfields: {title: a}\nkey_of_person: quizá\n", 3, "yes or no"),
        ("type: place\n  fields: [}\n", 2, "YAML"),
        ("a: &x 1\nb: *x\n", 1, "&"),
        ("records:\n  uno: {type: place, fields: {title: a, organization: {record: dos}}}\n", 2, "dos"),
    ],
)
def test_a_wrong_mapping_names_the_line_and_what_is_wrong(text: str, line: int, word: str) -> None:
    """One sentence with file, line and word; a next step; in both languages."""
    with speaking("en"), pytest.raises(MappingRefused, match=word) as caught:
        parse_mapping(text, load_schema(), file="mapa.yaml")
    assert caught.value.line == line and "mapa.yaml" in str(caught.value) and caught.value.hint


def only(catalogue: Catalogue, type_name: str) -> Fields:
    (record,) = catalogue.records(type_name)
    return record.fields


def test_columns_are_joined_split_translated_and_padded(bring: Importer, catalogue: Catalogue) -> None:
    """The rules of the manual, one by one, on one row."""
    sheet = (
        "lugar,calle,num,cp,servicios,tipo,estatus,liga\n"
        'Casa,Palma,12.0,3300.0,"agua, baños, wifi, magia",refugio temporal,ya cerró,q=loc:19.41;-99.13\n'
    )
    mapping = """
type: place
fields:
  title: {template: "{lugar} de {calle}"}
  street_address: {columns: [calle, num]}
  postal_code: {column: cp, digits: 5}
  facilities: {column: servicios, split: ",", only_known: yes}
  kind: {column: tipo, values: {Refugio Temporal: shelter}}
  status: {column: estatus, values: {abierto: open}, otherwise: closed}
  latitude: {column: liga, pattern: 'loc:([0-9.]+)'}
  longitude: {column: liga, pattern: '(-[0-9.]+)'}
whole_numbers: [num]
"""
    bring(sheet, mapping)
    fields = only(catalogue, "place")
    assert fields["title"] == "Casa de Palma" and fields["street_address"] == "Palma 12"
    assert fields["postal_code"] == "03300" and fields["facilities"] == ["water", "toilets", "internet"]
    assert (fields["kind"], fields["status"]) == ("shelter", "closed")
    assert (fields["latitude_e6"], fields["longitude_e6"]) == (19410000, -99130000)
    assert set(fields["extra"]) == {"servicios", "liga"}  # of what was taken in part the whole stays at home


@pytest.mark.parametrize(
    ("cell", "forms", "wanted"),
    [
        ("21/09/2017", "[dd/mm/yyyy]", "2017-09-21T05:00:00Z"),
        ("9/21/2017 16:28:14", "[mm/dd/yyyy]", "2017-09-21T21:28:14Z"),
        ("42998.5", "[excel]", "2017-09-20T17:00:00Z"),
        ("42998", "[iso, excel]", "2017-09-20T05:00:00Z"),
        ("1506107389", "[unix]", "2017-09-22T19:09:49Z"),
        ("21.09", "[dd/mm]", "2017-09-21T05:00:00Z"),
        ("2017-09-24T22:30", "[iso]", "2017-09-25T03:30:00Z"),
        ("8/3/17 5:07 p. m.", "[dd/mm/yy]", "2017-03-08T23:07:00Z"),
    ],
)
def test_dates_are_read_in_the_forms_that_the_mapping_names(
    bring: Importer, catalogue: Catalogue, cell: str, forms: str, wanted: str
) -> None:
    """Each in its own order, in the territory's time."""
    mapping = f"type: need\nyear: 2017\nfields: {{title: t, observed_at: {{column: f, dates: {forms}}}}}\n"
    bring(f"t,f\nAgua,{cell}\n", mapping)
    assert only(catalogue, "need")["observed_at"] == wanted


@pytest.mark.parametrize("cell", ["31/02/2017", "mañana temprano", "8am-5pm", "24 October 2011", "9/21/2017"])
def test_what_is_no_date_waits_as_a_draft(bring: Importer, catalogue: Catalogue, cell: str) -> None:
    """Prose and days that do not exist are listed with row, column and value."""
    mapping = "type: need\nfields: {title: t, observed_at: {column: f, dates: [dd/mm/yyyy]}}\n"
    report = bring(f"t,f\nAgua,{cell}\n", mapping)
    (record,) = catalogue.records("need")
    assert record.drafts == {"observed_at": cell}
    assert [(f.row, f.column, f.value) for f in report.findings] == [(2, "f", cell)]


def test_a_telephone_is_a_persons_until_somebody_says_otherwise(
    bring: Importer, catalogue: Catalogue
) -> None:
    """A person's goes where consent is needed; several are kept at home; exceptions count by row."""
    two = '"55 5555 0102, 55 5555 0103"'
    sheet = f"lugar,tel,tipo\nA,55 5555 0101,vecina\nB,{two},vecina\nC,5.555550104E9,oficina\n"
    mapping = """
type: place
key: lugar
fields:
  title: lugar
  phones: {column: tel, unless: {column: tipo, is: oficina}, owner: person}
"""
    bring(sheet, mapping)
    a, b, c = sorted(catalogue.records("place"), key=lambda r: r.title)
    assert a.fields["contact_phone"] == "+525555550101" and "phones" not in a.fields
    assert b.fields["contact_phone"] == "+525555550102"
    assert b.fields["extra"]["tel"] == "55 5555 0102, 55 5555 0103"  # type: ignore[index,call-overload]
    assert c.fields["phones"] == [{"number": "+525555550104"}] and "contact_phone" not in c.fields


def test_consent_told_by_the_mapping_is_written_once(bring: Importer, catalogue: Catalogue) -> None:
    """Who asked, when and what for; a second import writes no second one."""
    mapping = """
type: place
key: lugar
fields:
  title: lugar
  contact_name: {column: quien, consent: {asked_by: Brigada Ejemplo, when: 2026-11-02, purpose: directorio}}
"""
    for _ in range(2):
        bring("lugar,quien\nA,Marina Ejemplo\n", mapping)
    (consent,) = catalogue.consents
    assert (consent.whose, consent.asked_by, consent.purpose) == (
        "Marina Ejemplo",
        "Brigada Ejemplo",
        "directorio",
    )
    record = next(iter(catalogue.records("place")))
    assert catalogue.consents.covers("place", record.id, "contact_name", "Marina Ejemplo")


def test_one_row_makes_linked_records_of_several_types(bring: Importer, catalogue: Catalogue) -> None:
    """A service, its place, its organisation and the service at the place; shared ones are one record."""
    mapping = """
key: id
records:
  service: {type: service, fields: {title: programa, organization: {record: agency}}}
  hall: {type: place, when: {column: sede, not: ""}, fields: {title: sede, street_address: calle}}
  agency: {type: organization, key: quien, fields: {title: quien}}
  there: {type: service_at_place, fields: {service: {record: service}, place: {record: hall}}}
"""
    sheet = "id,programa,quien,sede,calle\n1,Comedor,Red Ejemplo,Salón,Palma 1\n2,Taller,Red Ejemplo,,\n"
    report = bring(sheet, mapping)
    assert report.records("new") == {"service": 2, "place": 1, "organization": 1, "service_at_place": 1}
    agency = next(iter(catalogue.records("organization")))
    there = only(catalogue, "service_at_place")
    assert {r.fields["organization"] for r in catalogue.records("service")} == {agency.id}
    assert catalogue.get("service", str(there["service"])) and catalogue.get("place", str(there["place"]))


@pytest.mark.parametrize(
    ("cells", "code"),
    [("0,0", "position-zero"), ("16.86,-99.88", "position-outside"), ("-99.13,19.41", "position-swapped"),
     ("19.41,", "position-half")],
)  # fmt: skip
def test_a_position_that_cannot_be_true_waits(
    bring: Importer, catalogue: Catalogue, cells: str, code: str
) -> None:
    """A shelter of Cuauhtémoc does not lie in Acapulco: the record is kept, the position is not believed."""
    mapping = "type: place\nfields: {title: n, district: d, latitude: lat, longitude: lon}\n"
    report = bring(f"n,d,lat,lon\nAlbergue,Cuauhtemoc,{cells}\n", mapping)
    (record,) = catalogue.records("place")
    assert code in {f.code for f in report.findings}
    assert "latitude_e6" not in record.fields and record.drafts and record.fields["district"] == "09015"


def test_boilerplate_is_blank_and_rows_can_be_skipped_and_counted(
    bring: Importer, catalogue: Catalogue
) -> None:
    """A form's advertisement in its cells is no answer."""
    mapping = """
type: need
fields: {title: falta, description: nota}
blank: ["Si tienes info entra a: http://example.org", "n/a"]
skip: [{column: falta, is: CSVFilter}, {column: nota, matches: '^prueba'}]
"""
    sheet = (
        "falta,nota\nAgua,Si tienes info entra a: http://example.org\nCSVFilter,x\nPan,prueba 1\nN/A,n/a\n"
    )
    report = bring(sheet, mapping)
    assert [s.code for s in report.skipped] == [
        "row-headings",
        "row-skipped",
        "row-skipped",
        "row-without-content",
    ]
    assert report.blanked == 3 and "description" not in only(catalogue, "need")
