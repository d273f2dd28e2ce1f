"""What is attached to a saved e-mail, read so that no letter keeps a merge busy. Knows no releases.

Python's reader takes what strangers write, but not always in a time that anybody waits for: long headers cost
by the square of their length, and each line is compared with the end of every part around it.
"""

from __future__ import annotations

import email
from collections.abc import Iterator
from email.message import Message
from email.policy import Compat32
from typing import Any

_MOST_IN_MAIL = 200  # parts of one e-mail, those within parts included
_MOST_COMPARED = 10_000_000  # lines of one e-mail times the parts within which each may lie: a few seconds
_HEADER = 16 * 1024  # bytes: Python takes time by the square of their number
MOST_BYTES = 48 * 1024 * 1024  # bytes; few servers carry half as much


def is_email(start: bytes) -> bool:
    """The head of a saved message: lines of «Name: value», one of which says that it is a message."""
    lines = start.split(b"\n", 3)
    names = [line.partition(b":")[0] for line in lines[:2]]
    return (
        len(lines) > 2
        and all(n.replace(b"-", b"").isalnum() for n in names)
        and any(word in start.lower() for word in (b"\nmime-version:", b"\nreceived:", b"\nmessage-id:"))
    )


class _ShortHeaders(Compat32):
    """How mail is read, but for headers that no program writes."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        if sum(map(len, sourcelines)) > _HEADER:
            raise ValueError(_HEADER)
        return super().header_source_parse(sourcelines)


def attachments(message: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file that is attached. Raises ValueError, RecursionError."""
    lines = message.count(b"\n") + message.count(b"\r") - message.count(b"\r\n")
    if lines * (1 + message.lower().count(b"boundary")) > _MOST_COMPARED:
        raise ValueError(_MOST_COMPARED)  # Python looks in each line for the end of every part around it
    numbers = iter(range(_MOST_IN_MAIL))

    def part_of(**options: Any) -> Message:
        if next(numbers, None) is None:
            raise ValueError(_MOST_IN_MAIL)
        return Message(**options)

    for part in email.message_from_bytes(message, _class=part_of, policy=_ShortHeaders()).walk():
        name = part.get_filename()
        if name and not part.is_multipart():
            data = part.get_payload(decode=True)
            yield name, data if isinstance(data, bytes) else b""
