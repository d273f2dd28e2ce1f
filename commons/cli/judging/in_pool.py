"""How a person names a pool on this computer and a record in it: by code, address, link or whole title."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import click

from commons.addresses import SHORT_LENGTH, SHORTEST_PREFIX, Address, NotAnAddress
from commons.errors import InputError
from commons.messages import N_
from commons.pool.read import Pool
from commons.schema import territory as territories
from commons.schema.territory import Territory
from commons.schema.vocabularies import fold

_CODE = re.compile(r"[a-z2-7]+\Z")


@dataclass(eq=False)
class NotInPool(InputError):
    """The pool has no such record."""

    text: str
    template: ClassVar[str] = N_("The pool has no record «{text}».")
    hint_template: ClassVar[str] = N_(
        "Write its code, its address, its whole title or the link of its page; a code has eight characters."
    )


@dataclass(eq=False)
class NeitherRecordNorField(InputError):
    """What was named beside a record is no other record, and no field of it."""

    text: str
    type: str
    near: str
    template: ClassVar[str] = N_("There is no record «{text}» in the pool, and no such field in {type}.")
    hint_template: ClassVar[str] = N_(
        "A record: its code, its address or its whole title. A field: {near}. All fields: "
        "commons show --fields {type}"
    )


@dataclass(eq=False)
class SeveralInPool(InputError):
    """A code that several records begin with."""

    text: str
    choices: str
    template: ClassVar[str] = N_("«{text}» may be several records: {choices}.")
    hint_template: ClassVar[str] = N_("Write the whole code of the one you mean.")


pool_option = click.option(
    "--pool",
    "-p",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="FILE",
    help=N_("The pool.db or its folder; that of this folder if not given."),
)


to_option = click.option(
    "--to",
    "catalogue",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=N_("Your catalogue; not needed where the folder holds only one."),
)


def pool_at(path: Path) -> Path:
    """The pool that is meant by a file, a federation's folder or a published one."""
    if path.is_dir():
        for name in ("pool.db", "current/data.db", "data.db"):
            if (path / name).is_file():
                return path / name
        return path / "pool.db"
    return path


def _plain(text: str) -> str:
    """A code or an address out of whatever was copied: also the link of a page."""
    tail = re.sub(r"[?#].*", "", text.strip()).rstrip("/")
    link = re.search(r"/(?:ficha|record)/(.+)\Z", tail)
    if link:
        return link[1]
    tail = re.sub(r".*/f/", "", tail)
    return tail if "/" in tail else tail.partition("-")[0].lower()


def address_in(text: str) -> Address:
    """The whole address in whatever was copied, an address or a link that holds one. Raises NotAnAddress."""
    return Address.parse(_plain(text))


def address_of(pool: Pool, text: str) -> str:
    """The address of the claim that a code, address, link or title names. Raises NotInPool, SeveralInPool."""
    plain = _plain(text)
    run = pool.connection.execute
    if "/" in plain:
        try:
            address = str(Address.parse(plain))
        except NotAnAddress as error:
            raise NotInPool(text) from error
        if run("SELECT 1 FROM alias WHERE address = ?", (address,)).fetchone() is None:
            raise NotInPool(text)
        return address
    rows = []
    if SHORTEST_PREFIX <= len(plain) <= SHORT_LENGTH and _CODE.match(plain):
        sql = "SELECT address, short FROM alias WHERE short >= ? AND short < ? ORDER BY short LIMIT 6"
        rows = run(sql, (plain, plain + "~")).fetchall()
    rows = rows or _titled(pool, text)
    if not rows:
        raise NotInPool(text)
    if len(rows) > 1:
        raise SeveralInPool(text, ", ".join(short for _address, short in rows))
    return str(rows[0][0])


def _titled(pool: Pool, text: str) -> list[tuple[str, str]]:
    """Address and code of what has this title, accents and case aside.

    The title that is shown goes before those that other members say of the same thing.
    """
    wanted = fold(text)
    if not wanted:
        return []
    run = pool.connection.execute
    shown = run("SELECT address, short, title FROM entity ORDER BY id")
    found = [(address, short) for address, short, title in shown if fold(title) == wanted]
    if found:
        return found
    said = run(
        "SELECT c.address, a.short, e.id, json_extract(c.json, '$[2].title') FROM claim c "
        "JOIN entity e ON e.id = c.entity JOIN alias a ON a.address = c.address "
        "WHERE e.claims > 1 ORDER BY c.number DESC"
    )
    first = {entity: (address, short) for address, short, entity, title in said if fold(title) == wanted}
    return [first[entity] for entity in sorted(first)]


def territory_of(pool: Pool) -> Territory | None:
    """The territory that the pool's federation names."""
    name = (pool.meta.get("federation") or {}).get("territory")
    return territories.load(str(name)) if name else None
