"""Every sentence has its Spanish twin, and both name the same details."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "commons" / "locale" / "es").glob("*.po"))
SLOT = re.compile(r"\{(\w*)[^}]*\}")
UNWANTED = ["usuario", "error fatal", "inválid", "ejecutar", "registro "]


def test_every_sentence_is_written_in_spanish_and_compiled() -> None:
    """A sentence without Spanish, or a compiled file older than its sources, is refused."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "messages.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_both_languages_name_the_same_details(path: Path) -> None:
    """A slot that is missing or misspelt in one language would raise or lose a detail when shown."""
    with path.open("rb") as file:
        for message in read_po(file, locale="es"):
            keys = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            wanted = {slot for key in keys for slot in SLOT.findall(key)}
            if not keys[0] or not all(strings):
                continue
            # A form for one may spell the number out; no form may name what the sentence is not given.
            assert all(set(SLOT.findall(string)) <= wanted | {"n"} for string in strings), keys
            assert len(keys) > 1 or wanted - {"n"} <= set(SLOT.findall(strings[0])), keys


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_spanish_keeps_to_the_words_of_the_commons(path: Path) -> None:
    """Words that put people off stay out of the interface."""
    text = path.read_text("utf-8").lower()
    translations = "\n".join(re.findall(r'^msgstr.*(?:\n".*)*', text, flags=re.M))
    for word in UNWANTED:
        assert word not in translations, word


def test_sentences_are_not_pasted_together() -> None:
    """`_()` takes a literal: a computed sentence could not be translated."""
    for path in sorted((ROOT / "commons").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}"
