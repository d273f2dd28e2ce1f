"""A release without what may no longer be shown, which still proves itself. Does no I/O.

`records.jsonl` has one line for every leaf of the release, in the order of its tree: the canonical record
where it may be shown, else `["tombstone of its address","digest"]`. A third text there is the tombstone of
what it was copied from, or `"refused"` where it is no canonical record. The digests of all lines give the
signed content root, so nothing was added or altered; the salt within each record keeps a digest from being
guessed. The tombstones are the word of whoever pruned: with them a merge sees whether its lock explains what
is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from commons.addresses import tombstone
from commons.format import canonical, strict_json
from commons.format.container import PrunedFiles, ReleaseFiles
from commons.format.errors import FormatError, PrunedRefused, TooBig
from commons.format.limits import LIMITS
from commons.format.manifest import Manifest
from commons.format.merkle import Tree
from commons.messages import N_

REFUSED = "refused"
_HIDDEN = re.compile(rb'\["([a-z2-7]{52})","([0-9a-f]{64})"(?:,"([a-z2-7]{52}|refused)")?\]\Z')


@dataclass(frozen=True, slots=True)
class Shown:
    """One record that may be shown: type, id, its canonical bytes and their leaf."""

    type: str
    id: str
    data: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Hidden:
    """One record that may not be shown: its place in the tree, its address's tombstone, its leaf.

    `origin`: the tombstone of what it was copied from, or REFUSED: it is no canonical record, so that nobody
    takes it up; "" if neither.
    """

    place: int
    hash: str
    leaf: bytes
    origin: str = ""


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
    member = files.parsed_manifest.member
    lines = [line if _HIDDEN.match(line) else _line(member, line, may_show) for line in records]
    data = b"".join(line + b"\n" for line in lines)
    pruned = PrunedFiles(files.manifest, files.signature, files.keylog, data)
    for _ in shown(pruned):  # proves itself before anybody keeps it
        pass
    return pruned


def _line(member: str, record: bytes, may_show: Callable[[bytes], bool]) -> bytes:
    """The record, or what stands for it."""
    try:
        kind, id, fields = canonical.parse(record)
    except FormatError:  # intake refuses it from either form; here, nobody could read it
        kind, id, _fields = json.loads(record)
        mark: str | None = REFUSED
    else:
        if may_show(record):
            return record
        origin = fields.get("copied_from")
        mark = tombstone(origin) if isinstance(origin, str) else None
    said = [tombstone(f"{member}/{kind}/{id}"), canonical.leaf(record).hex()]
    return strict_json.compact([*said, mark] if mark else said).encode()


def hidden(files: PrunedFiles) -> list[Hidden]:
    """What a pruned release does not show, in order. Proven by `shown` only."""
    found = []
    for n, line in enumerate(lines(files)):
        if match := _HIDDEN.match(line):
            hash, leaf, origin = (part.decode() if part else "" for part in match.groups())
            found.append(Hidden(n, hash, bytes.fromhex(leaf), origin))
    return found


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
        if match := _HIDDEN.match(line):
            tree.add(bytes.fromhex(match[2].decode()))
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
