from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commons.catalogue.store import Catalogue
from commons.imports.loading.load import look_ahead, run
from commons.imports.loading.plan import Wishes
from commons.imports.loading.prepare import Given, prepare
from commons.imports.loading.report import ImportReport
from commons.release.keys import new_identity

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROFILE = {"title": "Comedor La Paz", "licence": "CC-BY-4.0", "language": "es", "territory": "cdmx"}

Importer = Callable[..., ImportReport]


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue.create(
        tmp_path / "paz.db", keylog=new_identity().keylog_bytes, profile=PROFILE, at=NOON
    ) as made:
        yield made


@pytest.fixture
def at() -> datetime:
    return NOON


@pytest.fixture
def bring(catalogue: Catalogue) -> Importer:
    """Imports a text as a file would be: `bring(csv, mapping=yaml, type="place", complete=True …)`."""

    def bring(
        text: str,
        mapping: str | None = None,
        *,
        type: str | None = None,
        name: str = "lista.csv",
        dry: bool = False,
        source: str | None = None,
        **wishes: bool,
    ) -> ImportReport:
        given = Given(text.encode(), name, "", type, None, source, mapping, "mapa.yaml", Wishes(**wishes))
        request = prepare(catalogue, given, lang="es").request
        return look_ahead(catalogue, request) if dry else run(catalogue, request, at=NOON)

    return bring
