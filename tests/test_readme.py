"""What the README tells a newcomer to type works, in the order in which it stands."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMONS = Path(sys.executable).with_name("commons")
TESTED = re.compile(r"<!-- tested -->\n```console\n(.*?)```", re.S)


def test_the_readmes_commands_work(tmp_path: Path) -> None:
    """Each tested command ends with 0 (done) or 1 (done, something to look at)."""
    blocks = TESTED.findall((ROOT / "README.md").read_text("utf-8"))
    commands = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    assert len(commands) >= 12
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "commons"
        done = subprocess.run(
            [COMMONS, *words[1:]], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode in (0, 1), f"{command}\n{done.stdout}{done.stderr}"


def test_links_lead_somewhere() -> None:
    """No page of the docs links to a file that is not there."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_two_commands_do_everything() -> None:
    """`make demo` and `make test` are in the README and in the Makefile."""
    readme, makefile = (ROOT / "README.md").read_text("utf-8"), (ROOT / "Makefile").read_text("utf-8")
    for name in ("demo", "test"):
        assert f"make {name}" in readme and f"\n{name}:" in makefile
