"""The demo goes the whole road, and its portal answers."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parent.parent
COMMONS = Path(sys.executable).with_name("commons")

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that the demo filled, and all that it said."""
    folder = tmp_path_factory.mktemp("demo") / "run"
    command = [sys.executable, ROOT / "scripts" / "demo.py", "--no-serve", "--folder", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


@pytest.fixture(scope="module")
def portal(demo: tuple[Path, str]) -> Iterator[httpx.Client]:
    """The demo's portal, served as `make demo` serves it, on a port that is free."""
    with subprocess.Popen(
        [COMMONS, "serve", "portal", "--port", "0"], cwd=demo[0], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            address = re.search(r"http://\S+", server.stdout.readline())
            assert address
            with httpx.Client(base_url=address.group(), follow_redirects=True, timeout=20) as client:
                yield client
        finally:
            server.terminate()


def test_the_same_lock_gives_the_same_root(demo: tuple[Path, str]) -> None:
    """Merged from sources, merged again from the lock, published: one root."""
    roots = re.findall(r"\b[0-9a-f]{64}\b", demo[1])
    assert len(roots) >= 3 and len(set(roots)) == 1


def test_what_belongs_to_a_person_stays_home(demo: tuple[Path, str], portal: httpx.Client) -> None:
    """A contact without consent is named before the release and found nowhere after it."""
    assert "Teléfono personal se queda en casa" in demo[1]
    for release in (demo[0] / "entregas").iterdir():
        assert b"5555550171" not in release.read_bytes() and b"Persona Ejemplo" not in release.read_bytes()
    assert "0171" not in portal.get("/es/buscar", params={"q": "Taller Rueda Libre"}).text


def test_one_library_of_two_members_is_one_record_with_both_words(portal: httpx.Client) -> None:
    """Two members name the same library by the same key: one result, both said, both phones."""
    found = portal.get("/es/buscar", params={"q": "colibri"}).text
    (link,) = set(re.findall(r'href="(/es/f/[^"]*biblioteca-ejemplo-el-colibri)"', found))
    page = portal.get(link).text
    assert "55 5555 0141" in page and "55 5555 0199" in page
    assert "Comedor Ejemplo La Jacaranda" in page and "Red Ejemplo de Bibliotecas de Barrio" in page
    assert "En qué no coinciden" in page


@pytest.mark.parametrize("path", ["/", "/es/", "/en/", "/es/acerca", "/en/about", "/data/service"])
def test_pages_answer_without_cookies(portal: httpx.Client, path: str) -> None:
    """Every door is open, in both languages, and sets nothing in the visitor's browser."""
    answer = portal.get(path)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


def test_the_nightly_recipe_merges_and_publishes_what_is_new(demo: tuple[Path, str]) -> None:
    """The recipe that a maintainer gives to cron runs twice in a row and ends truthfully."""
    recipe = ROOT / "publish" / "folder" / "nightly.sh"
    path = {"PATH": f"{COMMONS.parent}:/usr/bin:/bin"}
    command = ["sh", recipe, "federacion", "nightly"]
    for _ in range(2):
        done = subprocess.run(command, cwd=demo[0], env=path, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stdout + done.stderr
    assert (demo[0] / "nightly" / "current" / "data.db").is_file()
    broken = subprocess.run([*command[:2], "nowhere", "nightly"], cwd=demo[0], env=path, check=False)
    assert broken.returncode > 1


def test_a_published_version_holds_all_that_is_needed_to_make_it_again(
    demo: tuple[Path, str], tmp_path: Path
) -> None:
    """Lock and releases of a version, copied elsewhere, give the root that the version names."""
    shown = demo[0] / "portal" / "current"
    (tmp_path / "store").mkdir()
    shutil.copy(shown / "commons.lock", tmp_path)
    shutil.copytree(shown / "releases", tmp_path / "store" / "releases")
    command = [COMMONS, "merge", "--locked", "--federation", tmp_path, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["root"] == (shown / "root.txt").read_text().strip()
