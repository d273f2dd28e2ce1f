"""Looks through a text that is about to leave for what must not: numbers, addresses and names of persons.

Pure: texts in, findings out. Finds too much rather than too little; a person who knows better answers "that
is the organisation's". Does not decide which fields it is given (that is `outgoing`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from itertools import pairwise
from typing import Literal

import phonenumbers

from commons.folding import folded
from commons.schema.validate import personal_number

Kind = Literal["phone", "email", "number", "private"]
REGION = "MX"

_SEVEN_DIGITS = re.compile(r"(?:\d\W{0,3}){7}")
_DIGIT_RUN = re.compile(r"\+?\(?\d(?:[\d\s().\-–/]{5,}\d)")
_EIGHT = re.compile(r"\d{4}[\s.\-–]\d{4}\Z|\d{2}([\s.\-–])\d{2}\1\d{2}\1\d{2}\Z")
_YEARS = re.compile(r"(?:19|20)\d\d\W(?:19|20)\d\d\Z")
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_TIME = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")
_CALLED = re.compile(r"(?:tel|cel|whats|llam|phone|call)\w*[\s.:]*\Z", re.I)
_DECIMAL = re.compile(r"(?<![\d.])\d{1,3}\.\d{4,}(?![\d.])")
_LINK = re.compile(r"https?://\S+|www\.\S+", re.I)
_CHAT_LINK = re.compile(r"(?:wa\.me/|whatsapp\.com/\S*?phone=|tel:)\+?(\d{8,15})", re.I)
_EMAIL = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}\s?(?:@|\(at\)|\[at\]|\(arroba\)|\[arroba\]|\sarroba\s)\s?[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+",
    re.I,
)
_SIGN_OF_EMAIL = re.compile(r"@|arroba|[(\[]at[)\]]", re.I)
_AT = re.compile(r"\s?(?:@|\(at\)|\[at\]|\(arroba\)|\[arroba\]|\sarroba\s)\s?", re.I)
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that must not leave. `key` is its normal form: what an answer is remembered under."""

    kind: Kind
    key: str
    text: str  # as it stands; of a private value only the beginning

    @property
    def shown(self) -> str:
        """For a sentence: a private value is not repeated in lists and logs."""
        return self.text if self.kind in ("phone", "email") else f"{self.text[:3]}…"


def phone_key(text: str) -> str:
    """The digits by which two ways of writing one number agree: the last ten."""
    digits = re.sub(r"\D", "", text)
    return digits[-10:]


def email_key(text: str) -> str:
    """An e-mail address in one way of writing."""
    return _AT.sub("@", text).casefold()


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, without case, accents and punctuation."""
    return tuple(_WORD.findall(folded(text)))


def answer_keys(text: str) -> set[str]:
    """The keys under which "that is the organisation's" is remembered, whatever kind of value was typed."""
    keys = {" ".join(words_of(text)), text.strip().upper()}
    if _EMAIL.search(text):
        keys = {email_key(match[0]) for match in _EMAIL.finditer(text)}
    elif len(re.sub(r"\D", "", text)) >= 7:
        keys.add(phone_key(text))
    return keys - {""}


@dataclass(slots=True)
class Private:
    """Sequences of words that must not stand in what leaves; found in one pass however many there are."""

    by_first: dict[str, set[tuple[str, ...]]] = dataclass_field(default_factory=dict)

    def add(self, words: tuple[str, ...]) -> None:
        """Add one sequence."""
        if words:
            self.by_first.setdefault(words[0], set()).add(words)

    def add_name(self, name: str, is_given: Callable[[str], bool] = lambda word: False) -> None:
        """Add a person's name: whole, and any two neighbouring words of it.

        Two given names alone (Juan Pablo, José María) are half of the city's streets and are let through.
        """
        words = words_of(name)
        if len(words) > 1 or (words and len(words[0]) >= 4):
            self.add(words)
        for one, two in pairwise(words):
            if len(one) >= 3 and len(two) >= 3 and not (is_given(one) and is_given(two)):
                self.add((one, two))

    def add_text(self, text: str) -> None:
        """Add a value that says something only as a whole: at least two words and eight letters."""
        words = words_of(text)
        if len(words) >= 2 and sum(map(len, words)) >= 8:
            self.add(words)

    def discard(self, text: str) -> None:
        """Take out what is public anyway, such as the title of a public record."""
        words = words_of(text)
        if words:
            self.by_first.get(words[0], set()).discard(words)

    def join(self, other: Private) -> None:
        """Add all that `other` holds."""
        for first, sequences in other.by_first.items():
            self.by_first.setdefault(first, set()).update(sequences)

    def found_in(self, text: str) -> Iterator[str]:
        """The sequences that stand in `text`, as words with spaces."""
        if not self.by_first:
            return
        words = words_of(text)
        for at, word in enumerate(words):
            for sequence in sorted(self.by_first.get(word, ())):
                if words[at : at + len(sequence)] == sequence:
                    yield " ".join(sequence)


@dataclass(frozen=True, slots=True)
class Scanner:
    """What to look for, and what is the organisation's own. Keys as `phone_key`, `email_key` make them.

    `private` is looked for everywhere; `names` only in running text: what a public record is called, and
    where it is, was typed for that very record, and half of all names are part of another.
    """

    private: Private
    names: Private = dataclass_field(default_factory=Private)
    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    ours: frozenset[str] = frozenset()  # answered: keys of any kind

    def scan(self, text: str, *, running: bool = True, agreed: Sequence[str] = ()) -> list[Found]:
        """What stands in `text` and must not leave; `agreed`: personal values that leave with it."""
        found = [f for f in _emails(text) if f.key not in self.emails]
        found += [f for f in _phones(text) if not _is_known(f.key, self.phones)]
        number = personal_number(text)
        if number:
            found.append(Found("number", number.upper(), number))
        found += [Found("private", words, words) for words in self.private.found_in(text)]
        if running:
            found += [Found("private", words, words) for words in self.names.found_in(text)]
        return [f for f in found if f.key not in self.ours and not _is_agreed(f, agreed)]


def _is_agreed(found: Found, agreed: Sequence[str]) -> bool:
    for text in agreed:
        if found.key in (phone_key(text), email_key(text), text.upper()):
            return True
        if found.kind == "private" and set(found.key.split()) <= set(words_of(text)):
            return True
    return False


def _is_known(key: str, phones: Iterable[str]) -> bool:
    return any(phone == key or (len(key) == 8 and phone.endswith(key)) for phone in phones)


def _emails(text: str) -> Iterator[Found]:
    if _SIGN_OF_EMAIL.search(text):
        for match in _EMAIL.finditer(text):
            yield Found("email", email_key(match[0]), match[0])


def _blank(match: re.Match[str]) -> str:
    return "x" * len(match[0])


def _phones(text: str) -> list[Found]:
    """Numbers as people write them in Mexico, and international ones."""
    if _SEVEN_DIGITS.search(text) is None:
        return []
    found = {phone_key(m[1]): Found("phone", phone_key(m[1]), m[1]) for m in _CHAT_LINK.finditer(text)}
    plain = _TIME.sub(_blank, _LINK.sub(_blank, text))
    plain = _DECIMAL.sub(_blank, _DATE.sub(_blank_date, plain))
    for match in _DIGIT_RUN.finditer(plain):
        shown = match[0].strip()
        digits = re.sub(r"\D", "", shown)
        called = len(digits) == 8 and _CALLED.search(plain[: match.start()])
        whole = called or _looks_mexican(shown, digits)
        for part in [shown] if whole else _within(shown):
            key = phone_key(part)
            found.setdefault(key, Found("phone", key, part))
    for number in phonenumbers.PhoneNumberMatcher(plain, REGION):
        key = phone_key(str(number.number.national_number))
        if not any(key.endswith(known[-8:]) for known in found):
            found[key] = Found("phone", key, number.raw_string)
    return list(found.values())


def _within(run: str) -> Iterator[str]:
    """Ten-digit numbers within a longer run of figures: another number may stand right behind a telephone."""
    groups = list(re.finditer(r"\d+", run))
    for at, first in enumerate(groups):
        length = 0
        for last in groups[at:]:
            length += len(last[0])
            if length == 10:
                yield run[first.start() : last.end()]
            if length >= 10:
                break


def _blank_date(match: re.Match[str]) -> str:
    """A date is no number to call; something like 55-12-34 within a longer number is no date."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    if before[-1:].isdigit() or after[:1].isdigit():
        return match[0]
    if re.match(r"[\s.\-–/]{1,2}\d", after) or re.search(r"\d[\s.\-–/]{1,2}\Z", before):
        return match[0]
    return _blank(match)


def _looks_mexican(shown: str, digits: str) -> bool:
    if len(digits) == 8:  # as they were dialled within the city until 2019
        return _EIGHT.match(shown) is not None and _YEARS.match(shown) is None
    if len(digits) == 10:
        return True
    prefixes = {11: ("1",), 12: ("52", "01"), 13: ("521", "044", "045"), 14: ("0052",), 15: ("00521",)}
    return digits.startswith(prefixes.get(len(digits), ("none",)))
