"""What a person should look at, as data. Never an exception, never printed here.

A receipt or an error file stores code and details only; the sentence is made when it is shown, in the
reader's language. Every code stands once, in `KINDS`, with what happened and how to mend it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Literal

from commons.commands import sentence
from commons.messages import N_, translate
from commons.said import release_words

_PLACES = ("type", "record", "field", "row", "column", "value", "member")
Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a code means: how grave, the sentence, the next step (templates over the details)."""

    level: Level
    sentence: str
    hint: str = ""


# Sentences may name {type}, {record}, {field}, {row}, {column}, {value} and any of the finding's details.
# {own} ends a command about one's own catalogue: it names the catalogue where the bare command would not do.
KINDS: dict[str, Kind] = {
    # reading a file (imports)
    "encoding-guessed": Kind(
        "note",
        N_("The file does not say how its letters are written; it was read as {encoding}."),
        N_("Look whether accents and ñ are right."),
    ),
    "encoding-mixed": Kind(
        "warning",
        N_("{n} lines are written in another way ({encoding}) than the rest."),
        N_("Look at the accents."),
    ),
    "bytes-unreadable": Kind("warning", N_("{n} letters could not be read as {encoding}.")),
    "characters-lost": Kind(
        "warning", N_("Row {row}, column {column}: letters were already lost in the file: «{value}».")
    ),
    "characters-removed": Kind(
        "warning", N_("Row {row}, column {column}: invisible control characters were taken out: «{value}».")
    ),
    "garbled-mended": Kind(
        "warning", N_("Row {row}, column {column}: garbled letters were mended: «{value}».")
    ),
    "quotes-open": Kind(
        "warning",
        N_("A quotation mark is opened and never closed; quotation marks were read as plain letters."),
    ),
    "title-rows": Kind("note", N_("Down to row {last}, above the headings, stands a title: «{value}».")),
    "headings-missing": Kind(
        "warning",
        N_("No headings were found; the first row looks like a record: «{value}»."),
        N_("Columns are called columna A, columna B …; better write headings in the first row."),
    ),
    "headings-joined": Kind("note", N_("Rows {first} to {last} together are the headings.")),
    "headings-again": Kind("note", N_("Row {row} repeats the headings and was left out.")),
    "row-instruction": Kind("note", N_("Row {row} explains the columns and was left out: «{value}».")),
    "row-total": Kind("note", N_("Row {row} is a total or a note and was left out: «{value}».")),
    "row-longer": Kind(
        "warning",
        N_("Row {row} has more cells than there are headings: «{value}»."),
        N_("They stand in columns of their own; look whether a cell moved."),
    ),
    "row-unreadable": Kind("error", N_("Row {row} cannot be read: «{value}».")),
    "column-unnamed": Kind("warning", N_("A column has no heading; it is called {column}.")),
    "column-repeated": Kind("warning", N_("Two columns are called {column}; the second is now {new}.")),
    "cells-merged": Kind("note", N_("{n} cells were filled from merged cells.")),
    # from rows to records (imports)
    "row-key-missing": Kind(
        "error",
        N_("Row {row} has nothing in the column that names it ({column})."),
        N_("Write it there; without it the row would become a new record at every import."),
    ),
    "row-id-malformed": Kind(
        "error",
        N_("Row {row}: «{value}» cannot be a record's id."),
        N_("Use small letters without accents, figures and hyphens, or leave it empty."),
    ),
    "row-key-repeated": Kind(
        "error",
        N_("Row {row} has the same {column} as row {first} («{value}») but says something else."),
        N_("Give each row its own, or join the two rows."),
    ),
    "date-unreadable": Kind(
        "error",
        N_("Row {row}: «{value}» in {column} is not a date in a form that the mapping allows."),
        N_("Write it like 21/09/2017, or add its form under “dates” in the mapping."),
    ),
    "value-unreadable": Kind("error", N_("Row {row}: «{value}» in {column} could not be read.")),
    "first-of-several": Kind(
        "note",
        N_("Row {row}: {column} says more («{value}») than fits: the first was taken, all is kept at home."),
    ),
    "position-zero": Kind(
        "error", N_("Row {row}: the position {value} is in the sea off Africa; it was held back.")
    ),
    "position-outside": Kind(
        "error",
        N_("Row {row}: the position {value} lies outside the area of this list; it was held back."),
        N_("Correct it, or widen “within” in the mapping."),
    ),
    "position-swapped": Kind(
        "error", N_("Row {row}: latitude and longitude seem swapped ({value}); the position was held back.")
    ),
    "position-half": Kind(
        "error", N_("Row {row}: half of the position is missing or unreadable ({value}); it was held back.")
    ),
    "rows-disagree": Kind(
        "warning",
        N_("Rows {first} and {row} differ about {type}/{record} in {field}: «{value}» was left out."),
    ),
    "edit-overwritten": Kind(
        "warning",
        N_("Row {row} changed in the sheet: in {type}/{record} it replaced {field} «{value}», edited here."),
    ),
    "column-unknown": Kind(
        "note", N_("The mapping does not name the column {column}; it is kept at home and never leaves.")
    ),
    "column-contradicts": Kind(
        "warning",
        N_("«{column}» is called like {field}, but {percent} % of it looks like: {looks} (as «{value}»)."),
        N_("Look whether the columns are shifted against their headings. It is kept at home until you say."),
    ),
    "columns-shifted": Kind(
        "warning",
        N_("{n} columns hold something else than their headings say; they seem shifted (by {by})."),
        N_("Correct the mapping before you share anything from this file."),
    ),
    "cells-in-error": Kind(
        "warning",
        N_(
            "{n} cells of the workbook hold an error (#REF!, #N/A) instead of a value and are read as empty:"
            " {value}."
        ),
        N_("Mend their formulas there and import again."),
    ),
    "not-agreed": Kind(
        "warning",
        N_("«{column}» asks whether it may be shared; rows that do not plainly say yes stay only here: {n}."),
        N_("The mapping says so under «audience»; change it there, or the records once you have asked."),
    ),
    "blanks-plain": Kind(
        "note",
        N_("{n} cells hold invisible signs or unusual blanks, as from web pages; they were taken out."),
    ),
    "html-unwrapped": Kind(
        "note",
        N_("Row {row}: {field} was written for web pages; its words are kept without the tags: «{value}»."),
    ),
    "made-by-name": Kind(
        "note",
        N_("«{column}» names records that were not here; they are made: {n} ({types})."),
        N_("Without «make» in the mapping such names wait as drafts."),
    ),
    "found-by-name": Kind("note", N_("«{column}» names records that are here already: {n} ({types}).")),
    "name-of-several": Kind(
        "error",
        N_("Row {row}: {n} records are called «{value}»; {field} could be any of them."),
        N_("Write the id of the one you mean, or make one record of them."),
    ),
    "name-of-person": Kind(
        "error",
        N_("Row {row}: «{value}» may be a person or a key; {field} waits, and no record is made of it."),
        N_("If it is none, make the record yourself and import again: then it is found by its name."),
    ),
    "phones-of-region": Kind(
        "note",
        N_("Telephones without + are read as numbers of {region}: {why}."),
        N_("Where that is wrong, change «phone_region» in the mapping."),
    ),
    "phones-not-from-here": Kind(
        "warning",
        N_("{n} of {of} telephones in «{column}» are no numbers of {region}, as which they are read."),
        N_("If they belong to another country, say which in the mapping, as in: phone_region: US"),
    ),
    "sheets-left": Kind(
        "note", N_("Only the sheet «{sheet}» was read, not: {sheets}."), N_("Choose with --sheet.")
    ),
    # a value and the schema (schema)
    "id-malformed": Kind(
        "error",
        N_("«{value}» cannot be a record's id."),
        N_("Use small letters without accents, figures and hyphens."),
    ),
    "field-unknown": Kind("error", N_("The schema has no field «{field}».")),
    "not-text": Kind("error", N_("{field}: «{value}» is not a text.")),
    "not-integer": Kind("error", N_("{field}: «{value}» is not a whole number.")),
    "not-boolean": Kind("error", N_("{field}: «{value}» is neither yes nor no."), N_("Write yes or no.")),
    "not-list": Kind("error", N_("{field}: «{value}» is not a list.")),
    "not-object": Kind("error", N_("{field}: an entry is not made of named parts.")),
    "out-of-range": Kind("error", N_("{field}: {value} is beyond what is possible there.")),
    "too-long": Kind(
        "error", N_("{field} is too long: «{value}»."), N_("Shorten it, or move a part to the description.")
    ),
    "too-many": Kind("error", N_("{field} has too many entries: {value}.")),
    "empty-item": Kind("error", N_("{field}: one entry of the list is empty.")),
    "several-lines": Kind("error", N_("{field} has several lines: «{value}»."), N_("Write it in one line.")),
    "key-unknown": Kind("error", N_("{field}: the schema knows no part «{value}».")),
    "key-missing": Kind("error", N_("{field}: an entry lacks its part «{value}».")),
    "date-malformed": Kind("error", N_("{field}: «{value}» is not a date."), N_("Write it as 31/12/2026.")),
    "date-impossible": Kind(
        "error", N_("{field}: «{value}»: that day does not exist."), N_("Correct it or leave it empty.")
    ),
    "instant-malformed": Kind(
        "error", N_("{field}: «{value}» is not a date with a time."), N_("Write it as 31/12/2026 18:00.")
    ),
    "time-malformed": Kind("error", N_("{field}: «{value}» is not a time of day."), N_("Write it as 18:30.")),
    "rrule-malformed": Kind("error", N_("{field}: «{value}» is not a rule of repetition.")),
    "url-malformed": Kind(
        "error", N_("{field}: «{value}» is not a web address."), N_("It begins with https://.")
    ),
    "email-malformed": Kind("error", N_("{field}: «{value}» is not an e-mail address.")),
    "phone-malformed": Kind(
        "error", N_("{field}: «{value}» is not a telephone number."), N_("In Mexico it has ten figures.")
    ),
    "member-malformed": Kind("error", N_("{field}: «{value}» is not a member's id; it has 26 characters.")),
    "code-malformed": Kind("error", N_("{field}: «{value}» is not a code that fits there.")),
    "salt-malformed": Kind("error", N_("{field}: the random letters are missing or were changed.")),
    "digest-malformed": Kind("error", N_("{field}: «{value}» is not a digest.")),
    "term-unknown": Kind(
        "warning",
        N_("{field}: «{value}» is not in the list of this program's schema."),
        N_("Choose an entry of the list, or install a newer version."),
    ),
    "term-malformed": Kind(
        "error", N_("{field}: «{value}» is not in the list."), N_("Choose an entry of the list.")
    ),
    "reference-malformed": Kind(
        "error",
        N_("{field}: «{value}» names no record."),
        N_(
            "Write the name of a record that is here. If it is none yet, as a place, write it first with "
            "commons add (an address is a field of the place)."
        ),
    ),
    "reference-type": Kind("error", N_("{field}: «{value}» is a record of another type.")),
    "identifier-malformed": Kind(
        "warning",
        N_("{field}: «{value}» is not a key of the form scheme:key."),
        N_("For example MX-CLUNI:ABC0102."),
    ),
    "identifier-personal": Kind(
        "error",
        N_("{field} holds a person's tax or population number."),
        N_("Take it out; it never leaves a catalogue."),
    ),
    "half-position": Kind("error", N_("{field} is missing; a position needs latitude and longitude.")),
    "ends-before": Kind(
        "warning", N_("{field} comes before its beginning."), N_("Perhaps the two were exchanged.")
    ),
    "currency-missing": Kind("warning", N_("{field} is missing beside an amount of money.")),
    # what somebody typed (schema)
    "date-no-year": Kind("error", N_("{field}: «{value}» has no year."), N_("Write the year, too.")),
    "date-other-order": Kind(
        "error",
        N_("{field}: «{value}» has the month before the day."),
        N_("Write the day first, or set the order of dates in the mapping."),
    ),
    "date-serial": Kind(
        "note", N_("{field}: «{value}» is a spreadsheet's number for a date and was read as one.")
    ),
    "spelling-forgiven": Kind("note", N_("{field}: «{value}» was understood in spite of its spelling.")),
    "term-unlisted": Kind("note", N_("{field}: «{value}» is not in the list and was taken as it is.")),
    "district-unknown": Kind(
        "error", N_("{field}: «{value}» is no district of this territory."), N_("Choose one of the list.")
    ),
    "phone-area-added": Kind("note", N_("{field}: «{value}» lacked the area code; it was added.")),
    "postal-code-mended": Kind("note", N_("{field}: «{value}» had lost its zeros; they were put back.")),
    "several-values": Kind("error", N_("{field}: «{value}» holds several; only one fits here.")),
    "schedule-unclear": Kind(
        "error",
        N_("{field}: «{value}» is not plainly days and times."),
        N_("Write it as lun-vie 9:00-18:00, or leave it in words in the field for that."),
    ),
    "money-unclear": Kind(
        "error", N_("{field}: «{value}» is not one amount of money."), N_("Write it as 1250.50.")
    ),
    "position-unclear": Kind(
        "error", N_("{field}: «{value}» is not a position."), N_("Write it as 19.432608.")
    ),
    "required": Kind("error", N_("«{field}» is empty."), N_("Write it, or keep the record as a draft.")),
    # looking through a catalogue (check)
    "draft-waiting": Kind(
        "warning",
        N_("{type}/{record}: «{value}» waits in {field}, since it does not fit there."),
        N_('Correct it: commons edit {type}/{record} "{field}=…"{own}'),
    ),
    "field-wanted": Kind(
        "note",
        N_("{type}/{record}: «{field}» is empty; readers look for it."),
        N_('Write it: commons edit {type}/{record} "{field}=…"{own}'),
    ),
    "reference-wanted": Kind(
        "note",
        N_("{type}/{record}: «{field}» is empty; readers look for it."),
        N_(
            "It names another record. Write that one first, if it is not here yet: "
            "commons add {target}{own}, "
            'then name it: commons edit {type}/{record} "{field}=…"{own}'
        ),
    ),
    "contact-wanted": Kind(
        "note",
        N_("Your organisation does not say how to reach it: its page on portals has no contact."),
        N_("Write what you have of these: commons edit {type}/{record} phones=… email=… url=…{own}"),
    ),
    "identifier-shape": Kind(
        "warning",
        N_("«{value}» does not look like {scheme}."),
        N_("Compare it with the paper; it leaves as it stands."),
    ),
    "identifier-check": Kind(
        "warning",
        N_("«{value}»: its last character does not fit the others, so a letter or figure is probably wrong."),
        N_("Compare it with the paper; it leaves as it stands."),
    ),
    "position-elsewhere": Kind(
        "warning",
        N_("{type}/{record}: the position {value} lies outside {territory}."),
        N_("Correct latitude and longitude, or empty both."),
    ),
    "position-mistaken": Kind(
        "warning",
        N_("{type}/{record}: the position {value} looks turned around, or its minus sign is missing."),
        N_("Latitude comes first; in Mexico the longitude is negative."),
    ),
    "expired": Kind(
        "note",
        N_("{type}/{record} expired on {value}; it no longer appears in lists."),
        N_("If it is still true, give it another date; else: commons remove {type}/{record}{own}"),
    ),
    "never-confirmed": Kind(
        "note",
        N_("{type}/{record} was never confirmed."),
        N_("Check it and write: commons confirm {type}/{record}{own}"),
    ),
    "confirm-again": Kind(
        "note",
        N_("{type}/{record} was last confirmed on {value}, more than {months} months ago."),
        N_("Check it and write: commons confirm {type}/{record}{own}"),
    ),
    "confirmed-in-future": Kind(
        "warning",
        N_("{type}/{record} says that it was confirmed on {value}, which is yet to come."),
        N_("Check it and write: commons confirm {type}/{record}{own}"),
    ),
    "same-name": Kind(
        "note",
        N_("{type}/{record} has the same name as {type}/{other}."),
        N_("If it is the same twice, keep one: commons remove {type}/{record}{own}"),
    ),
    "file-damaged": Kind(
        "error",
        N_("The catalogue's file is damaged: {value}"),
        N_("Bring back the newest good copy: commons backup --restore last{own}"),
    ),
    # what stays home (release)
    "no-consent": Kind(
        "warning",
        N_("{field} stays home: there is no consent to it on file."),
        N_("Ask the person, then: commons consent grant {type}/{record} --field {field:sh}{own}"),
    ),
    "record-no-consent": Kind(
        "warning",
        N_("{type}/{record} stays home: there is no consent to it on file."),
        N_("Ask the person, then: commons consent grant {type}/{record}{own}"),
    ),
    "held-phone": Kind(
        "warning",
        N_("{field} stays home: the telephone {value} stands in it."),
        N_("If it is the organisation's, add --ours \"{value}\"; if a person's, take it out of the text."),
    ),
    "held-email": Kind(
        "warning",
        N_("{field} stays home: the e-mail address {value} stands in it."),
        N_("If it is the organisation's, add --ours \"{value}\"; if a person's, take it out of the text."),
    ),
    "held-number": Kind(
        "warning",
        N_("{field} stays home: a person's RFC or CURP stands in it ({value})."),
        N_("Take it out of the text."),
    ),
    "held-private": Kind(
        "warning",
        N_("{field} stays home: it says something that your catalogue keeps private ({value})."),
        N_("Take it out of the text, or add --ours with the whole name if it is the organisation's."),
    ),
    "location-reserved": Kind(
        "note", N_("{type}/{record}: its place is reserved; of where it is, only the district leaves.")
    ),
    "draft-stays": Kind(
        "warning",
        N_("{field} stays home: what was typed does not fit yet."),
        N_("Look at it with: commons check{own}"),
    ),
    "record-incomplete": Kind(
        "warning",
        N_("{type}/{record} stays home: something that it needs is missing or stays home."),
        N_("Look at it with: commons check{own}"),
    ),
    "format-refused": Kind("warning", N_("{field} stays home: {why}")),
    "reference-private": Kind(
        "warning", N_("{field} leaves empty: the record «{value}» that it names stays home.")
    ),
    "reference-dangling": Kind(
        "warning",
        N_("{field} names a record that is not there: «{value}»."),
        N_("Correct the name, or leave the field empty."),
    ),
    # releases: federation and intake (E_: the whole release, R_: one record)
    "E_NOTSQLITE": Kind(
        "error",
        N_("The release of {member} does not hold a catalogue: its catalogue.db is something else."),
        N_("Ask for it again; perhaps a web page was saved in its place."),
    ),
    "E_SIZE": Kind(
        "error",
        N_("The catalogue of {member} was cut short or has something appended."),
        N_("Ask for the release again."),
    ),
    "E_WALMODE": Kind(
        "error",
        N_("The catalogue of {member} was copied while it was in use."),
        N_("Ask them to share with commons release, not to copy the file."),
    ),
    "E_SIDECAR": Kind(
        "error",
        N_("«{value}» holds a journal beside its catalogue.db, so the file alone is not what was signed."),
        N_("Ask for the release as one file (.entrega)."),
    ),
    "E_ENCODING": Kind(
        "error",
        N_("The catalogue of {member} is not written in UTF-8."),
        N_("Ask them to share again with commons release."),
    ),
    "E_UTF8": Kind(
        "error",
        N_("The catalogue of {member} holds text that is not UTF-8."),
        N_("Ask them to share again with commons release."),
    ),
    "E_SQLITE": Kind(
        "error",
        N_("The catalogue of {member} is damaged and cannot be read."),
        N_("Ask for the release again; the last good one stays."),
    ),
    "E_INTEGRITY": Kind(
        "error",
        N_("The catalogue of {member} contradicts itself inside."),
        N_("Ask for the release again; the last good one stays."),
    ),
    "E_SCHEMA": Kind(
        "error",
        N_("The catalogue of {member} has other tables than a release may have."),
        N_("Ask them to share with commons release."),
    ),
    "E_SCHEMAVERSION": Kind(
        "error",
        N_("The release of {member} was made with a schema that this program does not know."),
        N_("Install the newest version of commons."),
    ),
    "E_TOOBIG": Kind(
        "error",
        N_("The release of {member} holds something bigger than a release may hold."),
        N_("Ask them to shorten their longest texts or to split the catalogue."),
    ),
    "E_TOOMANY": Kind(
        "error",
        N_("The release of {member} holds more records than a release may hold."),
        N_("Ask them to split the catalogue."),
    ),
    "E_ROOT": Kind(
        "error",
        N_("The records of {member} are not the ones that were signed."),
        N_("Ask for the release again; the last good one stays."),
    ),
    "E_CATALOGUE": Kind(
        "error",
        N_("The release of {member} does not say, in one valid record, whose catalogue it is."),
        N_("Ask them to complete their catalogue's own record and to share again."),
    ),
    "E_HERE": Kind(
        "warning",
        N_("The new release of {member} could not be read on this machine: too little time or memory."),
        N_("Merge again on a machine with less to do; the last good release stays."),
    ),
    "E_CONTAINER": Kind(
        "warning", N_("«{value}» is not a release."), N_("Look what it is, and take it out of the folder.")
    ),
    "E_NOTFILE": Kind(
        "warning",
        N_("«{value}» is a link, a folder or a device, not a file."),
        N_("Put the file itself there."),
    ),
    "E_FORMAT": Kind(
        "error", N_("«{value}» is not in the form that a release has."), N_("Ask for the release again.")
    ),
    "E_MANIFEST": Kind(
        "error", N_("The release.json of «{value}» is not as it should be."), N_("Ask for the release again.")
    ),
    "E_KEYLOG": Kind(
        "error",
        N_("The key log of «{value}» does not hold together."),
        N_("Call the organisation and compare the words of its key."),
    ),
    "E_PREROTATION": Kind(
        "error",
        N_("«{value}» changes to a key that was never announced: perhaps somebody stole the old one."),
        N_("Call the organisation and compare the words of its key."),
    ),
    "E_KEY": Kind("error", N_("A key in «{value}» cannot be trusted."), N_("Call the organisation.")),
    "E_SIGNATURE": Kind(
        "error",
        N_("The signature of «{value}» does not fit."),
        N_("Ask for the release again; the last good one stays."),
    ),
    "E_PROOF": Kind(
        "error",
        N_("The parts of «{value}» do not belong together."),
        N_("Ask for the release again; the last good one stays."),
    ),
    "E_MEMBER": Kind(
        "error",
        N_("«{value}» is a release of another member than {member}."),
        N_("Look at the sources of that member in federation.yaml."),
    ),
    "E_PRUNED": Kind(
        "error", N_("The pruned copy of a release does not prove itself."), N_("Ask for the release again.")
    ),
    "E_SOURCE": Kind(
        "warning",
        N_("Nothing of {member} was found at «{value}»."),
        N_("Look whether the folder or file is there; the last good release stays."),
    ),
    "E_POOL": Kind(
        "warning",
        N_("The pool «{value}», a source of {member}, cannot be used ({why})."),
        N_("commons verify says more of it; the last good release stays."),
    ),
    # asking the net for releases
    "E_UNREACHABLE": Kind(
        "warning",
        N_("{member}: nobody answers at «{value}»."),
        N_("The last good release stays. If it lasts for days, ask them whether the address has changed."),
    ),
    "E_SLOW": Kind(
        "warning",
        N_("{member}: «{value}» took too long."),
        N_("The last good release stays. Try again at another hour, or give it longer with --deadline."),
    ),
    "E_STOPPED": Kind("note", N_("{member}: «{value}» was not asked to the end; the program was stopped.")),
    "E_TLS": Kind(
        "warning",
        N_("{member}: «{value}» does not prove that it is who it says (its certificate)."),
        N_("Tell them; it has often only run out. Nothing is fetched from there until it is mended."),
    ),
    "E_ADDRESS": Kind(
        "warning",
        N_("{member}: «{value}» leads into a private network or to a reserved address, and was not asked."),
        N_("If that is your own network and you want it: allow_private_hosts: true for this member."),
    ),
    "E_REDIRECT": Kind(
        "warning",
        N_("{member}: «{value}» sends on and on, or to a place that is not followed."),
        N_("Ask them for the address itself; write it with https:// in federation.yaml."),
    ),
    "E_HTTP": Kind(
        "warning",
        N_("{member}: «{value}» answers with the error {status}."),
        N_("The last good release stays. Open the address in a browser; it must be there for everybody."),
    ),
    "E_ENCODED": Kind(
        "warning",
        N_("{member}: «{value}» sends its files compressed, which was not asked for."),
        N_("Ask them to switch compression off for these files."),
    ),
    "E_WEBPAGE": Kind(
        "warning",
        N_("{member}: «{value}» shows a web page, not a release."),
        N_("Write the address of the file itself, or of the folder that holds release.json, ending in /."),
    ),
    "E_NOGIT": Kind(
        "warning",
        N_("{member}: «{value}» is a git repository, and here is no git (2.37 or newer)."),
        N_("Install git, or give another source for this member."),
    ),
    "E_PLAINHTTP": Kind(
        "note",
        N_("{member}: «{value}» is not encrypted: others can see that you ask, and keep news from you."),
        N_("Nobody can forge a release on the way. Still, ask them for an address with https://."),
    ),
    "E_ROLLBACK": Kind(
        "note",
        N_("An older release of {member} ({release}) came than the one already used."),
        N_("Nothing to do; the newer one stays."),
    ),
    "E_TWOCOPIES": Kind(
        "warning",
        N_(
            "{member} shared two different releases with one number ({release}):"
            " there are two copies of the catalogue."
        ),
        N_(
            "Tell them; it is usually a copy on a stick. Until both are joined, the last release before"
            " that is used."
        ),
    ),
    "E_KEYFORK": Kind(
        "warning",
        N_("The keys of {member} were changed twice in different ways."),
        N_("Call the organisation: somebody else may hold the recovery sheet."),
    ),
    "E_VOID": Kind("note", N_("{member} says that the release {release} was not its own.")),
    "renewed": Kind(
        "warning",
        N_("{member} is on pause and has shared under a new key since."),
        N_("Compare its eight new words by telephone, then: commons federation resume"),
    ),
    "new-key": Kind(
        "warning",
        N_("{member} has changed its key. Its new words: {value}"),
        N_("Compare the eight words by telephone, as when you accepted it."),
    ),
    "former-key": Kind(
        "warning",
        N_(
            "Release {release} of {member} is signed with a key that does not count any more;"
            " it is not shown."
        ),
        N_("Tell them: a thief, or an old computer of theirs, still shares in their name."),
    ),
    "leaves": Kind(
        "warning",
        N_("{member} says that it leaves, and takes back all that it shared."),
        N_(
            "Call them: was it they? If not: commons federation pause {member:sh}, and all is seen again;"
            " there are 14 days for it."
        ),
    ),
    "pause-back": Kind(
        "note",
        N_("While {member} is on pause, what it withdrew after release {release} is seen again: {n} in all."),
        N_("If those were its own words, end the pause; to keep one away: commons federation hold ADDRESS"),
    ),
    "pause-gone": Kind(
        "warning",
        N_(
            "Release {release} of {member} is shown without what later withdrawals took out of it for good:"
            " {n} in all."
        ),
        N_("If they send the file of that release again, put it into the inbox and merge: all comes back."),
    ),
    "E_TOOOLD": Kind(
        "warning", N_("The last release of {member} is too old to be shown."), N_("Ask them for a new one.")
    ),
    "stranger": Kind(
        "note",
        N_("«{value}» is a release of {member}, who is not a member."),
        N_("It is kept as a join request; nothing of it is shown. See: commons federation requests"),
    ),
    "heard-of": Kind(
        "note",
        N_("{member} stands in the pool «{value}» and is not a member here. They did not ask for it."),
        N_("Nothing of it is shown. To look, or to hear no more of it: commons federation requests"),
    ),
    "admitted": Kind(
        "note",
        N_("{member} is no member of the list and was taken up, since enough members vouch for it."),
        N_("See who with: commons receipt; to leave it out, write its id under «never» of «admit»."),
    ),
    "parcel-damaged": Kind(
        "warning",
        N_("«{value}» was cut short or changed on its way."),
        N_("Ask for it again, sent as a file and not as a picture or text."),
    ),
    "parcel-part": Kind(
        "warning",
        N_("«{value}» is one part of a release; the others are not beside it."),
        N_("Ask for the release as one file (.entrega), or put its four files into one folder."),
    ),
    "parcel-database": Kind(
        "warning",
        N_("«{value}» is a database, perhaps somebody's whole catalogue with what is private in it."),
        N_("Do not pass it on. Ask them to share with commons release, and delete it."),
    ),
    "parcel-web-page": Kind(
        "warning",
        N_("«{value}» is a web page that was saved in place of a file."),
        N_("Open the link again and download the file itself."),
    ),
    "parcel-packed": Kind(
        "warning", N_("«{value}» is packed inside another packed file."), N_("Unpack the outer one first.")
    ),
    "requests-older": Kind(
        "note",
        N_("«{value}» is a stranger's release, older than others that wait already; it was not kept."),
        N_("Decide over them: commons federation requests"),
    ),
    "requests-full": Kind(
        "warning",
        N_("«{value}» is a stranger's release; so many are waiting that it was not kept."),
        N_("Decide over them: commons federation requests"),
    ),
    "R_CHAR": Kind(
        "error",
        N_("{field} holds a character that is not allowed, perhaps invisible."),
        N_("Type the text again."),
    ),
    "R_NFC": Kind(
        "error", N_("{field} has accents written apart from their letters."), N_("Type the text again.")
    ),
    "R_JSON": Kind(
        "error",
        N_("{field} holds a list that can be read in more than one way."),
        N_("Edit the record and share again."),
    ),
    "R_TOOBIG": Kind(
        "error", N_("The record {type} {record} is too long."), N_("Shorten its longest texts.")
    ),
    # merging
    "delivered-waits": Kind(
        "note",
        N_("Files that were delivered still hold what was withdrawn since: {value}."),
        N_(
            "They are deleted after 14 days; at once, if you are sure that the members themselves withdrew"
            " it, with: commons merge --purge-now"
        ),
    ),
    "delivered-gone": Kind(
        "note", N_("Delivered files that held what was withdrawn since were deleted: {value}.")
    ),
    "delivered-mixed": Kind(
        "warning",
        N_("A delivered file holds what was withdrawn since, and something else besides: {value}."),
        N_("Look into it, take out what you need, and delete it."),
    ),
    "delivered-elsewhere": Kind(
        "note",
        N_("A source outside of this folder still holds what was withdrawn since: {value}."),
        N_("It is not merged. Delete it, or ask whoever keeps it there to delete it."),
    ),
    "store-mended": Kind(
        "warning",
        N_("The release of {member} in use was lost or damaged in store/; the last pool still had it."),
        N_("Look whether the disk is failing, and copy the folder to another one."),
    ),
    "E_SHRINK": Kind(
        "warning",
        N_("The new release of {member} lacks {lost} of {before} records and does not say why; it waits."),
        N_("Ask them; if it is right, merge with: commons merge --allow-shrink {member:sh}"),
    ),
    "E_LEFTOUT": Kind(
        "warning",
        N_(
            "The new release of {member} came without {lost} of {before} records: "
            "whoever passed it on left them out."
        ),
        N_("It waits. Get it from {member} itself, through a source or the inbox, and merge again."),
    ),
    "R_WITHDRAWN": Kind("note", N_("{type}/{record} was withdrawn by its member and stays withdrawn.")),
    "R_HELD": Kind("note", N_("{type}/{record} is held by the federation and not shown for now.")),
    "R_HELDFIELD": Kind(
        "note", N_("{type}/{record}: {field} is held by the federation and not shown for now.")
    ),
    "R_HELDCOPY": Kind(
        "note",
        N_("{type}/{record} copies or judges a record that the federation holds; not shown until that is."),
    ),
    "R_WITHHELD": Kind(
        "note",
        N_("{type}/{record} did not come along: the pool that its release came through left it out."),
    ),
    "says-for": Kind(
        "note",
        N_("{member}: its catalogue says that it is kept for {value}; this federation has not noted that."),
        N_("Ask both. If it is so: commons federation accompany {member:sh}"),
    ),
    "says-continues": Kind(
        "note",
        N_("{member} says that it continues {value}; this federation has not noted that."),
        N_("Find out whether it is the same organisation. If so: commons federation succeed"),
    ),
    "R_COPY": Kind(
        "warning",
        N_("{type}/{record} copies or judges a record that its member took down; it went with it."),
        N_("If you know it from elsewhere, write it as your own word, without “copied from”."),
    ),
    "R_LICENCE": Kind(
        "warning",
        N_("{type}/{record} is under a licence that this federation does not accept."),
        N_("Choose another licence for it, or ask the federation."),
    ),
    "dangling": Kind(
        "warning",
        N_("{type}/{record}: {field} names a record that is not in the pool."),
        N_("Correct the address, or ask its member to share that record."),
    ),
    # judging
    "answer-unreadable": Kind(
        "error",
        N_("row {row}: «{value}» is no answer."),
        N_("Write: the same, different or not sure; for a relation, yes or no."),
    ),
    "answer-itself": Kind(
        "error",
        N_("row {row}: both records are the same one ({value})."),
        N_("Write the addresses of two records, as they stood in the sheet."),
    ),
    "answer-contradicted": Kind(
        "error",
        N_("row {row}: the same two records have other answers in this sheet, too; none of them is kept."),
        N_("Leave one answer of the rows {rows}."),
    ),
    "answer-stranger": Kind(
        "warning",
        N_("row {row}: one of the two records is not in this pool ({value})."),
        N_("Make a new sheet of this pool's questions."),
    ),
    "R_WITHDRAWAL": Kind(
        "error",
        N_("A withdrawal speaks of no address, or of a release that does not exist yet."),
        N_("Share again with commons release."),
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `code` is a key of `KINDS`; the rest says where, as far as it is known."""

    code: str
    type: str | None = None
    record: str | None = None
    field: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    member: str | None = None
    details: Mapping[str, str | int] = dataclass_field(default_factory=dict)

    @property
    def level(self) -> Level:
        return KINDS[self.code].level

    def _texts(self) -> dict[str, object]:
        details = dict(self.details)
        if {"epoch", "number"} <= details.keys():
            details["release"] = release_words(int(details["epoch"]), int(details["number"]))
        places = {n: "—" if getattr(self, n) is None else getattr(self, n) for n in _PLACES}
        return {"own": "", **places, **details}

    @property
    def sentence(self) -> str:
        """What is the matter, in the current language."""
        return sentence(translate(KINDS[self.code].sentence), self._texts())

    @property
    def hint(self) -> str:
        """How to mend it, in the current language; may be empty."""
        return sentence(translate(KINDS[self.code].hint), self._texts())

    def to_json(self) -> dict[str, object]:
        """Code, level and places; language-neutral."""
        known = {n: getattr(self, n) for n in _PLACES if getattr(self, n) is not None}
        return {
            "code": self.code,
            "level": self.level,
            **known,
            **({"details": dict(self.details)} if self.details else {}),
        }
