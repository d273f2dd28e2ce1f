"""Make environments of other Pythons, in which tests merge the same lock: `python scripts/other_pythons.py`.

For each python3.12 … 3.14 that is found (COMMONS_PYTHONS names more, separated as PATH is) the folder
build/other-pythons gets an environment with what a merge needs, and with another SQLite where a wheel of it
exists. What cannot be made is named and left out: the tests then skip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "build" / "other-pythons"
NEEDED = ["click", "cryptography", "mnemonic", "PyStemmer", "pyyaml", "rapidfuzz"]
OTHER_SQLITE = "pysqlite3-binary"
VERSIONS = ("3.12", "3.13", "3.14")


def candidates() -> list[str]:
    """Interpreters, by path."""
    named = [p for p in os.environ.get("COMMONS_PYTHONS", "").split(os.pathsep) if p]
    found = [shutil.which(f"python{version}") for version in VERSIONS]
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob("3.1[234].*/bin/python"))
    return list(dict.fromkeys([*named, *(p for p in found if p), *map(str, pyenv)]))


def version_of(python: str) -> str:
    code = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def make(python: str, version: str) -> bool:
    """An environment; False where it cannot be made."""
    folder = FOLDER / version
    if (folder / ".ready").exists():
        return True
    shutil.rmtree(folder, ignore_errors=True)
    if subprocess.run([python, "-m", "venv", str(folder)], check=False).returncode:
        return False
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    if subprocess.run([*pip, *NEEDED], check=False, stderr=subprocess.DEVNULL).returncode:
        shutil.rmtree(folder, ignore_errors=True)
        return False
    subprocess.run([*pip, OTHER_SQLITE], check=False, stderr=subprocess.DEVNULL)
    (folder / ".ready").touch()
    return True


def main() -> None:
    ready = {".".join(map(str, sys.version_info[:3]))}
    for python in candidates():
        version = version_of(python)
        if version and version not in ready:
            ready.add(version)
            print(f"Python {version}: {'ready' if make(python, version) else 'cannot be made here'}")


if __name__ == "__main__":
    main()
