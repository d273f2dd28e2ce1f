"""One locked merge in another interpreter: `python elsewhere.py FOLDER NAME [--pysqlite3]`.

Prints version, SQLite, root and the SHA-256 of the canonical pool, one a line.
"""

import hashlib
import platform
import sys
from pathlib import Path

if "--pysqlite3" in sys.argv:  # another SQLite than this Python was built with
    import pysqlite3

    sys.modules["sqlite3"] = pysqlite3
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import sqlite3

from commons.federation import lock as locks
from commons.federation.store.folder import Store
from commons.merge.rebuild import rebuild

if __name__ == "__main__":
    folder, out = Path(sys.argv[1]), Path(sys.argv[1]) / sys.argv[2]
    root = rebuild(locks.read(folder), Store(folder / "store"), out, canonical=True).root
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    print(platform.python_version(), sqlite3.sqlite_version, root, digest, sep="\n")
