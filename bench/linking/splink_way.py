"""Splink on DuckDB over the same file, by the Python of its own environment: `splink_way.py FILE [--count]`.

Used as its documentation advises: columns made comparable first, blocking on several rules, weights learnt by
expectation maximisation, clusters as connected components at 0.95. Knows nothing of this project.
"""
# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

COLUMNS = """
CREATE TABLE told AS SELECT
    row_number() OVER () AS unique_id, place,
    regexp_replace(lower(strip_accents(title)), '[^a-z0-9 ]|, a\\.c\\.', '', 'g') AS title,
    regexp_extract(lower(strip_accents(title)), '([a-z]+)[^a-z]*$', 1) AS last_word,
    regexp_extract(lower(strip_accents(street_address)), '([a-z]{{4,}}(?: [a-z]+)*) ?\\d*$', 1) AS street,
    regexp_extract(street_address, '(\\d+)$', 1) AS house,
    lower(strip_accents(neighbourhood)) AS neighbourhood, postal_code, district,
    phones[1].number AS phone, latitude_e6 / 1e6 AS lat, longitude_e6 / 1e6 AS lon
FROM read_json('{file}', format='newline_delimited', columns={{
    address: 'VARCHAR', place: 'BIGINT', title: 'VARCHAR', street_address: 'VARCHAR',
    neighbourhood: 'VARCHAR', postal_code: 'VARCHAR', district: 'VARCHAR',
    phones: 'STRUCT(number VARCHAR)[]', latitude_e6: 'BIGINT', longitude_e6: 'BIGINT'}})
"""
BLOCKING = (
    ("phone",),
    ("title",),
    ("postal_code", "house"),
    ("street", "house"),
    ("neighbourhood", "last_word"),
    ("last_word", "house"),
    ("district", "substr(title, 1, 14)"),
    ("neighbourhood", "house"),
    ("street", "substr(title, 1, 4)"),
    ("postal_code", "substr(title, 1, 6)"),
)
MATCH = 0.95


def comparisons(library: Any) -> list[Any]:
    return [
        library.JaroWinklerAtThresholds("title", [0.95, 0.88, 0.8]).configure(
            term_frequency_adjustments=True
        ),
        library.JaroWinklerAtThresholds("street", [0.95, 0.85]),
        library.ExactMatch("house"),
        library.ExactMatch("neighbourhood").configure(term_frequency_adjustments=True),
        library.ExactMatch("postal_code"),
        library.ExactMatch("phone"),
        library.DistanceInKMAtThresholds("lat", "lon", [0.1, 1]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", action="store_true")
    asked = parser.parse_args()
    import duckdb  # type: ignore[import-not-found]
    import splink.comparison_library as library  # type: ignore[import-not-found]
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    begun = time.perf_counter()
    database = duckdb.connect()
    database.execute(COLUMNS.format(file=asked.file))
    for column in ("title", "last_word", "street", "house"):
        database.execute(f"UPDATE told SET {column} = NULL WHERE {column} = ''")
    (true,) = database.execute(
        "SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM told GROUP BY place)"
    ).fetchall()[0]
    if asked.count:
        print(json.dumps({"true": int(true), **counted(database)}))
        return
    backend = DuckDBAPI(connection=database)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons(library),
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in BLOCKING],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )
    linker = Linker(backend.register("told"), settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match(
        [block_on("title", "street"), block_on("phone", "house")], recall=0.6
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in (("street", "house"), ("title",), ("phone",)):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    predicted = linker.inference.predict(threshold_match_probability=0.5)
    clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(
        predicted, threshold_match_probability=MATCH
    )
    joined, right = database.execute(
        f"""SELECT sum(n * (n - 1) // 2), sum(same) FROM (
            SELECT cluster_id, sum(n) AS n, sum(n * (n - 1) // 2) AS same FROM (
                SELECT c.cluster_id, t.place, count(*) AS n FROM {clustered.physical_name} c
                JOIN told t USING (unique_id) GROUP BY ALL) GROUP BY cluster_id)"""
    ).fetchall()[0]
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - begun, "true": int(true), "joined": int(joined),
                "right": int(right), "queue": None, "compared": None, "kept": None,
            }
        )
    )  # fmt: skip


def counted(database: Any) -> dict[str, float]:
    """How many pairs the rules compare, and the share of true pairs among them, by plain SQL."""
    each = [" AND ".join(f"a.{r} = b.{r}" if "(" not in r else _both(r) for r in rule) for rule in BLOCKING]
    any_rule = " OR ".join(f"coalesce({rule}, false)" for rule in each)
    (kept,) = database.execute(
        f"SELECT avg(CASE WHEN {any_rule} THEN 1.0 ELSE 0.0 END) FROM told a "
        "JOIN told b ON a.place = b.place AND a.unique_id < b.unique_id"
    ).fetchall()[0]
    compared, before = 0, "false"
    for rule in each:
        (n,) = database.execute(
            f"SELECT count(*) FROM told a JOIN told b ON {rule} AND a.unique_id < b.unique_id "
            f"WHERE NOT ({before})"
        ).fetchall()[0]
        compared, before = compared + n, f"{before} OR coalesce({rule}, false)"
    return {"compared": compared, "kept": float(kept)}


def _both(expression: str) -> str:
    """An expression over a title, the same on both sides."""
    return f"{expression.replace('title', 'a.title')} = {expression.replace('title', 'b.title')}"


if __name__ == "__main__":
    main()
