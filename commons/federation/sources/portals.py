"""Asks a portal for what anybody needs to check it: pool, releases, testimonies. Believes none of it.

    <portal>/data.db · <portal>/releases/<digest>.entrega · <portal>/testimonios.txt

A published folder behind any web server has these files, and so has `commons serve`.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from commons.errors import CommonsError
from commons.federation.policy.links import checked, shown
from commons.federation.sources.hosts import may_connect
from commons.federation.sources.wire import NOTHING, NotFetched, Wire
from commons.format import container
from commons.format.container import SUFFIX, AnyFiles
from commons.format.errors import FormatError
from commons.format.limits import LIMITS
from commons.messages import N_

if TYPE_CHECKING:
    import httpx

    from commons.federation.sources.session import Session

POOL, TESTIMONIES = "data.db", "testimonios.txt"
MOST_OF_A_POOL = 8 * 1024 * 1024 * 1024
_MOST_OF_TESTIMONIES = 16 * 1024 * 1024
_DEADLINE_S = 3600.0
_LOOK_S = 0.5
_PAGE = re.compile(r"/(?:es|en)(?:/|$)")  # below it are pages, beside it the files
Progress = Callable[[int], None]


@dataclass(eq=False)
class NoPoolThere(CommonsError):
    """A portal gave no pool."""

    url: str
    code: str
    template: ClassVar[str] = N_("{url} gave no pool ({code}).")
    hint_template: ClassVar[str] = N_(
        "See whether it opens in a browser. If it offers no data.db, ask its maintainers for the file."
    )


@dataclass(frozen=True, slots=True)
class Portal:
    """One portal, within one session. `url` ends in a slash."""

    url: str
    session: Session
    scratch: Path

    def pool(self, progress: Progress = lambda n: None, *, most: int = MOST_OF_A_POOL) -> Path:
        """Its pool, as a file. Raises NoPoolThere."""
        into = self.scratch / POOL
        with _watched(into, progress):
            try:
                self.session.get(self.url + POOL, into, most=most)
            except NotFetched as error:
                raise NoPoolThere(shown(self.url), error.code) from error
        return into

    def testimonies(self) -> Path | None:
        """Its testimonies in one file; None where it offers none."""
        into = self.scratch / TESTIMONIES
        try:
            self.session.get(self.url + TESTIMONIES, into, most=_MOST_OF_TESTIMONIES)
        except NotFetched:
            return None
        return into

    def release(self, digest: str) -> AnyFiles | None:
        """A release as the portal serves it; None where it does not."""
        into = self.scratch / f"{digest}{SUFFIX}"
        try:
            url = f"{self.url}releases/{digest}{SUFFIX}"
            self.session.get(url, into, most=LIMITS.pruned_container_bytes)
            return container.read_any(into)
        except (NotFetched, FormatError):
            return None


@contextmanager
def portal(url: str, scratch: Path, wire: Wire | None = None) -> Iterator[Portal]:
    """A portal to be asked, by its address, that of a page or of its pool. Raises NotALink, NoPoolThere.

    Hosts of this computer or network are asked only where the address itself leads there: whoever typed it
    knows it. A redirect from outside never leads inside.
    """
    wire = wire or Wire()
    at = checked(url)
    path = _PAGE.split(at.path.removesuffix(POOL), maxsplit=1)[0].rstrip("/")
    base = str(at.copy_with(path=f"{path}/", query=None, fragment=None))
    private = _is_private(at, wire)
    from commons.federation.sources.session import asking  # late: see there

    with asking(wire, private=private, ends_at=time.monotonic() + _DEADLINE_S) as session:
        yield Portal(base, session, scratch)


def _is_private(at: httpx.URL, wire: Wire) -> bool:
    try:
        found = wire.resolve(at.host, at.port or (443 if at.scheme == "https" else 80))
    except (OSError, UnicodeError) as error:
        raise NoPoolThere(shown(str(at)), NOTHING) from error
    return bool(found) and not any(may_connect(address, private=False) for address in found)


@contextmanager
def _watched(path: Path, progress: Progress) -> Iterator[None]:
    """Tell how many bytes more a file has, from time to time."""
    done = threading.Event()

    def look() -> None:
        before = 0
        while not done.wait(_LOOK_S):
            size = path.stat().st_size if path.exists() else 0
            progress(size - before)
            before = size

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
