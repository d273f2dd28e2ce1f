"""What the organisation decided once: small values by name. Not part of the history."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping

from commons.catalogue.file import CatalogueFile
from commons.model import Value

_PREFIX = "setting:"


class Settings(MutableMapping[str, Value]):
    """A mapping that is kept in the catalogue; each write is a transaction, or part of the open act."""

    def __init__(self, file: CatalogueFile) -> None:
        self._file = file

    def __getitem__(self, key: str) -> Value:
        text = self._file.scalar("SELECT value FROM meta WHERE key = ?", (_PREFIX + key,))
        if not isinstance(text, str):
            raise KeyError(key)
        value: Value = json.loads(text)
        return value

    def __setitem__(self, key: str, value: Value) -> None:
        with self._file.writing():
            self._file.execute(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                (_PREFIX + key, json.dumps(value, ensure_ascii=False)),
            )

    def __delitem__(self, key: str) -> None:
        self[key]
        with self._file.writing():
            self._file.execute("DELETE FROM meta WHERE key = ?", (_PREFIX + key,))

    def __iter__(self) -> Iterator[str]:
        for row in list(
            self._file.rows("SELECT key FROM meta WHERE key GLOB ? ORDER BY key", (_PREFIX + "*",))
        ):
            yield row["key"].removeprefix(_PREFIX)

    def __len__(self) -> int:
        return sum(1 for _ in self)
