"""`commons verify` and `commons witness`: anybody can check a portal, and sign that they did."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from commons.cli.portal.verified import show_verdict, verdict_json
from commons.cli.terminal.output import FINDINGS, json_option, now, progress, say, show_json, tell
from commons.format import container, witness
from commons.format.container import SUFFIX, AnyFiles
from commons.format.errors import FormatError
from commons.format.instants import instant
from commons.format.witness import Statement
from commons.merge.verify import Served, Verdict
from commons.merge.verify import verify as verify_pool
from commons.messages import N_
from commons.messages import translate as _
from commons.pool import witnesses
from commons.pool.witnesses import Weighed

_URL = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Checked:
    """A verdict, who else merged the same lock, and where the pool lay (None: on the net)."""

    verdict: Verdict
    weighed: Weighed
    pool: Path | None


@click.command(
    help=N_(
        "Check a pool: merge again from the proof inside, and compare.\n\n"
        "POOL is a pool.db, a folder that commons publish has written, or the address of a portal. "
        "Nothing in it is believed: every signature is checked, everything is merged anew with this program, "
        "and each value is compared."
    ),
    short_help=N_("Check that a portal shows what its members signed."),
)
@click.argument("pool")
@click.option(
    "--witness",
    "given",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("A testimony (.testimonio) to compare with; those beside the pool are found by themselves."),
)
@click.option(
    "--full",
    is_flag=True,
    help=N_("Fetch a portal's releases, too: then also what was left out can be checked."),
)
@json_option
def verify(pool: str, given: tuple[Path, ...], *, full: bool, as_json: bool) -> None:
    """Exit code 1 where something differs, or a witness got another root."""
    found = _check(pool, given, full=full)
    if as_json:
        show_json(verdict_json(found.verdict, found.weighed))
    else:
        show_verdict(found.verdict, found.weighed)
    if not found.verdict.same or found.weighed.contradicting:
        raise SystemExit(FINDINGS)


@click.command(
    "witness",
    help=N_(
        "Check a pool, then sign what came of it: this lock gives this root.\n\n"
        "The testimony is a small file. Send it to whoever runs the portal, or keep it: whoever shows "
        "another root for the same lock can be told so."
    ),
    short_help=N_("Check a pool and sign that its root is right."),
)
@click.argument("pool")
@click.option(
    "--key",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("An Ed25519 key in OpenSSH's form without passphrase, such as your catalogue's .key."),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help=N_("Where the testimony goes; beside the pool if not given, in testimonios/."),
)
@json_option
def witness_(pool: str, key: Path, out: Path | None, *, as_json: bool) -> None:
    """Nothing is signed where anything differs."""
    from commons.release.keys import load

    signing = load(key)
    found = _check(pool, ())
    verdict = found.verdict
    if not verdict.same:
        if as_json:
            show_json(verdict_json(verdict, found.weighed))
        else:
            show_verdict(verdict, found.weighed)
            tell(_("Nothing was signed."))
        raise SystemExit(FINDINGS)
    said = Statement(verdict.lock_digest, verdict.root, instant(verdict.lock.as_of), _second(now()))
    folder = out or (found.pool.parent if found.pool else Path()) / witnesses.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{verdict.lock_digest[:8]}-{signing.public.digest[:8]}{witness.SUFFIX}"
    container.write_bytes(path, witness.sign(said, signing))
    if as_json:
        show_json({"file": str(path), "lock": said.lock, "root": said.root, "key": signing.public.line})
        return
    show_verdict(verdict, found.weighed)
    say(_("Your testimony lies in {path}.").format(path=path))
    tell(_("Send it to whoever runs the portal: whoever checks it next will see your word."))


def _second(moment: datetime) -> str:
    return instant(moment.replace(microsecond=0))


def _check(target: str, given: tuple[Path, ...], *, full: bool = False) -> _Checked:
    """Check what `target` names. Raises what `verify.verify` and `portals.portal` raise."""
    with tempfile.TemporaryDirectory(prefix="commons-verify-") as made:
        scratch = Path(made)
        with _source(target, scratch, full=full) as (pool, found, served):
            (scratch / "work").mkdir()
            with progress(_("Merging again")) as advance:
                verdict = verify_pool(
                    pool,
                    scratch / "work",
                    served=served,
                    progress=lambda what, n: advance(n if what == "entities" else 0),
                )
            gathered = witnesses.gather([*found, *given])
        weighed = witnesses.weigh(gathered, verdict.lock_digest, verdict.merged)
        return _Checked(verdict, weighed, None if _URL.match(target) else pool)


Source = tuple[Path, list[Path], Served]


@contextmanager
def _source(target: str, scratch: Path, *, full: bool) -> Iterator[Source]:
    """The pool, the files of testimonies beside it, and where full releases are to be had."""
    if not _URL.match(target):
        from commons.portal.serving import pool_of

        pool = pool_of(Path(target))
        yield pool, witnesses.beside(pool), _releases_of(pool.parent / "releases")
        return
    from commons.federation.sources import portals

    with portals.portal(target, scratch) as portal:
        with progress(_("Fetching (bytes)")) as advance:
            pool = portal.pool(advance)
        told = portal.testimonies()
        yield pool, [told] if told else [], portal.release if full else _nowhere


def _releases_of(folder: Path) -> Served:
    def served(digest: str) -> AnyFiles | None:
        path = folder / f"{digest}{SUFFIX}"
        try:
            return container.read_any(path) if path.is_file() else None
        except FormatError:
            return None

    return served


def _nowhere(digest: str) -> AnyFiles | None:
    return None
