"""`commons federation`: each command does its act, or says in one sentence why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commons.cli.main import cli
from commons.federation.policy import file as policy
from commons.format import container
from tests.hostile.making import Member, place, release

ANA = Member("Comedor La Paz")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["--lang", "en", "federation", *map(str, arguments)])


@pytest.fixture
def made(tmp_path: Path) -> Path:
    assert run("new", tmp_path / "fed", "--name", "Saberes", "--territory", "cdmx").exit_code == 0
    container.write_file(tmp_path / "x.entrega", release(ANA, [place("a")]))
    return tmp_path / "fed"


def add(made: Path) -> Result:
    words = ("--name", "La Paz", "--by", "Ana", "--how", "in person")
    return run("add", made.parent / "x.entrega", *words, "--federation", made)


def test_a_federation_is_made_and_a_member_accepted(made: Path) -> None:
    """The words of the key are shown; who, when and how stand in the file; the release is in the store."""
    result = add(made)
    assert result.exit_code == 0 and "Words of the key" in result.output
    member = policy.load(made).members[0]
    assert (member.id, member.added.by, member.added.how) == (ANA.id, "Ana", "in person")
    shown = run("show", "--federation", made)
    assert "La Paz" in shown.output and "1 · " in shown.output and "0.1" not in shown.output
    assert '"number": 1' in run("show", "--json", "--federation", made).output


def test_a_record_is_held_with_one_command(made: Path) -> None:
    """Address, field, reason and day are in the file."""
    result = run(
        "hold", f"{ANA.id}/place/a", "--field", "phones", "--reason", "equivocado", "--until", "2999-01-31",
        "--by", "Ana", "--later", "--federation", made,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    hold = policy.load(made / "federation.yaml").holds[0]
    assert (hold.field, hold.reason, hold.by) == ("phones", "equivocado", "Ana")
    assert "· Phones" in run("show", "--federation", made).output


def test_a_hold_takes_a_label_and_refuses_an_address_that_nobody_has(made: Path) -> None:
    """In a hurry a person writes what the form says; a slip in the address would hold nothing."""
    add(made)
    words = ("--reason", "x", "--by", "Ana", "--until", "2999-01-31", "--federation", made)
    named = run("hold", f"{ANA.id}/place/a", "--field", "Teléfonos", "--later", *words)
    assert policy.load(made).holds[0].field == "phones", named.output
    refused = run("hold", f"{Member('otra').id}/place/b", *words)
    assert refused.exit_code == 2 and "letter by letter" in refused.output
    assert len(policy.load(made).holds) == 1
    assert run("hold", f"{ANA.id}/place/a", *words).exit_code == 0  # held already: the pool cannot have it


def test_wrong_input_is_one_sentence_and_changes_nothing(made: Path) -> None:
    """No traceback, an exit code that says "wrong input", and the file as it was."""
    add(made)
    before = (made / "federation.yaml").read_bytes()
    address, until = f"{ANA.id}/place/a", ("--until", "2999-01-01", "--reason", "x", "--by", "y")
    for arguments in (
        ("new", made, "--name", "x", "--territory", "cdmx"),
        ("new", made / "y", "--name", "x", "--territory", "atlantis"),
        ("add", made.parent / "x.entrega", "--name", "x", "--by", "y", "--how", "z", "--federation", made),
        ("add", made / "federation.yaml", "--federation", made),
        ("add", made / "nothing", "--federation", made),
        ("hold", "x/y", *until, "--federation", made),
        ("hold", address, "--field", "nothing", *until, "--federation", made),
        ("hold", address, "--until", "2001-01-01", "--reason", "x", "--by", "y", "--federation", made),
        ("hold", address, "--until", "2999-01-01", "--federation", made),
        ("hold", address, *until, "--federation", made.parent),
    ):
        result = run(*arguments)
        assert result.exit_code == 2, (arguments, result.output)
        assert "Traceback" not in result.output and "→" in result.output
    assert (made / "federation.yaml").read_bytes() == before


def test_a_member_is_called_as_it_calls_itself(made: Path) -> None:
    """Nobody has to type what the release says; one that is taken already needs another label."""
    words = ("--by", "Ana", "--how", "in person", "--federation", made)
    added = run("add", made.parent / "x.entrega", *words)
    assert added.exit_code == 0 and policy.load(made).members[0].name == "Comedor La Paz", added.output
    again = run("add", made.parent / "x.entrega", *words)
    assert again.exit_code == 2 and "member already" in again.output
    container.write_file(made.parent / "y.entrega", release(Member("COMEDOR la paz")))
    refused = run("add", made.parent / "y.entrega", *words)
    assert refused.exit_code == 2 and "(2)" in refused.output and len(policy.load(made).members) == 1
    assert run("add", made.parent / "y.entrega", "--name", "Paz 2", *words).exit_code == 0


def test_a_new_federation_says_what_comes_next(tmp_path: Path) -> None:
    """First people are invited; what they send is accepted afterwards."""
    result = run("new", tmp_path / "f", "--name", "Ciudad", "--territory", "cdmx")
    assert "federation invite -f" in result.output and "commons inbox -f" in result.output
    assert (tmp_path / "f" / "inbox").is_dir()
