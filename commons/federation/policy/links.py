"""Reads the addresses on the net under `sources:`. Connects to nothing: `wire` and `git` do, and check again.

    https://host/…                                          see `web` for what is asked for there
    http://host/…                                           the same, unencrypted
    git+https://host/repository.git[@ref][#subdirectory=folder]

Whatever could mean something else to another program is refused here: names and passwords in an address,
control characters, backslashes, other schemes, a ref or folder that looks like an option or climbs out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, ClassVar, Literal

from commons.errors import InputError
from commons.messages import N_, translate

if TYPE_CHECKING:
    import httpx

MAX_LENGTH = 2000
SCHEMES = ("https", "http", "git+https")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_NUMBER = re.compile(r"(^|\.)(0x[0-9a-f]*|[0-9]+)$|:", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")  # ex%61mple.org: git would look up another name
_PART = re.compile(r"[^-./][^/]*")


@dataclass(eq=False)
class NotALink(InputError):
    """An address on the net that cannot be a source."""

    text: str
    reason: str
    template: ClassVar[str] = N_("«{text}» cannot be a source: {reason}.")
    hint_template: ClassVar[str] = N_(
        "Write https://… or git+https://…, as in https://example.org/releases/comedor.entrega"
    )

    def _details(self) -> dict[str, object]:
        return {**super()._details(), "reason": translate(self.reason)}


@dataclass(frozen=True, slots=True)
class Link:
    """An address to ask. `url`: as it is asked for, without fragment; `ref`, `folder`: of a repository."""

    kind: Literal["web", "git"]
    url: str
    ref: str = ""
    folder: str = ""

    @property
    def encrypted(self) -> bool:
        return self.url.startswith("https:")

    @property
    def shown(self) -> str:
        """The address as a person is told of it: without the query, which may hold a key."""
        return ("git+" if self.kind == "git" else "") + shown(self.url)


def shown(url: str) -> str:
    """`url` without query and fragment, and without a name and password, whatever it is otherwise."""
    return re.sub(r"(?<=//)[^/]*@", "", re.split(r"[?#]", url, maxsplit=1)[0])[:200]


def scheme_of(text: str) -> str | None:
    """The scheme of what looks like an address on the net; None for a path or a word."""
    found = _SCHEME.match(text)
    return found[1].lower() if found else None


def parse(text: str) -> Link:
    """The link that a source's text says. Raises NotALink."""
    scheme = scheme_of(text)
    if scheme not in SCHEMES:
        raise NotALink(shown(text), N_("only https://, http:// and git+https:// are followed"))
    if len(text) > MAX_LENGTH or _UNSAFE.search(text):
        raise NotALink(shown(text), N_("it holds spaces or characters that no address has"))
    if scheme != "git+https":
        return Link("web", str(checked(text)))
    url = checked(text.removeprefix(text[:4]))
    return _repository(url, text)


def checked(text: str, *, base: httpx.URL | None = None) -> httpx.URL:
    """The address of one request, https or http, without fragment; `base`: where a redirect came from.

    Raises NotALink.
    """
    import httpx  # late: most policies name no address on the net, and every command reads a policy

    try:
        url = httpx.URL(text) if base is None else base.join(text)
        host, userinfo = url.host, url.userinfo
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise NotALink(shown(text), N_("it cannot be read as an address")) from error
    name = url.raw_host.decode("ascii", "replace")
    # 127.1, 0x7f.1 are read differently by every program
    if not is_number(host) and host and (_NUMBER.search(host) or not _HOST.fullmatch(name.rstrip("."))):
        raise NotALink(shown(text), N_("it cannot be read as an address"))
    if url.scheme not in ("https", "http") or not host or host.endswith("."):
        raise NotALink(shown(text), N_("only https://, http:// and git+https:// are followed"))
    if url.port == 0 or (url.port or 0) > 65535:
        raise NotALink(shown(text), N_("it cannot be read as an address"))
    if userinfo:
        raise NotALink(
            shown(text), N_("it holds a name or password, and whoever reads the file would have them")
        )
    return url.copy_with(fragment=None)


def url_of(text: str) -> httpx.URL:
    """An address that was checked, in its parts."""
    import httpx  # late: see `checked`

    return httpx.URL(text)


def is_number(host: str) -> bool:
    """Whether a host is an address itself and no name; IPv6 without its brackets."""
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def _repository(url: httpx.URL, text: str) -> Link:
    fragment = text.partition("#")[2]
    path, at, ref = url.path.rpartition("@")
    if not at or path.endswith("/"):  # a name that begins with @ is no branch
        path, ref = url.path, ""
    if ref and (not _REF.fullmatch(ref) or ".." in ref or "//" in ref or ref.endswith((".lock", "/", "."))):
        raise NotALink(shown(text), N_("the name after @ is no branch or tag"))
    key, _equals, folder = fragment.partition("=")
    folder = folder.strip("/")
    if fragment and (key != "subdirectory" or not all(_PART.fullmatch(p) for p in folder.split("/"))):
        raise NotALink(shown(text), N_("what stands after # is not subdirectory=FOLDER"))
    if url.query or not path.strip("/"):
        raise NotALink(shown(text), N_("it is not the address of a repository"))
    return Link("git", str(url.copy_with(path=path)), ref, folder)
