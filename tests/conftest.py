"""For all tests: how long a property may take is this machine's business, not the property's."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("commons", deadline=None)
settings.load_profile("commons")
