"""What members write, made safe to show. Markdown in, a small set of HTML out; and addresses to link.

Law: nothing a member writes can run, load from another host, or look like a part of the page.
"""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "blockquote", "code", "pre", "h3", "h4", "hr"}
_MAX_MARKDOWN = 100_000


@cache
def _parser() -> MarkdownIt:
    # No images: a picture from another host would tell that host who reads. No HTML: it is shown as text.
    return MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}).disable("image")


def prose(text: str) -> Markup:
    """Safe HTML of Markdown; headings become small, links lead to http, https, mailto or tel only."""
    html = _parser().render(text[:_MAX_MARKDOWN])
    html = re.sub(r"<(/?)h[1-2]>", r"<\1h3>", html)
    html = re.sub(r"<(/?)h[5-6]>", r"<\1h4>", html)
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes=set(SAFE_SCHEMES),
        link_rel="noopener nofollow ugc",
    )
    return Markup(clean)  # noqa: S704 - cleaned one line above


def plain(text: str) -> str:
    """The words of a Markdown text, on one line."""
    words = re.sub(r"\]\([^)]*\)", "]", text)
    words = re.sub(r"(?m)^\s*[#>]+|[*`\[\]]+|(?<!\w)_+|_+(?!\w)", " ", words)
    return " ".join(words.split())


def safe_url(text: object) -> str | None:
    """`text` where it is an address that may be linked; None for everything else (javascript:, data: …)."""
    if not isinstance(text, str) or any(ord(c) < 33 or c in "<>\"'`\\" for c in text):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme.lower() not in SAFE_SCHEMES:
        return None
    if parts.scheme.lower() in ("http", "https") and not parts.hostname:
        return None
    return text


def tel_url(number: object) -> str | None:
    """tel: link of a phone number, digits and one leading plus only; None where there are too few digits."""
    text = str(number or "")
    digits = re.sub(r"\D", "", text)
    if len(digits) < 3:
        return None
    return ("tel:+" if text.lstrip().startswith("+") else "tel:") + digits


def mail_url(address: object) -> str | None:
    """mailto: link of an e-mail address; None for anything that is not plainly one."""
    text = str(address or "").strip()
    return f"mailto:{text}" if re.fullmatch(r"[\w.+%-]+@[\w.-]+\.\w{2,}", text) else None
