"""A release without what may no longer be shown, which still proves itself. Does no I/O.

`records.jsonl` has one line for every leaf of the release, in the order of its tree: the canonical record
where it may be shown, else only its digest, as a JSON text of 64 hexadecimal characters. The digests of all
lines give the signed content root, so nothing was added or altered; the salt within each record keeps
a digest from being guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from commons.format import canonical
from commons.format.container import PrunedFiles, ReleaseFiles
from commons.format.errors import FormatError, PrunedRefused, TooBig
from commons.format.limits import LIMITS
from commons.format.manifest import Manifest
from commons.format.merkle import Tree
from commons.messages import N_

_DIGEST = re.compile(rb'"[0-9a-f]{64}"\Z')


@dataclass(frozen=True, slots=True)
class Shown:
    """One record that may be shown: type, id, its canonical bytes and their leaf."""

    type: str
    id: str
    data: bytes
    leaf: bytes


def prune(
    files: ReleaseFiles | PrunedFiles, records: Iterable[bytes], *, may_show: Callable[[bytes], bool]
) -> PrunedFiles:
    """The pruned form of a release.

    Args:
        files: the release; its manifest, signature and key log are kept as they are.
        records: all lines in order: canonical bytes, or `lines` of a form that was pruned before.
        may_show: whether a record (canonical bytes) may still be shown.
    Raises:
        PrunedRefused: the records are not those of this release.
    """
    lines = []
    for line in records:
        if _DIGEST.match(line) or may_show(line):
            lines.append(line)
        else:
            lines.append(b'"' + canonical.leaf(line).hex().encode() + b'"')
    data = b"".join(line + b"\n" for line in lines)
    pruned = PrunedFiles(files.manifest, files.signature, files.keylog, data)
    for _ in shown(pruned):  # proves itself before anybody keeps it
        pass
    return pruned


def lines(files: PrunedFiles) -> list[bytes]:
    """The lines of `records.jsonl`, unchecked: what `prune` takes to prune further."""
    return files.records[:-1].split(b"\n") if files.records else []


def shown(files: PrunedFiles) -> Iterator[Shown]:
    """Check a pruned release; yields what may be shown, in order of (type, id).

    All of it is proven only when the iterator has ended: use nothing before.

    Raises:
        PrunedRefused: a line is not in its form, out of order, or the root is another than the signed one.
        ManifestRefused: the manifest is not in its form.
    """
    manifest = Manifest.parse(files.manifest)
    if files.records and not files.records.endswith(b"\n"):
        raise PrunedRefused(files.records.count(b"\n") + 1, N_("its last line has no end"))
    if len(files.records) > LIMITS.records_bytes:
        raise TooBig("records.jsonl", len(files.records), LIMITS.records_bytes)
    tree, last = Tree(), ("", "")
    for n, line in enumerate(lines(files), start=1):
        if _DIGEST.match(line):
            tree.add(bytes.fromhex(line[1:-1].decode()))
            continue
        try:
            kind, id, _ = canonical.parse(line)
        except FormatError as error:
            raise PrunedRefused(n, N_("it is not a canonical record")) from error
        if (kind, id) <= last:
            raise PrunedRefused(n, N_("its records are out of order"))
        last, leaf = (kind, id), canonical.leaf(line)
        tree.add(leaf)
        yield Shown(kind, id, line, leaf)
    if tree.root().hex() != manifest.content_root:
        raise PrunedRefused(tree.count, N_("together, the lines are not what was signed"))
    if tree.count != sum(manifest.counts.values()):
        raise PrunedRefused(tree.count, N_("it has more or fewer records than were signed"))
