"""The recovery sheet: the next key as 24 words and a square code, to print or to copy by hand.

The page stays in memory: it is served on this computer's own address while somebody prints it, and written to
a file only when asked for. This module decides nothing about keys.
"""

from __future__ import annotations

import html
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined

from commons.format import words
from commons.format.keys import PrivateKey, PublicKey
from commons.messages import language, ngettext, speaking, translate

ASKED_BACK = 3  # words that `init` asks for, so that nobody goes on without a sheet

_templates = Environment(
    loader=PackageLoader("commons.release"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on the sheet."""

    name: str  # of the organisation or catalogue, as people say it
    file: str  # the catalogue's file name
    member_id: str
    current: PublicKey
    next: PrivateKey
    made_on: str  # YYYY-MM-DD

    @property
    def words(self) -> tuple[str, ...]:
        """The 24 words, in order."""
        return words.to_words(self.next)

    @property
    def fingerprint(self) -> tuple[str, ...]:
        """The 8 words of the key in use."""
        return words.fingerprint_words(self.current)

    def qr_svg(self) -> str:
        """The 24 words as a square code, in the page itself: nothing is fetched from anywhere."""
        text = " ".join(("commons", self.member_id, *self.words))
        svg = segno.make(text, error="m", micro=False).svg_inline(scale=3, border=4, omitsize=True)
        return str(svg)


def render(sheet: Sheet, *, lang: str | None = None) -> str:
    """The page, in `lang` or the current language; prints on one page of A4 or letter."""
    with speaking(lang or language()):
        return _templates.get_template("sheet.html").render(
            sheet=sheet, _=translate, ngettext=ngettext, lang=language(), qr=sheet.qr_svg()
        )


def positions_to_ask(choose: Callable[[Sequence[int], int], Sequence[int]]) -> list[int]:
    """Which words to ask back (1 to 24, ascending); `choose` as `random.sample`."""
    return sorted(choose(range(1, words.KEY_WORDS + 1), ASKED_BACK))


def is_word(sheet: Sheet, position: int, answer: str) -> bool:
    """Whether `answer` is the sheet's word at `position`; accents, case and endings forgiven."""
    return words.same_word(answer, sheet.words[position - 1])


def key_in(text: str, announced: Iterable[str]) -> PrivateKey | None:
    """The key that a sheet says: the page itself, what its square code says, or words typed or copied.

    Args:
        announced: digests of public keys, one of which it must be.
    Raises:
        WordsRefused: there are 24 words and nothing else, and they make no key.
    """
    plain = html.unescape(re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL | re.I))
    wanted = set(announced)
    for key in words.keys_in(plain):
        if key.public.digest in wanted:
            return key
    typed = words.split(plain)
    if len(typed) == words.KEY_WORDS:
        words.from_words(typed)  # says which word is wrong
    return None


class _Page(BaseHTTPRequestHandler):
    """Answers one path with one page, to this computer only; keeps no log."""

    path_wanted: ClassVar[str]
    content: ClassVar[bytes]

    def do_GET(self) -> None:
        host = (self.headers.get("Host") or "").partition(":")[0]
        if self.path != self.path_wanted or host != "127.0.0.1":
            self.send_error(404)
            return
        self.send_response(200)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(self.content))),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, format: str, *args: object) -> None:
        """The address holds a secret; it is not written down."""


@contextmanager
def served(page: str) -> Iterator[str]:
    """Within the block, `page` can be read at the yielded address of this computer, and nowhere else."""
    path = f"/{secrets.token_urlsafe(16)}"

    class OnePage(_Page):
        path_wanted = path
        content = page.encode()

    with ThreadingHTTPServer(("127.0.0.1", 0), OnePage) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{path}"
        finally:
            server.shutdown()
            thread.join()


def serve_once(page: str, *, show: Callable[[str], object], wait: Callable[[], object]) -> None:
    """Serve `page` until `wait` returns; `show` is given the address (to print it, to open a browser)."""
    with served(page) as address:
        show(address)
        wait()
