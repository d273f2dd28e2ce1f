"""A release without what may no longer be shown, which still proves itself. Does no I/O.

`records.jsonl` has one line for every leaf of the release, in the order of its tree: the canonical record
where it may be shown, else `["tombstone of its address","digest"]`. A third text there is the tombstone of
what it was copied from (of a judgement those of both records, one after the other), or `"refused"` where it
is no canonical record. The digests of all lines give the signed content root, so nothing was added or
altered; the salt within each record keeps a digest from being guessed. The tombstones are the word of whoever
pruned: with them a merge sees whether its lock explains what is missing.

A record of which only some fields may not be shown has a line of its own form,
`[record,"digest",["field",…]]`: `record` lacks those fields and its salt, `digest` is that of the whole
record. Proven is that the release holds a record of that digest in this place; what the line shows of it is
the word of whoever pruned, like a tombstone: who has the full form can compare, and a merge of altered words
has another root.
"""

from __future__ import annotations

import json
import re
from binascii import a2b_hex
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from commons.addresses import tombstone
from commons.format import canonical, strict_json
from commons.format.container import AnyFiles, PrunedFiles, ReleaseFiles
from commons.format.errors import FormatError, PrunedRefused, TooBig
from commons.format.limits import LIMITS
from commons.format.manifest import Manifest
from commons.format.merkle import Tree
from commons.messages import N_
from commons.model import Fields

REFUSED = "refused"
SALT = "salt"
_WINDOW_BYTES = 1024 * 1024
_ABOUT = {"judgement": ("left", "right"), "vouch": ("about",)}  # they name what they are about, and repeat it
_HIDDEN = re.compile(rb'\["([a-z2-7]{52})","([0-9a-f]{64})"(?:,"((?:[a-z2-7]{52}){1,2}|refused)")?\]\Z')
_PARTIAL = re.compile(rb'\[(\[.*\]),"([0-9a-f]{64})",(\["[a-z0-9_]+"(?:,"[a-z0-9_]+")*\])\]\Z', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """One record that may be shown: type, id, its canonical bytes and their leaf.

    `held`: the fields that `data` lacks, its salt besides; `leaf` is that of the whole record all the same.
    """

    type: str
    id: str
    data: bytes
    leaf: bytes
    held: tuple[str, ...] = ()

    @property
    def line(self) -> bytes:
        """Its line in a pruned release."""
        if not self.held:
            return self.data
        tail = strict_json.compact([self.leaf.hex(), list(self.held)])[1:]
        return b"[" + self.data + b"," + tail.encode()


@dataclass(frozen=True, slots=True)
class Hidden:
    """One record that may not be shown: its place in the tree, its address's tombstone, its leaf.

    `origin`: the tombstones of what it was copied from or judges, one after the other; or REFUSED: it is no
    canonical record, so that nobody takes it up; "" if neither.
    """

    place: int
    hash: str
    leaf: bytes
    origin: str = ""


def is_partial(line: bytes) -> bool:
    """Whether a line, or the data of a row made of it, is a record that lacks held fields."""
    return line[1:2] == b"["


def partial(line: bytes) -> Shown | None:
    """A record without its held fields; None where the line is not exactly in that form."""
    match = _PARTIAL.match(line)
    if match is None:
        return None
    record, leaf, names = match[1], bytes.fromhex(match[2].decode()), tuple(json.loads(match[3]))
    try:
        kind, id, fields = canonical.parse(record)
    except FormatError:
        return None
    if list(names) != sorted(set(names)) or fields.keys() & {*names, SALT}:
        return None
    return Shown(kind, id, record, leaf, names)


def _nothing(record: bytes) -> Collection[str]:
    return ()


def _none(record: bytes) -> bool:
    return False


def prune(
    files: ReleaseFiles | PrunedFiles,
    records: Iterable[bytes],
    *,
    may_show: Callable[[bytes], bool],
    held: Callable[[bytes], Collection[str]] = _nothing,
    refused: Callable[[bytes], bool] = _none,
) -> PrunedFiles:
    """The pruned form of a release.

    Args:
        files: the release; its manifest, signature and key log are kept as they are.
        records: all lines in order: canonical bytes, or `lines` of a form that was pruned before.
        may_show: whether a record (canonical bytes) may still be shown, at least in part.
        held: names of the fields that may not, of those that may.
        refused: whether intake refuses a record that may not be shown; then nobody misses it.
    Raises:
        PrunedRefused: the records are not those of this release.
    """
    member = files.parsed_manifest.member
    lines = [
        line if _HIDDEN.match(line) else _line(member, line, may_show, held, refused) for line in records
    ]
    data = b"".join(line + b"\n" for line in lines)
    pruned = PrunedFiles(files.manifest, files.signature, files.keylog, data)
    for _ in shown(pruned):  # proves itself before anybody keeps it
        pass
    return pruned


def _line(
    member: str,
    line: bytes,
    may_show: Callable[[bytes], bool],
    held: Callable[[bytes], Collection[str]],
    refused: Callable[[bytes], bool],
) -> bytes:
    """The record, as much of it as may be shown, or what stands for it."""
    known = partial(line) if is_partial(line) else None
    record = known.data if known else line
    leaf = known.leaf if known else canonical.leaf(line)
    try:
        kind, id, fields = canonical.parse(record)
    except FormatError:  # intake refuses it from either form; here, nobody could read it
        kind, id, _fields = json.loads(record)
        mark = REFUSED
    else:
        if may_show(record):
            return _without(Shown(kind, id, record, leaf, known.held if known else ()), fields, held(record))
        mark = REFUSED if refused(record) else "".join(map(tombstone, origins(kind, fields)))
    said = [tombstone(f"{member}/{kind}/{id}"), leaf.hex()]
    return strict_json.compact([*said, mark] if mark else said).encode()


def origins(kind: str, fields: Fields) -> list[str]:
    """The addresses without which a record says nothing of its own: what it was copied from, or judges."""
    names = _ABOUT.get(kind, ("copied_from",))
    said = (fields.get(name) for name in names)
    return [text for text in said if isinstance(text, str) and text.count("/") == 2]


def _without(shown: Shown, fields: Fields, names: Collection[str]) -> bytes:
    """The line of a record without these fields; a record that has none of them stays as it is."""
    going = {name for name in names if name in fields and name != SALT}
    if not going:
        return shown.line
    kept = {name: value for name, value in fields.items() if name not in going and name != SALT}
    data = canonical.canonical_bytes(shown.type, shown.id, kept)
    return Shown(shown.type, shown.id, data, shown.leaf, tuple(sorted({*shown.held, *going}))).line


def hidden(files: PrunedFiles) -> list[Hidden]:
    """What a pruned release does not show, in order. Proven by `shown` only."""
    found = []
    for n, line in enumerate(_each(files)):
        if match := _HIDDEN.match(line):
            hash, leaf, origin = (part.decode() if part else "" for part in match.groups())
            found.append(Hidden(n, hash, bytes.fromhex(leaf), origin))
    return found


def lines(files: PrunedFiles) -> list[bytes]:
    """The lines of `records.jsonl`, unchecked: what `prune` takes to prune further."""
    return list(_each(files))


def _each(files: PrunedFiles) -> Iterator[bytes]:
    return chain.from_iterable(_windows(files.records))


def _windows(data: bytes) -> Iterator[list[bytes]]:
    """The lines of `data`, some at a time: all of them take several times the memory that their text does."""
    at = 0
    while end := data.rfind(b"\n", at, at + _WINDOW_BYTES) + 1 or data.find(b"\n", at) + 1:
        yield data[at : end - 1].split(b"\n")
        at = end


def joined(one: PrunedFiles, other: PrunedFiles) -> PrunedFiles:
    """What two pruned forms of one release show together; both were proven by `shown`."""
    pairs = zip(_each(one), _each(other), strict=True)
    lines = (b if _HIDDEN.match(a) or (is_partial(a) and not _HIDDEN.match(b)) else a for a, b in pairs)
    return PrunedFiles(one.manifest, one.signature, one.keylog, b"".join(line + b"\n" for line in lines))


def count_whole(files: PrunedFiles) -> int:
    """How many records a pruned release shows whole. Proven by `shown` only."""
    return sum(not _HIDDEN.match(line) and not is_partial(line) for line in _each(files))


def shows_more(files: AnyFiles, than: AnyFiles) -> bool:
    """Whether one form of a release shows more records whole than another. Neither is proven by this."""
    if not isinstance(than, PrunedFiles):
        return False
    return not isinstance(files, PrunedFiles) or count_whole(files) > count_whole(than)


def shown(files: PrunedFiles) -> Iterator[Shown]:
    """Check a pruned release; yields what may be shown, in order of (type, id).

    All of it is proven only when the iterator has ended: use nothing before.

    Raises:
        PrunedRefused: a line is not in its form, out of order, or the root is another than the signed one.
        TooBig: there are more records, or more text of them, than there may be.
        ManifestRefused: the manifest is not in its form.
    """
    _check_root(files, Manifest.parse(files.manifest))
    last = ("", "")
    for n, line in enumerate(_each(files), start=1):
        if _HIDDEN.match(line):
            continue
        found = partial(line) if is_partial(line) else _whole(n, line)
        if found is None:
            raise PrunedRefused(n, N_("it is not a record without its held fields"))
        if (found.type, found.id) <= last:
            raise PrunedRefused(n, N_("its records are out of order"))
        last = (found.type, found.id)
        yield found


def _check_root(files: PrunedFiles, manifest: Manifest) -> None:
    """That the lines are as many as were signed, and stand together for what was signed. Raises as `shown`.

    It comes first and parses nothing: what nobody signed costs a tenth of reading it.
    """
    signed, count = sum(manifest.counts.values()), files.records.count(b"\n")
    if len(files.records) > (most := LIMITS.records_bytes_of(signed)):
        raise TooBig("records.jsonl", len(files.records), most)
    if files.records and not files.records.endswith(b"\n"):
        raise PrunedRefused(count + 1, N_("its last line has no end"))
    if count != signed:
        raise PrunedRefused(count, N_("it has more or fewer records than were signed"))
    if count > LIMITS.records:
        raise TooBig("records.jsonl", count, LIMITS.records)
    tree, leaf = Tree(), canonical.leaf
    for some in _windows(files.records):
        if (longest := max(map(len, some))) > LIMITS.line_bytes:
            raise TooBig("records.jsonl", longest, LIMITS.line_bytes)
        leaves = [leaf(x) if x[54:57] != b'","' and x[1:2] != b"[" else _stated(x) for x in some]
        if b"" in leaves:
            place = tree.count + leaves.index(b"") + 1
            raise PrunedRefused(place, N_("it is not a record without its held fields"))
        tree.add_all(b"".join(leaves))
    if tree.root().hex() != manifest.content_root:
        raise PrunedRefused(count, N_("together, the lines are not what was signed"))


def _stated(line: bytes) -> bytes:
    """The leaf of a line that may name it; none where a record should lack fields and has not their form."""
    match = _HIDDEN.match(line)
    if match is None and is_partial(line):
        match = _PARTIAL.match(line)
        return a2b_hex(match[2]) if match else b""
    return a2b_hex(match[2]) if match else canonical.leaf(line)


def _whole(n: int, line: bytes) -> Shown:
    try:
        kind, id, _fields = canonical.parse(line)
    except FormatError as error:
        raise PrunedRefused(n, N_("it is not a canonical record")) from error
    return Shown(kind, id, line, canonical.leaf(line))
