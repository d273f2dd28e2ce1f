"""Small things as people say them, the same everywhere: the number of a release. Knows no language."""

from __future__ import annotations


def release_words(epoch: int, number: int) -> str:
    """`12`; after a change of the key `1.12`, since numbers alone could then be taken for another's."""
    return f"{epoch}.{number}" if epoch else str(number)
