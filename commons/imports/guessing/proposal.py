"""What a proposal says of a list: a guess per column, in words, and what a person must look at. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from commons.findings import Finding
from commons.imports.guessing.fits import needs_of
from commons.imports.guessing.sniff import Looks
from commons.messages import N_, translate

SURE = 90
HOME = "extra"  # the column stays at home
KEY = "key"
AGREED = "agreed"  # whether who answered lets it be shared
ID = "id"  # of our own sheets
# fields of which several columns make one value, and how they are joined
JOINS = {"street_address": " ", "description": "\n\n", "directions": "; ", "summary": " "}
PARTS = {"house_number": "street_address", "start_time": "starts_at", "end_time": "ends_at"}
MADE_BY_NAME = ("organization", "place")  # of a name alone; a project or a service needs more than that
KIND_WORDS = {
    "json": N_("data that a program wrote"),
    "curp": N_("personal keys (CURP)"),
    "rfc": N_("tax numbers (RFC)"),
    "email": N_("e-mails"),
    "url": N_("web addresses"),
    "phone": N_("telephone numbers"),
    "position": N_("positions"),
    "date": N_("dates"),
    "person": N_("persons' names"),
    "handle": N_("names in social networks"),
    "contact": N_("telephones, e-mails or handles"),
    "district": N_("districts"),
    "latitude": N_("latitudes"),
    "longitude": N_("longitudes"),
    "serial_date": N_("spreadsheet dates (days since 1900)"),
    "postal_code": N_("postal codes"),
    "hours": N_("hours"),
    "boolean": N_("yes or no"),
    "number": N_("numbers"),
    "status": N_("words for a status"),
    "role": N_("posts (director, coordinator)"),
    "code": N_("codes"),
    "mixed": N_("several ways to reach somebody in one cell"),
}


@dataclass(frozen=True)
class Guess:
    """What one column probably is. `target`: a field, "latitude", "longitude", "position", KEY or HOME."""

    column: str
    target: str
    confidence: int  # 0 to 100
    by: str  # heading, contents or nothing
    looks: Looks
    label: str = ""  # the target in the reader's words

    @property
    def sentence(self) -> str:
        """Why, in the current language."""
        if self.target == HOME:
            text = translate(N_("«{column}» stays at home and is not shared: no field is like it."))
            return text.format(column=self.column)
        if self.by == "lack":
            text = translate(N_("«{column}» goes to {label}, since no column is called names; look at this."))
            return text.format(column=self.column, label=self.label)
        fitting = [k for k in needs_of(self.target) if k in KIND_WORDS and self.looks.share(k) >= 0.6]
        kind = next(iter(fitting), self.looks.best) if self.target not in (KEY, ID, AGREED) else None
        looks = translate(KIND_WORDS[kind]) if kind is not None else ""
        if self.confidence >= SURE and kind is not None:
            text = translate(N_("«{column}» goes to {label}: its cells look like {looks}."))
        elif self.confidence >= SURE:
            text = translate(N_("«{column}» goes to {label}, by its heading."))
        elif kind is not None:
            text = translate(
                N_("«{column}» perhaps goes to {label}: its cells look like {looks}. Look at it.")
            )
        else:
            text = translate(N_("«{column}» perhaps goes to {label}, by its heading. Look at it."))
        return text.format(column=self.column, label=self.label, looks=looks)


@dataclass(frozen=True)
class Proposal:
    """Guesses for every column, in the table's order, and what a person must look at."""

    type: str
    guesses: tuple[Guess, ...]
    findings: tuple[Finding, ...] = ()
    personal: tuple[str, ...] = field(default=())  # columns to ask about: the organisation's or a person's?
    blank: tuple[str, ...] = ()  # what stands in cells of this file that say nothing: NA, «sin dato»
    template: bool = False  # our own sheet: its headings mean what they say
    phone_region: str = ""  # the country of its telephones, where the list makes plain that it is another
    phone_reason: str = ""
    place: tuple[Guess, ...] = ()  # columns about the place of a thing that has no address of its own

    def columns_for(self, target: str) -> list[str]:
        """The columns guessed to be `target`, in order."""
        return [g.column for g in self.guesses if g.target == target]
