"""Puts a portal out into a folder, or takes it back to the version before. `versions` says what stands there.

Neither shows what was withdrawn or held since: both merge the lock anew, through `Remake`, and show that.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from commons import reasons
from commons.publish import versions
from commons.publish.edition import Remake
from commons.publish.errors import NothingEarlier, PublishFailed
from commons.publish.versions import Shown

KEEP = 5


@dataclass(frozen=True, slots=True)
class Published:
    """What is shown now. `is_new`: it was not shown before. `wanted`: the root of the version that was gone
    back to; the one shown differs where something was withdrawn, held or ran out since."""

    shown: Shown
    is_new: bool
    kept: int
    wanted: str = ""


def refuse_unfit(out: Path) -> None:
    """Raises what `publish` would raise about the place, for whoever has something to do before."""
    with _telling(out), versions.one_publisher(out):
        pass


def publish(out: Path, lock: bytes, remake: Remake, *, keep: int = KEEP) -> Published:
    """Show what `lock` says, without what may not be shown today.

    Raises AnotherPublisher, NotAPublishFolder, PublishFailed, and whatever `remake` raises; what was shown
    before is still shown then.
    """
    with _telling(out), versions.one_publisher(out):
        versions.clean(out)
        before = versions.history(out)
        shown = _put_out(out, lock, remake)
        is_new = not before or before[-1].version != shown.version
        entries = [*before, shown] if is_new else [*before[:-1], shown]
        kept = versions.note(out, entries, keep=keep)
        return Published(shown, is_new, len(kept))


def roll_back(out: Path, remake: Remake, *, keep: int = KEEP) -> Published:
    """Show the version before, made anew under today's tombstones and holds. The one shown now is let go.

    Raises NothingEarlier, and what `publish` raises.
    """
    with _telling(out), versions.one_publisher(out):
        versions.clean(out)
        before = versions.history(out)
        if len(before) < 2:
            raise NothingEarlier(str(out))
        lock = (out / versions.LOCKS / f"{before[-2].lock}.lock").read_bytes()
        shown = _put_out(out, lock, remake)
        kept = versions.note(out, [*before[:-2], shown], keep=keep)
        return Published(shown, shown.version != before[-1].version, len(kept), before[-2].root)


def _put_out(out: Path, lock: bytes, remake: Remake) -> Shown:
    # Beside `out`, so that a pool of many gigabytes does not fill the system's small temporary folder.
    with tempfile.TemporaryDirectory(prefix=versions.SCRATCH, dir=out) as scratch:
        edition = remake(lock, Path(scratch))
        shown = versions.build(out, edition)
    versions.show(out, shown.version)
    return shown


@contextmanager
def _telling(out: Path) -> Iterator[None]:
    """What a disk refuses inside the block comes out as PublishFailed, also where SQLite was told first."""
    try:
        yield
    except OSError as error:
        raise PublishFailed(str(out), reasons.within(error)) from error
    except sqlite3.Error as error:
        refusal = reasons.of_sqlite(error)
        if refusal is None:
            raise
        raise PublishFailed(str(out), reasons.within(refusal)) from error
