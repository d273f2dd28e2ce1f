"""A pool with one open question between two members, and a third member's catalogue that may judge."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commons.catalogue.store import Catalogue
from commons.messages import use_language
from commons.pool.opening import open_pool
from commons.review.questions import Questions
from tests.hostile.making import place
from tests.merge.test_judging import merged
from tests.merge.unsigned import IDS, MEMBERS

NOW = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
ONE, OTHER = f"{IDS['a']}/place/uno", f"{IDS['b']}/place/dos"


def catalogue_of(name: str, folder: Path) -> Catalogue:
    """The catalogue of a member of the pool."""
    path = folder / f"{name}.db"
    if path.exists():
        return Catalogue.open(path)
    log = MEMBERS[name].log.to_bytes()
    profile = {"title": f"Red {name}", "licence": "CC-BY-4.0", "language": "es", "territory": "cdmx"}
    return Catalogue.create(path, keylog=log, profile=profile, at=NOW)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("es")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two names under one official key: the program asks. The third member is here, too."""
    folder = tmp_path_factory.mktemp("asked")
    key = {"identifiers": ["X-ID:10020"]}
    world = {
        "a": [place("uno", **{**key, "title": "Comedor La Paz", "street_address": "Calle Ocho 12"})],
        "b": [place("dos", **{**key, "title": "Cocina de Luz", "street_address": "Calle Ocho 14"})],
        "c": [place("tres", title="Biblioteca")],
    }
    merged(str(folder), world).close()
    return folder / "pool.db"


@pytest.fixture
def pool(made: Path, tmp_path: Path) -> Path:
    """A copy for one test."""
    return Path(shutil.copy(made, tmp_path))


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[Catalogue]:
    """The third member's catalogue: neither of the two is its own."""
    with catalogue_of("c", tmp_path) as found:
        yield found


@pytest.fixture
def asked(pool: Path, judge: Catalogue) -> Iterator[Questions]:
    with closing(open_pool(pool)) as connection:
        yield Questions(connection, judge)
