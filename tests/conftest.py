"""For all tests: how long a property may take is this machine's business, not the property's.

Properties try the same cases on every machine, so that who changes nothing breaks nothing;
COMMONS_RANDOM=1 looks for new ones.
"""

from __future__ import annotations

import os
import signal

from hypothesis import settings

settings.register_profile(
    "commons", deadline=None, derandomize=not os.environ.get("COMMONS_RANDOM"), print_blob=True
)
settings.load_profile("commons")

# A shell that starts the tests in the background lets them ignore Ctrl-C, and every program that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
