"""A portal over the sample pool, one for all tests of a worker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.portal.running import open_portal
from tests.portal.sample import write_sample


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("portal") / "pool.db", territory="cdmx")


@pytest.fixture
def portal(pool: Path) -> Iterator[Any]:
    with open_portal(pool) as datasette:
        yield datasette
