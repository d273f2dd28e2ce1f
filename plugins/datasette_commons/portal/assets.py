"""The portal's own files (a stylesheet or two), each under an address that names its content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}


@cache
def content_of(name: str) -> tuple[bytes, str] | None:
    """Bytes and media type; None for what is not ours."""
    if "/" in name or "\\" in name or name.startswith("."):
        return None
    path = _FOLDER / name
    media = _TYPES.get(path.suffix)
    return (path.read_bytes(), media) if media and path.is_file() else None


@cache
def url_of(name: str) -> str:
    """`/-/commons/portal.3f2a….css`: a new content has a new address, so browsers may keep it for a year."""
    found = content_of(name)
    assert found is not None, name
    stem, _, suffix = name.rpartition(".")
    return f"/-/commons/{stem}.{hashlib.sha256(found[0]).hexdigest()[:12]}.{suffix}"


def by_url(stem: str, digest: str, suffix: str) -> tuple[bytes, str] | None:
    """What `url_of` promised, whatever the digest says (an old page may still ask for an old one)."""
    return content_of(f"{stem}.{suffix}") if digest.isalnum() else None
