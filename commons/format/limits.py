"""Limits of protocol version 1: constants, never what this machine can bear. Decides nothing else.

If one machine took up what another refuses, two honest merges of one lock would differ.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit with its unit in its name or comment."""

    catalogue_bytes: int = 64 * 1024 * 1024
    records_bytes: int = 256 * 1024 * 1024  # of a pruned release: the same records as text
    container_bytes: int = 65 * 1024 * 1024  # the four files with their headers
    pruned_container_bytes: int = 257 * 1024 * 1024
    manifest_bytes: int = 64 * 1024
    signature_bytes: int = 4 * 1024
    keylog_bytes: int = 256 * 1024
    keylog_entries: int = 500
    previous_digests: int = 16
    record_types: int = 200
    records: int = 1_000_000
    record_bytes: int = 256 * 1024  # in canonical form
    line_bytes: int = 257 * 1024  # of a pruned release: a record, or what stands for it
    record_depth: int = 8  # lists and objects within each other
    number: int = 2**53 - 1  # greatest |n|: what every JSON reader keeps exactly

    def records_bytes_of(self, counted: int) -> int:
        """The most that a pruned release of so many records can have as text."""
        return min(self.records_bytes, counted * (self.line_bytes + 1))


LIMITS = Limits()
