"""For all tests: how long a property may take is this machine's business, not the property's."""

from __future__ import annotations

import signal

from hypothesis import settings

settings.register_profile("commons", deadline=None)
settings.load_profile("commons")

# A shell that starts the tests in the background lets them ignore Ctrl-C, and every program that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
