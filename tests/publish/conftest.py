"""Editions of the sample pool, made by a real callable in place of the bridge."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from commons.publish.edition import Edition, Remake
from tests.portal.sample import KITCHEN, write_sample


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("publish") / "pool.db")


@pytest.fixture
def remake(pool: Path, tmp_path: Path) -> Callable[..., Remake]:
    """A callable that gives each lock its own edition; `barred` stands for today's tombstones."""
    release = tmp_path / "release.entrega"
    release.write_bytes(b"a release")

    def make(barred: frozenset[str] = frozenset()) -> Remake:
        def remade(lock: bytes, scratch: Path) -> Edition:
            copy = scratch / "pool.db"
            shutil.copyfile(pool, copy)
            said = lock + "".join(sorted(barred)).encode()
            return Edition(copy, "5f" * 32, said, {KITCHEN: b"{}\n"}, {"ab" * 32: release}, barred)

        return remade

    return make
