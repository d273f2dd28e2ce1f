"""`python -m bench.linking [--half tune|report|all] [--set NAME]`: linking measured on labelled sets.

The sets lie in the folder that COMMONS_REAL_DATA names (default ../shared/data); those that are not there
are skipped with a word. Prints one table; writes the worst errors of each set to build/linking/. Rules are
tuned on the `tune` half only; figures are given for the `report` half.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
from pathlib import Path

from bench.linking import aims, conflicts, measure, report
from bench.linking.linkers import link
from bench.linking.sets import SETS, read_set
from scripts.real import ROOT, data_folder

OUT = ROOT / "build" / "linking"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--half", choices=("tune", "report", "all"), default="report")
    parser.add_argument("--set", dest="only", help="only sets whose name has this in it: " + ", ".join(SETS))
    parser.add_argument("--strict", action="store_true", help="count disputed pairs as the gold has them")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    data = data_folder()
    if data is None:
        print("The labelled sets are not on this computer (COMMONS_REAL_DATA); nothing was measured.")
        return 0
    told: list[str] = []
    outcomes: list[measure.Outcome] = []
    print(report.HEADINGS)
    for name, source in SETS.items():
        if asked.only and asked.only not in name:
            continue
        if not (data / source.folder).is_dir():
            print(f"| {name} | | not on this computer |")
            continue
        labelled = read_set(name, data, OUT / "records").half(asked.half)
        linked = link(labelled.records)
        found = measure.measure(
            labelled, linked.decision, half=asked.half, seconds=linked.seconds,
            judged=linked.judged, kept=linked.kept, compared=len(linked.kept), strict=asked.strict,
        )  # fmt: skip
        outcomes.append(found)
        print(report.line(found), flush=True)
        if name == "360giving-ids":
            told.append(report.conflicts(labelled.name, conflicts.find(labelled.records, linked.decision)))
        report.write_errors(
            asked.out, asked.half, labelled, linked.decision, measure.errors(labelled, linked.decision)
        )
    print("", *aims.lines(outcomes), "", *told, sep="\n")
    print(f"\nWorst errors of each set: {asked.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
