"""Portals from the files that publishers really published: catalogues, releases, a pool, and the figures.

Uses the same commands as anybody. Prints what became of every row and refuses to end well where a row is not
accounted for, or where a text that must stay home stands in anything that left. Decides nothing about the
data: what a column means stands in the mappings of tests/real/.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from commons.addresses import slug

ROOT = Path(__file__).resolve().parent.parent
WORLDS = ROOT / "tests" / "real"
RELEASES, FEDERATION, RECEIPTS, PORTAL = "releases", "federation", "receipts", "portal"
FINDINGS = 1  # exit code of a command that has done its work and found something to look at


class Wrong(Exception):
    """Something did not come out as it must."""


@dataclass(frozen=True)
class File:
    """One file of a publisher and how it is read."""

    path: str
    mapping: str
    rows: int | None = None
    type: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Member:
    """One publisher, whose catalogue is made here."""

    name: str
    licence: str
    language: str
    files: tuple[File, ...]


@dataclass(frozen=True)
class World:
    """One federation of publishers.

    `never` may stand in nothing that leaves, is shown or is printed; `stays` in nothing that leaves or is
    shown: its owner's own terminal names it, so that a person can answer.
    """

    key: str
    name: dict[str, str]
    territory: str
    languages: tuple[str, ...]
    folder: str
    members: tuple[Member, ...]
    left_out: tuple[dict[str, str], ...] = ()
    never: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        """Where its description and mappings lie."""
        return WORLDS / self.key

    @property
    def own_territory(self) -> bool:
        """Whether its territory is a file of its own; a federation knows only those that ship."""
        return (self.home / self.territory).is_file()


def load_world(key: str) -> World:
    """The world described in tests/real/<key>/world.yaml."""
    plain = yaml.safe_load((WORLDS / key / "world.yaml").read_text(encoding="utf-8"))
    members = tuple(
        Member(m["name"], m["licence"], m["language"], tuple(File(**f) for f in m["files"]))
        for m in plain.pop("members")
    )
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
    return World(key=key, members=members, **plain)


def worlds() -> list[str]:
    """The worlds that are described here."""
    return sorted(path.parent.name for path in WORLDS.glob("*/world.yaml"))


def data_folder() -> Path | None:
    """Where the publishers' files lie; None where they are not on this computer."""
    folder = Path(os.environ.get("COMMONS_REAL_DATA", "../shared/data"))
    folder = folder if folder.is_absolute() else ROOT / folder
    return folder if folder.is_dir() else None


def forgotten(world: World, data: Path) -> list[str]:
    """Files of the world's folder that are neither imported nor left out by name."""
    folder = data / world.folder
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    there -= {f.path for member in world.members for f in member.files}
    for entry in world.left_out:
        there -= {name for name in there if Path(name).match(entry["path"])}
    return sorted(there)


@dataclass
class Runner:
    """Runs commands and keeps all that they say, so that it can be searched for what is private."""

    said: list[tuple[str, str]] = field(default_factory=list)  # command, what it said

    def __call__(self, folder: Path, *arguments: str | Path) -> str:
        """What the command says on stdout, run in `folder`. Raises Wrong where it fails."""
        command = [sys.executable, "-m", "commons", "--lang", "en", *map(str, arguments)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8")
        shown = " ".join(map(str, arguments))
        self.said += [(shown, done.stdout + done.stderr)]
        if done.returncode not in (0, FINDINGS):
            raise Wrong(f"commons {shown}\n{done.stderr.strip()[-3000:]}")
        return done.stdout

    def json(self, folder: Path, *arguments: str | Path) -> dict[str, Any]:
        """The command's answer for programs."""
        answer: dict[str, Any] = json.loads(self(folder, *arguments, "--json"))
        return answer


@dataclass
class Figures:
    """What became of one publisher's rows and records."""

    member: Member
    id: str = ""
    read: int = 0
    imported: int = 0
    unchanged: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    drafts: int = 0
    only_here: int = 0
    released: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    taken: int = 0
    not_taken: Counter[str] = field(default_factory=Counter)
    linked: int = 0

    def hear(self, report: dict[str, Any], file: File) -> None:
        """Add one import's report. Raises Wrong where its rows do not add up."""
        rows = report["rows"]
        skipped = dict(rows["skipped"])
        accounted = rows["imported"] + rows["unchanged"] + sum(skipped.values()) + rows["refused"]
        if accounted != rows["read"]:
            raise Wrong(f"{file.path}: {rows['read']} rows read, {accounted} accounted for")
        if file.rows is not None and file.rows != rows["read"]:
            raise Wrong(f"{file.path}: it has {file.rows} rows and {rows['read']} were read")
        self.read += rows["read"]
        self.imported += rows["imported"]
        self.unchanged += rows["unchanged"]
        self.skipped.update(skipped)
        self.refused.update(f["code"] for f in report["refused"])
        self.records.update(report["records"]["new"])
        self.findings.update(f["code"] for f in report["findings"])
        self.drafts += report["drafts"]

    def lines(self) -> list[str]:
        """The figures in words, one kind a line."""
        rows = f"{self.read} read = {self.imported} imported + {self.unchanged} unchanged"
        rows += f" + {sum(self.skipped.values())} left out + {sum(self.refused.values())} refused"
        return [
            f"{self.member.name} ({self.id})",
            f"  rows        {rows}",
            f"  left out    {counted(self.skipped)}",
            f"  refused     {counted(self.refused)}",
            f"  records     {counted(self.records)}",
            f"  to look at  {counted(self.findings)}; {self.drafts} cells wait as drafts",
            f"  released    {counted(self.released)}; {self.only_here} records stay here",
            f"  held back   {counted(self.held)}",
            f"  merged      {self.taken} taken up; not: {counted(self.not_taken)}; {self.linked} linked",
        ]


def counted(counter: Counter[str]) -> str:
    """`12 place, 3 service`; a dash for nothing."""
    return ", ".join(f"{n} {name}" for name, n in counter.most_common()) or "–"


@dataclass
class Built:
    """A world that was built, in `folder`."""

    world: World
    folder: Path
    figures: list[Figures]
    said: list[tuple[str, str]]
    root: str
    counts: dict[str, int]

    @property
    def portal(self) -> Path:
        """The published folder."""
        return self.folder / PORTAL

    @property
    def pool(self) -> Path:
        """The merged pool."""
        return self.folder / FEDERATION / "pool.db"


def build(world: World, data: Path, folder: Path, tell: Callable[[str], None]) -> Built:
    """The whole road for one world, made anew in `folder`. Raises Wrong."""
    if missing := forgotten(world, data):
        raise Wrong(f"{world.folder} has files of which nothing is said: {', '.join(missing)}")
    if folder.exists():
        shutil.rmtree(folder)  # everything in it was made by this script
    (folder / RELEASES).mkdir(parents=True)
    commons = Runner()
    if world.own_territory:
        for member in world.members:
            (folder / slug(member.name)).mkdir()
            shutil.copy(world.home / world.territory, folder / slug(member.name))
    figures = []
    for member in world.members:
        tell(member.name)
        figures.append(catalogue(world, member, data, folder, commons))
    tell(world.name["en"])
    merged = merge(world, figures, folder, commons)
    built = Built(world, folder, figures, commons.said, merged["root"], merged["counts"])
    if found := private_texts(built):
        raise Wrong("what must stay home has left:\n" + "\n".join(found))
    return built


def catalogue(world: World, member: Member, data: Path, folder: Path, commons: Runner) -> Figures:
    """One publisher: init, import each file twice, check, release."""
    name = slug(member.name)
    home, figures = folder / name, Figures(member)
    home.mkdir(exist_ok=True)
    made = commons.json(
        home, "init", "catalogue.db", "--name", member.name, "--language", member.language,
        "--licence", member.licence, "--territory", world.territory, "--sheet", "sheet.html", "--yes",
    )  # fmt: skip
    figures.id = made["member"]
    for file in member.files:
        # a copy, as somebody would have downloaded it: what must be corrected is written beside the file
        own = home / Path(file.path).name
        shutil.copyfile(data / world.folder / file.path, own)
        words: list[str | Path] = [own.name, "--to", "catalogue.db"]
        words += ["--mapping", world.home / file.mapping, "--yes"]
        words += ["--type", file.type] if file.type else []
        words += ["--sheet", file.sheet] if file.sheet else []
        figures.hear(commons.json(home, "import", *words), file)
        again = commons.json(home, "import", *words, "--dry-run")
        if again["rows"]["imported"] or again["records"]["new"] or again["records"]["changed"]:
            raise Wrong(f"{file.path}: a second import changes {again['records']}")
    commons(home, "check", "-c", "catalogue.db")
    shared = commons.json(
        home, "release", "-c", "catalogue.db", "--out", f"../{RELEASES}/{name}.entrega", "--yes"
    )
    figures.released.update({t: n for t, n in shared["counts"].items() if t != "catalogue"})
    figures.only_here = sum(shared["private"].values())
    figures.held.update(f["code"] for f in shared["held"])
    return figures


def merge(world: World, figures: Sequence[Figures], folder: Path, commons: Runner) -> dict[str, Any]:
    """The federation of all of them: pool, the same root again from the lock, receipts, published folder."""
    home = folder / FEDERATION
    home.mkdir()
    (folder / RECEIPTS).mkdir()
    commons(
        home, "federation", "new", ".", "--name", world.name["es"], "--english-name", world.name["en"],
        "--territory", "none" if world.own_territory else world.territory,
    )  # fmt: skip
    for each in figures:
        release = f"../{RELEASES}/{slug(each.member.name)}.entrega"
        commons(
            home, "federation", "add", release, "--name", each.member.name, "--source", release,
            "--by", "scripts/real.py", "--how", "made on this computer",
        )  # fmt: skip
    merged = commons.json(home, "merge")
    again = commons.json(home, "merge", "--locked")
    if again["root"] != merged["root"]:
        raise Wrong(f"one lock, two roots: {merged['root']} and {again['root']}")
    for each in figures:
        receipt = merged["receipts"][each.id]
        each.taken = receipt["records"]
        each.not_taken.update(receipt["refused"])
        each.linked = receipt["shared"]
        words = commons(home, "receipt", each.id)
        (folder / RECEIPTS / f"{slug(each.member.name)}.txt").write_text(words, encoding="utf-8")
    commons(home, "publish", "folder", "--pool", "pool.db", "--out", f"../{PORTAL}")
    return merged


def private_texts(built: Built) -> list[str]:
    """Where a text of the world's `never` stands in what left, was shown or was printed."""
    found, never = [], built.world.never
    for command, text in built.said:
        found += [f"{word} was printed by {command}" for word in never if word in text]
    never = (*never, *built.world.stays)
    for part in (RELEASES, FEDERATION, RECEIPTS, PORTAL):
        for path in sorted(built.folder.glob(f"{part}/**/*")):
            if path.is_file() and not path.is_symlink():
                contents = path.read_bytes()
                found += [f"{word} in {path}" for word in never if word.encode() in contents]
                if contents.startswith(b"SQLite format 3"):
                    found += [f"{word} in the tables of {path}" for word in in_tables(path, never)]
    return found


def in_tables(path: Path, words: Iterable[str]) -> list[str]:
    """The words that stand in any value of a database, or among the words of its search index."""
    with closing(sqlite3.connect(path)) as connection:
        dump = "\n".join(connection.iterdump()).casefold()
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'search'").fetchone():
            connection.execute("CREATE VIRTUAL TABLE temp.word USING fts5vocab('main', 'search', 'row')")
            dump += " ".join(term for (term,) in connection.execute("SELECT term FROM temp.word"))
    # the index cuts words at signs: what is left of a marker there is its rarest part
    return [word for word in words if word.casefold() in dump or word.casefold().split("-")[-1] in dump]


def main() -> int:
    """Build the worlds that are asked for; 0 where all is well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--world", help="only worlds whose name has this in it: " + ", ".join(worlds()))
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "real")
    parser.add_argument("--serve", action="store_true", help="show the (last) portal at the end")
    parser.add_argument("--port", default="8001")
    options = parser.parse_args()
    data = data_folder()
    if data is None:
        print("The publishers' files are not on this computer (COMMONS_REAL_DATA); nothing was done.")
        return 0
    keys = [key for key in worlds() if (options.world or "") in key]
    if not keys:
        parser.error(f"there is no world {options.world}")
    built = None
    for key in keys:
        try:
            built = build(load_world(key), data, options.out.resolve() / key, lambda text: print(f"… {text}"))
        except Wrong as error:
            print(f"{key}: {error}", file=sys.stderr)
            return 1
        show(built)
    if options.serve and built is not None:
        subprocess.run([sys.executable, "-m", "commons", "serve", built.portal, "--port", options.port])
    return 0


def show(built: Built) -> None:
    """The figures, also kept beside the portal."""
    lines = [f"{built.world.name['en']} ({built.world.key})", ""]
    for each in built.figures:
        lines += [*each.lines(), ""]
    lines += [f"pool          {counted(Counter(built.counts))}", f"root          {built.root}"]
    (built.folder / "figures.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    print(f"receipts      {built.folder / RECEIPTS}\nportal        {built.portal}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
