"""`make hostile`: hostile deliveries through a whole merge, as the table of docs/security.md.

Each is merged in a process of its own beside two honest members. Seconds: processor time of the
whole merge and its children, reading the program included; MB: the most that the merge or one of its
children held, whichever is more. Prints each row as it comes and rewrites the table in place.

    python scripts/hostile.py                      all of them, about five minutes
    python scripts/hostile.py --times 3            the least of three runs each, where other programs run, too
    python scripts/hostile.py "million rows"       only those whose name has this in it; rewrites nothing

Ends with 1 where a delivery did not end in its code, changed what others say, or took more than it may.
"""

from __future__ import annotations

import argparse
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
TAKEN = "taken, believed no further"
MOST_S, MOST_MB = 2.0, 200
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


def row(name: str, code: str, *, times: int, others: str | None) -> tuple[str, list[str], str]:
    """A row of the table, what is wrong with it, and what the others say.

    Args:
        code: what it must end in; several are parted by |, none: it is taken up.
        others: what they say without it; None: this is the merge without it.
    """
    runs = [tried(name) for _ in range(times)]
    found = {**runs[0], "seconds": min(r["seconds"] for r in runs), "mb": max(r["mb"] for r in runs)}
    codes = ", ".join(sorted({*found["codes"]} & {*code.split("|")}))
    same = others is None or all(r["others"] == others for r in runs)
    wrong = [
        sentence
        for sentence, is_wrong in (
            (f"ended in {', '.join(found['codes']) or 'no code'}, not in {code}", code and not codes),
            ("changed what others say", not same),
            (f"took more than {MOST_S:.0f} seconds", found["seconds"] > MOST_S),
            (f"took more than {MOST_MB} MB", found["mb"] > MOST_MB),
        )
        if is_wrong
    ]
    said = "" if others is None else "as without it" if same else "CHANGED"
    shown = "none" if others is None else name
    cells = [shown, codes or TAKEN, f"{found['seconds']:.2f}", f"{found['mb']:.0f}", said]
    return "| " + " | ".join(cells).rstrip() + " |", [f"{shown}: {w}" for w in wrong], str(found["others"])


def main(asked: list[str], *, times: int) -> int:
    """Try all, or those whose names hold what was asked; the exit code."""
    table = [("nothing", "E_SOURCE"), *json.loads(said("--names"))]
    chosen = [(n, c) for n, c in table if n == "nothing" or not asked or any(a in n for a in asked)]
    if len(chosen) == 1:
        sys.exit(f"No delivery has any of this in its name: {', '.join(asked)}")
    rows = ["| delivery | ends in | seconds | MB | others |", "|---|---|---|---|---|"]
    wrong: list[str] = []
    others: str | None = None
    for n, (name, code) in enumerate(chosen, start=1):
        if sys.stderr.isatty():
            print(f"{n} of {len(chosen)}: {name}\x1b[K", end="\r", file=sys.stderr, flush=True)
        line, bad, says = row(name, code, times=times, others=others)
        others = says if others is None else others
        rows.append(line)
        wrong += bad
        print(line, flush=True)
    if not asked:
        text = PAGE.read_text("utf-8")
        before, rest = text.split(BEGIN)
        PAGE.write_text(before + BEGIN + "\n".join(rows) + "\n" + END + rest.split(END)[1], "utf-8")
    print("\n".join(wrong) or f"{len(chosen)} rows, each as it should be", file=sys.stderr)
    return 1 if wrong else 0


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Hostile deliveries through a whole merge.")
    parser.add_argument("names", nargs="*", help="parts of names: only these are tried, nothing is rewritten")
    parser.add_argument("--times", type=int, default=1, help="runs of each, of which the least seconds count")
    return parser.parse_args(arguments)


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
        case arguments:
            given = parsed(arguments)
            sys.exit(main(given.names, times=max(1, given.times)))
