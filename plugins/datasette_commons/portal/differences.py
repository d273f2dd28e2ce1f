"""Where members differ: every value beside its rivals, who says it and how old it is; nobody is called wrong.

Two positions a few steps apart are no difference for somebody who goes there, nor are two spellings that
differ in accents and dots; the table `disagreement` has them all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from commons.addresses import Address
from commons.folding import read_alike
from commons.messages import in_language
from commons.messages import translate as _
from commons.pool.contract import CONTACTS
from commons.pool.read import Rival, Thing
from commons.schema.spec import Field, RecordType
from datasette_commons.portal.links import Links
from datasette_commons.portal.site import Site
from datasette_commons.portal.values import Piece, pieces
from datasette_commons.portal.words import date_words, number_words, parse_day

NEAR_M = 60  # metres
METRES_A_DEGREE = 111_195


@dataclass(frozen=True, slots=True)
class RivalView:
    """One of several values that members give for a field."""

    pieces: tuple[Piece, ...]
    who: str
    member_url: str
    fresh: str
    shown: bool


def differences(
    thing: Thing, rtype: RecordType, site: Site, links: Links, *, lapsed: bool
) -> Iterator[tuple[str, str, tuple[RivalView, ...]]]:
    """Where members differ, in the order in which the schema lists the fields."""
    for name, field in rtype.fields.items():
        rivals = thing.rivals.get(name, ())
        if len(rivals) < 2 or (lapsed and name in CONTACTS) or name == "longitude_e6":
            continue
        if read_alike([rival.value for rival in rivals]):
            continue
        if name == "latitude_e6":
            views = _positions(rivals, thing.rivals.get("longitude_e6", ()), site, links)
        else:
            views = tuple(_rival(field, rival, site, links) for rival in rivals)
        if len(views) < 2:
            continue
        members = {rival.member for rival in rivals}
        label = _("Position") if name == "latitude_e6" else in_language(field.title)
        if len(members) == 2:
            sentence = _("Two organisations say different things.")
        else:
            sentence = _("{n} organisations say different things.").format(n=len(members))
        yield label, sentence, views


def _positions(
    latitudes: tuple[Rival, ...], longitudes: tuple[Rival, ...], site: Site, links: Links
) -> tuple[RivalView, ...]:
    """Each one's point on the map; nothing where all are within a few steps of the one that is shown."""
    east = {rival.address: rival.value for rival in longitudes}
    points = [(r, r.value, east[r.address]) for r in latitudes if r.address in east]
    if not points or not all(isinstance(n, int) for _r, *both in points for n in both):
        return ()
    first = points[0]  # the one that is shown
    if all(_metres(first[1:], other[1:]) <= NEAR_M for other in points):
        return ()
    views = []
    for rival, latitude, longitude in points:
        away = _metres(first[1:], (latitude, longitude))
        note = "" if rival.shown or not away else _("{n} m from the other").format(n=number_words(away))
        text = f"{latitude / 1e6:.5f}, {longitude / 1e6:.5f}"
        piece = Piece(text, note=note, href=f"geo:{latitude / 1e6:.6f},{longitude / 1e6:.6f}")
        views.append(replace(_rival_of(rival, site, links), pieces=(piece,)))
    return tuple(views)


def _metres(a: tuple[int, int], b: tuple[int, int]) -> int:
    """How far two positions in millionths of a degree are from each other; for reading, not for deciding."""
    north, east = a[0] - b[0], (a[1] - b[1]) * math.cos(math.radians(a[0] / 1e6))
    return round(math.hypot(north, east) * METRES_A_DEGREE / 1e6)


def _rival(field: Field, rival: Rival, site: Site, links: Links) -> RivalView:
    lines = pieces(field, rival.value, site=site, links=links)
    found = tuple(lines) or (Piece(_reference_words(rival.value)),)
    return replace(_rival_of(rival, site, links), pieces=found)


def _rival_of(rival: Rival, site: Site, links: Links) -> RivalView:
    """Whose value it is and how old, without the value."""
    day = parse_day(rival.confirmed_at)
    return RivalView(
        pieces=(),
        who=site.member_name(rival.member),
        member_url=links.page("member", rival.member),
        fresh=_("confirmed on {date}").format(date=date_words(rival.confirmed_at)) if day else "",
        shown=rival.shown,
    )


def _reference_words(value: Any) -> str:
    """A reference that leads nowhere here, or a value of no known form."""
    text = str(value)
    return Address.parse(text).id if text.count("/") == 2 and len(text) > 30 else text
