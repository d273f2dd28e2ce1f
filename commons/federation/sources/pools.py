"""A pool as a source: the releases that it was merged of, as files like any others. Believes nothing in it.

A pool is only a way of delivery. What it holds is rebuilt from its tables (or taken as it serves them, in the
folder of a portal), and is proven and examined like what came by chat. What it refused or holds does not come
along; `merge.planning.withheld` sees to it that everybody's merge of it has one root.
"""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from commons.errors import InputError
from commons.federation.trust import prove
from commons.format import container
from commons.format.container import SUFFIX, ReleaseFiles
from commons.format.errors import FormatError
from commons.pool.contract import APPLICATION_ID

_NAMES = ("current/data.db", "data.db", "pool.db")
_MAGIC = b"SQLite format 3\0"
NEWER = "E_CONTRACT"


@dataclass(frozen=True, slots=True)
class Inside:
    """What a pool gave: a folder with its releases; or `code`, why it gave none."""

    folder: Path
    code: str = ""


@dataclass(slots=True)
class Pools:
    """Pools that were looked into in this run: one may be the source of a thousand members."""

    scratch: Path
    known: MutableMapping[Path, Inside] = field(default_factory=dict)

    def inside(self, pool: Path) -> Inside:
        """The releases of a pool; looked into once."""
        from commons.pool.examine import PoolRefused  # late: most federations have no pool as a source

        at = pool.resolve()
        if at not in self.known:
            name = hashlib.sha256(str(at).encode()).hexdigest()[:16]
            folder = self.scratch / f"pool-{name}"
            folder.mkdir(parents=True, exist_ok=True)
            try:
                _unpack(at, folder)
                self.known[at] = Inside(folder)
            except PoolRefused as refused:
                self.known[at] = Inside(folder, refused.code)
            except InputError:  # it is one, and of another contract
                self.known[at] = Inside(folder, NEWER)
        return self.known[at]


def pool_at(path: Path) -> Path | None:
    """The pool that a source's path means: a file, or a folder with one and no releases of its own."""
    if path.is_file():
        return path if _is_pool(path) else None
    if (path / "release.json").exists():
        return None
    return next((path / name for name in _NAMES if _is_pool(path / name)), None)


def _is_pool(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(72)
    except OSError:
        return False
    return head.startswith(_MAGIC) and int.from_bytes(head[68:72], "big") == APPLICATION_ID


def _unpack(pool: Path, folder: Path) -> None:
    """Write each release of a pool into `folder`, as it is served where it is. Raises what `held` raises."""
    from commons.pool import examine  # late: see `Pools.inside`

    for release in examine.held(pool, folder).releases:
        try:
            files = container.read_any(release.path)
            digest = prove(files.manifest, files.signature, files.keylog, None).digest
        except FormatError:  # told by whoever takes the file
            continue
        served = pool.parent / "releases" / f"{digest}{SUFFIX}"
        if _proves_itself(served, digest):
            release.path.write_bytes(served.read_bytes())


def _proves_itself(path: Path, digest: str) -> bool:
    """Whether a file is the release with this digest, in a form that came from its member or its portal."""
    if not path.is_file():
        return False
    try:
        files = container.read_any(path)
        catalogue = files.catalogue if isinstance(files, ReleaseFiles) else None
        return prove(files.manifest, files.signature, files.keylog, catalogue).digest == digest
    except FormatError:
        return False
