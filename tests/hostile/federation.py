"""A federation of two honest members and a hostile one, merged as the program merges."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import yaml

from commons.format.container import write_file
from tests.hostile.deliveries import GOOD_MEMBERS, HOSTILE, good_records
from tests.hostile.making import release

AS_OF = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)


def founded(folder: Path) -> Path:
    """The folder of the federation; the hostile member's source is an empty folder."""
    (folder / "hostile").mkdir(parents=True)
    members = []
    for n, member in enumerate(GOOD_MEMBERS):
        write_file(folder / f"{n}.entrega", release(member, good_records(n)))
        members.append({"id": member.id, "name": member.name, "sources": [f"{n}.entrega"]})
    members.append({"id": HOSTILE.id, "name": HOSTILE.name, "sources": ["hostile"]})
    rules = {"name": "Prueba", "licences": ["CC-BY-4.0"], "members": members}
    (folder / "federation.yaml").write_text(yaml.safe_dump(rules), "utf-8")
    return folder
