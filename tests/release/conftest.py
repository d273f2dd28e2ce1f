"""A catalogue with what usually goes wrong in it, and its key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commons.catalogue.store import Catalogue
from commons.format import container
from commons.format.container import ReleaseFiles
from commons.release import build, keys

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROFILE = {"title": "Comedor La Paz", "licence": "CC-BY-4.0", "language": "es"}


def _random() -> Callable[[int], bytes]:
    """Bytes that are the same in every run."""
    count = 0

    def random(n: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(b"%d" % count).digest(n)

    return random


@pytest.fixture
def at() -> datetime:
    return NOON


@pytest.fixture
def identity() -> keys.NewIdentity:
    return keys.new_identity(_random())


@pytest.fixture
def catalogue(tmp_path: Path, identity: keys.NewIdentity) -> Iterator[Catalogue]:
    path = tmp_path / "paz.db"
    keys.save(keys.key_path(path), identity.current)
    log = identity.keylog_bytes
    with Catalogue.create(path, keylog=log, profile=PROFILE, at=NOON, randomness=_random()) as made:
        yield made


@pytest.fixture
def put(catalogue: Catalogue) -> Callable[..., None]:
    """put("place/casa", title="Casa", …)"""

    def _put(name: str, **fields: Any) -> None:
        type_name, _, record_id = name.partition("/")
        with catalogue.act("edit", at=NOON) as act:
            act.put(type_name, record_id, {"title": record_id.capitalize(), **fields})

    return _put


@pytest.fixture
def leaving(catalogue: Catalogue) -> Callable[..., dict[str, Any]]:
    """leaving("place/casa") → the fields that would leave, or {} where the record stays."""

    def _leaving(name: str) -> dict[str, Any]:
        type_name, _, record_id = name.partition("/")
        return dict(build.preview(catalogue, at=NOON).records.get((type_name, record_id), {}))

    return _leaving


@pytest.fixture
def held(catalogue: Catalogue) -> Callable[[], list[tuple[str, str | None]]]:
    """What stays home, as (code, field)."""
    return lambda: [(f.code, f.field) for f in build.preview(catalogue, at=NOON).held]


@pytest.fixture
def share(catalogue: Catalogue, identity: keys.NewIdentity, tmp_path: Path) -> Callable[[], ReleaseFiles]:
    """Make, write and note the next release."""

    def _share() -> ReleaseFiles:
        shown = build.preview(catalogue, at=NOON)
        path = tmp_path / shown.file_name
        build.share(
            catalogue, identity.current, shown, at=NOON, stage=lambda f: container.staged_file(path, f)
        )
        return container.read(path)

    return _share
