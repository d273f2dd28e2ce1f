"""The labelled sets: records of several publishers, and which of them are one thing.

A set's gold is what its makers say. Pairs about which nobody can say, or that this project disputes after
reading them, are listed with a reason in `disputed.csv` or found by a rule that is explained here; figures
are given with and without them. Measures nothing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import yaml
from rapidfuzz import fuzz

from bench.linking.imported import File, Publisher, Told, member_of, read
from bench.linking.labelled import REPORT_ONLY, Labelled, Pair, pair, with_disputes
from commons.folding import folded

ALIKE = 85  # of 100: names of two originals that may be one organisation's
HERE = Path(__file__).resolve().parent
WORLDS = HERE.parent.parent / "tests" / "real"


def _mapping(name: str) -> str:
    return (HERE / "mappings" / f"{name}.yaml").read_text(encoding="utf-8")


def _file(path: Path, mapping: str) -> File:
    return File(path.name, path.read_bytes(), _mapping(mapping))


def _table(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def row_of(key: str) -> str:
    """`file#key of the row`, also for a record that hangs on its row (`file#record, key, entry`)."""
    file, _, rest = key.partition("#")
    parts = rest.split("\x1f")
    return f"{file}#{parts[1] if len(parts) == 3 else rest}"


def _named(records: Iterable[Told], names: Mapping[str, str]) -> dict[str, str]:
    """address → thing, from thing by `file#key`."""
    return {t.address: names[row] for t in records for row in map(row_of, t.keys) if row in names}


def _within(groups: Iterable[Sequence[str]], why: str) -> dict[Pair, str]:
    return {pair(a, b): why for group in groups for a, b in combinations(sorted(group), 2)}


def _world_file(data: Path, world: Path, file: Mapping[str, str]) -> File:
    """A file of one of the worlds of `make real`, with its mapping there."""
    mapping = (world / file["mapping"]).read_text(encoding="utf-8")
    return File(Path(file["path"]).name, (data / file["path"]).read_bytes(), mapping)


def chicago(data: Path, kept: Path) -> Labelled:
    """Sites for small children; the truth is house number and ZIP, so it has faults."""
    world = yaml.safe_load((WORLDS / "chicago" / "world.yaml").read_text(encoding="utf-8"))
    publishers = [
        Publisher(
            member["name"],
            tuple(_world_file(data, WORLDS / "chicago", file) for file in member["files"]),
        )
        for member in world["members"]
    ]
    told = [t for t in read(publishers, WORLDS / "chicago" / world["territory"], kept) if t.type == "place"]
    gold = {f"{row['source']}#{row['Id']}": row["true_id"] for row in _table(data / "gold_clusters.csv")}
    return Labelled("chicago", tuple(told), _named(told, gold))


def fodors(data: Path, kept: Path) -> Labelled:
    """Restaurants of two guides."""
    publishers = [
        Publisher(name, (_file(data / f"{name}.csv", "restaurants"),)) for name in ("fodors", "zagats")
    ]
    told = read(publishers, HERE / "territories" / "us.yaml", kept)
    same = {row["zagats_id"]: row["fodors_id"] for row in _table(data / "matches_fodors_zagats.csv")}
    names = {key: key for t in told for key in t.keys}
    names |= {f"zagats#{zagats}": f"fodors#{fodors}" for zagats, fodors in same.items()}
    return Labelled("fodors", tuple(told), _named(told, names))


def colonias(data: Path, kept: Path) -> Labelled:
    """Neighbourhoods of three publishers.

    Of a record that was split later nobody can say which one it is, nor which of several of one name the
    third list means, since it has names only.
    """
    files = {"pub1_iecm": "iecm", "pub2_student_map": "map", "pub3_budget_office": "budget"}
    publishers = [
        Publisher(name, (_file(data / f"{name}.csv", f"colonias-{m}"),), "es") for name, m in files.items()
    ]
    told = read(publishers, "cdmx", kept)
    several = {f"pub2_student_map#{r['pub2_id']}": r["cve_col"] for r in _table(data / "gold_pub2.csv")}
    several |= {f"pub3_budget_office#{r['row']}": r["cve_col"] for r in _table(data / "gold_pub3.csv")}
    several |= {f"pub1_iecm#{r['cve_col']}": r["cve_col"] for r in _table(data / "pub1_iecm.csv")}
    truth = _named(told, {key: cve.split("|")[0] for key, cve in several.items()})
    of: dict[str, list[str]] = defaultdict(list)
    for address, cve in _named(told, several).items():
        for one in cve.split("|"):
            of[one].append(address)
    split = {a for a, cve in _named(told, several).items() if "|" in cve}
    unclear = [(a, b) for group in of.values() for a, b in combinations(group, 2) if a in split or b in split]
    undecided = _within(unclear, "split into several later")
    called: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for each in told:
        called[_bare(str(each.fields["title"]))][truth[each.address]].append(each.address)
    nowhere = {t.address for t in told if "district" not in t.fields}
    for things in called.values():
        if len(things) > 1:  # one name in several alcaldías, and a list that has names only
            here = sorted(address for group in things.values() for address in group)
            lost = [(a, b) for a, b in combinations(here, 2) if a in nowhere or b in nowhere]
            undecided |= _within(lost, "one name in several alcaldías, one record without any")
    return Labelled("colonias", tuple(told), truth, undecided)


def _grants(data: Path) -> list[tuple[str, dict[str, str]]]:
    found = []
    for name in ("dulverton", "nominet", "ocf1", "ocf2", "ocf3"):
        grants = json.loads((data / f"{name}.json").read_text(encoding="utf-8"))["grants"]
        found += [(f"{name}#{grant['id']}", grant["recipientOrganization"][0]) for grant in grants]
    return found


def registrations(recipient: Mapping[str, str]) -> list[str]:
    """The register's numbers that a funder gives for whom it paid, in one notation.

    The prefix of a list alone is none: "GB-REV" stands for 36 churches. Company numbers beside a charity are
    left aside: one is wrong and would make two charities one.
    """
    found = {recipient["id"]}
    if recipient.get("charityNumber"):
        found.add(f"GB-CHC-{recipient['charityNumber']}")
    return sorted(number for number in found if any(c.isdigit() for c in number))


def _one_name(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Each name → the least name of all that hang together."""
    up: dict[str, str] = {}

    def root(name: str) -> str:
        while up.setdefault(name, name) != name:
            name = up[name]
        return name

    for group in groups:
        roots = sorted(map(root, group))
        for other in roots[1:]:
            up[other] = roots[0]
    return {name: root(name) for name in list(up)}


def grants(
    data: Path, kept: Path, *, mapping: str = "grants-ids-hidden", name: str = "360giving"
) -> Labelled:
    """Whom three funders paid: one record a grant. The truth is the funders' own registration numbers."""
    rows = _grants(data)
    files = {"dulverton": ("dulverton",), "nominet": ("nominet",), "ocf": ("ocf1", "ocf2", "ocf3")}
    publishers = [
        Publisher(
            name,
            tuple(_file(data / f"{f}.json", mapping) for f in parts),
        )
        for name, parts in files.items()
    ]
    told = [t for t in read(publishers, HERE / "territories" / "gb.yaml", kept) if t.type == "organization"]
    known = {key: registrations(recipient) for key, recipient in rows}
    one = _one_name(numbers for numbers in known.values() if numbers)
    names = {key: one[numbers[0]] for key, numbers in known.items() if numbers}
    return Labelled(name, tuple(told), _named(told, names), split="360giving")


def grants_with_ids(data: Path, kept: Path) -> Labelled:
    """The same with the registration numbers: what matters is that no conflict of theirs is passed over."""
    return grants(data, kept, mapping="grants-ids-used", name="360giving-ids")


_DIRECTORY = (
    "name", "description", "url", "address_1", "address_2", "city", "state", "postal_code", "country",
    "address_type", "county", "duplicate_id", "duplicate_type", "copy",
)  # fmt: skip


def _bare(text: str) -> str:
    """Words without signs, in order of the alphabet."""
    return " ".join(sorted(re.findall(r"[a-z0-9]+", folded(text))))


def _repeats(one: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
    """Whether two originals may well be one organisation that two directories list."""
    if fuzz.token_set_ratio(one[1], other[1]) < ALIKE:
        return False
    numbers = [{word for word in each[2].split() if word.isdigit()} for each in (one, other)]
    return not (numbers[0] and numbers[1]) or not numbers[0].isdisjoint(numbers[1])


def whatcom(data: Path, kept: Path) -> Labelled:
    """Organisations and machine-mangled copies of them: each copy follows its original.

    The originals came from several directories and repeat each other, and nobody labelled where: of two whose
    names are nearly the same, at one house number or one without a street, no pair counts. Nor does a copy
    of which nobody can say which of several originals it was made of.
    """
    text = (data / "training" / "training_set_103122.csv").read_text(encoding="latin-1")
    rows = [dict(zip(_DIRECTORY, row, strict=True)) for row in csv.reader(io.StringIO(text)) if any(row)][2:]
    truth: dict[str, str] = {}
    tables: dict[str, list[dict[str, str]]] = {"originals": [], "copies": []}
    originals: list[tuple[str, str, str]] = []  # its number, name, house numbers
    original = ""
    for number, row in enumerate(rows):
        kind = "copies" if row["copy"] == "1" else "originals"
        original = str(number) if kind == "originals" else original
        tables[kind].append({"row": str(number), **row})
        truth[f"{kind}#{number}"] = original
        if kind == "originals":
            originals.append((original, _bare(row["name"]), _bare(row["address_1"])))
    columns = ("row", *_DIRECTORY[:-3])
    publishers = []
    for kind, table in tables.items():
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(table)
        publishers.append(
            Publisher(kind, (File(f"{kind}.csv", out.getvalue().encode(), _mapping("directory")),))
        )
    told = read(publishers, HERE / "territories" / "us.yaml", kept)
    address = {key: t.address for t in told for key in t.keys}
    of: dict[str, list[str]] = defaultdict(list)
    for key, thing in truth.items():
        of[thing] += [address[key]] if key in address else []
    unclear = [
        (a, b) for one, other in combinations(originals, 2) if _repeats(one, other)
        for a in of[one[0]] for b in of[other[0]]
    ]  # fmt: skip
    undecided = _within(unclear, "originals that may repeat each other")
    times = Counter(name for _number, name, _street in originals)
    bare = [of[number] for number, name, street in originals if not street and times[name] > 1]
    undecided |= _within(bare, "several originals of one name, this one without a street")
    return Labelled("whatcom", tuple(told), _named(told, truth), undecided)


def febrl(data: Path, kept: Path, *, number: int = 3) -> Labelled:
    """Invented persons: originals of one publisher, damaged copies of another."""
    lines = (data / f"dataset{number}.csv").read_text(encoding="utf-8").replace(", ", ",").splitlines()
    parts = {
        "originals": [lines[0], *(line for line in lines[1:] if "-org," in line)],
        "copies": [lines[0], *(line for line in lines[1:] if "-dup-" in line)],
    }
    publishers = [
        Publisher(name, (File(f"{name}.csv", "\n".join(table).encode(), _mapping("febrl")),))
        for name, table in parts.items()
    ]
    told = read(publishers, "none", kept)
    truth = {t.address: t.keys[0].partition("#")[2].split("-")[1] for t in told}
    return Labelled(f"febrl-{number}", tuple(told), truth)


def products(data: Path, kept: Path) -> Labelled:
    """Products of two shops."""
    publishers = [Publisher(name, (_file(data / f"{name}.csv", "products"),)) for name in ("abt", "buy")]
    told = read(publishers, "none", kept)
    names = {key: key for t in told for key in t.keys}
    names |= {f"buy#{row['D2']}": f"abt#{row['D1']}" for row in _table(data / "gold.csv", "|")}
    return Labelled("abt-buy", tuple(told), _named(told, names))


_LISTS = {
    "Listas oficiales": "official",
    "Albergues, lista ciudadana": "crowd",
    "Centros de acopio, lista ciudadana": "collection",
}


def shelters(data: Path, kept: Path) -> Labelled:
    """Shelters of the earthquake of 2017 in two lists, and collection centres that may be the same houses.

    Read pair by pair, twice, for this project. What nobody can say from the records counts neither way, nor
    do pairs within the collection centres, which were not read. Pairs that the labels do not name differ.
    """
    world = yaml.safe_load((WORLDS / "cdmx-19s" / "world.yaml").read_text(encoding="utf-8"))
    publishers = [
        Publisher(
            member["name"],
            tuple(_world_file(data, WORLDS / "cdmx-19s", file) for file in member["files"]),
            "es",
        )
        for member in world["members"]
        if member["name"] in _LISTS
    ]
    members = {member_of(p): _LISTS[p.name] for p in publishers}
    told = [t for t in read(publishers, "cdmx", kept) if t.type == "place"]
    address = {f"{members[t.member]}/{t.address.split('/')[2]}": t.address for t in told}
    verdicts = defaultdict(list)
    for row in _table(WORLDS / "cdmx-19s" / "same-shelters.csv"):
        verdicts[row["verdict"]].append((address[row["left"]], address[row["right"]]))
    truth = {t.address: t.address for t in told} | _one_name(verdicts["same"])
    centres = [t.address for t in told if members[t.member] == "collection"]
    undecided = _within([centres], "not read")
    of: dict[str, list[str]] = defaultdict(list)
    for each, thing in truth.items():
        of[thing].append(each)
    for a, b in verdicts["unsure"]:
        undecided |= {pair(x, y): "nobody can say" for x in of[truth[a]] for y in of[truth[b]]}
    return Labelled("shelters", tuple(told), truth, undecided, split=REPORT_ONLY)


@dataclass(frozen=True)
class Source:
    """Where a set lies inside the data folder and how it is read."""

    folder: str
    read: Callable[[Path, Path], Labelled]


SETS: dict[str, Source] = {
    "chicago": Source("er-chicago-early-childhood", chicago),
    "colonias": Source("cdmx-colonias-er", colonias),
    "fodors": Source("er-fodors-zagats", fodors),
    "360giving": Source("360giving", grants),
    "360giving-ids": Source("360giving", grants_with_ids),
    "whatcom": Source("whatcom-federation", whatcom),
    "shelters": Source("cdmx-19s", shelters),
    "febrl-3": Source("er-febrl", febrl),
    "abt-buy": Source("er-abt-buy", products),
}


def read_set(name: str, data: Path, kept: Path) -> Labelled:
    """One set, without the disputed pairs. `kept` is where imported records stay between runs."""
    labelled = SETS[name].read(data / SETS[name].folder, kept)
    rows = _table(HERE / "disputed.csv")
    return with_disputes(
        labelled, ((r["left"], r["right"], r["reason"]) for r in rows if r["set"] == (labelled.split or name))
    )
