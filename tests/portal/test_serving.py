"""`commons serve`: a real process, a real port."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commons.errors import InputError
from commons.pool.opening import NoPool, NotAPool, OtherContract, open_pool
from commons.portal.serving import PortTaken, listen
from tests.portal.sample import write_sample

COMMONS = [sys.executable, "-m", "commons", "--lang", "es"]


@contextmanager
def served(target: Path) -> Iterator[int]:
    """A running portal; gives its port."""
    command = [*COMMONS, "serve", str(target), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("El portal está abierto en http://127.0.0.1:"), line
        yield int(line.strip().rstrip("/").rpartition(":")[2])
    finally:
        process.terminate()
        process.communicate(timeout=20)


def get(port: int, path: str, tries: int = 100) -> tuple[int, str]:
    for _ in range(tries):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except ConnectionError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("nothing answers")


def test_serve_opens_a_portal_at_the_printed_address(tmp_path: Path) -> None:
    """From a pool.db of any name to pages and tables, with the heap bounded for the whole process."""
    with served(write_sample(tmp_path / "mi acervo?mode=rwc#.db")) as port:
        assert get(port, "/es/")[0] == 200
        assert "Comida caliente" in get(port, "/es/buscar?q=comida")[1]
        assert get(port, "/data/service.json?_shape=array")[0] == 200


def test_serve_follows_the_published_folder(tmp_path: Path) -> None:
    """When `current` is swapped, readers get the new version without a restart."""
    for n, name in enumerate(("one", "two")):
        (tmp_path / "out" / name).mkdir(parents=True)
        write_sample(tmp_path / "out" / name / "data.db", territory=None if n else "cdmx")
    current = tmp_path / "out" / "current"
    current.symlink_to("one")
    with served(tmp_path / "out") as port:
        assert "Iztapalapa" in get(port, "/es/")[1]
        (tmp_path / "out" / "next").symlink_to("two")
        (tmp_path / "out" / "next").replace(current)
        # the new one knows no territory, so it shows the district's code: to the first who comes, already
        assert "Iztapalapa" not in get(port, "/es/")[1]


def test_what_cannot_be_served_is_said_in_a_sentence(tmp_path: Path) -> None:
    """Nothing, something else, or another version: no traceback, exit code not 0."""
    (tmp_path / "text.db").write_text("not a database")
    for target in (tmp_path / "none.db", tmp_path / "text.db", tmp_path):
        done = subprocess.run([*COMMONS, "serve", str(target)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2
        assert "acervo" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("damage", [b"", b"SQLite format 3\x00" + b"\x00" * 100])
def test_a_file_that_is_no_pool_is_refused(tmp_path: Path, damage: bytes) -> None:
    """By its first bytes, before SQLite looks at it."""
    (tmp_path / "pool.db").write_bytes(damage)
    with pytest.raises(NotAPool):
        open_pool(tmp_path / "pool.db")
    with pytest.raises(NoPool):
        open_pool(tmp_path / "other.db")


def test_a_pool_of_another_contract_is_refused(tmp_path: Path) -> None:
    """Whoever made it has the right program."""
    import sqlite3

    path = write_sample(tmp_path / "pool.db")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'contract'")
    connection.close()
    with pytest.raises(OtherContract, match="99"):
        open_pool(path)


def test_a_taken_port_is_said_so() -> None:
    """With the way out: another port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTaken) as caught:
            listen("127.0.0.1", taken.getsockname()[1])
    assert isinstance(caught.value, InputError) and "--port" in caught.value.hint
