"""A portal over the sample pool, one for all tests of a worker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commons.portal.serving import datasette_for
from tests.portal.sample import write_sample


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("portal") / "pool.db", territory="cdmx")


@pytest.fixture
def portal(pool: Path) -> Iterator[Any]:
    """Without a heap limit: SQLite would keep it for the whole process, other tests included."""
    datasette = datasette_for(pool, heap_mib=None)
    yield datasette
    datasette.executor.shutdown()
    for database in datasette.databases.values():
        database.close()
