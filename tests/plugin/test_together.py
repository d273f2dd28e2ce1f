"""Why a page shows several records as one, how to object, and where old links lead afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commons.addresses import short_code
from commons.format.proposal import parse
from commons.link.judgements import DIFFERENT
from commons.model import Record
from tests.hostile.making import place
from tests.merge.test_judging import judgement, merged
from tests.merge.unsigned import IDS
from tests.portal.running import open_portal
from tests.portal.sample import CLINIC, KITCHEN, NETWORK

MEALS, SECOND = f"{KITCHEN}/service/comida-caliente", f"{NETWORK}/service/comidas-la-paz"
PAGES = [(lang, f"/{lang}/f/{short_code(MEALS)}") for lang in ("es", "en")]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (PAGES[0][1], ("Por qué estas fichas se muestran juntas", "el mismo teléfono", "No son lo mismo")),
        (
            PAGES[1][1],
            ("Why these records are shown together", "the same telephone", "They are not the same"),
        ),
    ],
)
async def test_a_joined_page_says_why_it_is_one(portal: Any, path: str, words: tuple[str, ...]) -> None:
    """In words, in the reader's language; what speaks against is for whoever judges."""
    page = (await portal.client.get(path)).text
    assert all(word in page for word in words)
    alone = (await portal.client.get(f"/es/f/{short_code(f'{CLINIC}/service/acompanamiento')}")).text
    assert "se muestran juntas" not in alone


async def test_the_readers_file_names_the_records_and_nothing_else(portal: Any) -> None:
    """To take away without a script; it is a proposal, and says so itself."""
    answer = await portal.client.get(f"/es/no-son-lo-mismo/{short_code(SECOND)}")
    assert answer.status_code == 200 and "attachment" in answer.headers["content-disposition"]
    said = parse(answer.content, "x.json")
    assert said.record == SECOND and said.others == (MEALS,) and said.federation == "Saberes de la ciudad"
    assert "Por sí solo este archivo no cambia nada" in answer.text
    for code in (short_code(f"{CLINIC}/service/acompanamiento"), "zzzzzzzz"):
        assert (await portal.client.get(f"/en/not-the-same/{code}")).status_code == 404


async def test_what_was_judged_different_is_named_on_both_pages(portal: Any) -> None:
    """So that nobody takes one for the other."""
    dentist = f"{CLINIC}/service/consulta-dental"
    for address, other in ((MEALS, "Consulta dental"), (dentist, "Comida caliente")):
        page = (await portal.client.get(f"/es/f/{short_code(address)}")).text
        _before, _title, after = page.partition("No hay que confundirla con")
        assert other in after and "según Clínica Las Flores" in after


async def test_a_branch_is_related_and_no_danger(tmp_path: Path) -> None:
    """Who says that two belong together says also that they are two; that is told once, and kindly."""
    one, other = f"{IDS['a']}/place/uno", f"{IDS['b']}/place/dos"
    said = {"subject": one, "kind": "part_of", "object": other, "salt": "a" * 26}
    related = Record("relation", "r-1", said)
    world = {
        "a": [place("uno", title="Casa Sol Norte"), judgement(one, other, DIFFERENT), related],
        "b": [place("dos", title="Casa Sol")],
        "c": [],
    }
    merged(str(tmp_path), world).close()
    with open_portal(tmp_path / "pool.db") as portal:
        for address in (one, other):
            page = (await portal.client.get(f"/es/f/{short_code(address)}")).text
            assert "Con qué se relaciona" in page and "No hay que confundirla con" not in page


async def test_a_relation_is_said_on_both_pages_with_who_says_it(portal: Any) -> None:
    """Related, and two."""
    ends = (f"{NETWORK}/service/english-lessons", f"{CLINIC}/service/acompanamiento")
    for address, other in (ends, ends[::-1]):
        page = (await portal.client.get(f"/es/f/{short_code(address)}")).text
        said = page.partition("Con qué se relaciona")[2].partition("</section>")[0]
        assert "«English lessons on Saturdays» es parte de «Programa comunitario" in said
        assert f"/es/f/{short_code(other)}-" in said and "Red de Saberes del Oriente" in said


async def test_the_json_of_a_page_has_links_and_judgements(portal: Any) -> None:
    """For programs that want to check or to judge."""
    said = json.loads((await portal.client.get(f"/es/f/{short_code(MEALS)}.json")).text)
    assert said["links"][0]["evidence"]["phone"] == 75
    assert [j["verdict"] for j in said["judgements"]] == [DIFFERENT]


async def test_a_wrong_merge_undone_leaves_both_old_links_alive(tmp_path: Path) -> None:
    """Before, both codes lead to one page; afterwards each to its own, and each names the other."""
    key = {"identifiers": ["X-ID:10020"], "title": "Comedor La Paz"}
    world = {"a": [place("uno", **key)], "b": [place("dos", **key)], "c": []}
    one, other = f"{IDS['a']}/place/uno", f"{IDS['b']}/place/dos"
    first, second = (f"/es/f/{short_code(address)}" for address in (one, other))
    (tmp_path / "antes").mkdir()
    merged(str(tmp_path / "antes"), world).close()
    with open_portal(tmp_path / "antes" / "pool.db") as portal:
        pages = [(await portal.client.get(path)).text for path in (first, second)]
    assert all("se muestran juntas" in page for page in pages)
    world["a"].append(judgement(one, other, DIFFERENT, reason="Otra calle"))
    (tmp_path / "despues").mkdir()
    merged(str(tmp_path / "despues"), world).close()
    with open_portal(tmp_path / "despues" / "pool.db") as portal:
        pages = [(await portal.client.get(path)).text for path in (first, second)]
        for page, own, path in zip(pages, (one, other), (second, first), strict=True):
            assert own in page and "se muestran juntas" not in page
            assert path in page.partition("No hay que confundirla con")[2]
