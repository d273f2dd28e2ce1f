"""Our linking over a file of invented records: `python -m bench.linking.our_way FILE [--count]`.

Prints one line of JSON. With `--count` every compared pair is looked at to see how many true pairs blocking
keeps; that run is for the count and not for the time.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path

from commons.link import whole

NOT_FIELDS = ("address", "place")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", action="store_true")
    asked = parser.parse_args()
    begun = time.perf_counter()
    given, truth = [], {}
    with asked.file.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            truth[row["address"]] = row["place"]
            given.append((row["address"], {k: v for k, v in row.items() if k not in NOT_FIELDS}))
    compared = Counter[bool]()

    def watch(a: str, b: str) -> None:
        compared[truth[a] == truth[b]] += 1

    decision = whole.run(given, watch=watch if asked.count else None)
    joined = Counter[bool]()
    for cluster in decision.clusters:
        things = Counter(truth[a] for a in cluster)
        right = sum(n * (n - 1) // 2 for n in things.values())
        joined[True] += right
        joined[False] += len(cluster) * (len(cluster) - 1) // 2 - right
    true = sum(n * (n - 1) // 2 for n in Counter(truth.values()).values())
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - begun,
                "true": true,
                "joined": joined.total(),
                "right": joined[True],
                "queue": len(decision.candidates),
                "compared": compared.total() if asked.count else None,
                "kept": compared[True] / max(true, 1) if asked.count else None,
            }
        )
    )


if __name__ == "__main__":
    main()
