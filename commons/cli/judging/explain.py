"""`commons explain`: why records are shown as one or not, and why a value is shown.

Reads a pool and writes nothing. The reasons come from `commons.review`, their words from `commons.evidence`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

import click

from commons import evidence
from commons.cli.judging.in_pool import (
    NeitherRecordNorField,
    NotInPool,
    address_of,
    pool_at,
    pool_option,
    territory_of,
)
from commons.cli.judging.whose_words import SAID, told
from commons.cli.terminal.clock import day_of
from commons.cli.terminal.naming import UnknownField, the_field
from commons.cli.terminal.output import json_option, say, show_json
from commons.link.judgements import DIFFERENT, SAME
from commons.merge.fuse import TOGETHER, UNION
from commons.messages import N_, in_language, language, ngettext, translate
from commons.messages import translate as _
from commons.pool.opening import open_pool
from commons.pool.read import Pool, Thing
from commons.pool.why import Tie, Word
from commons.review import explain as reasons
from commons.review.explain import Pairing, Standing
from commons.review.records import fields_at
from commons.review.values import Value, Voice, value_of
from commons.schema import territory as territories
from commons.schema import typed
from commons.schema.spec import load_schema
from commons.schema.vocabularies import fold

_LATITUDE, _LONGITUDE = "latitude_e6", "longitude_e6"


@click.command(
    help=N_(
        "Say why two records are shown as one or not, or why a value is shown.\n\n"
        "commons explain RECORD OTHER-RECORD: what links them, what speaks against it, and what would change "
        "that. commons explain RECORD FIELD: whose value it is, by which rule, and who says something else. "
        "A record is named by its code, its address or the link of its page."
    ),
    short_help=N_("Say why two records are one or not, or why a value is shown."),
)
@click.argument("record")
@click.argument("other", metavar=N_("OTHER-RECORD|FIELD"))
@pool_option
@json_option
def explain(record: str, other: str, pool: Path, *, as_json: bool) -> None:
    """See the help."""
    with closing(open_pool(pool_at(pool))) as connection:
        the_pool = Pool(connection)
        address = address_of(the_pool, record)
        thing = the_pool.resolve(address)
        assert isinstance(thing, Thing)
        value = _value_named(the_pool, thing, other)
        if isinstance(value, Value):
            _tell_value(the_pool, thing, value, as_json=as_json)
            return
        found = reasons.pairing(the_pool, address, value)
        if as_json:
            show_json(asdict(found))
        else:
            for line in _pairing_lines(the_pool, found):
                say(line)


def _value_named(pool: Pool, thing: Thing, text: str) -> Value | str:
    """The value under the field that `text` names, else the address of the record that it names.

    Raises NeitherRecordNorField, NotInPool, SeveralInPool.
    """
    rtype = load_schema().types[thing.card.type]
    if _LATITUDE in rtype.fields and fold(text) in {
        fold(_("Position")),
        "position",
    }:  # the two degrees, as a question shows them
        return _position(thing, value_of(pool, thing, rtype.fields[_LATITUDE]))
    try:
        return value_of(pool, thing, the_field(rtype, text))
    except UnknownField as error:
        try:
            return address_of(pool, text)
        except NotInPool as nothing:
            if "/" in text:
                raise
            raise NeitherRecordNorField(text, error.type, error.near) from nothing


def _position(thing: Thing, value: Value) -> Value:
    """Both degrees in place of the one."""
    said = {claim.address: claim.fields for claim in thing.claims}
    voices = tuple(
        replace(v, value=[v.value, said[v.address].get(_LONGITUDE)]) if v.value is not None else v
        for v in value.voices
    )
    shown = [thing.card.fields.get(name.removesuffix("_e6")) for name in (_LATITUDE, _LONGITUDE)]
    return replace(value, value=shown, voices=voices)


# two records


def _pairing_lines(pool: Pool, found: Pairing) -> Iterator[str]:
    names = pool.member_names()
    titles = {a: _title(pool, a) for a in (found.a, found.b)}
    for sign, address in (("A", found.a), ("B", found.b)):
        yield f"{sign}  «{titles[address]}» · {names.get(address.partition('/')[0], '')} · {address}"
    yield ""
    if found.together:
        yield _("They are shown as one.")
        yield from _chain_lines(pool, found.chain)
    else:
        yield _("They are shown as two.")
        yield from _why_not(pool, found)
    now = reasons.standing(pool, found)
    yield from _judgement_lines(pool, found, now, names)
    yield ""
    yield _("What would change it:")
    for line in _what_would_change(found, now, names):
        yield f"- {line}"


def _title(pool: Pool, address: str) -> str:
    fields = fields_at(pool, address)
    return str(fields.get("title") or address.rpartition("/")[2]) if fields is not None else address


def _chain_lines(pool: Pool, chain: Sequence[Tie]) -> Iterator[str]:
    if not chain:
        yield _("The pool keeps no link between them; they came together through others.")
    for tie in chain:
        both = _("«{a}» and «{b}»:").format(a=_title(pool, tie.a), b=_title(pool, tie.b))
        yield f"- {both if len(chain) > 1 else ''} {evidence.joined_by(tie.reason)}".replace("-  ", "- ")
        yield from _evidence_lines(tie.evidence)


def _evidence_lines(parts: dict[str, Any] | Any) -> Iterator[str]:
    pro, contra = evidence.parts(parts, every=True)
    if pro:
        yield "  " + _("For: {reasons}").format(reasons=evidence.in_words(pro, points=True))
    if contra:
        yield "  " + _("Against: {reasons}").format(reasons=evidence.in_words(contra, points=True))


def _why_not(pool: Pool, found: Pairing) -> Iterator[str]:
    if not found.same_type:
        yield "- " + _("They are of different types: those are never joined.")
    if found.same_member:
        yield "- " + _("Both are of one organisation: only it can say that two of its records are one.")
    elif found.members:
        yield "- " + _one_of_each(pool, found)
    for word in found.parted:
        if {word.left, word.right} != {found.a, found.b}:
            yield "- " + _("«{a}» and «{b}», which go with them, were judged different.").format(
                a=word.left_title or word.left, b=word.right_title or word.right
            )
    if found.asked is not None:
        because = evidence.asked_because(found.asked.reason)
        yield "- " + _("It is a question for people, since {reason}.").format(reason=because)
        yield from _evidence_lines(found.asked.evidence)
    if found.weight is not None:
        weight = found.weight
        yield "- " + _(
            "Compared, they have {total} points; from {candidate} on people are asked, from {link} on they "
            "are joined."
        ).format(total=weight.total, candidate=weight.candidate, link=weight.link)
        yield from _evidence_lines(weight.parts)
        for guard in weight.guards:
            yield "  " + _("Never joined without asking, since {reason}.").format(
                reason=evidence.asked_because(guard)
            )


def _one_of_each(pool: Pool, found: Pairing) -> str:
    """Which of the two goes with a second record of the same organisation; it may stand alone itself."""
    names = pool.member_names()
    for mine, other in ((found.a, found.b), (found.b, found.a)):
        member = mine.partition("/")[0]
        if member in found.members:
            return _("«{title}» goes with another record of {member}, which keeps its own two apart.").format(
                title=_title(pool, other), member=names.get(member, member)
            )
    return _("Both go with a record of {member}, which keeps its own two apart.").format(
        member=", ".join(names.get(m, m) for m in found.members)
    )


def _judgement_lines(pool: Pool, found: Pairing, now: Standing, names: dict[str, str]) -> Iterator[str]:
    zone = (territory_of(pool) or territories.load("none")).zone
    for word in found.said:
        yield "- " + _judged(word, names, zone) + _without_effect(word, found, now.settled.verdict, names)


def _judged(word: Word, names: dict[str, str], zone: tzinfo) -> str:
    said = _("{who} judged on {when}: {verdict}").format(
        who=names.get(word.member, word.member),
        when=day_of(word.judged_at, zone) if word.judged_at else "—",
        verdict=translate(SAID.get(word.verdict, word.verdict)),
    )
    return said + (f" («{word.reason}»)" if word.reason else "")


def _without_effect(word: Word, found: Pairing, settled: str | None, names: dict[str, str]) -> str:
    """Why a judgement does not count, or that a record has changed since; empty where it just counts."""
    owner = found.a.partition("/")[0]
    if word.verdict not in (SAME, DIFFERENT):
        return ""
    if word.counts and word.address in found.overtaken:
        why = _("a record has changed a lot since")
    elif word.counts:
        return ""
    elif word.address in found.overtaken:
        why = _("no longer counts: a record has changed a lot since")
    elif found.same_member and word.member != owner:
        why = _("does not count: only the word of {member} does").format(member=names.get(owner, owner))
    elif settled not in (None, word.verdict):
        why = _("does not count: others outweigh it")
    else:
        why = _("does not count alone")
    return f" · {why}"


def _what_would_change(found: Pairing, now: Standing, names: dict[str, str]) -> Iterator[str]:
    if not found.same_type:
        yield _("Nothing: a type is changed by whoever publishes the record.")
        return
    if not found.together and (kept := list(_kept_by_others(found, names))):
        yield from kept
        return
    ways = reasons.ways(found, now, names)
    yield from told(ways, found.wanted, now.rules.judges, lambda member: names.get(member, member))
    if not ways:
        if now.settled.verdict == found.wanted:
            yield _("Their verdict stands already; what keeps them so is said above.")
        else:
            yield _("No word of anybody here.")
    if not found.together and not found.parted and not found.same_member:
        yield from _by_their_records(found)


def _kept_by_others(found: Pairing, names: dict[str, str]) -> Iterator[str]:
    """What keeps the two apart whatever is said of them."""
    for word in found.elsewhere:
        yield _("Only if {member} no longer says that «{a}» and «{b}» are different.").format(
            member=names.get(word.member, word.member),
            a=word.left_title or word.left,
            b=word.right_title or word.right,
        )
    if found.members and not found.same_member:
        yield _(
            "Only if {member} says that its two records are one, or one of them is parted from what it "
            "goes with: an entity has one record of each organisation."
        ).format(member=", ".join(names.get(m, m) for m in found.members))


def _by_their_records(found: Pairing) -> Iterator[str]:
    """What the two records would have to say themselves."""
    yield _("The same official key in both, if the names do not contradict each other.")
    if found.weight is not None and found.weight.total < found.weight.candidate:
        missing = found.weight.candidate - found.weight.total
        yield ngettext("{n} point more, to be asked.", "{n} points more, to be asked.", missing).format(
            n=missing
        )


# a value


def _tell_value(pool: Pool, thing: Thing, value: Value, *, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "field": "position" if _is_position(value) else value.field.name,
                "value": value.value,
                "fuse": value.fuse,
                "beside": value.beside,
                "voices": [asdict(voice) for voice in value.voices],
                "reason": value.reason,
            }
        )
        return
    for line in _value_lines(pool, thing, value):
        say(line)


def _value_lines(pool: Pool, thing: Thing, value: Value) -> Iterator[str]:
    names = pool.member_names()
    place = territory_of(pool)

    def words(said: Any) -> str:
        if _is_position(value):
            return ", ".join(f"{n / 1e6:.5f}" for n in said if n is not None)
        if value.field.format == "reference":
            return str(said).rpartition("/")[2]
        return typed.show(value.field, said, lang=language(), territory=place)

    title = _("Position") if _is_position(value) else in_language(value.field.title)
    yield f"«{thing.card.title}» · {title}"
    yield ""
    said = [v for v in value.voices if v.value is not None]
    if not said:
        yield _("Nobody says anything here.")
        for voice in value.voices:
            if voice.held:
                yield _("What {member} says is on pause in this federation.").format(
                    member=names.get(voice.member, voice.member)
                )
        return
    yield _rule(value, thing.card.type)
    if len(said) > 1 and value.fuse != UNION:
        yield _because(value, names)
    yield ""
    for voice in value.voices:
        yield _voice_line(voice, names, words)


def _is_position(value: Value) -> bool:
    return any(isinstance(v.value, list) for v in value.voices) and value.field.name == _LATITUDE


def _rule(value: Value, type_name: str) -> str:
    if value.fuse == UNION:
        return _("Here what all of them say is put together, the same thing once.")
    if value.fuse == TOGETHER and value.beside:
        fields = load_schema().types[type_name].fields
        listed = ", ".join(in_language(fields[name].title) for name in value.beside)
        return _("It comes from one record, together with: {fields}.").format(fields=listed)
    return _("It comes from one record: the first below that says something of it.")


def _because(value: Value, names: dict[str, str]) -> str:
    first = next(v for v in value.voices if v.value is not None or v.shown)
    who = names.get(first.member, first.member)
    if value.reason == "subject":
        return _("{member} comes first: here it speaks about itself.").format(member=who)
    if value.reason == "vouches":
        return ngettext(
            "{member} comes first: {n} other member vouches for it, more than for the next.",
            "{member} comes first: {n} other members vouch for it, more than for the next.",
            first.vouches,
        ).format(member=who, n=first.vouches)
    if value.reason == "month":
        return _("{member} comes first: it confirmed its record last ({month}).").format(
            member=who, month=first.month
        )
    if value.reason == "address":
        return _("All else being equal, the order of their addresses decides; it means nothing.")
    return ""


def _voice_line(voice: Voice, names: dict[str, str], words: Any) -> str:
    sign = "→" if voice.shown else " "
    notes = [names.get(voice.member, voice.member)]
    if voice.is_subject:
        notes.append(_("speaks about itself"))
    notes.append(_("confirmed {month}").format(month=voice.month) if voice.month else _("never confirmed"))
    said = words(voice.value) if voice.value is not None else "—"
    if voice.held:
        said = _("(on pause in this federation)")
    return f"{sign} {said}  · {' · '.join(notes)}"
