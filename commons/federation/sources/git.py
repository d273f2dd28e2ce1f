"""Takes a member's releases out of a git repository, by the `git` program, in a locked room. Proves nothing.

What a repository holds is never checked out and never run: objects are fetched into an empty bare
repository of their own, the tree is listed, and plain files are read as bytes.

- The address was read by `links`: https only, no name or password, never at a place where git reads options.
- The name is looked up and judged here (`wire`), and git is told to connect to that address; redirects,
  alternates, proxies, other protocols, bundles and further hosts are off.
- Neither the system's nor the person's git settings, credentials, hooks, filters or templates take part.
- Links, submodules and executable files in the tree are left out; names in it never become paths here.
- One deadline, a limit on time, memory and size of every file for git's own processes, one on all of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from commons.federation.policy.links import Link, url_of
from commons.federation.sources.web import Got, Kept, is_archive
from commons.federation.sources.wire import NOTHING, SLOW, TLS, TOO_BIG, UNREACHABLE, NotFetched
from commons.format.container import ReleaseFiles
from commons.format.limits import LIMITS

if TYPE_CHECKING:
    from commons.federation.sources.session import Session

NO_GIT = "E_NOGIT"
OLDEST = (2, 37)  # the first that can be told which address to connect to
MOST_BYTES = 512 * 1024 * 1024  # of everything that is fetched from one repository
MOST_LISTED = 8 * 1024 * 1024  # bytes of a tree's listing
MOST_FILES = 500  # releases of one repository that are looked at
MEMORY_KIB = 2 * 1024 * 1024
_PLAIN = "100644"
_WATCH_S = 0.05
_ENTRY = re.compile(r"(\d{6}) (\w+) ([0-9a-f]{40,64}) +(\d+|-)\t(.+)", re.DOTALL)
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_FETCHED = "refs/commons/fetched"
_RELEASE_FILES = (*ReleaseFiles.names, "records.jsonl")

_SETTINGS = {
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "http.followRedirects": "false",
    "http.proxy": "",
    "http.sslVerify": "true",
    "http.cookieFile": "",
    "credential.helper": "",
    "core.hooksPath": os.devnull,
    "core.symlinks": "false",
    "core.fsmonitor": "false",
    "core.attributesFile": os.devnull,
    "fetch.recurseSubmodules": "false",
    "fetch.uriProtocols": "",
    "fetch.writeCommitGraph": "false",
    "fetch.unpackLimit": "1",
    "transfer.bundleURI": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}


@dataclass(frozen=True, slots=True)
class _File:
    """A plain file of the tree. `path`: relative to the folder that was asked for, as the tree has it."""

    path: str
    id: str
    size: int


@cache
def program() -> str | None:
    """Where git is, if it is new enough."""
    found = shutil.which("git")
    if found is None:
        return None
    try:
        said = subprocess.run([found, "version"], capture_output=True, timeout=10, check=True, text=True)
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"(\d+)\.(\d+)", said.stdout)
    return found if version and (int(version[1]), int(version[2])) >= OLDEST else None


def ask(session: Session, link: Link, scratch: Path, kept: Kept, has: Callable[[str], bool]) -> Got:
    """The releases in a branch, or what is kept of the same commit.

    Args:
        scratch: an empty folder of its own.
    Raises:
        NotFetched: no git, nothing there, too slow, too much.
    """
    git = _Git(session, link, scratch)
    commit, name = git.newest()
    if commit == kept.etag and kept.digests and all(has(digest) for digest in kept.digests):
        return Got(kept)
    git.fetch(name)
    return Got(Kept(commit), tuple(git.releases()))


class _Git:
    def __init__(self, session: Session, link: Link, scratch: Path) -> None:
        found = program()
        if found is None:
            raise NotFetched(link.shown, NO_GIT)
        self.program, self.session, self.link, self.scratch = found, session, link, scratch
        self.repository = scratch / "repository.git"
        url = url_of(link.url)
        host, port = url.raw_host.decode("ascii"), url.port or 443
        address = session.addresses(host, port)[0]
        self.settings = dict(_SETTINGS)
        if host.strip("[]") != address:  # a name: git connects to the address that was judged
            self.settings["http.curloptResolve"] = f"{host}:{port}:{_bracketed(address)}"
        if session.wire.ca_file is not None:
            self.settings["http.sslCAInfo"] = str(session.wire.ca_file)

    def newest(self) -> tuple[str, str]:
        """The commit of the branch or tag, and the full name of it. Raises NotFetched."""
        wanted = (f"refs/heads/{self.link.ref}", f"refs/tags/{self.link.ref}") if self.link.ref else ("HEAD",)
        text = self._run("ls-remote", "--quiet", "--", self.link.url, *wanted).decode("utf-8", "replace")
        lines = [line.partition("\t") for line in text.splitlines()]
        found = {name: commit for commit, _tab, name in lines if _COMMIT.fullmatch(commit)}
        for name in wanted:
            if name in found:
                return found[name], name
        raise NotFetched(self.link.shown, NOTHING)

    def fetch(self, name: str) -> None:
        """The newest state of it, without its history."""
        self._run("init", "--quiet", "--bare", "--template=", "--", str(self.repository))
        self._run(
            *(
                "fetch",
                "--quiet",
                "--depth=1",
                "--no-tags",
                "--no-recurse-submodules",
                "--no-auto-maintenance",
            ),
            *("--no-write-fetch-head", "--", self.link.url, f"+{name}:{_FETCHED}"),
        )

    def releases(self) -> Iterator[Path]:
        """Files and folders of releases, copied out under names of our own."""
        files = self._listed()
        folders: dict[str, list[_File]] = {}
        for file in files:
            folder, _slash, name = file.path.rpartition("/")
            if name in _RELEASE_FILES and "/" not in folder:
                folders.setdefault(folder, []).append(file)
        whole = {
            name for name, parts in folders.items() if any(_name(p.path) == "release.json" for p in parts)
        }
        for n, folder in enumerate(sorted(whole)[:MOST_FILES]):
            target = self.scratch / f"{n:03}-{_safe(folder)}"
            target.mkdir()
            for file in folders[folder]:
                self._run("cat-file", "blob", file.id, into=target / _name(file.path))
            yield target
        archives = [f for f in files if "/" not in f.path and f.size and f.size % 512 == 0]
        for n, file in enumerate(archives[:MOST_FILES], len(whole)):
            target = self.scratch / f"{n:03}-{_safe(file.path)}"
            self._run("cat-file", "blob", file.id, into=target)
            if is_archive(target):  # recognised by content: a README of 512 bytes is no junk
                yield target
            else:
                target.unlink()

    def _listed(self) -> list[_File]:
        folder = f":{self.link.folder}" if self.link.folder else "^{tree}"
        try:
            text = self._run("ls-tree", "-r", "-z", "-l", f"{_FETCHED}{folder}")
        except NotFetched as error:
            if error.code == UNREACHABLE:
                raise NotFetched(self.link.shown, NOTHING) from error
            raise
        entries = (_ENTRY.fullmatch(e) for e in text.decode("utf-8", "replace").split("\0"))
        return [
            _File(path=e[5], id=e[3], size=int(e[4]))
            for e in entries
            if e
            and e[1] == _PLAIN
            and e[2] == "blob"
            and e[4] != "-"
            and int(e[4]) <= LIMITS.pruned_container_bytes
        ]

    def _run(self, *arguments: str, into: Path | None = None) -> bytes:
        """What git answers on stdout; written to `into` if given. Raises NotFetched."""
        out, err = into or self.scratch / "answer", self.scratch / "complaint"
        settings = [part for key, value in self.settings.items() for part in ("-c", f"{key}={value}")]
        command = [self.program, *settings]
        if arguments[0] not in ("init", "ls-remote"):
            command.append(f"--git-dir={self.repository}")
        with out.open("wb") as written, err.open("wb") as complained:
            child = subprocess.Popen(
                _limited([*command, *arguments]),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=complained,
                cwd=self.scratch,
                env=self._environment(),
                start_new_session=True,
            )
            try:
                code = self._wait(child)
            finally:
                _end(child)
        if code:
            raise NotFetched(self.link.shown, *_why(err))
        if _size(self.scratch) > MOST_BYTES:
            raise NotFetched(self.link.shown, TOO_BIG)
        if into is None and out.stat().st_size > MOST_LISTED:
            raise NotFetched(self.link.shown, TOO_BIG)
        return b"" if into else out.read_bytes()

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        """Its exit code. Raises NotFetched at the deadline, and where it has written too much."""
        wait_s = _WATCH_S
        while True:
            left = self.session.remaining(wait_s, self.link.shown)
            with contextlib.suppress(subprocess.TimeoutExpired):
                return child.wait(left)
            if _size(self.scratch) > MOST_BYTES:
                raise NotFetched(self.link.shown, TOO_BIG)
            wait_s = min(wait_s * 2, 1.0)

    def _environment(self) -> dict[str, str]:
        kept = {
            n: os.environ[n] for n in ("PATH", "SYSTEMROOT", "SystemRoot", "TEMP", "TMP") if n in os.environ
        }
        return {
            **kept,
            "HOME": str(self.scratch),
            "XDG_CONFIG_HOME": str(self.scratch),
            "LC_ALL": "C",
            "NO_PROXY": "*",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_ALLOW_PROTOCOL": "https",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_CEILING_DIRECTORIES": str(self.scratch.parent),
            "GIT_HTTP_LOW_SPEED_LIMIT": "1",
            "GIT_HTTP_LOW_SPEED_TIME": str(max(1, int(self.session.wire.patience.idle_s))),
        }


def _limited(command: Sequence[str]) -> list[str]:
    """The command under limits of its own, where the system has them."""
    if os.name == "nt":
        return list(command)
    blocks = MOST_BYTES // 512
    limits = f'ulimit -f {blocks}; ulimit -v {MEMORY_KIB}; ulimit -t 600; ulimit -c 0; exec "$@"'
    return ["/bin/sh", "-c", limits, "sh", *command]


def _end(child: subprocess.Popen[bytes]) -> None:
    """End git and what it started, where it has not ended itself: its helpers would go on downloading."""
    if child.returncode is not None:
        return
    if os.name == "nt":
        child.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _why(complaint: Path) -> tuple[str, int, bool]:
    """A code out of what git complained of: (code, status, worth another try).

    What unpacks is `index-pack`: it is ended by its limits, or by a pack that is none.
    """
    with complaint.open("rb") as file:
        text = file.read(16_384).decode("utf-8", "replace").lower()
    if "certificate" in text or "ssl" in text:
        return TLS, 0, False
    if "not found" in text or "401" in text or "could not read username" in text:
        return NOTHING, 0, False
    if any(word in text for word in ("index-pack", "file too large", "file size limit", "out of memory")):
        return TOO_BIG, 0, False
    if "timed out" in text or "too slow" in text:
        return SLOW, 0, True
    return UNREACHABLE, 0, True


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[-60:] or "release"


def _size(folder: Path) -> int:
    """Bytes below a folder; files come and go while git writes."""
    total = 0
    for root, _folders, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_size  # noqa: PTH118
    return total
