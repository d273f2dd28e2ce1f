"""`commons consent`: who agreed that their contact is public. Parses, calls, prints."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import click

from commons.catalogue.consent import WHOLE, Consent, NothingToConsent
from commons.catalogue.ids import instant
from commons.catalogue.record import StoredRecord
from commons.catalogue.store import Catalogue
from commons.cli.terminal.naming import the_field, the_record
from commons.cli.terminal.output import (
    ask,
    catalogue_option,
    confirm,
    interactive,
    json_option,
    now,
    opened,
    say,
    show_json,
    show_table,
    tell,
    yes_option,
)
from commons.cli.terminal.values import described, local_day, place, shown
from commons.errors import InputError
from commons.messages import N_, in_language, translate
from commons.messages import translate as _
from commons.schema import dates
from commons.schema.vocabularies import fold


@dataclass(eq=False)
class ConsentIncomplete(InputError):
    """A consent without who, by whom or what for proves nothing."""

    missing: str
    template: ClassVar[str] = N_("A consent needs to say more: {missing}.")
    hint_template: ClassVar[str] = N_("Whose it is, who asked, and what for; without them it proves nothing.")


@click.group(
    help=N_(
        "Keep who agreed that their name, telephone or e-mail is public.\n\n"
        "A consent is for the values of today: when a telephone is changed, the new one needs its own. "
        "Consents never leave the catalogue."
    ),
    short_help=N_("Keep who agreed that their contact is public."),
)
def consent() -> None:
    """See the help."""


@consent.command(help=N_("Write down that the person of RECORD agreed."))
@click.argument("record")
@click.option("--whose", help=N_("The person's name; the contact's if not given."))
@click.option("--asked-by", help=N_("Who asked them."))
@click.option("--purpose", help=N_("What for, as they were told."))
@click.option("--when", help=N_("The day they agreed; today if not given."))
@click.option(
    "--field", "fields", multiple=True, help=N_("Only for this field; all personal ones if not given.")
)
@yes_option
@catalogue_option
@json_option
def grant(
    record: str,
    whose: str | None,
    asked_by: str | None,
    purpose: str | None,
    when: str | None,
    fields: tuple[str, ...],
    yes: bool,
    catalogue: Path | None,
    as_json: bool,
) -> None:
    """See the help."""
    with opened(catalogue) as the_catalogue:
        stored = the_record(the_catalogue, record)
        rtype = the_catalogue.schema.types[stored.type]
        wanted = {the_field(rtype, text).name for text in fields}
        items = the_catalogue.consents.personal(stored.type, stored.id)
        items = [item for item in items if not wanted or item[2] in wanted]
        if not items:
            raise NothingToConsent(stored.type, stored.id)
        for _type, _id, name in items:
            tell(f"  {_named(the_catalogue, stored, name)}")
        whose = whose or str(stored.fields.get("contact_name", ""))
        whose = _asked(whose, N_("Whose consent is it?"), "--whose", keep=True)
        asked_by = _asked(asked_by, N_("Who asked?"), "--asked-by")
        purpose = _asked(purpose, N_("What for, as they were told?"), "--purpose")
        given = _day(the_catalogue, when) if when else instant(now())
        if interactive() and not confirm(
            _("Did {whose} agree that this is public?").format(whose=whose), yes=yes
        ):
            tell(_("Nothing was changed."))
            return
        with the_catalogue.act("consent", note=whose, at=now()) as act:
            made = the_catalogue.consents.grant(
                act, whose=whose, asked_by=asked_by, purpose=purpose, items=items, at=given
            )
        if as_json:
            show_json(_as_json(the_catalogue.consents.get(made)))
            return
        say(
            _("Written down: consent {id} of {whose} for {record}.").format(
                id=made, whose=whose, record=described(stored)
            )
        )


def _named(catalogue: Catalogue, record: StoredRecord, name: str) -> str:
    if name == WHOLE:
        return _("the whole record")
    field = catalogue.schema.types[record.type].fields[name]
    return f"{in_language(field.title)}: {shown(catalogue, field, record.fields[name])}"


def _asked(given: str | None, question: str, option: str, *, keep: bool = False) -> str:
    given = (given or "").strip()
    if given and (keep is False or not interactive()):
        return given
    if interactive():
        given = ask(translate(question), default=given)
    if not given:
        raise ConsentIncomplete(option)
    return given


@dataclass(eq=False)
class NotADay(InputError):
    """The day of a consent cannot be read, or is still to come."""

    text: str
    template: ClassVar[str] = N_("«{text}» is not a day that has been.")
    hint_template: ClassVar[str] = N_("Write it as 21/11/2026, today or yesterday.")


_LATELY = {"hoy": 0, "today": 0, "ayer": 1, "yesterday": 1}


def _day(catalogue: Catalogue, text: str) -> str:
    zone, today = place(catalogue).zone, now()
    days_ago = _LATELY.get(fold(text))
    if days_ago is not None:
        return instant(today - timedelta(days=days_ago))
    try:
        day = dates.read_instant(text, zone)
    except dates.NotADate as error:
        raise NotADay(text) from error
    if day > today:
        raise NotADay(text)
    return instant(day)


@consent.command("list", help=N_("Show the consents."))
@click.option("--revoked", is_flag=True, help=N_("Also those that were taken back."))
@catalogue_option
@json_option
def list_(revoked: bool, catalogue: Path | None, as_json: bool) -> None:
    """See the help."""
    with opened(catalogue) as the_catalogue:
        found = [c for c in the_catalogue.consents if revoked or c.revoked_at is None]
        if as_json:
            show_json([_as_json(c) for c in found])
            return
        if not found:
            say(_("No consents."))
            return
        rows = [
            (c.id, c.whose, c.asked_by, local_day(the_catalogue, c.granted_at), c.purpose, _covered(c))
            for c in found
        ]
        show_table([_("Consent"), _("Whose"), _("Asked by"), _("When"), _("What for"), _("Covers")], rows)


def _covered(consent: Consent) -> str:
    records = list(dict.fromkeys(f"{t}/{i}" for t, i, _field in consent.covers))
    return ", ".join(records[:3]) + (" …" if len(records) > 3 else "")


@consent.command(
    help=N_("The person took their consent back; with the next release it is taken down everywhere.")
)
@click.argument("consent_id", metavar="CONSENT")
@yes_option
@catalogue_option
@json_option
def revoke(consent_id: str, yes: bool, catalogue: Path | None, as_json: bool) -> None:
    """See the help."""
    with opened(catalogue) as the_catalogue:
        found = the_catalogue.consents.get(consent_id)
        if not confirm(_("Take back the consent of {whose}?").format(whose=found.whose), yes=yes):
            tell(_("Nothing was changed."))
            return
        with the_catalogue.act("consent", note=found.whose, at=now()) as act:
            the_catalogue.consents.revoke(act, consent_id, at=instant(now()))
        if as_json:
            show_json(_as_json(the_catalogue.consents.get(consent_id)))
            return
        say(_("Taken back. What was shared under it is taken down with the next release."))


consent.add_command(copy.copy(grant), "add")
consent.commands["add"].hidden = True


def _as_json(consent: Consent) -> dict[str, object]:
    return {
        "id": consent.id,
        "whose": consent.whose,
        "asked_by": consent.asked_by,
        "purpose": consent.purpose,
        "granted_at": consent.granted_at,
        "revoked_at": consent.revoked_at,
        "covers": [{"type": t, "id": i, "field": f} for t, i, f in consent.covers],
    }
