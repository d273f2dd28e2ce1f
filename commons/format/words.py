"""Keys as Spanish words: 24 to copy a private key by hand, 8 to compare a public one by telephone.

The 24 are BIP-39 (with its checksum), so that other programs can read them, too. Keeps nothing.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

from mnemonic import Mnemonic

from commons.folding import folded
from commons.format.errors import WordsRefused
from commons.format.keys import PrivateKey, PublicKey
from commons.messages import N_

KEY_WORDS = 24
FINGERPRINT_WORDS = 8
_PURPOSE = b"commons-fingerprint@v1\n"
# Nobody should have to read these aloud to a stranger on the telephone, least of all to a refuge. They are
# left out of fingerprints only: the 24 words are BIP-39's and nobody but their keeper reads them.
_NOT_ALOUD = frozenset(
    """aborto asalto atroz basura bestia bobo bruja burro cadáver calvo cáncer cárcel cerdo ciego cojo crimen
    crisis culpa delito desnudo diablo dolor droga ebrio enfermo feo fraude fusil golpe gordo guerra hacha
    ladrón llanto llorar loco luto mafia matar miedo morir muerte negro obeso odiar odio olvido orgía parir
    pecado pobre preso raza rehén ruina sangre secta sexo sordo temor terror tonto tóxico tráfico trauma tumba
    tumor vaca veneno vicio víctima""".split()  # noqa: SIM905
)


@cache
def _library() -> Mnemonic:
    return Mnemonic("spanish")


@cache
def wordlist() -> tuple[str, ...]:
    """The 2048 words, composed (NFC), in BIP-39's order."""
    return tuple(unicodedata.normalize("NFC", word) for word in _library().wordlist)


@cache
def _by_start() -> dict[str, int]:
    """Every way to write a word: without accents, whole or its first four letters (BIP-39's promise)."""
    ways: dict[str, int] = {}
    for number, word in enumerate(wordlist()):
        ways[folded(word)] = number
    for number, word in enumerate(wordlist()):
        ways.setdefault(folded(word)[:4], number)
    return ways


def to_words(key: PrivateKey) -> tuple[str, ...]:
    """The 24 words of a private key."""
    return tuple(unicodedata.normalize("NFC", word) for word in _library().to_mnemonic(key.seed).split())


def same_word(typed: str, word: str) -> bool:
    """Whether what somebody typed means this word of the list."""
    number = _by_start().get(folded(typed.strip()))
    return number is not None and wordlist()[number] == word


def split(text: str) -> list[str]:
    """The words in what somebody typed: numbers, commas and line ends aside."""
    return re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", text))


def is_listed(typed: str) -> bool:
    """Whether what somebody typed is a word of the list, or its beginning."""
    return folded(typed) in _by_start()


def keys_in(text: str) -> Iterator[PrivateKey]:
    """Every key that 24 words in a row of `text` say, whatever stands around them.

    Ordinary sentences hold listed words, too: whoever asks compares the key with the one that was announced.
    """
    typed = split(text)
    run = 0
    for n, word in enumerate(typed):
        run = run + 1 if is_listed(word) else 0
        if run >= KEY_WORDS:
            try:
                yield from_words(typed[n + 1 - KEY_WORDS : n + 1])
            except WordsRefused:
                continue


def from_words(words: Sequence[str]) -> PrivateKey:
    """The key that 24 words say; accents and case do not matter, four letters of a word suffice.

    Raises:
        WordsRefused: naming the word that is not in the list, or that the checksum does not fit.
    """
    if len(words) != KEY_WORDS:
        raise WordsRefused(N_("there must be 24 of them."))
    numbers = []
    for word in words:
        number = _by_start().get(folded(word))
        if number is None:
            raise WordsRefused(N_("this one is not in the list:"), word)
        numbers.append(number)
    canonical = [unicodedata.normalize("NFKD", wordlist()[number]) for number in numbers]
    try:
        return PrivateKey(bytes(_library().to_entropy(canonical)))
    except (ValueError, LookupError) as error:
        raise WordsRefused(N_("one of them is wrong, or two have changed places.")) from error


@cache
def spoken_words() -> tuple[str, ...]:
    """The words of fingerprints: the list without those that nobody wants to read aloud."""
    return tuple(word for word in wordlist() if word not in _NOT_ALOUD)


def spoken(key: PublicKey) -> str:
    """The 8 words of a key in one line, as they are read out."""
    return " ".join(fingerprint_words(key))


def fingerprint_words(key: PublicKey) -> tuple[str, ...]:
    """8 words (87 bits) that stand for a public key, to read out by telephone."""
    number = int.from_bytes(hashlib.sha256(_PURPOSE + key.raw).digest())
    found = []
    for _ in range(FINGERPRINT_WORDS):
        number, place = divmod(number, len(spoken_words()))
        found.append(spoken_words()[place])
    return tuple(found)
