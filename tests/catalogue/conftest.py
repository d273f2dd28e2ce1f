from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commons.catalogue.store import Catalogue
from commons.release.keys import new_identity

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROFILE = {"title": "Comedor La Paz", "licence": "CC-BY-4.0", "language": "es"}


def make(path: Path, **extra: object) -> Catalogue:
    return Catalogue.create(path, keylog=new_identity().keylog_bytes, profile=PROFILE, at=NOON, **extra)  # type: ignore[arg-type]


@pytest.fixture
def at() -> datetime:
    return NOON


@pytest.fixture
def new_catalogue(tmp_path: Path) -> Callable[..., Catalogue]:
    return lambda name="paz.db", **extra: make(tmp_path / name, **extra)


@pytest.fixture
def catalogue(new_catalogue: Callable[..., Catalogue]) -> Iterator[Catalogue]:
    with new_catalogue() as made:
        yield made
