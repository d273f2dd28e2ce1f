"""What a member's file may ask of intake. Decides nothing by itself.

The first group belongs to the protocol: whoever exceeds it is refused everywhere. The second is what this
machine lends to one file: exceeding it says something about the machine ("unreadable here"), never about
the file, and must not change what others would merge.
"""

from __future__ import annotations

from dataclasses import dataclass

RULES = 2  # raised whenever the same bytes would be judged otherwise

VALUE_BYTES = 1024 * 1024  # of one value in the database
COLUMNS = 100
EXPRESSION_DEPTH = 40
SQL_BYTES = 256 * 1024
FINDINGS_KEPT = 1_000  # of one release, one by one; all are counted


@dataclass(frozen=True, slots=True)
class Lent:
    """What the child process of one file may use here."""

    seconds: float = 60.0
    cpu_seconds: int = 30
    memory_bytes: int = 1024 * 1024 * 1024
    descriptors: int = 16
    result_bytes: int = 1024 * 1024 * 1024
