"""How a pool becomes a portal: which file, a Datasette over it, a socket. `following` serves it."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from commons.errors import InputError
from commons.messages import N_
from commons.pool.opening import NoPool, read_meta
from commons.portal.settings import DATABASE, HEAP_MIB, SETTINGS, inspection, metadata

CURRENT = "current"
INSPECT = "inspect-data.json"


@dataclass(eq=False)
class PortTaken(InputError):
    """Something else listens there, or nobody may."""

    host: str
    port: int
    template: ClassVar[str] = N_("Nothing can be served at {host}, port {port}: it is taken or not allowed.")
    hint_template: ClassVar[str] = N_("Choose another one with --port, or 0 for any that is free.")


def pool_of(target: Path) -> Path:
    """The pool.db to serve: the file itself, or what a published folder shows now. Raises NoPool."""
    if target.is_file():
        return target
    for folder in (target / CURRENT, target):
        for name in (f"{DATABASE}.db", "pool.db"):
            if (folder / name).is_file():
                return (folder / name).resolve()
    raise NoPool(str(target))


def datasette_for(pool: Path, *, heap_mib: int | None = HEAP_MIB, base_url: str = "/") -> Any:
    """A hardened Datasette over one pool, which it serves as `/data`.

    Raises what `read_meta` raises. `heap_mib` bounds SQLite's memory in this whole process, for good; None
    leaves it alone.
    """
    from datasette.app import Datasette
    from datasette.database import Database

    meta = read_meta(pool)
    beside = pool.parent / INSPECT
    known = json.loads(beside.read_bytes()) if beside.is_file() else inspection(pool)
    datasette = Datasette(
        files=[],
        inspect_data=known,
        metadata=metadata(meta.get("federation") or {}, heap_mib=heap_mib),
        settings={**SETTINGS, "base_url": base_url},
    )
    datasette.remove_database("_memory")  # it comes with an empty list of files
    # Datasette puts the path into a URI as it is; its size and digest come from the inspection.
    database = Database(datasette, path=quote(str(pool)), is_mutable=False)
    datasette.add_database(database, name=DATABASE)
    return datasette


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(128)  # from now on the address answers; whoever comes before the server waits
    except (OSError, OverflowError) as error:
        bound.close()
        raise PortTaken(host, port) from error
    return bound
