"""One portal over one pool: what every page needs to know of it, and how a page asks it.

Holds nothing of a visitor. The pool does not change, so names, counts and the index are read once.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from datasette.utils import sqlite_timelimit

from commons.messages import in_language
from commons.messages import translate as _
from commons.pool.index import PoolIndex
from commons.pool.read import Member, Pool
from commons.pool.witnesses import Known, agreeing, known
from commons.schema.spec import Schema, load_schema

if TYPE_CHECKING:
    from commons.schema.territory import Territory

DATABASE = "data"
LONGEST_MS = 3_000  # of a page's questions to the pool
DEFAULT_ZONE = "America/Mexico_City"
_T = TypeVar("_T")
_sites: weakref.WeakKeyDictionary[Any, Site] = weakref.WeakKeyDictionary()
_opening: weakref.WeakKeyDictionary[Any, asyncio.Lock] = weakref.WeakKeyDictionary()


@dataclass(frozen=True)
class Site:
    """What the pool says of itself, read once."""

    datasette: Any
    index: PoolIndex
    meta: dict[str, Any]
    members: tuple[Member, ...]
    withdrawn: int
    held: int
    schema: Schema
    territory: Territory | None
    zone: ZoneInfo
    witnesses: tuple[Known, ...] = ()  # who merged the same and got the same root

    @cached_property
    def leaving(self) -> frozenset[str]:
        """The members whose own word is that they go."""
        try:
            members = json.loads(self.meta.get("lock") or "{}").get("members") or {}
        except (ValueError, AttributeError):  # a pool that names no lock
            return frozenset()
        return frozenset(id for id, locked in members.items() if locked.get("state") == "leaving")

    @property
    def federation(self) -> dict[str, Any]:
        found = self.meta.get("federation")
        return found if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        """The federation's name in the current language."""
        name = self.federation.get("name") or ""
        return in_language(name) if isinstance(name, dict) else str(name)

    def member_name(self, member_id: str) -> str:
        """As it calls itself; of a catalogue kept for others, also for whom: the keeper may have its own."""
        member = next((m for m in self.members if m.id == member_id), None)
        if member is None:
            return member_id
        if whose := member.row["on_behalf_of"]:
            return _("{member} (for {name})").format(member=member.name, name=whose)
        return member.name

    def district_name(self, code: str | None) -> str:
        """The district's name; the code itself where the territory does not know it."""
        if not code:
            return ""
        district = self.territory.districts.get(code) if self.territory else None
        return district.name if district else code

    def licence_of(self, member_id: str) -> str:
        """The licence of a member's catalogue."""
        return next((str(m.row["licence"] or "") for m in self.members if m.id == member_id), "")

    def licence_words(self, licence: str, lang: str) -> str:
        """What a licence allows, in words; its name where it is none of ours."""
        return self.schema.label("licences", licence, lang) if licence else ""

    def has_lapsed(self, member_id: str) -> bool:
        """Whether the member's last release has run out."""
        until = next((m.row["valid_until"] for m in self.members if m.id == member_id), None)
        return bool(until) and str(until) <= self.hour()

    def confirm_days(self, type_name: str) -> int:
        """After how many days a record of this type should be looked at again; 0: never."""
        rtype = self.schema.types.get(type_name)
        return rtype.confirm_days if rtype else 0

    def today(self) -> datetime.date:
        """Today where the territory is: the page says "three weeks ago" to somebody who lives there."""
        return datetime.datetime.now(self.zone).date()

    def hour(self) -> str:
        """The hour that has begun, as instants are written: what has expired is decided once an hour."""
        return f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:00:00Z}"

    async def ask(self, question: Callable[[Pool], _T]) -> _T:
        """Answer a question on one of Datasette's reading threads."""

        def bounded(connection: Any) -> _T:
            with sqlite_timelimit(connection, LONGEST_MS):
                return question(Pool(connection, self.index))

        return await _on_thread(self.datasette, bounded)


async def site_of(datasette: Any) -> Site:
    """The site of this Datasette; opened once, at the first page."""
    if datasette not in _sites:
        async with _opening.setdefault(datasette, asyncio.Lock()):
            if datasette not in _sites:
                _sites[datasette] = await _on_thread(datasette, lambda c: _open(datasette, Pool(c)))
    return _sites[datasette]


async def _on_thread(datasette: Any, question: Callable[[Any], _T]) -> _T:
    answer: _T = await datasette.get_database(DATABASE).execute_fn(question)
    return answer


def _open(datasette: Any, pool: Pool) -> Site:
    meta = pool.meta
    name = (meta.get("federation") or {}).get("territory")
    territory = _territory(str(name)) if name else None
    return Site(
        datasette=datasette,
        index=pool.index,
        meta=meta,
        members=pool.members(),
        withdrawn=pool.withdrawn(),
        held=pool.held(),
        schema=load_schema(),
        territory=territory,
        zone=_zone(territory.time_zone if territory else DEFAULT_ZONE),
        witnesses=_witnesses(datasette, pool),
    )


def pool_path(datasette: Any) -> Path:
    """The file that is served; Datasette keeps its path as a URI has it."""
    return Path(unquote(str(datasette.get_database(DATABASE).path)))


def _witnesses(datasette: Any, pool: Pool) -> tuple[Known, ...]:
    lock, root = str(pool.meta.get("lock") or ""), str(pool.meta.get("root") or "")
    return known(agreeing(pool_path(datasette), lock.encode(), root), pool.connection)


def _territory(name: str) -> Territory:
    from commons.schema import territory  # only for those who have one

    return territory.load(name)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
