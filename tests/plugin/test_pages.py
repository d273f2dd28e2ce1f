"""What the public reads."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from commons.addresses import short_code
from commons.pool.write import Content, write_pool
from datasette_commons.portal.site import site_of
from tests.portal.running import open_portal
from tests.portal.sample import CLINIC, HELD, KITCHEN, LONG_TITLE, NETWORK, WITHDRAWN

MEALS = f"{KITCHEN}/service/comida-caliente"
CODE = short_code(MEALS)
PAGES = [
    ("/es/", "/en/"),
    ("/es/buscar?q=comida", "/en/search?q=comida"),
    (f"/es/f/{CODE}-comida-caliente-de-lunes-a-viernes", f"/en/f/{CODE}-comida-caliente-de-lunes-a-viernes"),
    (f"/es/miembro/{CLINIC}", f"/en/member/{CLINIC}"),
    ("/es/acerca", "/en/about"),
    ("/es/tema/food", "/en/topic/food"),
    ("/es/alcaldia/09007", "/en/district/09007"),
    ("/es/datos", "/en/data"),
]


async def text_of(portal: Any, path: str, status: int = 200) -> str:
    answer = await portal.client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return str(answer.text)


@pytest.mark.parametrize("spanish, english", PAGES, ids=[p[0] for p in PAGES])
async def test_every_page_names_its_language_and_its_twin(portal: Any, spanish: str, english: str) -> None:
    """A page says which language it is in, and the same page in the other one is one tap away."""
    for path, lang, twin in ((spanish, "es", english), (english, "en", spanish)):
        page = await text_of(portal, path)
        assert f'<html lang="{lang}">' in page
        assert f'href="{twin}"' in page


@pytest.mark.parametrize(
    "accepts, leads_to",
    [
        ("en-GB,en;q=0.9,es;q=0.2", "/en/"),
        ("es-MX", "/es/"),
        ("fr", "/es/"),
        ("", "/es/"),
        ("en;q=x,es", "/es/"),
    ],
)
async def test_the_front_door_chooses_by_the_browsers_language(
    portal: Any, accepts: str, leads_to: str
) -> None:
    """`/` leads to a language; the answer says that it depends on it, and sets no cookie."""
    answer = await portal.client.get("/", headers={"Accept-Language": accepts})
    assert answer.headers["location"] == leads_to
    assert answer.headers["vary"] == "Accept-Language"
    assert "set-cookie" not in answer.headers


async def test_search_finds_by_words_without_accents_and_says_how_many(portal: Any) -> None:
    """*clinica* finds nothing less than *clínica*; the number stands in words."""
    page = await text_of(portal, "/es/buscar?q=acompanamiento+psicosocial")
    assert "1 resultado para «acompanamiento psicosocial»" in page
    assert LONG_TITLE in page


async def test_every_filter_shows_its_count_and_can_be_taken_off(portal: Any) -> None:
    """A chosen filter is a link that leads to the same list without it."""
    page = await text_of(portal, "/es/buscar?type=service&district=09007")
    assert "2 fichas" in page
    assert 'href="/es/buscar?district=09007"' in page  # without the type
    assert 'href="/es/buscar?type=service"' in page  # without the district


async def test_nothing_found_offers_the_nearest_spelling(portal: Any) -> None:
    """A slip of the finger is not the end: the page says what may have been meant."""
    page = await text_of(portal, "/es/buscar?q=comifa")
    assert "No encontramos nada para «comifa»" in page
    assert 'href="/es/buscar?q=comida"' in page


async def test_what_has_expired_leaves_lists_and_keeps_its_page(portal: Any) -> None:
    """English lessons ended in October: not found any more, but whoever has the link learns that."""
    assert "Nothing found" in await text_of(portal, "/en/search?q=lessons")
    code = short_code(f"{NETWORK}/service/english-lessons")
    assert "Venció el 3 de octubre de 2026" in await text_of(portal, f"/es/f/{code}")


async def test_a_record_says_what_its_reader_needs_and_who_says_so(portal: Any) -> None:
    """Phone to tap, hours in words, both speakers, and where they differ."""
    page = await text_of(portal, f"/es/f/{CODE}")
    assert 'href="tel:+525555550134"' in page
    assert "Lunes a viernes, 09:00–15:00" in page
    assert "Sin costo" in page
    assert "En qué no coinciden" in page and "55 5555 0199" in page
    assert "Red de Saberes del Oriente" in page
    assert "esta federación no la muestra por ahora" in page
    assert "(ext. 12; lo dice Comedor La Paz)" in page


async def test_members_words_cannot_run_or_fetch(portal: Any) -> None:
    """Markdown is cleaned, javascript: addresses vanish, pictures of other hosts are not loaded."""
    page = await text_of(portal, f"/es/f/{CODE}")
    assert "<script" not in page
    assert "javascript:" not in re.sub(r"\[no\]\(javascript:alert\(1\)\)", "", page)
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


async def test_the_records_json_is_lossless_and_without_salt(portal: Any) -> None:
    """Programs get everybody's claims as signed, but not what keeps digests from being guessed."""
    data = json.loads(await text_of(portal, f"/es/f/{CODE}.json"))
    assert data["address"] == MEALS
    assert [c["member"] for c in data["claims"]] == [KITCHEN, NETWORK]
    assert data["fields"]["place"] == f"{KITCHEN}/place/local-la-paz"
    assert "salt" not in json.dumps(data)


async def test_a_prefix_or_an_old_address_leads_to_the_record(portal: Any) -> None:
    """Four letters are enough where they are unique; a claim's own address leads to its entity."""
    prefix = await portal.client.get(f"/es/f/{CODE[:5]}")
    assert prefix.headers["location"].startswith(f"/es/f/{CODE}-comida")
    long_form = await portal.client.get(f"/en/record/{NETWORK}/service/comidas-la-paz")
    assert long_form.headers["location"].startswith(f"/en/f/{CODE}-comida")


async def test_a_withdrawn_address_says_so_and_nothing_else(portal: Any) -> None:
    """410 and a sentence; what was never here is 404."""
    page = await text_of(portal, f"/es/ficha/{WITHDRAWN}", 410)
    assert "Esta ficha fue retirada" in page
    assert "casa" not in re.sub(r"<link[^>]*>|<a [^>]*>", "", page)
    for never in (f"/es/ficha/{WITHDRAWN}x", "/es/f/zzzzzzzz-algo"):  # removed or never here: nobody can tell
        page = await text_of(portal, never, 404)
        assert "Esta ficha ya no está aquí, o nunca estuvo" in page and "puede volver" in page
    short = short_code(WITHDRAWN)
    said = await text_of(portal, f"/es/f/{short}-casa-de-apoyo", 410)  # whose record it was, nobody can tell
    assert "Esta ficha fue retirada" not in said and "dice que retiró la ficha que estaba aquí" in said
    assert "This record is no longer here" in await text_of(portal, f"/en/f/{short}", 410)
    await text_of(portal, f"/es/f/{short[:5]}", 404)


async def test_who_keeps_a_catalogue_for_others_is_named_with_them(portal: Any) -> None:
    """On its records' pages and among those who take part: the keeper may have a catalogue of its own."""
    site = await site_of(portal)
    next(m for m in site.members if m.id == CLINIC).row["on_behalf_of"] = "Colectivo Nopal"
    told = "Clínica Las Flores (para Colectivo Nopal)"
    for path in (f"/es/f/{short_code(f'{CLINIC}/service/consulta-dental')}", "/es/acerca", "/es/"):
        assert told in await text_of(portal, path), path
    member = await text_of(portal, f"/es/miembro/{CLINIC}")
    assert "Publicado por Clínica Las Flores para Colectivo Nopal." in member


async def test_a_members_page_leaves_the_maintainers_chores_to_the_maintainer(portal: Any) -> None:
    """What the federation has not noted yet, and commands to type, are nothing for the public."""
    site = await site_of(portal)
    receipt = next(m for m in site.members if m.id == NETWORK).receipt
    receipt["findings"] = [
        {"code": "says-for", "value": "Huerto"},
        {"code": "R_COPY", "type": "place", "record": "x"},
    ]
    page = await text_of(portal, f"/es/miembro/{NETWORK}")
    assert "Huerto" not in page and "commons federation" not in page and "place/x" in page


async def test_a_member_that_took_everything_away_has_left(portal: Any) -> None:
    """It is neither up to date nor about to share something."""
    site = await site_of(portal)
    site.__dict__["leaving"] = frozenset({KITCHEN, "a" * 26})
    assert "Se va" in await text_of(portal, f"/es/miembro/{KITCHEN}")  # something of it is still shown
    site.index.values["member"].pop(KITCHEN)
    page = await text_of(portal, f"/es/miembro/{KITCHEN}")
    assert "Se fue" in page and "Retiró todo lo que compartía." in page and "Al corriente" not in page


async def test_about_says_how_to_check_this_very_portal(portal: Any) -> None:
    """With the address by which the reader came; a host that is none is not repeated."""
    page = await text_of(portal, "/es/acerca")
    assert "commons verify http://localhost/" in page
    odd = await portal.client.get("/es/acerca", headers={"host": "a b;rm"})
    assert "rm" not in odd.text.split("commons verify")[1][:30]


async def test_a_members_page_says_that_a_newer_release_waits(portal: Any) -> None:
    """Not only «al corriente»; without blame."""
    page = await text_of(portal, f"/es/miembro/{KITCHEN}")
    assert "Hay una entrega más nueva, la número 1.12, que espera" in page and "la número 11," in page
    assert "más nueva" not in await text_of(portal, f"/es/miembro/{CLINIC}")


async def test_a_held_address_says_that_it_is_on_pause_and_nothing_else(portal: Any) -> None:
    """By address and by code, in both languages, until when, never why; a held field hides no page."""
    page = await text_of(portal, f"/es/ficha/{HELD}", 403)
    assert (
        "Esta ficha está en pausa" in page and "31 de enero de 2099" in page and 'content="noindex"' in page
    )
    assert "reservada" not in re.sub(r"<link[^>]*>|<a [^>]*>", "", page)
    assert "at the latest until 31 January 2099" in await text_of(
        portal, f"/en/f/{short_code(HELD)}-casa", 403
    )
    await text_of(portal, f"/es/f/{short_code(HELD)[:5]}", 404)
    await text_of(portal, f"/es/ficha/{KITCHEN}/place/otra", 404)


@pytest.mark.parametrize(
    "path",
    [
        "/es/f/abc",
        "/es/f/zzzzzzzz",
        "/es/tema/nada",
        "/en/member/" + "a" * 26,
        "/es/no",
        "/es/f/%00",
        "/es/f/é",
    ],
)
async def test_an_unknown_address_gets_a_kind_page(portal: Any, path: str) -> None:
    """404 in the portal's look, with the field to search in; never a traceback."""
    answer = await portal.client.get(path, follow_redirects=True)  # Datasette re-encodes odd characters first
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


async def test_about_says_what_is_not_said(portal: Any) -> None:
    """Who pays stays visibly open; the root and the number of withdrawals are there."""
    page = await text_of(portal, "/es/acerca")
    assert "todavía no se dice" in page
    assert "5f" * 32 in page
    assert "1 ficha o versión anterior fue retirada" in page
    assert 'href="mailto:hola@example.org"' in page


async def test_content_in_another_language_says_so(portal: Any) -> None:
    """A screen reader reads Spanish titles in Spanish on an English page."""
    page = await text_of(portal, "/en/search?q=dental")
    assert '<h2 lang="es" dir="auto">' in page


async def test_nobody_is_called_by_a_page_and_each_script_runs_its_own_way(portal: Any) -> None:
    """A record that only has a page in the net; titles may be written from right to left."""
    page = await text_of(portal, f"/es/f/{short_code(CLINIC + '/service/acompanamiento')}")
    assert "<dt>Página web</dt>" in page and "Llamar o escribir" not in page
    assert '<h1 class="long" dir="auto">' in page


async def test_a_page_beyond_the_last_shows_the_last(portal: Any) -> None:
    """Odd page numbers are no error."""
    for number in ("99", "0", "-1", "x", "9" * 40):
        assert "6 fichas" in await text_of(portal, f"/es/buscar?page={number}")


async def test_no_page_names_another_host(portal: Any) -> None:
    """Nothing is fetched from elsewhere: no script, style, picture or font has a foreign address."""
    for path, _twin in PAGES:
        page = await text_of(portal, path)
        fetched = re.findall(r'(?:src|srcset|action)="([^"]*)"|<link[^>]*href="([^"]*)"', page)
        assert all(not url.startswith(("http", "//")) for pair in fetched for url in pair if url)


async def test_contacts_that_nobody_stands_by_any_more_are_not_shown(portal: Any) -> None:
    """The clinic's release has run out: its page stays, its number does not."""
    page = await text_of(portal, f"/es/f/{short_code(f'{CLINIC}/service/consulta-dental')}")
    assert "Consulta dental" in page and "No se muestran teléfonos" in page
    assert "tel:" not in page and "55 5555 0177" not in page


async def test_a_member_that_gives_no_contact_does_not_leave_the_reader_alone(portal: Any) -> None:
    """The page says so, and whom else to ask; with a contact, or one that ran out, it is silent on this."""
    page = await text_of(portal, f"/es/miembro/{NETWORK}")
    assert "Esta organización no dice aquí cómo comunicarse con ella." in page
    assert 'llevan este portal pueden saberlo:</span> <a href="mailto:hola@example.org"' in page
    for member in (KITCHEN, CLINIC):
        assert "cómo comunicarse" not in await text_of(portal, f"/es/miembro/{member}")


async def test_lists_members_and_the_whole_have_a_twin_for_programs(portal: Any) -> None:
    """`.json` under the same address: results with counts, a member with its receipt, root and releases."""
    found = json.loads(await text_of(portal, "/es/buscar.json?q=comida&type=service"))
    assert found["total"] == 1 and found["results"][0]["address"] == MEALS
    assert found["filters"] == {"type": ["service"]}
    assert json.loads(await text_of(portal, "/en/topic/food.json"))["total"] == 2
    assert json.loads(await text_of(portal, f"/es/miembro/{CLINIC}.json"))["refused"] == 3
    assert json.loads(await text_of(portal, "/en/about.json"))["root"] == "5f" * 32
    assert 'href="/es/buscar.json?q=comida"' in await text_of(portal, "/es/buscar?q=comida")


async def test_where_several_speak_each_value_says_whose_word_it_is(portal: Any) -> None:
    """The title is the kitchen's alone; the topics are said by both."""
    page = await text_of(portal, f"/es/f/{CODE}")
    origins = page.split("¿Por qué aparece esto?")[1]
    assert "<dt>Comedor La Paz</dt><dd>Nombre, Teléfonos" in origins
    both = origins.split("<dt>Comedor La Paz y Red de Saberes del Oriente</dt>")
    assert len(both) == 2 and "Temas, " in both[1].split("</dd>")[0]


async def test_an_empty_pool_has_a_front_page_too(tmp_path: Path) -> None:
    """Before the first release there is nothing, and that is said without an error."""
    write_pool(tmp_path / "pool.db", Content((), (), {"federation": {"name": {"es": "Vacía"}}}))
    with open_portal(tmp_path / "pool.db") as datasette:
        for path in ("/es/", "/en/", "/es/buscar", "/es/buscar?q=algo", "/es/acerca", "/es/datos"):
            assert (await datasette.client.get(path)).status_code == 200, path
