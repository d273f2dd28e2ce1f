"""Names, streets, contacts as they are compared. Pure; knows no record and compares nothing.

Everything is a function of the text and the tables alone, and the same on every machine. Accents and case go,
and ñ with them, since half of all lists were typed without; `spelling` keeps ñ and small words, so that *Año*
and *Ano*, *Palmas* and *Las Palmas* are told apart where that is all that differs.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from commons.folding import folded
from commons.link.tables import Words, load_tables

MOST_WORDS = 16  # of one name; what is longer is a sentence
MOST_FORMS = 6  # of one record's names
MOST_TEXT = 240

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_DOTTED = re.compile(r"\b[a-z]\.(?:\s?[a-z]\.)+(?:[a-z]\b)?|\b(?:[a-z]\.)+[a-z]\b")
_SLASHED = re.compile(r"\b([a-z])/([a-z])\b")  # t/a, s/n, I/T
_HOUSING = re.compile(r"\bu(?:nidad(?:es)?|nid)?\.?\s+hab(?:itacional(?:es)?|s)?\b")
_LETTERED = re.compile(r"(?<![a-z0-9])(\d+)(?:\s?[-–]\s?([a-z])|[\s-]?(bis))(?![a-z0-9])")  # 12-A, 12 bis
# 12 B, at the end of the line or before a comma; a point of the compass is none
_LAST_LETTER = re.compile(r"(?<=[a-z.]) (\d+) ([a-df-mp-rt-vx-z])(?=\s*(?:,|\Z))")
_NTH = re.compile(  # 1a. Cerrada de Hidalgo: no house number
    r"(?<![a-z0-9])(\d{1,2})[ao]\.?(?= (?:cda|cerrada|priv|privada|cjon|callejon|calle|av|avenida|retorno)\b)"
)
_DATED = re.compile(r"\b(\d{1,2}) de (?=[a-z])")  # 5 de Mayo
_LETTERS = re.compile(r"\b[a-df-hj-np-tw-xz](?: [a-df-hj-np-tw-xz]\b){1,5}(?= |$)")  # A B C
_ORDINAL = re.compile(r"(\d+)(?:ra|era|er|do|da|ro|to|ta|mo|ma|vo|va|no|na|st|nd|rd|th|a|o)\Z")
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_SHORT_NAME = re.compile(r"[A-ZÑ][A-ZÑ0-9&.]{1,9}\Z")
_POINTS = re.compile(r"[.\s]")
_SPELLED = re.compile(r"[a-zñ0-9_]+")
_EXTENSION = re.compile(r"(?<=\d)[\s,;]*(?:ext|x|#).*", re.I | re.S)
_NO_FIGURE = re.compile(r"[^0-9]+")
_POSTAL = re.compile(r"[^a-z0-9]+")
_WHERE = re.compile(r"(?<=\w)\s+(?:at|@|in|inside|en|dentro de)\s+", re.I)
_MAY_CUT = re.compile(r"[-–—|/:\x1f]|\s(?:at|@|in|inside|en|dentro)\s", re.I)
_BIS = "bis"
_ASIDE = "\x1f"  # round what stood in brackets
_CUT = re.compile(
    r"\s+[-–—|/]+\s*|\s*[-–—|/]+\s+|\s*[–—|]\s*|:\s+|(?<=[^\W\d_]{3})-(?=[A-ZÁÉÍÓÚÑ][a-záéíóúñ])"
)


class Name(NamedTuple):
    """One name: its words in order, its numbers and compass points in order, its legal forms."""

    words: tuple[str, ...]
    marks: tuple[str, ...]
    legal: tuple[str, ...] = ()
    letters: str = ""  # the first letters of its words, legal forms included
    spelling: int = 0  # checksum of the name as it is spelled but for accents and case
    pieces: tuple[int, ...] = ()  # where each of its pieces begins and ends, if one may name another thing


class Street(NamedTuple):
    """One address: the words of the way, the house number ("" if none), the part inside the house.

    `letter`: behind the number, as in *12-A* or *12 bis*.
    """

    words: tuple[str, ...]
    number: str
    inner: str = ""  # as words
    spelling: int = 0  # checksum of the whole line
    letter: str = ""


def _plain(text: str) -> str:
    """Folded, without apostrophes and the points of abbreviations."""
    plain = folded(text[:MOST_TEXT]).replace("’", "'").replace("`", "'").replace("´", "'")
    if "/" in plain:
        plain = _SLASHED.sub(r"\1\2", plain)
    plain = _LETTERS.sub(_without_spaces, plain)
    if "." in plain:
        plain = _DOTTED.sub(_without_points, plain)
    return plain.replace("&", " and ")


def _without_spaces(match: re.Match[str]) -> str:
    return match.group().replace(" ", "") + " "


def _without_points(match: re.Match[str]) -> str:
    return _POINTS.sub("", match.group()) + " "


@lru_cache(maxsize=10_000)
def name_of(text: str) -> Name:
    """One name, read: abbreviations written out, small words gone, legal forms and marks apart."""
    words = load_tables().words
    said: list[str] = []
    marks: dict[str, None] = {}
    legal: set[str] = set()
    letters = ""
    held: list[str] = []
    cuts: list[int] = []
    for piece, names_it in _pieces(text):
        begin = len(said)
        plain = _plain(piece)
        for word, sort, letter, mark in _sorted(_HOUSING.sub(" uhab ", plain) if "hab" in plain else plain):
            letters += letter
            if sort == _PROPER:
                if word not in said:
                    said.append(word)
            elif sort == _MARK:
                marks[mark] = None
            elif sort != _SMALL:
                legal.add(word)
                if sort == _SETTLEMENT:
                    held.append(word)
        if names_it:
            cuts += (begin, len(said))
    if held and load_tables().generic.issuperset(said):  # "Pueblo Nuevo"
        said, legal, cuts = held + said, legal.difference(held), []
    if not said:  # "Fundación, A.C.", "La De Los"
        said = sorted(legal) or [w for w in _WORD.findall(_plain(text)) if not _mark(w, words)]
    unique = tuple(dict.fromkeys(said))[:MOST_WORDS]
    pieces = tuple(min(n, MOST_WORDS) for n in cuts) if cuts != [0, len(unique)] else ()
    return Name(unique, tuple(marks), tuple(sorted(legal)), letters[:MOST_WORDS], spelling_of(text), pieces)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """What a name is put together from, and whether that alone could be another thing's name.

    "Clothing Bank - Hope House", "Clothing Bank at Hope House" and "Clothing Bank (Hope House)" all have
    "Clothing Bank"; what comes after "at" or in brackets only says where or whose it is.
    """
    if _MAY_CUT.search(text) is None:
        yield text, True
        return
    for n, outer in enumerate(text.split(_ASIDE)):
        for piece in _CUT.split(outer):
            where = _WHERE.search(piece)
            yield (piece[: where.start()] if where else piece), n % 2 == 0
            if where:
                yield piece[where.end() :], False


_PROPER, _SMALL, _MARK, _LEGAL, _SETTLEMENT = range(5)
Sorted = tuple[str, int, str, str]  # a word, and what `_sort` says of it


def _sort(word: str) -> tuple[int, str, str]:
    """What a word is in a name, its letter in the name's initials, and how it is compared if it is a mark."""
    words = load_tables().words
    mark, letter = _mark(word, words), "" if word in words.small else word[0]
    if mark:
        return _MARK, letter, mark
    if word in words.settlement:
        return _SETTLEMENT, letter, ""
    if word in words.legal:
        return _LEGAL, letter, ""
    return (_PROPER if letter else _SMALL), letter, ""


def spelling_of(text: str) -> int:
    """A checksum that is equal for names spelled alike, ñ and small words included."""
    kept = text[:MOST_TEXT].casefold()
    kept = folded(kept.replace("ñ", "\0")).replace("\0", "ñ") if "ñ" in kept else folded(kept)
    return zlib.crc32(" ".join(_SPELLED.findall(kept)).encode())


def _sorted(plain: str) -> list[Sorted]:
    """The words, written out, and what each is; without the "no." before a number."""
    words, found = load_tables().words, []
    said = _WORD.findall(plain)
    for n, word in enumerate(said):
        if word in words.context or word in words.number_words:
            after = said[n + 1] if n + 1 < len(said) else ""
            if word in words.number_words and after[:1].isdigit():
                continue
            beside, means = words.context.get(word, (frozenset(), ""))
            if after in beside or (n and said[n - 1] in beside):
                found.append((means, *_sort(means)))
                continue
        found += _written_out(word)
    return found


@lru_cache(maxsize=20_000)
def _written_out(word: str) -> tuple[Sorted, ...]:
    """A word, or what it is short for, and what each is."""
    short = load_tables().words.short
    whole = short.get(word)
    if whole is None and "'" in word:
        word = word.replace("'", "")
        whole = short.get(word)
    return tuple([(each, *_sort(each)) for each in (whole if whole is not None else (word,))])


def _mark(word: str, words: Words) -> str:
    """A number or a compass point as it is compared; "" for any other word."""
    if word in words.compass:
        return words.compass[word]
    if word in words.parts:
        return word
    if word in words.numerals and (len(word) > 1 or word in "iv"):
        return words.numerals[word]
    if word[0].isdigit():
        ordinal = _ORDINAL.match(word)
        return (ordinal[1] if ordinal else word).lstrip("0") or "0"
    return ""


def names_of(texts: list[str]) -> tuple[Name, ...]:
    """The names a record goes by: each text, and what it says to be called, too ("formerly …", "(RNID)")."""
    forms: dict[Name, None] = {}
    for text in texts:
        for form in _forms(text):
            name = name_of(form)
            if name.words or name.marks:
                forms.setdefault(name)
    return tuple(forms)[:MOST_FORMS]


def _forms(text: str) -> list[str]:
    if folded(text).strip() in load_tables().words.placeholders:
        return []
    aliases: list[str] = []

    def inside(match: re.Match[str]) -> str:
        content = match[1].strip()
        after = _former().match(folded(content))
        if after:
            aliases.append(content[after.end() :])
            return " "
        if _SHORT_NAME.match(content) and _is_initials(content, text):
            aliases.append(content)
            return " "
        return f" {_ASIDE}{content}{_ASIDE} "

    rest = text[:MOST_TEXT]
    if "(" in rest or "[" in rest:
        rest = _BRACKETS.sub(inside, rest)
    lower = _same_length(rest)
    if _formers_first().isdisjoint(_between(lower)):
        return [rest, *aliases]  # most by far
    parts = _former(inside=True).split(lower)
    if len(parts) > 1:
        at, pieces = 0, []
        for part in parts:  # the pieces of the original text, accents and all: lengths agree
            pieces.append(rest[at : at + len(part)])
            at = _after(rest, at + len(part))
        return [p for p in pieces if p.strip(" ,;-")] + aliases
    return [rest, *aliases]


def _after(text: str, at: int) -> int:
    """Where the next name begins after the words at `at` that said "formerly"."""
    match = _former(inside=True).match(_same_length(text), at)
    return match.end() if match else at


def _same_length(text: str) -> str:
    """In small letters, one for one; where a letter would become two it stays."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text


@cache
def _formers_first() -> frozenset[str]:
    """What those words begin with."""
    return frozenset(_between(words)[0] for words in load_tables().words.former)


def _between(text: str) -> list[str]:
    """What stands between spaces and the signs that may stand before or after those words."""
    return text.replace(",", " ").replace(";", " ").replace(":", " ").replace("-", " ").split()


@lru_cache(maxsize=2)
def _former(*, inside: bool = False) -> re.Pattern[str]:
    """At the beginning of a bracket the words need a space after them, within a name also before."""
    either = "|".join(re.escape(w) for w in load_tables().words.former)
    return re.compile(rf"[\s,;:-]+(?:{either})[\s:]+" if inside else rf"(?:{either})[\s:,]+")


def _is_initials(short: str, text: str) -> bool:
    """Whether a short name in brackets is made of the letters of the name before it, and no abbreviation."""
    letters = re.sub(r"[^a-z0-9]", "", folded(short))
    before = re.sub(r"[^a-z0-9]", "", folded(text[: text.find(short)]))
    if len(letters) < 2 or letters[:1] != before[:1] or letters in load_tables().words.short:
        return False
    rest = iter(before)
    return all(letter in rest for letter in letters)


@lru_cache(maxsize=2_000)
def street_of(text: str) -> Street | None:
    """Street, house number, flat. None where the text names no street."""
    words = load_tables().words
    plain = _lettered(_plain(text.replace("#", " no ")))
    said: list[str] = []
    numbers: list[str] = []
    inner: list[str] = []
    into = False
    for raw in _WORD.findall(_DATED.sub(_as_day, plain) if " de " in plain else plain):
        word, ends, is_inner, written = _way_word(raw)
        if ends and said:
            break
        if is_inner and (said or numbers):
            into = True
        elif word[0].isdigit():
            number = word.lstrip("0") or "0"
            if into:
                inner.append(number)
                into = False
            elif not word.isdigit() and _ORDINAL.match(word) and not _is_number(word):
                said.append(_ORDINAL.match(word)[1].lstrip("0"))  # type: ignore[index]
            else:
                numbers.append(number)
        elif into and len(word) <= 2:
            inner.append(word)
            into = False
        elif written:
            into = False
            said.append(written)
    return _street(said, numbers, inner, plain, words)


def _lettered(plain: str) -> str:
    """With a house number and its letter as one word: *12-a* as *12a*; and *1a cerrada* as *1ra cerrada*."""
    plain = _LETTERED.sub(lambda m: m[1] + (m[2] or m[3]), plain)
    return _NTH.sub(r"\1ra", _LAST_LETTER.sub(r" \1\2", plain))


def _as_day(match: re.Match[str]) -> str:
    return f" day{match[1]} "


@lru_cache(maxsize=20_000)
def _way_word(raw: str) -> tuple[str, bool, bool, str]:
    """A word of an address; whether the street ends before it, and the house begins; as the street has it."""
    words, word = load_tables().words, raw.replace("'", "")
    is_silent = word in words.no_number or word in words.number_words or word in words.small
    written = "" if is_silent else _street_word(word, words)
    return word, word in words.street_ends, word in words.inner_words, written


def _is_number(word: str) -> bool:
    """12a is a house, 12th a street."""
    return len(_behind(word)) == 1


def _behind(word: str) -> str:
    return word.lstrip("0123456789")


def _street_word(word: str, words: Words) -> str:
    if word in words.street_kinds:
        return word
    if word in words.compass:
        return words.compass[word]
    if len(word) > 4 and word in words.numerals:
        return words.numerals[word]
    whole = words.short.get(word)
    return whole[0] if whole and len(whole) == 1 else word


def _street(said: list[str], numbers: list[str], inner: list[str], plain: str, words: Words) -> Street | None:
    """Puts the parts in order: an English number stands first, a Spanish one last; a way may be a number."""
    proper = [w for w in said if w not in words.street_kinds]
    if not proper and not numbers:
        return None
    if not proper or all(len(w) <= 2 and not w.isdigit() for w in proper):  # "Calle 10 no. 25", "12 W 79 St"
        first = plain.lstrip()[:1].isdigit()
        if len(numbers) > 1:
            number, numbers = (numbers[1], [numbers[0]]) if first else (numbers[0], numbers[1:])
            proper.append(number)
    way = tuple(dict.fromkeys(proper or said))[:8]
    number, letter = numbers[0] if numbers else "", ""
    if _is_number(number) or _behind(number) == _BIS:
        letter = _behind(number)
        number = number.removesuffix(letter)
    return Street(way, number, " ".join(inner)[:12], spelling_of(plain), letter)


def postal_of(text: str) -> str:
    """A postal code in small letters without spaces; ZIP+4 as ZIP."""
    code = _POSTAL.sub("", text.casefold())
    return code[:5] if code.isdigit() and len(code) == 9 else code


def phone_of(text: str) -> str:
    """The figures that tell a number from others: the last ten, or fewer where it has fewer."""
    text = _EXTENSION.sub("", text)
    figures = _NO_FIGURE.sub("", text) if text.isascii() else "".join(c for c in text if c.isdigit())
    return figures[-10:] if len(figures) >= 7 else ""


def words_of(text: str) -> str:
    """A neighbourhood or a town as one comparable text."""
    name = name_of(text)
    return " ".join((*name.words, *name.marks))
