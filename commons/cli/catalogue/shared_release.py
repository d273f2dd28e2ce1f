"""A release of one's own catalogue, read back: proven, through the gate, as records. Decides nothing.

Also of a catalogue whose computer and sheet are gone, to begin again with what was public.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from commons.errors import InputError
from commons.federation.trust import Seen, prove
from commons.format import canonical, container
from commons.format.container import AnyFiles, ReleaseFiles
from commons.format.errors import FormatError
from commons.intake.gate import Gate, Intake
from commons.messages import N_
from commons.model import Fields
from commons.release.recover import Offered, Shared


@dataclass(eq=False)
class NotTakenUp(InputError):
    """The only release there is cannot be read."""

    name: str
    code: str
    template: ClassVar[str] = N_("The release {name} cannot be used ({code}).")
    hint_template: ClassVar[str] = N_("Ask for it again; a copy from another place may be whole.")


def look(path: Path) -> Offered:
    """What a release, a file or a folder, says of itself; proven. Raises FormatError."""
    seen = _proven(container.read_any(path))
    return Offered(path, seen.version, seen.keylog)


def read_release(path: Path) -> Shared:
    """One release with its records. Raises NotTakenUp, FormatError."""
    files = container.read_any(path)
    seen = _proven(files)
    with Gate(at_once=1) as gate:
        intake = gate.take_in(files)
        if not intake.taken:
            raise NotTakenUp(path.name, intake.code or "")
        return _shared(path.name, seen, intake)


def _proven(files: AnyFiles) -> Seen:
    catalogue = files.catalogue if isinstance(files, ReleaseFiles) else None
    return prove(files.manifest, files.signature, files.keylog, catalogue)


def _shared(name: str, seen: Seen, intake: Intake) -> Shared:
    rows = list(intake.rows())
    records = {(row.type, row.id): fields for row in rows if (fields := _fields(row.data)) is not None}
    return Shared(
        name=name,
        digest=seen.digest,
        version=seen.version,
        issued_at=seen.manifest.issued_at,
        keylog=seen.keylog,
        records=records,
        leaves={(row.type, row.id): row.leaf.hex() for row in rows},
        hidden=len(intake.hidden),
    )


def _fields(data: bytes) -> Fields | None:
    """None for a record that another program wrote and no pool takes up."""
    try:
        return canonical.parse(data)[2]
    except FormatError:
        return None
