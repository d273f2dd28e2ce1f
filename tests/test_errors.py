"""Every error says which thing it is about, in both languages, with nothing left unfilled."""

import dataclasses
import importlib
import pkgutil
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

import commons
from commons.errors import CommonsError
from commons.findings import KINDS, Finding
from commons.messages import LANGUAGES, speaking

for module in pkgutil.walk_packages(commons.__path__, "commons."):
    if "_data" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)


def subclasses(cls: type[CommonsError]) -> Iterator[type[CommonsError]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from subclasses(sub)


def example(name: str, kind: object) -> object:
    samples: dict[object, object] = {int: 4711, bool: True, Path: Path(f"some-{name}")}
    for type_, value in samples.items():
        if kind is type_ or type_ in typing.get_args(kind):
            return value
    return f"some-{name}"


@pytest.mark.parametrize("error", sorted(subclasses(CommonsError), key=lambda c: c.__qualname__))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_error_is_one_sentence_with_its_details(error: type[CommonsError], lang: str) -> None:
    """Ids given to an error appear in its text or its hint; exit code is 2 (input) or 3 (failure)."""
    hints = typing.get_type_hints(error)
    details = {f.name: example(f.name, hints[f.name]) for f in dataclasses.fields(error)}
    with speaking(lang):
        made = error(**details)  # type: ignore[arg-type]
        text, hint = str(made), made.hint
    assert text and "{" not in text + hint
    assert error.exit_code in (2, 3)
    if details:
        assert any(str(value) in text + hint for value in details.values())


@pytest.mark.parametrize("code", sorted(KINDS))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_can_be_said(code: str, lang: str) -> None:
    """A code stored years ago still makes a sentence, also where details are unknown."""
    import re

    kind = KINDS[code]
    names = set(re.findall(r"\{(\w+)", kind.sentence + kind.hint))
    places = {"type", "record", "field", "row", "column", "value", "member"}
    finding = Finding(code, details=dict.fromkeys(names - places, "x"))
    with speaking(lang):
        assert finding.sentence and "{" not in finding.sentence + finding.hint
