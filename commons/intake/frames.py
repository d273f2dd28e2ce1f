"""What the child says, as bytes: rows in batches, then one summary. Never pickle: the child is not trusted.

A frame is tag, length, CRC-32 and payload. The CRC finds a disk's or a crash's damage, not a liar's: rows are
proven by the content root that the child compared. Every length is checked before it is believed.

    R  type · ids · codes · lengths · leaves · canonical records, for up to `BATCH` rows of one type
    Z  the summary, JSON; always the last
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, islice, pairwise, repeat
from typing import Any, BinaryIO, ClassVar, NamedTuple

from commons.errors import CommonsError
from commons.messages import N_

_FRAME = struct.Struct("<cII")
_ROWS = struct.Struct("<IIII")  # bytes of type, rows, bytes of ids, bytes of codes
BATCH = 512
MOST_BYTES = 256 * 1024 * 1024  # of one frame; a batch of the longest records allowed is 128 MiB


class Damaged(CommonsError):
    """A result of intake is not whole. Whoever reads it examines the release again."""

    template: ClassVar[str] = N_("What was kept of a release that had been examined is damaged.")
    hint_template: ClassVar[str] = N_("Try again: it was thrown away, and the release is examined anew.")


class Row(NamedTuple):
    """One record of a release. `code` is None, or the finding's code for which it is not taken up."""

    type: str
    id: str
    data: bytes
    leaf: bytes
    code: str | None


def write_rows(
    emit: Callable[[bytes], None],
    type: str,
    ids: Sequence[str],
    data: Sequence[bytes],
    leaves: Sequence[bytes],
    codes: Sequence[str],
) -> None:
    """Emit one batch; `codes` is empty where all rows are taken up, else one text a row, "" if taken up."""
    name = type.encode()
    joined_ids = "\n".join(ids).encode()
    joined_codes = "\n".join(codes).encode()
    _write(
        emit,
        b"R",
        [
            _ROWS.pack(len(name), len(ids), len(joined_ids), len(joined_codes)),
            name,
            joined_ids,
            joined_codes,
            struct.pack(f"<{len(ids)}I", *map(len, data)),
            *leaves,
            *data,
        ],
    )


def write_summary(emit: Callable[[bytes], None], summary: dict[str, Any]) -> None:
    _write(emit, b"Z", [json.dumps(summary, ensure_ascii=True, sort_keys=True).encode()])


def _write(emit: Callable[[bytes], None], tag: bytes, parts: list[bytes]) -> None:
    payload = b"".join(parts)
    emit(_FRAME.pack(tag, len(payload), zlib.crc32(payload)) + payload)


def _read(file: BinaryIO) -> tuple[bytes, bytes]:
    head = file.read(_FRAME.size)
    if len(head) != _FRAME.size:
        raise Damaged
    tag, length, checksum = _FRAME.unpack(head)
    if length > MOST_BYTES:
        raise Damaged
    payload = file.read(length)
    if len(payload) != length or zlib.crc32(payload) != checksum:
        raise Damaged
    return tag, payload


def read_rows(file: BinaryIO, first: int = 0) -> Iterator[Row]:
    """Every row from the `first` on, in order; reads the file to its summary. Raises Damaged.

    Whole batches before `first` are stepped over unread.
    """
    for head, count in _batches(file):
        if first >= count:
            first -= count
            file.seek(head.length, 1)
            continue
        yield from islice(_rows(_payload(file, head)), first, None)
        first = 0


def read_ids(file: BinaryIO) -> Iterator[tuple[str, list[str], list[str]]]:
    """(type, ids, codes) of every batch, without its records; codes are empty where all are taken up.

    Does not look whether the records are whole: whoever reads them does. Raises Damaged.
    """
    for head, count in _batches(file):
        begun = file.read(_ROWS.size)
        name_bytes, n, id_bytes, code_bytes = _ROWS.unpack(begun)
        if _ROWS.size + name_bytes + id_bytes + code_bytes > head.length:
            raise Damaged
        try:
            said = file.read(name_bytes + id_bytes + code_bytes).decode("ascii")
        except UnicodeDecodeError as error:
            raise Damaged from error
        ids = said[name_bytes : name_bytes + id_bytes].split("\n")
        codes = said[name_bytes + id_bytes :].split("\n") if code_bytes else []
        if len(ids) != n or n != count or (codes and len(codes) != n):
            raise Damaged
        file.seek(head.length - _ROWS.size - len(said), 1)
        yield said[:name_bytes], ids, codes


class _Head(NamedTuple):
    """What stands before a payload."""

    length: int
    checksum: int


def _batches(file: BinaryIO) -> Iterator[tuple[_Head, int]]:
    """The head of every batch and how many rows it has; whoever asks for the next has passed its payload."""
    while True:
        head = file.read(_FRAME.size)
        if len(head) != _FRAME.size:
            raise Damaged
        tag, length, checksum = _FRAME.unpack(head)
        if tag == b"Z":
            return
        begun = file.read(_ROWS.size)
        if tag != b"R" or not len(begun) == _ROWS.size <= length <= MOST_BYTES:
            raise Damaged
        file.seek(-_ROWS.size, 1)
        yield _Head(length, checksum), _ROWS.unpack(begun)[1]


def _payload(file: BinaryIO, head: _Head) -> bytes:
    payload = file.read(head.length)
    if len(payload) != head.length or zlib.crc32(payload) != head.checksum:
        raise Damaged
    return payload


class Batch(NamedTuple):
    """Some records of one type; `leaves` are joined, `codes` empty where all are taken up."""

    type: str
    ids: list[str]
    codes: list[str]
    leaves: bytes
    data: list[bytes]


def read_batches(file: BinaryIO) -> Iterator[Batch]:
    """Every record, batch by batch; reads the file to its summary. Raises Damaged."""
    for head, _count in _batches(file):
        yield _batch(_payload(file, head))


def _batch(payload: bytes) -> Batch:
    try:
        name_bytes, n, id_bytes, code_bytes = _ROWS.unpack_from(payload)
        at = _ROWS.size
        type = payload[at : at + name_bytes].decode("ascii")
        at += name_bytes
        ids = payload[at : at + id_bytes].decode("ascii").split("\n")
        at += id_bytes
        codes = payload[at : at + code_bytes].decode("ascii").split("\n") if code_bytes else []
        at += code_bytes
        lengths = struct.unpack_from(f"<{n}I", payload, at)
    except (struct.error, UnicodeDecodeError) as error:
        raise Damaged from error
    leaf_at = at + 4 * n
    data_at = leaf_at + 32 * n
    if len(ids) != n or len(codes) not in (0, n) or data_at + sum(lengths) != len(payload):
        raise Damaged
    ends = list(accumulate(lengths, initial=data_at))
    data = [payload[start:end] for start, end in pairwise(ends)]
    return Batch(type, ids, codes, payload[leaf_at:data_at], data)


def _rows(payload: bytes) -> Iterator[Row]:
    type, ids, codes, leaves, data = _batch(payload)
    each = [leaves[at : at + 32] for at in range(0, len(leaves), 32)]
    for id, code, record, leaf in zip(ids, codes or repeat(None), data, each, strict=False):
        yield Row(type, id, record, leaf, code or None)


def read_summary(file: BinaryIO) -> dict[str, Any]:
    """The last frame, found by walking over the others without reading them. Raises Damaged."""
    while True:
        head = file.read(_FRAME.size)
        if len(head) != _FRAME.size:
            raise Damaged
        tag, length, _checksum = _FRAME.unpack(head)
        if tag == b"Z":
            file.seek(-_FRAME.size, 1)
            _tag, payload = _read(file)
            if file.read(1):
                raise Damaged
            break
        if tag != b"R" or length > MOST_BYTES:
            raise Damaged
        file.seek(length, 1)
    try:
        summary = json.loads(payload)
    except ValueError as error:
        raise Damaged from error
    if not isinstance(summary, dict):
        raise Damaged
    return summary


def answers(file: BinaryIO) -> Iterator[bytes]:
    """The whole answers in a file that holds one after another, each with its summary; no broken one."""
    start = at = file.tell()
    while True:
        head = file.read(_FRAME.size)
        if len(head) != _FRAME.size:
            return
        tag, length, _checksum = _FRAME.unpack(head)
        at += _FRAME.size + length
        file.seek(at)
        if tag == b"Z":
            file.seek(start)
            found = file.read(at - start)
            if len(found) != at - start:
                return
            yield found
            start = at
            file.seek(at)
