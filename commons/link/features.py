"""What a record can be recognised by, in one small value that JSON can hold. Pure; compares nothing.

A record's features depend on its type and fields alone, so they can be made when a release is taken in and
kept with it. Of a claim with a held field they are made without that field.
"""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from commons.addresses import Address, NotAnAddress
from commons.link.exact import strong_identifier
from commons.link.normal import Name, Street, names_of, phone_of, postal_of, spelling_of, street_of, words_of
from commons.link.tables import load_tables

MOST = 10  # of each list
REFERENCES = ("organization", "place", "project", "service", "parent_organization")
_DATES = ("starts_at", "starts_on", "closes_at", "awarded_on", "published_on", "observed_at")
_ROUGH = {"district", "neighbourhood"}  # a position that is only the middle of an area
_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?/*(?:[^/@\s]*@)?(?:www\d?\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::\d+)?(.*)", re.S
)
_TELLING = 3  # figures of a house number that a name may have for one; in a smaller one it is its own
_SCHEME = re.compile(r"(?:https?:)?/*(?:www\d?\.)?", re.I)  # of one page written in several ways
_as_is = tuple.__new__  # a named tuple's own way looks at each value and takes five times as long


class Features(NamedTuple):
    """The compared side of a record. Empty text or tuple: not said."""

    type: str
    names: tuple[Name, ...] = ()
    street: Street | None = None
    neighbourhood: str = ""
    town: str = ""  # the city, as words
    district: str = ""
    postal: str = ""
    region: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()  # own domains; `host/path` on shared hosts
    pages: tuple[int, ...] = ()  # checksums of the whole web addresses
    position: tuple[int, int] | None = None
    date: str = ""
    kind: str = ""
    identifiers: tuple[str, ...] = ()
    references: tuple[tuple[str, str], ...] = ()  # field, full address

    @property
    def comparable(self) -> bool:
        """Whether it has any of what records are found by."""
        return bool(self.names or self.phones or self.emails or self.sites or self.street)


def of(type: str, fields: Mapping[str, Any]) -> Features | None:
    """A record's features; None where nothing of it can be compared."""
    if type not in load_tables().types:
        return None
    text = {k: v for k, v in fields.items() if isinstance(v, str)}
    said = text.get
    address, links = said("street_address"), fields.get("social_links")
    street = street_of(address) if address is not None else None
    urls = [u for u in (said("url", ""), *(_texts(links) if links else ())) if u]
    emails = _emails(said("email", ""))
    return Features(
        type,
        _names([n for n in (said("title"), *_texts(fields.get("alternate_names"))) if n], street),
        street,
        words_of(said("neighbourhood", "")),
        words_of(said("city", "")),
        said("district", "").strip().casefold(),
        postal_of(said("postal_code", "")),
        words_of(said("region", "")),
        _phones(fields.get("phones")),
        emails,
        _sites(urls, emails) if urls or emails else (),
        tuple(sorted({spelling_of(_SCHEME.sub("", u.strip())) for u in urls}))[:MOST] if urls else (),
        _position(fields),
        next((text[d] for d in _DATES if d in text), ""),
        said("kind", ""),
        _identifiers(fields.get("identifiers")),
        _references(text),
    )


def _emails(text: str) -> tuple[str, ...]:
    email = text.strip().casefold()
    return (email,) if "@" in email else ()


def _identifiers(value: object) -> tuple[str, ...]:
    return tuple(sorted({i for i in map(strong_identifier, _texts(value)) if i})) if value else ()


def _names(texts: list[str], street: Street | None) -> tuple[Name, ...]:
    """The names, but for the house number that some are told apart by (*Center 2929* at number 2929)."""
    found = names_of(texts)
    if street is None or not street.number:
        return found
    if not any(name.marks for name in found):
        return found
    house = {n for n in (street.number, *street.words) if n.isdigit() and len(n) >= _TELLING}
    return tuple(
        n._replace(marks=tuple(m for m in n.marks if m not in house)) if n.words else n for n in found
    )


def _texts(value: object) -> list[str]:
    return [v for v in value if isinstance(v, str)][: MOST * 2] if isinstance(value, list) else []


def _phones(value: object) -> tuple[str, ...]:
    if not value:
        return ()
    entries = value if isinstance(value, list) else []
    numbers = (e.get("number") for e in entries[: MOST * 2] if isinstance(e, dict))
    return tuple(sorted({p for n in numbers if isinstance(n, str) and (p := phone_of(n))}))[:MOST]


def _sites(urls: Iterable[str], emails: Iterable[str]) -> tuple[str, ...]:
    """Own domains; where the host is shared, host and path, if there is a path."""
    hosts = load_tables().hosts
    found = {site for url in urls if (site := _site(url))}
    for email in emails:
        domain = email.rpartition("@")[2]
        if domain not in hosts.free_mail and not _is_shared(domain):
            found.add(own_domain(domain))
    return tuple(sorted(found))[:MOST]


def _site(url: str) -> str:
    match = _HOST.match(url.strip().casefold())
    if match is None:
        return ""
    host, path = match[1], match[2].split("#")[0].rstrip("/").strip()
    if _is_shared(host):
        return f"{host}{path}"[:200] if len(path) > 1 else ""
    return own_domain(host)


def _is_shared(host: str) -> bool:
    shared = load_tables().hosts.shared
    labels = host.split(".")
    return any(".".join(labels[i:]) in shared for i in range(len(labels) - 1))


def own_domain(host: str) -> str:
    """The part of a host name that somebody registered: `www.a.org.mx` → `a.org.mx`."""
    labels = host.split(".")
    suffixes = load_tables().hosts.suffixes
    known = next((n for n in (3, 2) if ".".join(labels[-n:]) in suffixes), 1)
    return ".".join(labels[-known - 1 :])


def _position(fields: Mapping[str, Any]) -> tuple[int, int] | None:
    latitude, longitude = fields.get("latitude_e6"), fields.get("longitude_e6")
    if type(latitude) is not int or type(longitude) is not int or (latitude == 0 and longitude == 0):
        return None
    if fields.get("position_precision") in _ROUGH:
        return None
    return latitude, longitude


def _references(text: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    found = []
    for name in REFERENCES:
        if name in text:
            with suppress(NotAnAddress):
                found.append((name, str(Address.parse(text[name]))))
    return tuple(found)


def packed(features: Features) -> bytes:
    """The same bytes for equal features: for a scratch file of our own, nothing from outside is read so."""
    street = tuple(features.street) if features.street else None
    plain: tuple[Any, ...] = (features.type, tuple(tuple(n) for n in features.names), street, *features[3:])
    return marshal.dumps(plain, 2)  # version 2: without references, whose use is by chance


def unpacked(data: bytes) -> Features:
    """What `packed` wrote."""
    type, names, street, *rest = marshal.loads(data)  # noqa: S302  (see `packed`)
    read = tuple([_as_is(Name, name) for name in names])
    return _as_is(Features, (type, read, _as_is(Street, street) if street else None, *rest))


def to_json(features: Features) -> str:
    """One line of JSON that `from_json` reads back."""
    return json.dumps(features, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Features:
    """What `to_json` wrote. Raises ValueError where it is anything else."""
    try:
        return _from_plain(json.loads(text))
    except (TypeError, IndexError, KeyError) as error:
        raise ValueError("not the features of a record") from error


def _from_plain(plain: list[Any]) -> Features:
    read = Features(*plain)
    if not isinstance(read.type, str):
        raise TypeError(read.type)
    return read._replace(
        names=tuple(Name(tuple(w), tuple(m), tuple(g), i, s, tuple(p)) for w, m, g, i, s, p in read.names),
        street=Street(tuple(read.street[0]), *read.street[1:]) if read.street else None,
        phones=tuple(read.phones),
        emails=tuple(read.emails),
        sites=tuple(read.sites),
        pages=tuple(read.pages),
        position=(read.position[0], read.position[1]) if read.position else None,
        identifiers=tuple(read.identifiers),
        references=tuple((f, a) for f, a in read.references),
    )
