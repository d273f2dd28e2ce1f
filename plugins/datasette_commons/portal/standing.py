"""In whose place, and for whom, a member speaks: what the federation says of it, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from commons.folding import folded
from commons.messages import translate as _
from commons.pool.read import Member
from datasette_commons.portal.site import Site
from datasette_commons.portal.words import date_words


def standing(member: Member, site: Site) -> Iterator[str]:
    """Sentences for the member's page; none where it speaks for itself and always did."""
    if member.row["on_behalf_of"]:
        yield _("Published by {member} for {name}.").format(
            member=member.name, name=member.row["on_behalf_of"]
        )
    word = _succession(site, member.id)
    if member.row["succeeds"]:
        name = known_name(site, str(member.row["succeeds"]))
        if folded(name) == folded(member.name):
            yield _("Continues its earlier catalogue: old links lead here.")
        else:
            yield _("Continues {name}: old links lead here.").format(name=name)
        if word.get("by") and word.get("how"):
            when = date_words(word["when"]) if word.get("when") else "—"
            yield _("{by} said so on {when}: {how}").format(by=word["by"], when=when, how=word["how"])


def successor(site: Site, member_id: str) -> str | None:
    """Who stands today in the place of a member that is no longer there."""
    found = member_id
    nearest = {w["member"]: str(m["id"]) for m in _listed(site) if (w := m.get("succeeds"))}
    while found in nearest:
        found = nearest[found]
    return found if found != member_id else None


def known_name(site: Site, member_id: str) -> str:
    """As it calls itself, else as the federation calls it; its id where nobody says."""
    named = {str(m["id"]): str(m["name"]) for m in _listed(site)}
    name = site.member_name(member_id)
    return named.get(member_id, member_id) if name == member_id else name


def _succession(site: Site, member_id: str) -> Mapping[str, Any]:
    return next((m.get("succeeds") or {} for m in _listed(site) if m["id"] == member_id), {})


def _listed(site: Site) -> list[Mapping[str, Any]]:
    return list(site.federation.get("members") or ())
