"""Who stands behind what is shown: members, the federation, and how to check both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from commons.addresses import file_stem
from commons.findings import KINDS, Finding
from commons.format.words import fingerprint_words
from commons.messages import N_, in_language, ngettext
from commons.messages import translate as _
from commons.pool.index import both
from commons.pool.read import Member
from commons.said import release_words
from datasette_commons.portal.cards import type_title
from datasette_commons.portal.links import Links
from datasette_commons.portal.markdown import mail_url, safe_url, tel_url
from datasette_commons.portal.site import Site, pool_path
from datasette_commons.portal.standing import standing
from datasette_commons.portal.values import Piece, link_piece, phone_words
from datasette_commons.portal.words import date_words, joined, number_words

_STATES = {
    "current": N_("up to date"),
    "late": N_("behind"),
    "paused": N_("on pause"),
    "awaited": N_("no release yet"),
    "leaving": N_("leaving"),
    "left": N_("has left"),
}
_STATE_STYLES = {"current": "confirmed", "late": "look", "paused": "unknown"}
# What only who maintains the federation can do something about: it stands in the receipt and after a merge.
_CHORES = frozenset({"says-for", "says-continues"})
_ABOUT = (
    ("who", N_("Who maintains it")),
    ("pays", N_("Who pays for it")),
    ("decisions", N_("How decisions are made")),
    ("contact", N_("Contact")),
)


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member's page."""

    name: str
    known_as: str  # the federation's name for it, where it differs
    summary: str
    lang: str | None
    state: str
    state_style: str
    last: str
    waits: str  # that a newer release is not used
    channels: tuple[Piece, ...]
    ask: tuple[Piece, ...]  # where it says nothing of how to reach it: that, and whom else to ask
    shares: tuple[tuple[str, str, str], ...]  # how many of what, and the list
    nothing: str  # what is said where it shares nothing
    list_url: str
    refused: str
    reasons: tuple[tuple[str, str], ...]  # why something was not taken up: sentence, next step
    hints: tuple[tuple[str, str], ...]  # what was taken up, but deserves a look
    licence: str
    standing: tuple[str, ...]  # in whose place, and for whom, it speaks
    id: str
    fingerprint: str
    added: tuple[tuple[str, str], ...]
    vouches: tuple[tuple[str, str], ...]
    release: str
    release_file: tuple[str, str] | None  # its address and name, where this portal serves it
    valid_until: str


def member_view(member: Member, vouches: tuple[str, ...], site: Site, links: Links) -> MemberView:
    """In the current language; the member's own words keep their language."""
    row = member.row
    state = _state(member, site)
    shares = tuple(_shares(member, site, links))
    refused = int(row["refused"] or 0)
    hidden = site.has_lapsed(member.id)
    channels = () if hidden else tuple(_channels(row))
    return MemberView(
        name=member.name,
        known_as=str(row["name"]) if row["name"] != member.name else "",
        summary=str(row["summary"] or ""),
        lang=row["language"] if row["language"] != links.lang else None,
        state=_(_STATES.get(state, N_("behind"))),
        state_style=_STATE_STYLES.get(state, "unknown"),
        last=_last_release(member, site),
        waits=_newer(member.receipt),
        channels=channels,
        ask=() if channels or hidden or row["number"] is None else tuple(_ask(site)),
        shares=shares,
        nothing=_("It withdrew all that it shared.") if state == "left" else _("Nothing yet."),
        list_url=links.page("search", query=[("member", member.id)]),
        refused=_waiting(refused),
        reasons=tuple(_reasons(member.receipt, grave=True)),
        hints=tuple(_reasons(member.receipt, grave=False)),
        licence=site.licence_words(str(row["licence"] or ""), links.lang),
        standing=tuple(standing(member, site)),
        id=member.id,
        fingerprint=str(row["fingerprint"] or ""),
        added=tuple(_added(row["added"], site)),
        vouches=tuple((site.member_name(v), links.page("member", v)) for v in vouches),
        release=str(row["release"] or ""),
        release_file=None if state == "left" else _release_file(member, site, links),
        valid_until=date_words(row["valid_until"]) if row["valid_until"] else "",
    )


def _state(member: Member, site: Site) -> str:
    """As the pool says; who goes has left once nothing of it is shown any more."""
    if member.id not in site.leaving:
        return str(member.row["state"])
    return "leaving" if any(site.index.having("member", (member.id,))) else "left"


def _release_file(member: Member, site: Site, links: Links) -> tuple[str, str] | None:
    """Where its newest release can be taken: with the sheet, a way back for who lost the computer."""
    row = member.row
    folder = pool_path(site.datasette).parent
    path = f"releases/{row['release']}.entrega"
    if not row["release"] or not (folder / "root.txt").is_file() or not (folder / path).is_file():
        return None
    name = file_stem(str(row["on_behalf_of"] or member.name), longest=40)
    return links.asset(path), f"{name}-{release_words(int(row['epoch'] or 0), int(row['number']))}.entrega"


def _last_release(member: Member, site: Site) -> str:
    row = member.row
    if row["number"] is None:
        return _("No release has arrived yet.")
    number = release_words(int(row["epoch"] or 0), int(row["number"]))
    if site.has_lapsed(member.id):
        text = _(
            "Last release: number {n}, of {date}. It was valid until {end}, so its telephones are not shown."
        )
        return text.format(n=number, date=date_words(row["issued_at"]), end=date_words(row["valid_until"]))
    return _("Last release: number {n}, of {date}.").format(n=number, date=date_words(row["issued_at"]))


def _newer(receipt: Mapping[str, Any]) -> str:
    """That something newer came and waits, said without blame; why, its member reads in the receipt."""
    waiting = [(p["epoch"], p["number"]) for p in receipt.get("passed_over") or ()]
    if not waiting:
        return ""
    return _("A newer release, number {n}, waits for somebody to look at it.").format(
        n=release_words(*max(waiting))
    )


def _waiting(refused: int) -> str:
    if not refused:
        return ""
    return ngettext(
        "{n} record waits for a correction.", "{n} records wait for a correction.", refused
    ).format(n=number_words(refused))


def _channels(row: Mapping[str, Any]) -> Iterator[Piece]:
    for phone in row["phones"] or ():
        number = str(phone.get("number") or "") if isinstance(phone, Mapping) else str(phone)
        if tel_url(number):
            yield Piece(phone_words(number), href=tel_url(number), style="tel")
    if row["email"]:
        yield Piece(str(row["email"]), href=mail_url(row["email"]))
    if row["url"] and (web := link_piece(str(row["url"]))):
        yield web


def _ask(site: Site) -> Iterator[Piece]:
    """What a reader may do where a member gave no contact."""
    yield Piece(_("This organisation does not say here how to reach it."))
    contact = (site.federation.get("about") or {}).get("contact")
    if contact:
        yield Piece(_("Who maintains this portal may know:"))
        yield _said(contact)


def _shares(member: Member, site: Site, links: Links) -> Iterator[tuple[str, str, str]]:
    current = site.index.current(site.hour())
    counts = site.index.counts("type", both(site.index.having("member", (member.id,)), current))
    for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        url = links.page("search", query=[("type", name), ("member", member.id)])
        yield number_words(n), type_title(site, name, plural=n != 1), url


def _reasons(receipt: Mapping[str, Any], *, grave: bool) -> Iterator[tuple[str, str]]:
    """What the receipt lists, errors or the rest: each kind once, with how many and a first example."""
    told: dict[str, Finding] = {}
    counted: dict[str, int] = {}
    for item in receipt.get("findings") or ():
        finding = _finding(item)
        if finding is not None:
            told.setdefault(finding.code, finding)
            counted[finding.code] = counted.get(finding.code, 0) + 1
    for code, n in (receipt.get("refused") or {}).items():
        if code in KINDS:
            told.setdefault(code, Finding(code))
            counted[code] = int(n)
    for code, n in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        if (KINDS[code].level == "error") != grave or code in _CHORES:
            continue
        try:
            sentence, hint = told[code].sentence, told[code].hint
        except KeyError:  # the sentence names details that this receipt does not have
            continue
        yield (
            sentence if n == 1 else _("{n} times, for example: {sentence}").format(n=n, sentence=sentence),
            hint if "commons " not in hint else "",  # who reads a portal has no terminal before them
        )


def _finding(item: Any) -> Finding | None:
    """A finding as a receipt keeps it; None for a code that this program does not know."""
    if not isinstance(item, Mapping) or item.get("code") not in KINDS:
        return None
    places = {k: item[k] for k in ("type", "record", "field", "value") if isinstance(item.get(k), str)}
    details = item.get("details")
    return Finding(str(item["code"]), **places, details=details if isinstance(details, dict) else {})


def _added(added: Any, site: Site) -> Iterator[tuple[str, str]]:
    if isinstance(added, Mapping):
        if isinstance(speakers := added.get("vouched_by"), list) and speakers:
            names = ", ".join(site.member_name(str(speaker)) for speaker in speakers)
            yield _("How"), _("because these members vouch for it: {members}").format(members=names)
        for key, label in (("by", _("By")), ("when", _("When")), ("how", _("How"))):
            if added.get(key):
                yield label, date_words(added[key]) if key == "when" else str(added[key])


@dataclass(frozen=True, slots=True)
class AboutView:
    """The About page."""

    sentences: tuple[str, ...]
    flow: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, Piece], ...]
    root: str
    as_of: str
    command: str
    witnesses: tuple[str, ...]  # who merged the same and got the same root
    members: tuple[tuple[str, str, str, str], ...]  # name, address, state, last release
    licences: str
    withdrawn: str
    held: str


def about_view(site: Site, links: Links) -> AboutView:
    """In the current language; what the federation does not say is shown as not said."""
    about = site.federation.get("about") or {}
    licences = [site.licence_words(str(name), links.lang) for name in site.federation.get("licences") or ()]
    return AboutView(
        sentences=_five_sentences(site),
        flow=_flow(site),
        people=tuple((_(label), _said(about.get(key))) for key, label in _ABOUT),
        root=str(site.meta.get("root") or ""),
        as_of=date_words(site.meta.get("as_of") or ""),
        command=f"commons verify {links.origin}{links.base}" if links.origin else "commons verify https://…",
        witnesses=tuple(_witnesses(site)),
        members=tuple(
            (
                site.member_name(m.id),
                links.page("member", m.id),
                _(_STATES.get(_state(m, site), N_("behind"))),
                _last(m),
            )
            for m in site.members
        ),
        licences=joined(licences, most=10),
        withdrawn=_withdrawn(site.withdrawn),
        held=_held(site.held),
    )


def _witnesses(site: Site) -> Iterator[str]:
    for known in site.witnesses:
        day = date_words(known.witness.said.witnessed_at)
        words = " ".join(fingerprint_words(known.witness.key))
        if known.member:
            yield _("{name}, on {date}").format(name=site.member_name(known.member), date=day)
        else:
            yield _("Somebody with the key «{words}», on {date}").format(words=words, date=day)


def _said(value: Any) -> Piece:
    text = in_language(value) if isinstance(value, Mapping) else str(value or "")
    return Piece(text or _("not said"), href=mail_url(text) or safe_url(text))


def _last(member: Member) -> str:
    return date_words(member.row["issued_at"]) if member.row["issued_at"] else "—"


def _five_sentences(site: Site) -> tuple[str, ...]:
    n = len(site.members)
    return (
        _("Each organisation keeps what it knows in its own catalogue, on its own computer."),
        _("When it wants to share, it signs a copy of its public records: a release."),
        ngettext(
            "This portal gathers the releases of {n} organisation that a federation has chosen to accept.",
            "This portal gathers the releases of {n} organisations that a federation has chosen to accept.",
            n,
        ).format(n=number_words(n)),
        _("What several say about the same thing stands on one page, with each one's name on its own words."),
        _("There is no owner: anybody can take the same releases and make this portal again."),
    )


def _flow(site: Site) -> tuple[tuple[str, str], ...]:
    return (
        (_("Catalogue"), _("stays with each organisation")),
        (_("Release"), _("signed, public records only")),
        (_("Pool"), _("all releases, checked and joined")),
        (_("Portal"), _("what you are reading")),
    )


def _withdrawn(n: int) -> str:
    if not n:
        return _("Nothing has been withdrawn so far.")
    return ngettext(
        "{n} record or earlier version was withdrawn by whoever published it.",
        "{n} records or earlier versions were withdrawn by whoever published them.",
        n,
    ).format(n=number_words(n))


def _held(n: int) -> str:
    if not n:
        return ""
    return ngettext(
        "{n} record or part of one is on pause: this federation does not show it for now.",
        "{n} records or parts of them are on pause: this federation does not show them for now.",
        n,
    ).format(n=number_words(n))
