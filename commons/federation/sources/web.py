"""What is asked for at an https source, until a release is found. Proves nothing: `look` does.

An address may be
1. a one-file release, whatever its name (recognised by content; its beginning says whether it is known);
2. a folder (it ends in `/`, or leads to one that does) with the four files of a release: `release.json` is
   asked for first, and the others only if that release is not here yet;
3. a folder with a published portal's `commons.lock`: it names the member's release, which is then asked for
   as `releases/<digest>.entrega`. So every portal is a mirror of its members.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from commons.federation.lock import FILE_NAME as LOCK
from commons.federation.policy.links import url_of
from commons.federation.sources.wire import NOTHING, NotFetched
from commons.federation.store import folder as stored
from commons.format import strict_json
from commons.format.container import SUFFIX, PrunedFiles, ReleaseFiles, announced_bytes
from commons.format.errors import FormatError
from commons.format.limits import LIMITS
from commons.format.manifest import release_digest

if TYPE_CHECKING:
    import httpx

    from commons.federation.sources.session import Session

WEB_PAGE = "E_WEBPAGE"
_MOST_BEFORE_CATALOGUE = 512 * 1024
MOST_OF_A_LOCK = 32 * 1024 * 1024
MOST_IN_A_LOCK = 1_500_000  # values; a lock has one in 28 bytes, and a list of empty lists one in three
_MANIFEST, _SIGNATURE, _KEYLOG, _CATALOGUE = ReleaseFiles.names
_RECORDS = PrunedFiles.names[3]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is remembered of an address: the server's mark of it, and the releases that it gave."""

    etag: str = ""
    digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Got:
    """What an address gave: files to be proven in order, or (`paths` empty) only what is here already."""

    kept: Kept
    paths: tuple[Path, ...] = ()


@dataclass(slots=True)
class Locks:
    """Locks of portals that were asked for in this run: a portal may be the mirror of a thousand members."""

    found: dict[str, dict[str, str]] = field(default_factory=dict)
    busy: dict[str, threading.Lock] = field(default_factory=dict)

    def releases(self, url: str, ask: Callable[[], dict[str, str]]) -> dict[str, str]:
        """Member → release digest of the lock at `url`; asked for once. Raises what `ask` raises."""
        with self.busy.setdefault(url, threading.Lock()):
            if url not in self.found:
                self.found[url] = ask()
            return self.found[url]


@dataclass(frozen=True, slots=True)
class Asking:
    """One member's case at one address.

    `scratch`: an empty folder of its own. `has`: whether a release is here, and no other form of it could
    show more; `here`: whether any form of it is.
    """

    session: Session
    member: str
    scratch: Path
    has: Callable[[str], bool]
    here: Callable[[str], bool]
    locks: Locks

    def ask(self, url: str, kept: Kept) -> Got:
        """What is at `url` today. Raises NotFetched, FormatError."""
        if url_of(url).path.endswith("/"):
            return self._folder(url, kept)
        file = self.scratch / f"release{SUFFIX}"
        known: list[str] = []

        def worth(begun: Path) -> int | None:
            head = stored.head(begun)
            if head is not None and self.has(release_digest(head[0])):
                known.append(release_digest(head[0]))
                return 0
            return _worth(begun)

        answer = self.session.get(
            url, file, most=LIMITS.pruned_container_bytes, etag=_mark(kept, self.here), worth=worth
        )
        if not answer.fresh:
            return Got(kept)
        if known:
            return Got(Kept(answer.etag, tuple(known)))
        if not is_archive(file):
            at = url_of(answer.url)
            if at != url_of(url) and at.path.endswith("/"):
                return self._folder(answer.url, Kept())
            if _is_page(file):
                raise NotFetched(answer.url, WEB_PAGE)
        head = stored.head(file)
        digests = (release_digest(head[0]),) if head else ()
        return Got(Kept(answer.etag, digests), (file,))

    def _folder(self, url: str, kept: Kept) -> Got:
        folder = self.scratch / "release"
        folder.mkdir()
        manifest = folder / _MANIFEST
        at = url_of(url)
        try:
            answer = self.session.get(
                _beside(at, _MANIFEST), manifest, most=LIMITS.manifest_bytes, etag=_mark(kept, self.has)
            )
        except NotFetched as error:
            if error.code != NOTHING:
                raise
            return self._mirror(at, kept)
        if not answer.fresh:
            return Got(kept)
        if _is_page(manifest):
            raise NotFetched(answer.url, WEB_PAGE)
        digest = release_digest(manifest.read_bytes())
        got = Kept(answer.etag, (digest,))
        if self.has(digest):
            return Got(got)
        self._rest(url_of(answer.url), folder)
        return Got(got, (folder,))

    def _rest(self, at: httpx.URL, folder: Path) -> None:
        """Signature, key log, and catalogue or, of a pruned release, its records."""
        for name, most in ((_SIGNATURE, LIMITS.signature_bytes), (_KEYLOG, LIMITS.keylog_bytes)):
            self.session.get(_beside(at, name), folder / name, most=most)
        try:
            self.session.get(_beside(at, _CATALOGUE), folder / _CATALOGUE, most=LIMITS.catalogue_bytes)
        except NotFetched as error:
            if error.code != NOTHING:
                raise
            self.session.get(_beside(at, _RECORDS), folder / _RECORDS, most=LIMITS.records_bytes)

    def _mirror(self, at: httpx.URL, kept: Kept) -> Got:
        """The member's release as a published portal has it."""
        url = _beside(at, LOCK)
        digest = self.locks.releases(url, lambda: self._lock(url)).get(self.member)
        if digest is None:
            raise NotFetched(url, NOTHING)
        if self.has(digest):
            return Got(Kept(digests=(digest,)))
        file = self.scratch / f"release{SUFFIX}"
        etag = _mark(kept, self.here) if kept.digests == (digest,) else ""
        answer = self.session.get(
            _beside(at, f"releases/{digest}{SUFFIX}"),
            file,
            most=LIMITS.pruned_container_bytes,
            etag=etag,
            worth=_worth,
        )
        return Got(Kept(answer.etag, (digest,)), (file,)) if answer.fresh else Got(kept)

    def _lock(self, url: str) -> dict[str, str]:
        """Member → release digest, of any version's lock: only these two are read. Raises NotFetched."""
        file = self.scratch / LOCK
        answer = self.session.get(url, file, most=MOST_OF_A_LOCK)
        if _is_page(file):
            raise NotFetched(answer.url, WEB_PAGE)
        try:
            data = file.read_bytes()
            if sum(map(data.count, (b",", b"[", b"{"))) > MOST_IN_A_LOCK:
                raise NotFetched(answer.url, NOTHING)
            said = strict_json.read(data)
        except strict_json.NotStrict as error:
            raise NotFetched(answer.url, NOTHING) from error
        members = said.get("members") if isinstance(said, dict) else None
        return {
            member: entry["release"]
            for member, entry in (members.items() if isinstance(members, dict) else ())
            if isinstance(entry, dict) and is_digest(entry.get("release"))
        }


def _mark(kept: Kept, here: Callable[[str], bool]) -> str:
    """The etag to send: only if what it stands for is still here."""
    return kept.etag if kept.digests and all(here(digest) for digest in kept.digests) else ""


def _beside(at: httpx.URL, name: str) -> str:
    """Another file of the same folder; a key in the query opens that one, too."""
    return str(at.join(name).copy_with(query=at.query or None))


def is_digest(value: object) -> bool:
    """Whether it is a release digest as names and addresses are made of."""
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")


def is_archive(file: Path) -> bool:
    """Whether a file looks like a one-file release."""
    with file.open("rb") as opened:
        return opened.read(263)[257:] == b"ustar\0"


def _worth(begun: Path) -> int | None:
    """How long a release that begins so may be; 0 where none begins so, and whoever reads it says why."""
    with begun.open("rb") as opened:
        start = opened.read(_MOST_BEFORE_CATALOGUE)
    try:
        return announced_bytes(start)
    except FormatError:
        return 0


def _is_page(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
