"""A remembered link to bytes: http(s) with a size cap and a deadline, or a file. Parses nothing.

A link of a shared Google sheet leads to a page; its CSV export is asked for instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from time import monotonic
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx

from commons import reasons
from commons.errors import CommonsError, InputError
from commons.imports.reading.table import MAX_FILE_BYTES, FileTooLarge
from commons.messages import N_, translate

DEADLINE_S = 60.0
_SHEET = re.compile(r"/spreadsheets/d/(?!e/)([\w-]{20,})")
_PUBLISHED = re.compile(r"/spreadsheets/d/e/([\w-]{20,})/pub")


@dataclass(eq=False)
class FileNotRead(InputError):
    """The path does not lead to a file that can be read."""

    path: str
    reason: str
    template: ClassVar[str] = N_("{path} cannot be read: {reason}.")
    hint_template: ClassVar[str] = N_("Check the name and the folder; a name with spaces goes in quotes.")


@dataclass(eq=False)
class NotFetched(CommonsError):
    """The link did not give a file."""

    link: str
    reason: str
    template: ClassVar[str] = N_("{link} could not be fetched: {reason}.")
    hint_template: ClassVar[str] = N_("Open the link in a browser; anyone who has it must be able to see it.")


def is_link(location: str) -> bool:
    """Whether `location` is an http(s) address, not a path."""
    return location.lower().startswith(("http://", "https://"))


def export_link(link: str) -> str:
    """The address of the table itself: for shared Google sheets their CSV export, else `link`."""
    parts = urlsplit(link)
    if parts.hostname not in ("docs.google.com", "drive.google.com"):
        return link
    tab = parse_qs(parts.fragment or parts.query).get("gid", parse_qs(parts.query).get("gid", ["0"]))[0]
    published = _PUBLISHED.search(parts.path)
    if published:
        return f"https://docs.google.com/spreadsheets/d/e/{published[1]}/pub?output=csv&gid={tab}"
    shared = _SHEET.search(parts.path)
    if shared:
        return f"https://docs.google.com/spreadsheets/d/{shared[1]}/export?format=csv&gid={tab}"
    return link


def fetch(
    link: str, *, client: httpx.Client | None = None, deadline_s: float = DEADLINE_S
) -> tuple[bytes, str]:
    """(bytes, a name for messages). Raises NotFetched, FileTooLarge."""
    name = PurePosixPath(urlsplit(link).path).name or "table"
    end = monotonic() + deadline_s
    own = client or httpx.Client(follow_redirects=True, timeout=httpx.Timeout(deadline_s, connect=15))
    try:
        with own.stream("GET", export_link(link)) as response:
            if response.status_code != httpx.codes.OK:
                raise NotFetched(link, f"HTTP {response.status_code}")
            parts, size = [], 0
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > MAX_FILE_BYTES:
                    raise FileTooLarge(name, f"{MAX_FILE_BYTES // 1024 // 1024} MiB")
                if monotonic() > end:
                    raise NotFetched(link, f"> {deadline_s:.0f} s")
                parts.append(chunk)
            return b"".join(parts), name
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotFetched(link, _why(error)) from error
    finally:
        if client is None:
            own.close()


def _why(error: Exception) -> str:
    # httpx keeps only the text of what the system said
    told = str(error) or type(error).__name__
    number = re.match(r"\[Errno (-?\d+)\]", told)
    if number is None:
        return told
    if int(number[1]) < 0:  # the numbers of a name that nobody could look up
        return translate(N_("there is no such address, or no connection"))
    return reasons.within(OSError(int(number[1]), told))


def read_location(location: str) -> tuple[bytes, str]:
    """Bytes and name from a link or a path. Raises NotFetched, FileNotRead, FileTooLarge."""
    if is_link(location):
        return fetch(location)
    path = Path(location)
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1), path.name
    except OSError as error:
        raise FileNotRead(location, reasons.within(error)) from error
