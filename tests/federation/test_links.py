"""What may stand as an address under sources, and what is refused before anything is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commons.federation.policy.links import Link, NotALink, checked, parse


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://Example.org/a?llave=1#abajo", Link("web", "https://example.org/a?llave=1")),
        ("https://[::1]:8443/x", Link("web", "https://[::1]:8443/x")),
        ("http://example.org/", Link("web", "http://example.org/")),
        ("https://ñandú.mx/á", Link("web", "https://xn--and-6ma2c.mx/%C3%A1")),
        ("git+https://h.org/o/r.git", Link("git", "https://h.org/o/r.git")),
        ("git+https://h.org/@ana/r", Link("git", "https://h.org/@ana/r")),
        (
            "git+https://h.org/o/r.git@v1/a#subdirectory=x/y",
            Link("git", "https://h.org/o/r.git", "v1/a", "x/y"),
        ),
    ],
)
def test_an_address_is_read(text: str, link: Link) -> None:
    """Hosts in ASCII, no fragment; of a repository its branch and folder."""
    assert parse(text) == link


@pytest.mark.parametrize(
    "text",
    [
        "file:///etc/passwd", "ftp://h/x", "ext::sh -c id", "ssh://h/x", "git+ssh://h/x", "git+http://h/x",
        "git://h/x", "https:///x", "https://h/a b", "https://h/\\x", "https://h/\nx", "https://h:0/", "https://h:99999/",
        "https://127.1/", "https://0x7f.0.0.1/", "https://2130706433/", "https://h./",
        "https://ex%61mple.org/x", "git+https://a%2eb.example.org/r.git", "https://a,b.org/", "https://-h.org/",
        "https://ana:clave@h/", "https://ana@h/", "git+https://ana:clave@h/r.git",
        "git+https://h/r.git@-upload-pack", "git+https://h/r.git@a..b", "git+https://h/r.git@x.lock",
        "git+https://h/r.git#subdirectory=../x", "git+https://h/r.git#subdirectory=-x",
        "git+https://h/r.git#egg=x", "git+https://h/", "git+https://h/r.git?x=1", "https://" + "a" * 3000,
    ],
)  # fmt: skip
def test_what_another_program_could_take_otherwise_is_refused(text: str) -> None:
    """Options, climbing out, other protocols, passwords; and the sentence repeats no password."""
    with pytest.raises(NotALink) as refused:
        parse(text)
    assert "clave" not in str(refused.value) and refused.value.hint


def test_a_redirect_is_an_address_like_any_other() -> None:
    """Relative ones count from where they came; other schemes and passwords are refused."""
    base = checked("https://h/a/b")
    assert str(checked("../c", base=base)) == "https://h/c"
    for target in ("file:///x", "//ana:clave@h/", "javascript:alert(1)"):
        with pytest.raises(NotALink):
            checked(target, base=base)


@given(st.sampled_from(["", "https://", "git+https://h/", "//", "https://h:", "https://[", "?"]), st.text())
def test_any_text_is_read_or_refused(begin: str, text: str) -> None:
    """Whatever a file or a server says: an address of the two schemes without a password, or one error."""
    for read in (parse, lambda said: checked(said, base=checked("https://h/a/b"))):
        try:
            found = read(begin + text)
        except NotALink:
            continue
        url = checked(found.url if isinstance(found, Link) else str(found))
        assert url.scheme in ("http", "https") and not url.userinfo and url.host
