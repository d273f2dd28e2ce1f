"""`commons federation add, requests, decline`: who asks to join, and who is taken in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar

import click

from commons.addresses import MEMBER_ID
from commons.cli.federation.options import answer, federation_command, file_of, file_option
from commons.cli.terminal.clock import day_of, zone_of
from commons.cli.terminal.output import (
    ask,
    ask_yes,
    confirm,
    interactive,
    json_option,
    now,
    say,
    show_json,
    tell,
    yes_option,
)
from commons.errors import InputError
from commons.federation.policy import edit, links
from commons.federation.policy import file as policies
from commons.federation.policy.called import meant, plain
from commons.federation.policy.file import Policy
from commons.federation.sources import inbox
from commons.federation.sources.fetching import Net, first_look
from commons.federation.sources.parcels import parcels
from commons.federation.sources.wire import Wire
from commons.federation.store import requests
from commons.federation.store.folder import Store
from commons.federation.trust import OtherMember, Seen, prove
from commons.findings import Finding
from commons.format import words
from commons.format.container import AnyFiles, ReleaseFiles
from commons.intake.gate import Gate
from commons.messages import N_, in_language, ngettext
from commons.messages import translate as _
from commons.review.requests import JoinRequest, called_in, join_requests, newest_of, profile_in
from commons.said import release_words
from commons.schema.spec import load_schema


@dataclass(eq=False)
class AlreadyMember(InputError):
    """The organisation was accepted before."""

    name: str
    path: str
    template: ClassVar[str] = N_("The organisation of this release is a member already: {name}.")
    hint_template: ClassVar[str] = N_("Its name and sources can be changed in {path}.")


@dataclass(eq=False)
class NobodyNamed(InputError):
    """What was given is neither a release, nor an id, nor somebody who asked."""

    text: str
    template: ClassVar[str] = N_("«{text}» is neither a release, nor a member id, nor the name of who asked.")
    hint_template: ClassVar[str] = N_(
        "Name the file that came, or see who asked: commons federation requests"
    )


@dataclass(eq=False)
class SeveralNamed(InputError):
    """What was given means more than one organisation."""

    text: str
    ids: str
    template: ClassVar[str] = N_("«{text}» means more than one organisation: {ids}.")
    hint_template: ClassVar[str] = N_("Take one of them by its member id.")


@dataclass(eq=False)
class NameTaken(InputError):
    """Another member is called the same, so a name on the command line would not say which is meant."""

    name: str
    template: ClassVar[str] = N_("A member is called «{name}» already.")
    hint_template: ClassVar[str] = N_(
        'Give this one another label, by which both are told apart: --name "{name} (2)"'
    )


@click.command(
    help=N_(
        "Accept a member: by a release of it (whatever came, under any name), by the address of one on the"
        " net, by the name or id of who asked to join, or by a member id alone.\n\n"
        "Read the eight words of its key to the organisation by telephone, or in person, and say with --how"
        " how you made sure. Who, when and how stand in federation.yaml and on the portal."
    ),
    short_help=N_("Accept a member."),
)
@click.argument("who", metavar="RELEASE|ADDRESS|REQUEST|ID")
@click.option("--name", help=N_("How the member is called here; as it calls itself, if not given."))
@click.option(
    "--source",
    multiple=True,
    help=N_("Where to look for its releases: a file, a folder, inbox, https://… or git+https://…"),
)
@click.option(
    "--allow-private-hosts",
    "private",
    is_flag=True,
    help=N_("Its addresses may lead to hosts of your own network and computer."),
)
@click.option("--id", "expected", help=N_("The member id that it must have; anything else is refused."))
@click.option("--by", help=N_("Who accepts it."))
@click.option("--how", help=N_("How you made sure that the key is theirs."))
@file_option
def add(
    who: str,
    name: str | None,
    source: tuple[str, ...],
    private: bool,
    expected: str | None,
    by: str | None,
    how: str | None,
    path: Path,
) -> None:
    policy, store = policies.load(path), Store.beside(file_of(path))
    found = _at_address(who, store, private) if links.scheme_of(who.strip()) else _meant(who, store)
    if expected is not None and expected.strip() != found.member:
        raise OtherMember(found.member, expected)
    for member in policy.members:
        if member.id == found.member:
            raise AlreadyMember(member.name, str(file_of(path)))
    if not _made_sure(found, how):
        tell(_("Nothing was changed. Compare the words first; nobody can tell a false key by its looks."))
        return
    found = _as_it_says(found, store)
    sources = list(source) or [who.strip() if links.scheme_of(who.strip()) else inbox.FOLDER]
    entry: edit.Entry = {
        "id": found.member,
        "name": _label(policy, name, found.name),
        "sources": sources,
        **({"allow_private_hosts": True} if private else {}),
        "added": {
            "by": answer(by, "--by", _("Who accepts it?")),
            "when": now().date().isoformat(),
            "how": answer(how, "--how", _("How did you make sure? (words read by telephone, in person …)")),
        },
    }
    edit.add_entry(path, "members", entry)
    with store.writing():
        for files in found.files:
            store.take(files)
        requests.accept({found.member}, store)
    if inbox.FOLDER in sources:
        inbox.make(file_of(path).parent)
    say(_("{name} is a member now.").format(name=entry["name"]))
    if found.kept_by:
        text = _("Its release says that {keeper} keeps it for {name}. Ask both; if it is so: {command}")
        command = federation_command(path, "federation", "accompany", entry["name"])
        tell(text.format(keeper=found.kept_by, name=found.name, command=command))
    tell(_("Next: {command}").format(command=federation_command(path, "merge")))


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom the maintainer means: the id, the newest release if there is one, what came with the command."""

    member: str
    newest: Seen | None = None
    files: tuple[AnyFiles, ...] = ()
    name: str = ""  # as it calls itself, or for whom it is kept
    kept_by: str = ""  # by whom, where it is kept for others


def _label(policy: Policy, given: str | None, own: str) -> str:
    """How it is called here: as said, else as it calls itself. Raises AnswerNeeded, NameTaken."""
    question = _("How is the member called?")
    if not given and own and interactive():
        given = ask(question, default=own)
    label = answer(given or own, "--name", question)
    while any(plain(member.name) == plain(label) for member in policy.members):
        taken = NameTaken(label)
        if not interactive():
            raise taken
        tell(str(taken))
        label = answer(None, "--name", _("Which other label tells both apart?"))
    return label


def _made_sure(found: Meant, how: str | None) -> bool:
    """Show what there is to compare; ask, where a person is there who has not said how."""
    say(_("Member id: {id}").format(id=found.member))
    if found.newest is not None:
        say(_("Words of the key: {words}").format(words=words.spoken(found.newest.keylog.current)))
        question = _("Did the organisation read the same eight words?")
    else:
        tell(_("No release of it is here yet; the id alone will say whether the first one is theirs."))
        question = _("Did the organisation give you this id itself, letter by letter?")
    return how is not None or not interactive() or ask_yes(question)


def _at_address(text: str, store: Store, private: bool) -> Meant:
    """Raises NotALink, NotFetched, NobodyNamed, SeveralNamed, FormatError."""
    link = links.parse(text.strip())
    with (
        store.writing(),
        first_look(Net(Wire(), now()), link, store.root, private=private) as paths,
    ):
        there = [in_files(path) for path in paths]
    members = sorted({one.member for one in there})
    if not members:
        raise NobodyNamed(link.shown)
    if len(members) > 1:
        raise SeveralNamed(link.shown, ", ".join(members))
    newest = newest_of([one.newest for one in there if one.newest is not None])
    return Meant(members[0], newest, tuple(files for one in there for files in one.files))


def _meant(who: str, store: Store) -> Meant:
    """Raises NobodyNamed, SeveralNamed, FormatError."""
    text = who.strip()
    if Path(text).exists() or Path(text).is_symlink():
        return in_files(Path(text))
    if not text:
        raise NobodyNamed(who)
    with Gate(requests.requests_of(store).intake, at_once=1) as gate:
        asked = join_requests(store, gate)
    if MEMBER_ID.match(text):
        asked = [request for request in asked if request.member == text]
        return (
            replace(_known(text, store), name=asked[0].name, kept_by=asked[0].kept_by)
            if asked
            else _known(text, store)
        )
    request = called(asked, text)
    return replace(_known(request.member, store), name=request.name, kept_by=request.kept_by)


def _as_it_says(found: Meant, store: Store) -> Meant:
    """With what it says of its name: in its request, or in the newest of what came, if that is readable."""
    if found.name:
        return replace(found, name=found.name if found.name != found.member else "")
    for files in found.files:
        if found.newest is not None and files.digest == found.newest.digest:
            with Gate(store.intake, at_once=1) as gate:
                said = profile_in(gate.take_in(files))
                keeper = said.get("title", "") if said.get("on_behalf_of") else ""
                return replace(found, name=called_in(said), kept_by=keeper)
    return found


def called(asked: Iterable[JoinRequest], text: str) -> JoinRequest:
    """The request of this name, id or beginning of an id. Raises NobodyNamed, SeveralNamed."""
    by_id = {request.member: request for request in asked}
    found = meant(text, {id: request.name for id, request in by_id.items()})
    if not found:
        raise NobodyNamed(text)
    if len(found) > 1:  # two strangers may choose one name
        raise SeveralNamed(text, ", ".join(sorted(found)))
    return by_id[found[0]]


def _known(member: str, store: Store) -> Meant:
    releases = [*requests.requests_of(store).seen(member), *store.seen(member)]
    return Meant(member, newest_of(releases) if releases else None)


def in_files(path: Path) -> Meant:
    seen: dict[str, list[Seen]] = {}
    files = []
    for parcel in parcels(path):
        if parcel.files is not None:
            catalogue = parcel.files.catalogue if isinstance(parcel.files, ReleaseFiles) else None
            proven = prove(parcel.files.manifest, parcel.files.signature, parcel.files.keylog, catalogue)
            seen.setdefault(proven.manifest.member, []).append(proven)
            files.append(parcel.files)
    if not seen:
        raise NobodyNamed(str(path))
    if len(seen) > 1:
        raise SeveralNamed(str(path), ", ".join(sorted(seen)))
    ((member, releases),) = seen.items()
    return Meant(member, newest_of(releases), tuple(files))


@click.command(
    "requests",
    help=N_(
        "Who asks to join: their name, the eight words of their key, what they carry.\n\n"
        "The name is what they say of themselves. Nothing of theirs is shown before you accept them with:"
        " commons federation add NAME"
    ),
    short_help=N_("Who asks to join."),
)
@file_option
@json_option
def list_requests(path: Path, as_json: bool) -> None:
    zone = zone_of(policies.load(path))
    store = Store.beside(file_of(path))
    with Gate(requests.requests_of(store).intake) as gate:
        asked = join_requests(store, gate)
    if as_json:
        show_json([_as_json(r) for r in asked])
        return
    if not asked:
        say(_("Nobody is waiting."))
        return
    often = Counter(plain(request.name) for request in asked)
    for request in asked:
        _show(request, zone)
        who = request.name if often[plain(request.name)] == 1 else request.member
        accept = federation_command(path, "federation", "add", who)
        say("  " + _("To accept it, once the words are compared: {command}").format(command=accept))
        say()


def _show(request: JoinRequest, zone: tzinfo) -> None:
    say(request.name)
    if request.heard_in:
        say("  " + _("Did not ask: stands in the pool «{pool}»").format(pool=request.heard_in))
    if request.kept_by:
        say("  " + _("{keeper} keeps its catalogue").format(keeper=request.kept_by))
    say("  " + _("Member id: {id}").format(id=request.member))
    say("  " + _("Words of the key: {words}").format(words=" ".join(request.words)))
    number, day = release_words(request.epoch, request.number), day_of(request.issued_at, zone)
    text = _("Release {number} of {day}, licence {licence}")
    say("  " + text.format(number=number, day=day, licence=request.licence))
    if request.code is not None:
        say("  " + Finding(request.code, member=request.name, value=request.name).sentence)
    else:
        say("  " + _("It carries: {counts}").format(counts=_carried(request)))


def _carried(request: JoinRequest) -> str:
    types, parts = load_schema().types, []
    for name, n in request.counts.items():
        if name in types:
            label = in_language(types[name].title if n == 1 else types[name].plural)
            parts.append(f"{n} {label.lower()}")
    return ", ".join(parts) or _("no records")


def _as_json(request: JoinRequest) -> dict[str, object]:
    return {
        "member": request.member,
        "name": request.name,
        "kept_by": request.kept_by,
        "heard_in": request.heard_in or None,
        "words": list(request.words),
        "epoch": request.epoch,
        "number": request.number,
        "issued_at": request.issued_at,
        "licence": request.licence,
        "counts": dict(request.counts),
        "releases": request.releases,
        "code": request.code,
    }


@click.command(
    help=N_(
        "Delete what somebody who asked to join has sent, or what came with a pool. Who sends a newer release"
        " asks again; what merely stands in a pool or a shared folder is not brought up again."
    ),
    short_help=N_("Delete a join request."),
)
@click.argument("who", metavar="REQUEST")
@file_option
@yes_option
def decline(who: str, path: Path, yes: bool) -> None:
    policies.load(path)
    store = Store.beside(file_of(path))
    with Gate(requests.requests_of(store).intake, at_once=1) as gate:
        request = called(join_requests(store, gate), who.strip())
    question = ngettext(
        "Delete {n} release of {name}?", "Delete {n} releases of {name}?", request.releases
    ).format(n=request.releases, name=request.name)
    if not confirm(question, yes=yes):
        tell(_("Nothing was changed."))
        return
    with store.writing():
        requests.decline(request.member, store)
    say(_("Deleted: what {name} had sent.").format(name=request.name))
