"""Invented places of many members, several records for one place, damaged as people damage them.

Deterministic: the same number of records gives the same bytes. One line of JSON a record: address, fields,
and the place that it is about. Some places are made to be confused: sections and branches of one name, a head
office's telephone at every branch.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from commons.addresses import base32

MEMBERS = 40
COPIES = ((1, 55), (2, 25), (3, 12), (4, 8))  # records of one place, and how often
SYLLABLES = re.findall("..", "camelorisatunepolavidoramicenotabegupalisomaferotinajude")
ENDINGS = ("ción", "dad", "mo", "ería", "ista", "ando", "ero", "ales", "oso", "ura", "ños", "ía")
WORDS = 10_000
KINDS = (
    "Comedor", "Centro Comunitario", "Albergue", "Biblioteca", "Casa de Cultura", "Deportivo", "Clínica",
    "Taller", "Guardería", "Huerto", "Casa Hogar", "Dispensario",
)  # fmt: skip
SHORT = {"Centro": "Ctro.", "Comunitario": "Com.", "Calle": "C.", "Avenida": "Av.", "Cultura": "Cult."}
MARKS = ("Norte", "Sur", "II", "III")
DISTRICTS = [f"09{n:03d}" for n in range(2, 18)]


@dataclass(frozen=True)
class Place:
    """One place as it is."""

    number: int
    title: str
    street: str
    house: str
    neighbourhood: str
    postal_code: str
    district: str
    phone: str
    latitude_e6: int
    longitude_e6: int


def word(random_: random.Random) -> str:
    """One of about ten thousand invented words, some of them frequent, as in a language."""
    rank = int(WORDS ** random_.random())  # the first is in one name of fourteen, the last in one of 90,000
    rest, parts = rank * 7_919 % len(SYLLABLES) ** 3, []
    for _syllable in range(3):
        rest, which = divmod(rest, len(SYLLABLES))
        parts.append(SYLLABLES[which])
    return ("".join(parts) + ENDINGS[rank % len(ENDINGS)]).capitalize()


def places(random_: random.Random) -> Iterator[Place]:
    """Places without end: most stand alone, some are sections or branches of the one before."""
    number, last = 0, None
    while True:
        area = random_.randrange(2_000)
        here = random.Random(area)  # noqa: S311  (a neighbourhood has one name, postal code and district)
        place = Place(
            number,
            f"{random_.choice(KINDS)} {word(random_)} {word(random_)}",
            f"{random_.choice(('Calle', 'Avenida', 'Calzada'))} {word(random_)} {word(random_)}",
            str(random_.randrange(1, 900)),
            f"{word(here)} {word(here)}",
            f"{here.randrange(1_000, 16_999):05d}",
            here.choice(DISTRICTS),
            f"+5255{random_.randrange(10**7, 10**8):08d}",
            19_300_000 + random_.randrange(200_000),
            -99_200_000 + random_.randrange(200_000),
        )
        if last is not None and random_.random() < 0.08:
            title = f"{last.title} {random_.choice(MARKS)}" if random_.random() < 0.5 else last.title
            place = replace(place, title=title, phone=last.phone)
        yield place
        number, last = number + 1, place


def slip(random_: random.Random, text: str) -> str:
    """One letter left out, doubled, or exchanged with the next."""
    if len(text) < 5:
        return text
    at = random_.randrange(1, len(text) - 1)
    way = random_.randrange(3)
    if way == 0:
        return text[:at] + text[at + 1 :]
    if way == 1:
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def shortened(random_: random.Random, text: str) -> str:
    return " ".join(SHORT.get(w, w) if random_.random() < 0.5 else w for w in text.split())


def plain(text: str) -> str:
    """Without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def told(random_: random.Random, place: Place) -> dict[str, Any]:
    """What one member says of a place."""
    title, street, chance = place.title, place.street, random_.random
    if chance() < 0.25:
        title = slip(random_, title)
    if chance() < 0.2:
        title = shortened(random_, title)
    if chance() < 0.15:
        title = plain(title).upper()
    if chance() < 0.1:
        title += ", A.C."
    if chance() < 0.5:
        street = shortened(random_, street)
    if chance() < 0.1:
        street = slip(random_, street)
    house = place.house if chance() < 0.9 else ""
    fields: dict[str, Any] = {"title": title, "street_address": f"{street} {house}".strip()}
    for name, value, often in (
        ("neighbourhood", place.neighbourhood, 0.8),
        ("postal_code", place.postal_code, 0.7),
        ("district", place.district, 0.85),
    ):
        if chance() < often:
            fields[name] = value
    if chance() < 0.7:
        number = place.phone if chance() < 0.88 else f"+5255{random_.randrange(10**7, 10**8):08d}"
        fields["phones"] = [{"number": number}]
    if chance() < 0.6:
        fields["latitude_e6"] = place.latitude_e6 + random_.randrange(-300, 300)
        fields["longitude_e6"] = place.longitude_e6 + random_.randrange(-300, 300)
    return fields


def records(size: int) -> Iterator[tuple[str, dict[str, Any], int]]:
    """(address, fields, place), `size` of them; no member says one place twice."""
    random_ = random.Random(size)  # noqa: S311
    members = [base32(hashlib.sha256(f"invented {n}".encode()).digest())[:26] for n in range(MEMBERS)]
    numbers, often = zip(*COPIES, strict=True)
    made = 0
    for place in places(random_):
        copies = random_.choices(numbers, often)[0]
        for member in random_.sample(members, copies):
            if made == size:
                return
            yield f"{member}/place/lugar-{made:07d}", told(random_, place), place.number
            made += 1


def write(path: Path, size: int) -> None:
    """The file, if it is not there yet."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with draft.open("w", encoding="utf-8") as file:
        for address, fields, place in records(size):
            line = {"address": address, "place": place, **fields}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    draft.replace(path)
