"""Keys as they are pressed at the terminal, without Enter and without an echo.

`click.getchar` throws away what was pressed in the instant before it reads, also when the question stands
there already. Here whoever asks says when to forget: before a question is shown, so that no key counts for
something that nobody has seen.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import click

SHOW_AGAIN = "\f"  # what Ctrl-L sends; also given where the program goes on after Ctrl-Z
_END, _ESCAPE = b"\x04", b"\x1b"  # Ctrl-D; how arrows and other keys without a sign begin
_SOON_S = 0.02  # within which the rest of such a key has come


class Keyboard(Protocol):
    """What a person presses."""

    def key(self) -> str:
        """The next key, or `SHOW_AGAIN`. Raises EOFError where there will be none."""

    def forget(self) -> None:
        """Let what was pressed so far count for nothing."""

    def line(self, asked: Callable[[], str]) -> str:
        """A question that is answered with a line and Enter."""


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """The terminal of stdin, as keys within the block and as it was after it."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield _Console()
        return
    at = sys.stdin.fileno()
    before = termios.tcgetattr(at)
    terminal = _Terminal(
        at,
        keys=lambda: tty.setcbreak(at, termios.TCSANOW),
        lines=lambda: termios.tcsetattr(at, termios.TCSANOW, before),
        forget=lambda: termios.tcflush(at, termios.TCIFLUSH),
    )
    former = signal.signal(signal.SIGCONT, terminal.go_on)
    try:
        yield terminal
    finally:
        signal.signal(signal.SIGCONT, former)
        termios.tcsetattr(at, termios.TCSADRAIN, before)


class _WentOn(Exception):
    """The program was stopped while it waited for a key, and goes on."""


class _Terminal:
    def __init__(
        self,
        at: int,
        *,
        keys: Callable[[], object],
        lines: Callable[[], object],
        forget: Callable[[], object],
    ) -> None:
        self._at, self._keys, self._lines, self._forget = at, keys, lines, forget
        self._waits = self._was_stopped = False

    def go_on(self, _signal: int, _frame: object) -> None:
        """After Ctrl-Z the shell has left the terminal as it likes it, and other things stand on it."""
        self._was_stopped = True
        if self._waits:
            raise _WentOn

    def key(self) -> str:
        self._keys()
        try:
            return self._pressed(self._first())
        except _WentOn:
            return SHOW_AGAIN

    def _first(self) -> bytes:
        """The first byte of a key; here a person lets the program wait."""
        self._waits = True
        try:
            if self._was_stopped:
                raise _WentOn
            return os.read(self._at, 1)
        finally:
            self._waits = False

    def _pressed(self, pressed: bytes) -> str:
        if pressed in (b"", _END):
            raise EOFError
        if pressed == _ESCAPE:
            while len(pressed) < 8 and select.select([self._at], [], [], _SOON_S)[0]:
                pressed += os.read(self._at, 1)
        while pressed[0] >= 0xC0 and len(pressed) < _length(pressed[0]):
            pressed += os.read(self._at, 1) or b"?"
        return pressed.decode(errors="replace")

    def forget(self) -> None:
        self._was_stopped = False
        self._keys()
        self._forget()

    def line(self, asked: Callable[[], str]) -> str:
        self._lines()
        return asked()


def _length(first: int) -> int:
    """Bytes of a letter in UTF-8, by its first one."""
    return 2 if first < 0xE0 else 3 if first < 0xF0 else 4


class _Console:
    """Windows, where reading a key changes no terminal and forgets nothing."""

    def key(self) -> str:
        return click.getchar()

    def forget(self) -> None:
        if sys.platform == "win32":
            import msvcrt

            while msvcrt.kbhit():
                msvcrt.getwch()

    def line(self, asked: Callable[[], str]) -> str:
        return asked()
