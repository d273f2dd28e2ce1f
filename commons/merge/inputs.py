"""The releases that a lock names, out of the store and through the gate. Decides nothing.

Each is proven again when it is read; a few are under way at one time, so that several processors have work
and memory does not grow with the federation.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from commons.federation.lock import Lock
from commons.federation.store import Store
from commons.format.container import AnyFiles
from commons.intake.gate import Gate, Intake, Line
from commons.merge.act import Release


def locked_releases(lock: Lock, store: Store, gate: Gate) -> Iterator[Release]:
    """What `act` wants: in order of members' ids. Raises NotInStore."""
    digests = [m.release for _id, m in sorted(lock.members.items()) if m.release is not None]
    return read_releases(digests, store, gate)


def read_releases(digests: Iterable[str], store: Store, gate: Gate) -> Iterator[Release]:
    """Releases in the order of `digests`, each taken in. Raises NotInStore."""
    heads: deque[tuple[bytes, bytes, bytes]] = deque()

    def files() -> Iterator[AnyFiles]:
        for digest in digests:
            found = store.read(digest)
            heads.append((found.manifest, found.signature, found.keylog))
            yield found

    for intake in gate.take_all(files()):
        yield Release(*heads.popleft(), intake)


def take_in(digest: str, store: Store, gate: Gate) -> Intake:
    """One release of the store; what was kept of it is used. Raises NotInStore."""
    kept = gate.kept(digest)
    return kept if kept is not None else gate.take_in(store.read(digest))


class Ahead:
    """Takes in many releases at once, so that whoever asks for them one by one need not wait."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store, self._gate = store, gate
        self._line = Line(gate)
        self._begun: set[str] = set()

    def soon(self, digest: str, files: AnyFiles | None = None) -> None:
        """Have a release examined beside whatever else is done. Raises NotInStore.

        Args:
            files: the release itself, proven, where it is at hand; None: it is read from the store.
        """
        if digest not in self._begun and self._gate.kept(digest) is None:
            self._begun.add(digest)
            _forget(self._line.add(files or self._store.read(digest)))

    def listen(self) -> None:
        """Let them go on whom nobody has heard for a while: each has its time, and waits to say more."""
        self._gate.hear()

    def all(self, digests: Iterable[str]) -> None:
        """Have these examined too, and wait for all. Raises NotInStore."""
        for digest in digests:
            self.soon(digest)
        _forget(self._line.end())


def _forget(done: Iterable[Intake]) -> None:
    """They are kept on the disk."""
    for _intake in done:
        pass
