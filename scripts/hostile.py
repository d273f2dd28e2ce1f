"""`python scripts/hostile.py`: hostile deliveries through a whole merge, as the table of docs/security.md.

Each is merged in a process of its own beside two honest members. Seconds: processor time of the
whole merge and its children, reading the program included; MB: the most that the merge or one of its
children held, whichever is more. Rewrites the table in place.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
PAGE = HERE / "docs" / "security.md"
AUTHORITY = "authority"
BEGIN, END = "<!-- hostile table -->\n", "<!-- end -->\n"

sys.path.insert(0, str(HERE))


def one(folder: Path, hostile: str, server: str = "") -> None:
    """Merge what was delivered, or what a server delivers; prints what came of it as JSON."""
    from datetime import UTC, datetime

    from commons.merge.run import Options, merge
    from tests.hostile.watching import codes, what_others_say

    at = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
    net = None
    if server:
        from tests.hostile.servers import asking

        net = asking(server, folder / AUTHORITY, at)
    merged = merge(folder, Options(as_of=at, children=0, net=net))
    assert merged.result is not None
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    came = {
        "codes": sorted(codes(merged)),
        "seconds": sum(one.ru_utime + one.ru_stime for one in used),
        "mb": max(one.ru_maxrss for one in used) / 1024,
        "others": repr(what_others_say(merged.result.path, hostile)),
    }
    print(json.dumps(came))


def deliver(name: str, folder: Path) -> None:
    """Found a federation in `folder` and put the delivery into it; prints the hostile member's id."""
    from tests.hostile.deliveries import DELIVERIES, HOSTILE
    from tests.hostile.federation import founded

    federation = founded(folder)
    for delivery in DELIVERIES:
        if delivery.name == name:
            delivery.put(federation / "hostile")
    print(HOSTILE.id)


def names() -> None:
    """Prints every delivery's and server's name and code as JSON."""
    from tests.hostile.deliveries import DELIVERIES
    from tests.hostile.servers import TALKS

    print(json.dumps([(d.name, d.code) for d in DELIVERIES] + [(n, code) for n, (code, _) in TALKS.items()]))


def said(*arguments: str) -> str:
    """What this script prints in a process of its own: the caller stays small, as its size would count."""
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE).stdout


def tried(name: str) -> dict[str, Any]:
    """One delivery, then a merge by somebody who knows nothing of it."""
    with tempfile.TemporaryDirectory() as folder:
        federation = str(Path(folder) / "federation")
        hostile = said("--deliver", name, federation).strip()
        if not name.startswith("server:"):
            return dict(json.loads(said("--merge", federation, hostile)))
        command = [sys.executable, __file__, "--serve", name, federation]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            rules = Path(federation) / "federation.yaml"
            address = server.stdout.readline().strip()
            rules.write_text(rules.read_text("utf-8").replace("- hostile\n", f"- {address}\n"), "utf-8")
            try:
                return dict(json.loads(said("--merge", federation, hostile, name)))
            finally:
                server.kill()


def serve(name: str, folder: Path) -> None:
    """Run a server of the table until its process is ended."""
    from tests.hostile.servers import serve as run

    run(name, folder / AUTHORITY)


def main() -> None:
    baseline = tried("nothing")
    rows = ["| delivery | ends in | seconds | MB | others |", "|---|---|---|---|---|"]
    rows.append(f"| none | E_SOURCE | {baseline['seconds']:.2f} | {baseline['mb']:.0f} | |")
    for name, code in json.loads(said("--names")):
        found = tried(name)
        same = "as without it" if found["others"] == baseline["others"] else "CHANGED"
        codes = ", ".join(sorted({*found["codes"]} & {*code.split("|")}))
        rows.append(
            f"| {name} | {codes or 'taken, believed no further'} | {found['seconds']:.2f} "
            f"| {found['mb']:.0f} | {same} |"
        )
        print(rows[-1], flush=True)
    text = PAGE.read_text("utf-8")
    before, rest = text.split(BEGIN)
    PAGE.write_text(before + BEGIN + "\n".join(rows) + "\n" + END + rest.split(END)[1], "utf-8")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--merge", folder, hostile, *server]:
            one(Path(folder), hostile, *server)
        case ["--serve", name, folder]:
            serve(name, Path(folder))
        case ["--deliver", name, folder]:
            deliver(name, Path(folder))
        case ["--names"]:
            names()
        case _:
            main()
