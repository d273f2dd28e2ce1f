"""Text out of cells that hold HTML, as web pages' exports have it. Keeps every word; follows no link.

Only what is surely HTML is touched: a known tag, or a named sign such as &nbsp;. «a < b» stays as it is.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

_TAGS = (
    "p|br|div|span|b|strong|i|em|u|ul|ol|li|a|h[1-6]|table|tbody|thead|tr|td|th|font|img|blockquote|hr|small"
    "|sup|sub"
)
_HTML = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>|&(?:[a-z]{{2,8}}|#\d{{2,5}});", re.IGNORECASE)
_LONGEST = 50_000  # longer cells stay as they are
_ENDS_LINE = frozenset(
    ("p", "div", "li", "tr", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6")
)
_SILENT = frozenset(("script", "style"))


def is_html(text: str) -> bool:
    """Whether tags or named signs of HTML stand in the text."""
    return ("<" in text or "&" in text) and len(text) <= _LONGEST and _HTML.search(text) is not None


def without_html(text: str) -> str:
    """The words of an HTML text, with its paragraphs and lists as lines and its links in brackets."""
    if re.search(r"&lt;/?[a-z]", text, re.IGNORECASE):
        text = html.unescape(text)  # escaped twice on its way
    reader = _Reader()
    reader.feed(text)
    reader.close()
    lines = (re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    """Collects text; what no tag of ours is stays as written."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._links: list[str] = []
        self._silent = ""  # within a script or a style, whose contents are no words for people

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag in _SILENT:
            self._silent = tag
        elif re.fullmatch(_TAGS, tag) is None:
            self.parts.append(self.get_starttag_text() or "")
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag == "a":
            self._links.append(told.get("href") or "")
        elif tag == "img" and told.get("alt"):
            self.parts.append(told["alt"] or "")
        elif tag in ("p", "div", "tr"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""
        elif tag == "a" and self._links:
            link = self._links.pop()
            if link.startswith("http") and link not in "".join(self.parts[-2:]):
                self.parts.append(f" ({link})")
        elif tag in _ENDS_LINE:
            self.parts.append("\n\n" if tag == "p" else "\n" if tag != "li" else "")
        elif re.fullmatch(_TAGS, tag) is None and tag not in _SILENT:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)

    def handle_pi(self, data: str) -> None:
        self.parts.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.parts.append(data.removeprefix("CDATA["))

    def handle_comment(self, data: str) -> None:
        self.parts.append(f"<!--{data}-->" if not data.strip().startswith(("[if", "wp:", "/wp:")) else "")
