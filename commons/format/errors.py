"""Why bytes or values are not in the one form that may be signed and hashed. Raises nothing by itself.

Every class has a stable `code`, which receipts and locks store instead of the sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from commons.errors import InputError
from commons.messages import N_, translate


@dataclass(eq=False)
class FormatError(InputError):
    """The root of this room's errors."""

    code: ClassVar[str] = "E_FORMAT"
    hint_template: ClassVar[str] = N_("Ask whoever made the file for a new copy of it.")

    def _details(self) -> dict[str, object]:
        details = super()._details()
        if "reason" in details:
            details["reason"] = translate(str(details["reason"]))
        return details


@dataclass(eq=False)
class CharacterRefused(FormatError):
    """A text holds a character outside the table of allowed ones."""

    where: str
    character: str
    position: int
    code: ClassVar[str] = "E_CHAR"
    template: ClassVar[str] = N_("{where}: the character {character} at position {position} is not allowed.")
    hint_template: ClassVar[str] = N_("Take the character out; it is invisible or not in general use.")


@dataclass(eq=False)
class NotNormalized(FormatError):
    """A text is not in Unicode's composed form (NFC)."""

    where: str
    code: ClassVar[str] = "E_NFC"
    template: ClassVar[str] = N_("{where}: the accents are written apart from their letters (not NFC).")
    hint_template: ClassVar[str] = N_("Type the text again; letter and accent become one character.")


@dataclass(eq=False)
class NumberRefused(FormatError):
    """A number is not an integer of at most 2^53-1."""

    where: str
    number: str
    code: ClassVar[str] = "E_NUMBER"
    template: ClassVar[str] = N_("{where}: {number} is not a whole number of at most 2^53-1.")
    hint_template: ClassVar[str] = N_("Write a quantity as a whole number of a smaller unit, or as text.")


@dataclass(eq=False)
class ValueRefused(FormatError):
    """A value is of a kind that a record cannot hold."""

    where: str
    kind: str
    code: ClassVar[str] = "E_VALUE"
    template: ClassVar[str] = N_("{where}: a record cannot hold a value of the kind {kind}.")


@dataclass(eq=False)
class NameRefused(FormatError):
    """The name of a type, record or field is not written as names are."""

    where: str
    name: str
    code: ClassVar[str] = "E_NAME"
    template: ClassVar[str] = N_("{where}: «{name}» cannot be a name here.")
    hint_template: ClassVar[str] = N_("Names use a-z, 0-9 and _ (records: a-z, 0-9 and -).")


@dataclass(eq=False)
class TooBig(FormatError):
    """Something exceeds a limit of the protocol."""

    what: str
    size: int
    most: int
    code: ClassVar[str] = "E_TOOBIG"
    template: ClassVar[str] = N_("{what} is too big: {size}; the most is {most}.")
    hint_template: ClassVar[str] = N_("Split it, or shorten its longest texts.")


@dataclass(eq=False)
class NotCanonical(FormatError):
    """The bytes say something that can be read, but not in its one allowed form."""

    what: str
    reason: str
    code: ClassVar[str] = "E_CANONICAL"
    template: ClassVar[str] = N_("{what} is not in its one allowed form: {reason}")


@dataclass(eq=False)
class KeyRefused(FormatError):
    """The bytes are not an Ed25519 key that can be trusted."""

    reason: str
    code: ClassVar[str] = "E_KEY"
    template: ClassVar[str] = N_("This is not a usable key: {reason}")
    hint_template: ClassVar[str] = N_("Look for the catalogue's .key file, or use the recovery sheet.")


@dataclass(eq=False)
class SignatureRefused(FormatError):
    """The signature does not belong to these bytes and this key."""

    reason: str
    code: ClassVar[str] = "E_SIGNATURE"
    template: ClassVar[str] = N_("The signature does not fit: {reason}")


@dataclass(eq=False)
class KeyLogRefused(FormatError):
    """The key log is damaged or was tampered with."""

    line: int
    reason: str
    code: ClassVar[str] = "E_KEYLOG"
    template: ClassVar[str] = N_("The key log does not hold together at line {line}: {reason}")


@dataclass(eq=False)
class PreRotationBroken(KeyLogRefused):
    """A rotation reveals another key than the one that was announced: perhaps a thief's."""

    code: ClassVar[str] = "E_PREROTATION"
    template: ClassVar[str] = N_("The new key at line {line} of the key log cannot be trusted: {reason}")
    hint_template: ClassVar[str] = N_("Call the organisation and compare the words of its key.")


@dataclass(eq=False)
class ManifestRefused(FormatError):
    """release.json is not as docs/formats.md says."""

    key: str
    reason: str
    code: ClassVar[str] = "E_MANIFEST"
    template: ClassVar[str] = N_("release.json, {key}: {reason}")


@dataclass(eq=False)
class ContainerRefused(FormatError):
    """The folder or file is not a release."""

    name: str
    reason: str
    code: ClassVar[str] = "E_CONTAINER"
    template: ClassVar[str] = N_("«{name}» is not a release: {reason}")


@dataclass(eq=False)
class NotAFile(ContainerRefused):
    """A link, pipe or folder stands where a plain file is expected."""

    code: ClassVar[str] = "E_NOTFILE"


@dataclass(eq=False)
class PrunedRefused(FormatError):
    """The kept part of a release does not prove itself against its content root."""

    line: int
    reason: str
    code: ClassVar[str] = "E_PRUNED"
    template: ClassVar[str] = N_("The pruned release does not hold together at line {line}: {reason}")


@dataclass(eq=False)
class WordsRefused(FormatError):
    """Words of a recovery sheet were copied wrongly."""

    reason: str
    word: str = ""
    code: ClassVar[str] = "E_WORDS"
    template: ClassVar[str] = N_("These words are not a key: {reason} {word}")
    hint_template: ClassVar[str] = N_("Compare them with the sheet, one by one: 24 words, in order.")
