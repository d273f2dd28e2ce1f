"""What people type becomes a value or a reason; what is shown is read back as the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.schema import territory, typed
from commons.schema.spec import Field
from tests.schema.values import SCHEMA, values_of

CDMX = territory.load("cdmx")
FIELDS = [(t.name, f.name) for t in SCHEMA.types.values() for f in t.fields.values()]


def field(name: str) -> Field:
    rtype, _, rest = name.partition(".")
    return SCHEMA.types[rtype].fields[rest]


UNDERSTOOD = [
    (
        "place.phones",
        "55 5555 0134 ext. 12; 55 5555 0177 WhatsApp",
        [{"number": "+525555550134", "extension": "12"}, {"number": "+525555550177", "kind": "whatsapp"}],
    ),
    (
        "place.phones",
        "044 55 5550 0022 / 5550 0023",
        [{"number": "+525555500022"}, {"number": "+525555500023"}],
    ),
    ("place.phones", "5.555500306E9", [{"number": "+525555500306"}]),
    (
        "place.phones",
        "01 (55) 5550-0016, 55 5550 0017",
        [{"number": "+525555500016"}, {"number": "+525555500017"}],
    ),
    ("place.phones", "Tel. 911", [{"number": "911"}]),
    ("place.district", "Alvaro Obreg", "09010"),
    ("place.district", "Cuahutemoc", "09015"),
    ("place.district", "Delegación Coyoacán", "09003"),
    ("place.district", "9007", "09007"),
    ("organization.districts", "Iztapalapa y Tlahuac; GAM", ["09007", "09011", "09005"]),
    ("place.latitude_e6", "19.4326", 19_432_600),
    ("place.longitude_e6", "-99,1332", -99_133_200),
    ("place.latitude_e6", "19°25'57\"N", 19_432_500),
    ("place.longitude_e6", "99°7'60\" O", -99_133_333),
    ("service.price", "$1,250.50 MXN", 125_050),
    ("service.price", "50", 5_000),
    ("place.capacity", "1,200 personas", 1_200),
    ("place.capacity", "85.0", 85),
    ("service.is_free", "Sí", True),
    ("service.is_free", "X", True),
    ("service.is_free", "no", False),
    ("place.status", "activo", "open"),
    ("place.topics", "Alimentacion, salud; agua", ["food", "health", "water"]),
    ("place.kind", "Albergues", "shelter"),
    ("place.licence", "cc by", "CC-BY-4.0"),
    ("place.confirmed_at", "21/11/2026", "2026-11-21T06:00:00Z"),
    ("place.confirmed_at", "21/11/2026 6:30 pm", "2026-11-22T00:30:00Z"),
    ("place.confirmed_at", "42997.81", "2017-09-20T00:26:24Z"),
    ("place.expires_at", "31 de diciembre de 2026", "2027-01-01T05:59:59Z"),
    ("project.starts_on", "25-ene-18", "2018-01-25"),
    ("project.starts_on", "Dec 31, 2026", "2026-12-31"),
    ("place.postal_code", "3300.0", "03300"),
    ("place.url", "www.example.org/x", "https://www.example.org/x"),
    ("place.email", "mailto:Hola@Example.ORG", "Hola@example.org"),
    ("place.alternate_names", "Uno, S. C.\nDos", ["Uno, S. C.", "Dos"]),
    (
        "need.items",
        "cobijas 40; colchonetas 20/50 piezas; agua",
        [
            {"name": "cobijas", "quantity": 40},
            {"name": "colchonetas", "quantity": 50, "met": 20, "unit": "pieces"},
            {"name": "agua"},
        ],
    ),
    (
        "resource.links",
        "Guía: https://example.org/a.pdf",
        [{"url": "https://example.org/a.pdf", "title": "Guía"}],
    ),
    ("place.capacity", "s/d", None),
    ("place.phones", "No tiene", None),
    ("place.title", "-", None),
]
REFUSED = [
    ("project.starts_on", "31/02/2025", "date-impossible"),
    ("project.starts_on", "21/09", "date-no-year"),
    ("project.starts_on", "09/20/2017", "date-other-order"),
    ("project.starts_on", "pronto", "date-malformed"),
    ("place.confirmed_at", "21/11/2026 25:00", "date-malformed"),
    ("place.district", "Cuernavaca", "district-unknown"),
    ("place.district", "Cuatla", "district-unknown"),
    ("place.district", "Ixtapaluca", "district-unknown"),
    ("place.capacity", "como 30", "not-integer"),
    ("service.price", "50 mil", "money-unclear"),
    ("place.phones", "55 5550 00", "phone-malformed"),
    ("place.phones", "preguntar a Juan", "phone-malformed"),
    ("place.contact_phone", "5550 0016 y 5550 0017", "several-values"),
    ("place.url", "javascript:alert(1)", "url-malformed"),
    ("place.email", "a@example.org; b@example.org", "several-values"),
    ("place.status", "quién sabe", "term-malformed"),
    ("place.latitude_e6", "119.4", "out-of-range"),
    ("place.latitude_e6", "norte", "position-unclear"),
    ("place.schedules", "según haya existencias", "schedule-unclear"),
    ("service.is_free", "depende", "not-boolean"),
    ("place.organization", "Comedor La Paz", "reference-malformed"),
    ("place.title", "a" * 201, "too-long"),
    ("place.identifiers", "MX-RFC:GOAP780710RH7", "identifier-personal"),
]
READ_IN = [
    ("place.district", "Alvaro Obreg", "spelling-forgiven"),
    ("place.phones", "5550 0016", "phone-area-added"),
    ("place.postal_code", "3300.0", "postal-code-mended"),
    ("project.starts_on", "42997", "date-serial"),
    ("place.identifiers", "sin esquema", "identifier-malformed"),
    ("service.languages", "qqq", "term-unlisted"),
]


@given(st.data())
def test_what_is_shown_is_read_back_as_the_same_value(data: st.DataObject) -> None:
    """The law of typed values, for every field, both languages and both territories."""
    rtype, name = data.draw(st.sampled_from(FIELDS))
    spec = SCHEMA.types[rtype].fields[name]
    value = data.draw(values_of(spec))
    lang = data.draw(st.sampled_from(["es", "en"]))
    place = data.draw(st.sampled_from([CDMX, territory.load("none")]))
    text = typed.show(spec, value, lang=lang, territory=place)
    assert typed.read(spec, text, lang=lang, territory=place).value == value


@given(st.sampled_from(FIELDS), st.text())
def test_any_text_is_a_value_or_nothing_or_a_reason(name: tuple[str, str], text: str) -> None:
    """Whatever is typed, no error escapes, and a value that comes out is valid."""
    spec = SCHEMA.types[name[0]].fields[name[1]]
    reading = typed.read(spec, text, territory=CDMX)
    if reading.value is None and reading.finding is not None:
        assert reading.finding.level == "error"
    if reading.value is not None:
        assert reading.finding is None or reading.finding.level != "error"


@pytest.mark.parametrize("name, text, value", UNDERSTOOD)
def test_people_are_understood(name: str, text: str, value: object) -> None:
    """Cells as real sheets have them."""
    assert typed.read(field(name), text, territory=CDMX).value == value


@pytest.mark.parametrize("name, text, code", REFUSED)
def test_doubt_is_refused_with_its_reason(name: str, text: str, code: str) -> None:
    """Nothing is guessed: there is no value, and a finding says why."""
    reading = typed.read(field(name), text, territory=CDMX)
    assert reading.value is None
    assert reading.finding is not None
    assert reading.finding.code == code


@pytest.mark.parametrize("name, text, code", READ_IN)
def test_what_was_read_in_is_said(name: str, text: str, code: str) -> None:
    """A value that is not literally what was typed comes with a note."""
    reading = typed.read(field(name), text, territory=CDMX)
    assert reading.value is not None
    assert reading.finding is not None
    assert reading.finding.code == code
    assert reading.finding.level != "error"


@pytest.mark.parametrize("name", ["place.phones", "place.contact_phone", "resource.links", "place.schedules"])
@pytest.mark.parametrize("text", ["(" * 30_000, "a" * 30_000, "1-" * 15_000, "9:00 " * 6_000])
def test_a_cell_meant_to_keep_us_busy_is_refused_at_once(name: str, text: str) -> None:
    """No pattern is let loose on tens of thousands of letters."""
    reading = typed.read(field(name), text, territory=CDMX)
    assert reading.value is None
    assert reading.finding is not None
    assert reading.finding.code == "too-long"
