"""What was taken back leaves no byte in a federation's folder: in the store, or in what was delivered."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from commons.catalogue.store import Catalogue
from tests.cli.conftest import Answer
from tests.cli.test_taking_back import City

Run = Callable[..., Answer]
AT = datetime(2026, 11, 22, tzinfo=UTC)
NEEDLES = ("Zoraida", "zoraida", "Quetzalmi", "quetzalmi", "5512345678", "5598765432", "zorra@example.org")


def bytes_of(path: Path) -> Iterator[bytes]:
    """A file's bytes, and those of what is packed in it."""
    data = path.read_bytes()
    yield data
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            yield from map(packed.read, packed.namelist())


def hits(*folders: str) -> list[str]:
    """Every file in which, or in whose name, a needle is found."""
    found = []
    for path in (p for folder in folders for p in Path(folder).rglob("*") if p.is_file()):
        for needle in NEEDLES:
            if needle in path.name or any(needle.encode() in data for data in bytes_of(path)):
                found.append(f"{path}: {needle}")
    return found


@pytest.fixture
def city(kitchen: Run) -> City:
    """A record to forget a person of, one to withdraw, one to drop a telephone of; shared twice."""
    ask = ("--whose", "Zoraida Paz", "--asked-by", "Lupita", "--purpose", "x", "--yes")
    kitchen("add", "service", "title=Taller", "--id", "taller", "contact_name=Zoraida Paz")
    kitchen("consent", "grant", "taller", *ask)
    kitchen("add", "place", "title=Casa Quetzalmi", "--id", "casa-quetzalmi", "street_address=Zoraida 5")
    kitchen("add", "place", "title=Quetzalmi Casa", "--id", "quetzalmi", "email=zorra@example.org")
    kitchen("add", "service", "title=Sopa", "--id", "sopa", "phones=5598765432")
    city = City(kitchen)
    city.share()
    kitchen("edit", "sopa", "summary=Caliente")
    city.share()
    found = " ".join(hits("ciudad"))
    for place in ("store/releases", "store/intake", "store/links.db", "inbox", "pool.db"):
        assert f"ciudad/{place}" in found
    assert hits("portal")
    return city


def take_back(run: Run) -> None:
    """A person forgotten, two records withdrawn, a telephone taken down, released, delivered."""
    assert run("forget", "Zoraida Paz", "--yes").code in (0, 1)
    assert run("withdraw", "place/casa-quetzalmi", "place/quetzalmi", "--yes").code == 0
    run("edit", "sopa", "phones=-")
    assert run("withdraw", "service/sopa", "--earlier", "--yes").code == 0
    done = run("release", "--yes", "--out", "ciudad/inbox/last.entrega")
    assert done.code in (0, 1), done.err


def publish(run: Run, *more: str) -> None:
    assert run("publish", "folder", "-f", "ciudad", "--out", "portal", *more).code == 0


def test_no_byte_is_left_after_a_merge_that_purges_and_a_publish(city: City) -> None:
    """However it was delivered; words and addresses, in the folder, the portal and what linking keeps."""
    run, inbox = city.run, Path("ciudad/inbox")
    with zipfile.ZipFile(inbox / "photos.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write("1.entrega")
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "lupita@example.org", "Nuestra entrega"
    letter.set_content("Va la entrega.")
    attached = {"maintype": "application", "subtype": "octet-stream", "filename": "2.entrega"}
    letter.add_attachment(Path("2.entrega").read_bytes(), **attached)
    (inbox / "letter.eml").write_bytes(letter.as_bytes())
    take_back(run)
    merged = run("merge", "-f", "ciudad", "--purge-now")
    assert merged.code == 0, merged.out + merged.err
    assert "were deleted: inbox/1.entrega" in merged.out
    publish(run)
    assert hits("ciudad", "portal") == []
    publish(run, "--rollback")
    assert hits("ciudad", "portal") == []
    assert [p.name for p in inbox.iterdir()] == ["last.entrega"]
    assert run("merge", "-f", "ciudad").out.count("deleted") == 0


def test_without_a_purge_one_is_told_and_it_goes_after_the_same_days(city: City) -> None:
    """As long as the sealed form: a withdrawal may turn out not to have been its member's."""
    run = city.run
    take_back(run)
    merged = run("merge", "-f", "ciudad")
    assert (
        merged.code == 0 and "--purge-now" in merged.out and "inbox/1.entrega, inbox/2.entrega" in merged.out
    )
    publish(run)
    assert hits("portal") == []
    kept = {hit.partition(":")[0] for hit in hits("ciudad")}
    assert kept == {f"ciudad/inbox/{n}.entrega" for n in (1, 2)} | {
        str(p) for p in Path("ciudad/store/sealed").iterdir()
    }
    later = f"{datetime.now(UTC) + timedelta(days=15):%Y-%m-%dT%H:%MZ}"
    assert "deleted" in run("merge", "-f", "ciudad", "--as-of", later).out
    assert hits("ciudad") == []


def test_what_is_not_ours_or_holds_something_else_is_named_and_left(city: City) -> None:
    """A stick's folder belongs to somebody; in a zip there may be a photograph."""
    run = city.run
    with zipfile.ZipFile("ciudad/inbox/mixed.zip", "w") as packed:
        packed.write("1.entrega")
        packed.writestr("photo.jpg", "a photograph")
    Path("stick").mkdir()
    Path("1.entrega").rename("stick/1.entrega")
    policy = Path("ciudad/federation.yaml")
    policy.write_text(policy.read_text().replace("sources: [inbox]", "sources: [inbox, ../stick]"))
    take_back(run)
    merged = run("merge", "-f", "ciudad", "--purge-now")
    assert merged.code == 1
    assert "something else besides: inbox/mixed.zip › 1.entrega" in merged.out
    assert "outside of this folder still holds what was withdrawn since: ../stick/1.entrega" in merged.out
    assert {hit.partition(":")[0] for hit in hits("ciudad", "stick")} == {
        "ciudad/inbox/mixed.zip",
        "stick/1.entrega",
    }


def test_a_stranger_who_takes_something_back_is_heard_too(kitchen: Run) -> None:
    """Of a join request, only what it says now is kept."""
    kitchen("federation", "new", "ciudad", "--name", "Ciudad", "--territory", "cdmx")
    kitchen("add", "place", "title=Casa Quetzalmi", "--id", "casa-quetzalmi")
    for number in (1, 2):
        kitchen("release", "--yes", "--again", "--out", f"{number}.entrega")
        kitchen("inbox", f"{number}.entrega", "-f", "ciudad")
    assert len(hits("ciudad")) > 1
    kitchen("withdraw", "place/casa-quetzalmi", "--yes")
    kitchen("release", "--yes", "--out", "3.entrega")
    assert kitchen("inbox", "3.entrega", "-f", "ciudad").code == 1
    assert hits("ciudad") == []
    assert len(list(Path("ciudad/store/requests/releases").iterdir())) == 1


def test_a_pool_made_from_the_last_one_keeps_nothing_either(kitchen: Run) -> None:
    """Only what changed is looked at again; what was withdrawn stands in no page that was freed."""
    kitchen("init", "big", "--name", "Grande", "--territory", "cdmx", "--sheet", "b.html", "--yes")
    with Catalogue.open(Path("big.db")) as catalogue, catalogue.act("edit", note="", at=AT) as act:
        for n in range(200):
            act.put("service", f"g{n}", {"title": f"Clase {n} de oficio {n * 7}", "audience": "public"})
    zoraida = ("title=Taller de Zoraida", "--id", "zoraida", "phones=5598765432", "-c", "paz.db")
    kitchen("add", "service", *zoraida)
    kitchen("federation", "new", "ciudad", "--name", "Ciudad", "--territory", "cdmx")
    Path("ciudad/inbox").mkdir(exist_ok=True)
    for name in ("paz", "big"):
        place = f"ciudad/inbox/{name}.entrega"
        assert kitchen("release", "--yes", "--out", place, "-c", f"{name}.db").code in (0, 1)
        words = ("--name", name, "--by", "Ana", "--how", "x", "-f", "ciudad")
        assert kitchen("federation", "add", place, *words).code == 0
    assert kitchen("merge", "-f", "ciudad").code == 0 and hits("ciudad")
    assert kitchen("withdraw", "service/zoraida", "--yes", "-c", "paz.db").code == 0
    kitchen("release", "--yes", "--out", "ciudad/inbox/2.entrega", "-c", "paz.db")
    again = kitchen("merge", "-f", "ciudad", "--purge-now", "--details").out
    assert "Made from the last pool" in again
    assert hits("ciudad") == []
