"""Portals from the files that publishers really published: catalogues, releases, pool, portal, and the figures.

Uses the same commands as anybody. Prints what became of every row and refuses to end well where a row is not
accounted for. Decides nothing about the data: what a column means stands in the mappings of tests/real/.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from commons.addresses import slug

ROOT = Path(__file__).resolve().parent.parent
WORLDS = ROOT / "tests" / "real"
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
    """One federation of publishers. `never` may stand in nothing that leaves, is shown or is printed."""

    key: str
    name: dict[str, str]
    territory: str
    languages: tuple[str, ...]
    folder: str
    members: tuple[Member, ...]
    left_out: tuple[dict[str, str], ...] = ()
    never: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        """Where its description and mappings lie."""
        return WORLDS / self.key


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
    """Runs commands in one folder and keeps all that they say, so that it can be searched for what is private."""

    folder: Path
    said: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str | Path, allowed: Iterable[int] = (0, FINDINGS)) -> str:
        """What the command says on stdout. Raises Wrong."""
        command = [sys.executable, "-m", "commons", "--lang", "en", *map(str, arguments)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, encoding="utf-8")
        self.said += [done.stdout, done.stderr]
        if done.returncode not in tuple(allowed):
            shown = " ".join(map(str, arguments))
            raise Wrong(f"commons {shown}\n{done.stderr.strip()[-3000:]}")
        return done.stdout

    def json(self, *arguments: str | Path) -> dict[str, Any]:
        """The command's answer for programs."""
        answer = json.loads(self(*arguments, "--json"))
        return answer if isinstance(answer, dict) else {"answer": answer}


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
    released: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    linked: int = 0

    def hear(self, report: dict[str, Any], file: File) -> None:
        """Add one import's report. Raises Wrong where its rows do not add up."""
        rows = report["rows"]
        accounted = rows["imported"] + rows["unchanged"] + sum(rows["skipped"].values()) + rows["refused"]
        if accounted != rows["read"]:
            raise Wrong(f"{file.path}: {rows['read']} rows read, {accounted} accounted for")
        if file.rows is not None and file.rows != rows["read"]:
            raise Wrong(f"{file.path}: it has {file.rows} rows and {rows['read']} were read")
        self.read += rows["read"]
        self.imported += rows["imported"]
        self.unchanged += rows["unchanged"]
        self.skipped.update(rows["skipped"])
        self.refused.update(f["code"] for f in report["refused"])
        self.records.update(report["records"]["new"])
        self.findings.update(f["code"] for f in report["findings"])
        self.drafts += report["drafts"]
