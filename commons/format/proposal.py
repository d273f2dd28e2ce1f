"""The small file with which a reader proposes that records are not the same: which ones, read where.

It is no judgement: nobody signs it and it changes nothing. Whoever takes it in looks at the records and
judges under their own name. Made by the portal, read by `commons review --take`; does no I/O.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from commons.addresses import Address, NotAnAddress
from commons.errors import InputError
from commons.format import strict_json
from commons.messages import N_

FORMAT = "commons-proposal/1"
MAX_BYTES = 64 * 1024
MOST = 100  # records on one side


@dataclass(eq=False)
class NotAProposal(InputError):
    """The file is something else."""

    path: str
    template: ClassVar[str] = N_("{path} is not a proposal made on a portal.")
    hint_template: ClassVar[str] = N_(
        "Portals offer it on every page of joined records, under “They are not the same”."
    )


@dataclass(frozen=True, slots=True)
class Proposal:
    """`record` is not one thing with any of `others`: all full addresses.

    `federation`, `root`: where that was read. `note`: for people who open the file.
    """

    record: str
    others: tuple[str, ...]
    titles: tuple[str, ...] = ()
    federation: str = ""
    root: str = ""
    note: str = field(default="", compare=False)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The pairs that are said to be different, the lesser address first."""
        return [(min(self.record, o), max(self.record, o)) for o in self.others]

    def to_bytes(self) -> bytes:
        """JSON that people can read, one trailing newline."""
        said = {
            "format": FORMAT,
            "note": self.note,
            "says": "different",
            "record": self.record,
            "others": list(self.others),
            "titles": list(self.titles),
            "federation": self.federation,
            "root": self.root,
        }
        return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def parse(data: bytes, path: str) -> Proposal:
    """Raises NotAProposal."""
    if len(data) > MAX_BYTES:
        raise NotAProposal(path)
    try:
        said: Any = strict_json.read(data)
    except ValueError as error:
        raise NotAProposal(path) from error
    if not isinstance(said, dict) or said.get("format") != FORMAT or said.get("says") != "different":
        raise NotAProposal(path)
    record, others = said.get("record"), said.get("others")
    if not isinstance(others, list) or not 0 < len(others) <= MOST:
        raise NotAProposal(path)
    if not all(_is_address(a) for a in (record, *others)) or record in others:
        raise NotAProposal(path)
    return Proposal(
        str(record),
        tuple(dict.fromkeys(others)),
        _texts(said.get("titles")),
        str(said.get("federation") or "")[:200],
        str(said.get("root") or "")[:64],
    )


def _is_address(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        Address.parse(value)
    except NotAnAddress:
        return False
    return True


def _texts(value: object) -> tuple[str, ...]:
    found = value if isinstance(value, list) else []
    return tuple(str(t)[:200] for t in found if isinstance(t, str))
