"""The numbered migrations of a catalogue's structure. Each is written once and never changed afterwards.

Adding one: write `m00N_…`, raise `structure.STRUCTURE`, keep a catalogue of the old structure in the tests.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("commons.catalogue")


@migrations()
def m001_first_structure(db: Database) -> None:
    """Everything that is not a record's own columns."""
    for statement in (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID",
        """CREATE TABLE IF NOT EXISTS draft (
            type TEXT NOT NULL, id TEXT NOT NULL, field TEXT NOT NULL, text TEXT NOT NULL,
            PRIMARY KEY (type, id, field)) WITHOUT ROWID""",
        """CREATE TABLE step (
            n INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
            note TEXT NOT NULL, at TEXT NOT NULL, undoes INTEGER REFERENCES step(n)) STRICT""",
        # before/after: JSON {"fields": {…}, "drafts": {…}} with what differs; null where the record was not.
        """CREATE TABLE change (
            step INTEGER NOT NULL REFERENCES step(n), type TEXT NOT NULL, id TEXT NOT NULL,
            before TEXT, after TEXT, PRIMARY KEY (step, type, id)) STRICT, WITHOUT ROWID""",
        "CREATE INDEX change_of_record ON change (type, id)",
        """CREATE TABLE consent (
            id TEXT PRIMARY KEY, whose TEXT, asked_by TEXT, purpose TEXT, granted_at TEXT, revoked_at TEXT,
            covers TEXT) STRICT, WITHOUT ROWID""",
        """CREATE TABLE source (
            name TEXT PRIMARY KEY, location TEXT NOT NULL, settings TEXT NOT NULL, last_run_at TEXT,
            digest TEXT) STRICT, WITHOUT ROWID""",
        """CREATE TABLE source_row (
            source TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, fields TEXT,
            PRIMARY KEY (source, key, type)) STRICT, WITHOUT ROWID""",
        "CREATE INDEX source_row_of_record ON source_row (type, id)",
        """CREATE TABLE own_release (
            epoch INTEGER NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL, issued_at TEXT NOT NULL,
            step INTEGER NOT NULL, leaves TEXT, PRIMARY KEY (epoch, number, digest)) STRICT, WITHOUT ROWID""",
    ):
        db.execute(statement)
