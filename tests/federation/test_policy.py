"""federation.yaml is read strictly: every key, every wrong value one sentence with its line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from commons.errors import InputError
from commons.federation.policy import edit, reading
from commons.federation.policy import entry as entry_of
from commons.federation.policy import file as policy
from commons.federation.policy.file import MaxAge, Policy, from_json
from commons.federation.policy.reading import NotReadable, NotYet, UnknownKey, WrongValue

ID = "k3v7wq2mzt5xh4cabn6dpyjr2e"
FULL = f"""
name: {{es: Saberes de la ciudad, en: City knowledge}}
about: {{who: Vecinas, pays: nadie, contact: a@example.org, decisions: en asamblea}}
languages: [es, en]
territory: cdmx
licences: [CC0-1.0]
members:
  - id: {ID}
    name: Comedor La Paz
    sources: [releases/comedor, inbox]
    added: {{by: Ana, when: 2026-11-21, how: words read by telephone}}
    subject_of: [{ID}/organization/comedor]
    succeeds: null
    allow_private_hosts: false
    on_behalf_of: null
    max_age: 12 months
    pause: {{at: [0, 10], reason: robo}}
admit: {{vouches: 0, from: []}}
subject: {{vouches: 3}}
judges: {{from: [], quorum: 2}}
link: {{}}
holds:
  - {{address: {ID}/place/a, field: phones, reason: equivocado, by: Ana, until: 2027-01-31}}
emergency: null
publish: {{keep: 7, site: topics}}
"""
SMALL = "name: Saberes\nmembers: []\n"


def test_every_key_of_the_format_is_read() -> None:
    """The whole example, each value where it belongs."""
    read = policy.parse(FULL)
    member = read.members[0]
    assert (read.territory, read.licences, read.subject_vouches, read.keep) == ("cdmx", ("CC0-1.0",), 3, 7)
    assert [s.kind for s in member.sources] == ["path", "inbox"]
    assert (member.max_age, member.pause and member.pause.at) == (MaxAge(12, "months"), (0, 10))
    assert read.holds[0].until.isoformat() == "2027-02-01T12:00:00+00:00"


def test_only_name_and_members_are_needed() -> None:
    """Everything else has the design's default."""
    assert policy.parse(SMALL) == Policy(name={"es": "Saberes"})


HOLD = f"holds: [{{{{address: {ID}/{{}}, field: {{}}, reason: x, by: y, until: {{}}}}}}]"


@pytest.mark.parametrize(
    ("addition", "error", "words"),
    [
        ("lnik: {}", UnknownKey, "lnik"),
        ("judges: {quorum: 0}", WrongValue, "judges.quorum"),
        (f"judges: {{from: [{ID}]}}", WrongValue, "judges.from"),
        ("admit: {vouches: 1, from: [nobody]}", WrongValue, "admit.from"),
        ("link: {plaza: {link: 80}}", UnknownKey, "plaza"),
        ("link: {place: {link: 80, ask: 90}}", WrongValue, "ask"),
        ("emergency: {until: 2026-12-01}", NotYet, "emergency"),
        ("publish: {site: map}", NotYet, "publish.site"),
        ("publish: {keep: 0}", WrongValue, "publish.keep"),
        ("subject: {vouches: yes}", WrongValue, "subject.vouches"),
        ("languages: [fr]", WrongValue, "languages"),
        ("territory: ../x", WrongValue, "territory"),
        ("about: {quien: x}", UnknownKey, "about.quien"),
        (f"holds: [{{address: {ID}/place/a, reason: x, by: y}}]", WrongValue, "until"),
        ("holds: [{address: x, reason: x, by: y, until: 2027-01-01}]", WrongValue, "address"),
        (HOLD.format("lugar/a", "x", "2027-01-01"), WrongValue, "address"),
        (HOLD.format("place/a", "phone", "2027-01-01"), WrongValue, "field"),
        (HOLD.format("place/a", "phones", "9999-12-31"), WrongValue, "until"),
        ("name: dos", NotReadable, "name"),
        ("x: &a [*a]", NotReadable, "alias"),
        ("x: [", NotReadable, ""),
    ],
)
def test_what_is_wrong_is_named_with_its_line(addition: str, error: type[InputError], words: str) -> None:
    """One sentence that names the key, or says what cannot be read."""
    with pytest.raises(error) as caught:
        policy.parse(f"{SMALL}{addition}\n")
    assert words in str(caught.value)
    assert " 3" in str(caught.value) or "," in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("sources: ['ftp://example.org/x']", WrongValue),
        ("sources: ['https://ana:secreto@example.org/x']", WrongValue),
        ("sources: ['git+ssh://example.org/x']", WrongValue),
        ("allow_private_hosts: sometimes", WrongValue),
        ("pause: {at: [0]}", WrongValue),
        ("max_age: 3 weeks", WrongValue),
        ("subject_of: [abcdefghijklmnopqrstuvwxyz/organization/x]", WrongValue),
        ("added: {when: ayer}", WrongValue),
    ],
)
def test_a_members_rules_are_followed_or_refused(line: str, error: type[InputError]) -> None:
    """A rule of a later version is not silently ignored."""
    with pytest.raises(error):
        policy.parse(f"name: x\nmembers:\n  - id: {ID}\n    name: y\n    {line}\n")


def test_one_member_may_not_stand_twice() -> None:
    with pytest.raises(policy.TwiceAMember):
        policy.parse(f"name: x\nmembers: [{{id: {ID}, name: a}}, {{id: {ID}, name: b}}]\n")


def test_the_digest_covers_rules_and_not_sources_holds_or_order() -> None:
    """Where releases lie and what is held changes no rule; the pause's reason stays at home."""
    other = "a" * 26
    one = f"name: x\nmembers: [{{id: {ID}, name: a}}, {{id: {other}, name: b, sources: [inbox]}}]\n"
    two = f"name: x\nmembers: [{{id: {other}, name: b}}, {{id: {ID}, name: a, sources: [p]}}]\nholds: []\n"
    assert policy.parse(one).digest == policy.parse(two).digest
    assert policy.parse(one + "subject: {vouches: 3}").digest != policy.parse(one).digest
    read = policy.parse(FULL)
    assert from_json(read.to_json()).digest == read.digest
    assert "robo" not in str(read.to_json()) and "equivocado" not in str(read.to_json())


@pytest.mark.parametrize(
    "text",
    [
        FULL,
        SMALL,
        SMALL + "holds: []  # nada\n",
        SMALL + "holds:\n# fin\n",
        "holds:\n- address: "
        + ID
        + "/place/z\n  reason: r\n  by: b\n  until: 2027-01-01\n\n# sigue\n"
        + SMALL,
    ],
)
def test_an_entry_is_added_and_nothing_else_changes(text: str) -> None:
    """Every line that stood there stands there still, comments included; the entry is the last."""
    entry: edit.Entry = {"address": f"{ID}/place/n", "reason": "a: b #c", "by": "Ana", "until": "2027-01-31"}
    changed = edit.with_entry(text, "holds", entry)
    before, after = policy.parse(text), policy.parse(changed)
    assert [h.address for h in after.holds] == [*(h.address for h in before.holds), f"{ID}/place/n"]
    assert (after.holds[-1].reason, after.digest) == ("a: b #c", before.digest)
    kept = [line for line in text.splitlines() if line.strip() and not line.startswith("holds: []")]
    assert [line for line in changed.splitlines() if line in kept] == kept


HELD = ("  # de {id}", "  - address: {id}", "    by: b", "    # sigue", "    until: 2027-01-01",
        "    reason: >-", "      la # razón", "", "      larga", "    # hasta aquí")  # fmt: skip
DENSE = [row.removeprefix("  ") for row in HELD]
WIDE = [*HELD, "", "  # ---", ""]
ALONE = ["  -", "", "    {{address: {id}, by: b,", "     until: 2027-01-01", "    }}  # ya"]


@pytest.mark.parametrize("rows", [HELD, DENSE, WIDE, ALONE])
@pytest.mark.parametrize("after", ["# fin\n", "\nkeep: 3\n", ""])
@pytest.mark.parametrize("going", ["a", "b", "c", "ab", "bc", "ac", "abc"])
def test_any_entry_is_taken_out_as_people_write_lists(rows: list[str], after: str, going: str) -> None:
    """One key in a line, the dash alone, empty lines: with what is noted on it, and nothing of the others."""

    def text(ids: str) -> str:
        held = "".join("\n".join(rows).format(id=f"{ID}/place/{id}") + "\n" for id in ids)
        return f"{SMALL}holds:\n{held}{after}".removesuffix("\n" * (not after))

    left = edit.without_entries(text("abc"), "holds", lambda entry: str(entry["address"])[-1] in going)
    stay = "".join(set("abc") - set(going))
    assert sorted(entry["address"][-1] for entry in yaml.safe_load(left)["holds"] or ()) == sorted(stay)
    assert not any(f"place/{id}" in left for id in going)
    expected = text("".join(sorted(stay)))
    if rows is not WIDE:
        assert left.rstrip("\n") == expected.rstrip("\n")


def test_what_an_entry_lends_to_another_keeps_it_from_being_taken_out() -> None:
    """It is refused with the lines to take out by hand; the last one may go."""
    text = f"{SMALL}holds:\n- {{address: a, until: &day 2027-01-01}}\n- {{address: b, until: *day}}\n"
    with pytest.raises(edit.CannotRemove) as caught:
        edit.without_entries(text, "holds", lambda entry: entry["address"] == "a")
    assert "address: a" in caught.value.hint
    left = edit.without_entries(text, "holds", lambda entry: entry["address"] == "b")
    assert [entry["address"] for entry in yaml.safe_load(left)["holds"]] == ["a"]


def test_a_list_in_brackets_is_left_alone() -> None:
    """What cannot be added to safely is refused, with the lines to paste."""
    text = f"name: x\nmembers: [{{id: {ID}, name: a}}]\n"
    with pytest.raises(edit.CannotInsert) as caught:
        edit.with_entry(text, "members", {"id": "a" * 26, "name": "b"})
    assert "a" * 26 in caught.value.hint


@pytest.mark.parametrize("reason", ["una\u2028dos", "una\x85dos", "a: b\n- c", "# no", "'\"", "\ufeffx"])
def test_an_entry_says_what_was_wanted_or_nothing_is_changed(reason: str) -> None:
    """Whatever is pasted as a reason: it stands there word for word, and so does everything before it."""
    text, entry = "name: x\nholds: []\n", {"address": "a", "reason": reason}
    try:
        twice = edit.with_entry(edit.with_entry(text, "holds", entry), "holds", {"address": "b"})
    except edit.CannotInsert:
        return
    assert yaml.safe_load(twice) == {"name": "x", "holds": [entry, {"address": "b"}]}


def test_an_age_may_be_longer_than_the_calendar() -> None:
    """Then a release is never too old."""
    assert MaxAge(9_999, "years").ends_at(datetime(2026, 1, 1, tzinfo=UTC)).year == 9_999


def test_judges_are_named_by_id_or_by_the_name_in_the_list() -> None:
    """A rule that names nobody is refused; the lock keeps ids, and reads back as the same policy."""
    members = f"name: Saberes\nmembers: [{{id: {ID}, name: Comedor}}]\n"
    found = policy.parse(members + "judges: {from: [Comedor], quorum: 3}\n")
    assert found.judges == (ID,) and found.quorum == 3
    assert policy.from_json(found.to_json()).digest == found.digest


def test_who_may_vouch_is_named_by_id_or_name_and_what_stands_at_its_default_changes_no_digest() -> None:
    """A lock keeps ids; reading it back gives the same policy."""
    plain, shut = f"name: x\nmembers: [{{id: {ID}, name: Ana}}]\n", "a" * 26
    read = policy.parse(f"{plain}admit: {{vouches: 2, from: [Ana], never: [{shut}]}}\n")
    assert (read.admit.vouches, read.admit.among, read.admit.never) == (2, (ID,), (shut,))
    assert from_json(read.to_json()).digest == read.digest != policy.parse(plain).digest
    defaults = policy.parse(f"{plain}admit: {{vouches: 0, from: [], never: [], steps: 1}}\n")
    assert defaults.digest == policy.parse(plain).digest


def test_thresholds_of_linking_survive_the_lock() -> None:
    """What a federation asks of a link stands in its lock, whole or in part."""
    read = policy.parse(f"{SMALL}link: {{place: {{link: 120, ask: 90}}, service: {{ask: 70}}}}\n")
    assert read.link == {"place": (120, 90), "service": (0, 70)}
    assert from_json(read.to_json()).link == read.link


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("text", [SMALL, SMALL + "# fin\n", SMALL + "holds: []  # nada\n"])
def test_lines_end_as_they_did(tmp_path: Path, text: str, ends: bytes) -> None:
    """A file from Windows stays one: whoever compares two versions sees the entry, and not every line."""
    path, before = tmp_path / "federation.yaml", text.encode().replace(b"\n", ends)
    path.write_bytes(before)
    entry: edit.Entry = {"address": f"{ID}/place/n", "reason": "r", "by": "Ana", "until": "2027-01-31"}
    edit.add_entry(path, "holds", entry)
    after = path.read_bytes()
    assert after.count(b"\r\n") == (after.count(b"\n") if ends == b"\r\n" else 0)
    assert {*before.split(ends)} - {b"holds: []  # nada", b"holds: []"} <= {*after.split(ends)}
    edit.add_entry(path, "members", {"id": ID, "name": "Ana"})
    entry_of.set_key(path, ID, "on_behalf_of", "Barrio")
    after = path.read_bytes()
    assert after.count(b"\r\n") == (after.count(b"\n") if ends == b"\r\n" else 0)


@pytest.mark.parametrize("text", [FULL, SMALL, "a: 'true'\nb: \"1\"\nc: |\n  x\nd: [1, ~, '']\ne:\n- - 0\n"])
def test_libyaml_reads_what_the_slower_reader_reads(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values, their kinds and their lines are the same with and without it."""
    quick = reading.read_yaml(text, "f")
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert reading.read_yaml(text, "f") == quick


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "a: {" * 50_000, "? " * 100_000])
def test_what_nests_without_end_is_refused(text: str) -> None:
    """No reader gets so far that the machine's own stack ends."""
    with pytest.raises(NotReadable):
        reading.read_yaml(text, "f")
