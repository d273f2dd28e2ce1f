"""Why the system refused a file, in the reader's words. Does not catch, print or decide anything."""

from __future__ import annotations

import errno

from commons.messages import N_, translate

_REASONS = {
    errno.ENOSPC: N_("The disk is full"),
    errno.EDQUOT: N_("The disk is full"),
    errno.EACCES: N_("There is no permission"),
    errno.EPERM: N_("There is no permission"),
    errno.EROFS: N_("The disk can only be read"),
    errno.ENOENT: N_("There is no such file or folder"),
    errno.ENOTDIR: N_("There is no such file or folder"),
    errno.EISDIR: N_("It is a folder"),
    errno.EEXIST: N_("It is already there"),
    errno.ENAMETOOLONG: N_("The name is too long"),
    errno.ELOOP: N_("The links lead in a circle"),
    errno.EFBIG: N_("The file would be too large for this disk"),
    errno.EBUSY: N_("Another program is using it"),
    errno.EIO: N_("The disk does not answer properly"),
    errno.EADDRNOTAVAIL: N_("This computer does not have that address"),
    errno.EADDRINUSE: N_("The port is taken by another program"),
    errno.ECONNREFUSED: N_("Nobody answers there"),
}


_NEXT = {
    errno.ENOSPC: N_("Make room on the disk, or choose another one."),
    errno.EDQUOT: N_("Make room on the disk, or choose another one."),
    errno.EACCES: N_("Choose a folder where you may write, or ask whoever looks after this computer."),
    errno.EPERM: N_("Choose a folder where you may write, or ask whoever looks after this computer."),
    errno.EROFS: N_("Choose a folder where you may write, or ask whoever looks after this computer."),
    errno.ENOENT: N_("Check the name and the folder."),
    errno.ENOTDIR: N_("Check the name and the folder."),
    errno.EISDIR: N_("Name a file, not a folder."),
    errno.EEXIST: N_("Choose another name."),
    errno.ENAMETOOLONG: N_("Choose a shorter name."),
    errno.ELOOP: N_("Name the file itself, not a link."),
    errno.EFBIG: N_("Make room on the disk, or choose another one."),
    errno.EBUSY: N_("Close the other program, and try again."),
    errno.EADDRNOTAVAIL: N_("Leave --host out, to show it on this computer alone."),
    errno.EIO: N_("Copy what you can to another disk, and look at this one."),
    errno.EADDRINUSE: N_("Choose another one with --port."),
}


# SQLite's refusals by what the system would say of them: PERM, READONLY, IOERR, FULL, CANTOPEN, as numbers,
# since `commons --help` needs no SQLite.
_SQLITE = {3: errno.EACCES, 8: errno.EACCES, 10: errno.EIO, 13: errno.ENOSPC, 14: errno.EACCES}


def of_sqlite(error: Exception) -> OSError | None:
    """What the system would have said where SQLite says it; None where it is about what the file holds."""
    code = getattr(error, "sqlite_errorcode", None)
    number = None if code is None else _SQLITE.get(code & 0xFF)
    return None if number is None else OSError(number, str(error))


def next_step(error: OSError) -> str:
    """What a person can do about it, or an empty text."""
    known = _NEXT.get(error.errno or 0)
    return translate(known) if known else ""


def of_number(number: int | None) -> str:
    """The sentence for an `errno`, or an empty text where there is none."""
    known = _REASONS.get(number or 0)
    return translate(known) if known else ""


def of(error: OSError) -> str:
    """The sentence for `error`; where there is none, what the system says."""
    return of_number(error.errno) or error.strerror or str(error) or type(error).__name__


def within(error: OSError) -> str:
    """As `of`, to stand inside another sentence."""
    text = of(error)
    return text[:1].lower() + text[1:]
