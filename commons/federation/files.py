"""Writing a file wholly or not at all. Knows nothing of what stands in it.

A temporary name in the same folder, flushed to the disk, then renamed: whoever reads sees the old file or the
new one. On Windows a folder cannot be flushed; there the rename is all there is.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to; at the end of the block it stands at `path`, on an error nothing does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        temporary = Path(file.name)
        try:
            yield cast(BinaryIO, file)
            file.flush()
            os.fsync(file.fileno())
            file.close()
            if os.name == "posix":
                temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        except BaseException:
            file.close()
            temporary.unlink(missing_ok=True)
            raise
    flush_folder(path.parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path`, replacing what stood there."""
    with replacing(path) as file:
        file.write(data)


def flush_folder(folder: Path) -> None:
    """Make the names in `folder` survive a power cut, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    """What new files of this process lack; there is no way to read it but to set it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
