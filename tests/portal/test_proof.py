"""Every portal is a mirror of what it shows: anybody can fetch it, check it, and say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from commons.cli.main import cli
from commons.federation.lock import FILE_NAME
from commons.format import witness
from commons.merge.editions import Editor
from commons.publish.folder import publish
from tests.hostile.making import place
from tests.merge.world import AS_OF, Federation
from tests.portal.running import open_portal
from tests.portal.test_serving import served


@pytest.fixture
def federation(tmp_path: Path) -> Federation:
    """A federation whose pool one of its members has merged again, too."""
    made = Federation(tmp_path / "ciudad")
    made.share("Comedor Ejemplo", [place("uno"), place("dos", licence="ODbL-1.0")])
    made.merge(canonical=True)
    assert made.lock is not None
    made.lock.write(made.folder / FILE_NAME)
    members = [{"id": m.id, "name": name} for name, m in made.members.items()]
    rules = {"name": {"es": "Prueba"}, "members": members, "licences": ["CC-BY-4.0"]}
    (made.folder / "federation.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    (tmp_path / "member.key").write_bytes(made.members["Comedor Ejemplo"].current.to_openssh())
    assert commons("witness", made.folder / "pool.db", "--key", tmp_path / "member.key").exit_code == 0
    return made


@pytest.fixture
def published(federation: Federation, tmp_path: Path) -> Path:
    assert federation.lock is not None
    publish(tmp_path / "portal", federation.lock.to_bytes(), Editor(federation.folder, AS_OF))
    return tmp_path / "portal"


def commons(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, ["--lang", "en", *map(str, words)])


def test_a_testimony_is_published_with_what_it_is_about(federation: Federation, published: Path) -> None:
    """Whoever checks the published folder sees who did before; what was left out is checked, too."""
    assert len(witness.parse_all((published / "current" / "testimonios.txt").read_bytes())) == 1
    done = json.loads(commons("verify", published, "--json").stdout)
    assert done["same"] and done["left_out"] == 1 and done["left_out_untold"] == {}
    assert [(w["agrees"], w["member"]) for w in done["witnesses"]] == [
        (True, federation.id("Comedor Ejemplo"))
    ]


@pytest.mark.parametrize("options, untold", [((), {"R_LICENCE": 1}), (("--full",), {})])
def test_a_portal_can_be_checked_by_its_address(
    published: Path, options: tuple[str, ...], untold: dict[str, int]
) -> None:
    """From any page of it: the pool and the testimonies are fetched, with --full the releases as well."""
    with served(published) as port:
        done = commons("verify", f"http://127.0.0.1:{port}/es/acerca", "--json", *options)
    said = json.loads(done.stdout)
    assert done.exit_code == 0 and said["same"] and said["left_out_untold"] == untold
    assert len(said["witnesses"]) == 1


async def test_a_published_version_offers_its_files_and_nothing_else(published: Path) -> None:
    """By the names of a published folder; nothing above it."""
    current = (published / "current").resolve()
    release = next((current / "releases").iterdir()).name
    with open_portal(current / "data.db") as portal:
        for name in ("data.db", "commons.lock", "root.txt", "testimonios.txt", f"releases/{release}"):
            answer = await portal.client.get(f"/{name}")
            assert answer.status_code == 200 and answer.content == (current / name).read_bytes()
        for name in ("settings.json", "releases/x.entrega", "..%2f..%2fhistory.json", "releases/"):
            assert (await portal.client.get(f"/{name}")).status_code in (302, 404)


async def test_a_pool_that_was_not_published_offers_only_itself(federation: Federation) -> None:
    """What else lies in its folder is the maintainer's."""
    with open_portal(federation.folder / "pool.db") as portal:
        assert (await portal.client.get("/data.db")).content == (federation.folder / "pool.db").read_bytes()
        assert len(witness.parse_all((await portal.client.get("/testimonios.txt")).content)) == 1
        for name in ("commons.lock", "federation.yaml", "store/lock"):
            assert (await portal.client.get(f"/{name}")).status_code in (302, 404)


async def test_the_about_page_says_how_to_check_and_who_did(published: Path) -> None:
    """The command, the root, and the member's name."""
    with open_portal((published / "current" / "data.db").resolve()) as portal:
        page = (await portal.client.get("/es/acerca")).text
    assert (
        "commons verify http://localhost/" in page
        and (published / "current" / "root.txt").read_text().strip() in page
    )
    assert "<li>Comedor Ejemplo, el " in page


@pytest.mark.parametrize("path", ["/nothing-here", ""])
def test_a_place_without_a_pool_is_named(tmp_path: Path, path: str) -> None:
    """One sentence, a next step, exit code 3."""
    done = commons("verify", f"http://127.0.0.1:1{path}")
    assert done.exit_code == 3 and "gave no pool" in done.stderr
