"""Small and full builds of every corpus by the command line, and the digests of what they wrote."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

TRAINING = ("transitivity_ts2", "transitivity_ts1", "transitivity_occ", "d_separation", "d_separation_trees")
GENERALIZATION = ("transitivity_generalization", "d_separation_generalization")
# Several shards a split, so that a change to how rows are spread over shards is seen as well.
SMALL_BUILDS: dict[str, list[tuple[str, Sequence[str], str]]] = {
    "axiomatic": [
        ("axiomatic", TRAINING, "--rows 600 --validation-rows 200 --rows-per-shard 250"),
        ("axiomatic", GENERALIZATION, "--rows-per-cell 20 --rows-per-shard 100"),
    ],
    "axiomatic_further": [
        ("axiomatic", ("transitivity_further_generalization",), "--rows-per-cell 20"),
    ],
    "corr2cause": [
        ("corr2cause", ("default", "paraphrased", "refactored"), "--nodes 2,3,4 --rows-per-shard 500"),
        ("corr2cause", ("balanced",), "--rows 600 --rows-per-cell 40 --rows-per-shard 250"),
        ("corr2cause", ("seven_variables",), "--rows-per-cell 24 --rows-per-shard 10"),
    ],
    "causal_sequences": [
        (
            "causal_sequences",
            ("chain", "induction", "random", "forest", "multi_parent", "multi_parent_small"),
            "--rows 120 --validation-rows 40 --rows-per-cell 40 --rows-per-shard 50",
        )
    ],
    "scenes": [
        ("scenes", ("default", "strong", "unconfounded"), "--rows 200 --rows-per-shard 90"),
        ("scenes", ("published", "effects"), "--rows-per-shard 5000"),
    ],
    "co_occurrence": [
        (
            "co_occurrence",
            ("co_occurrence",),
            "--rows 360 --validation-rows 180 --rows-per-cell 20 --rows-per-shard 150",
        )
    ],
    "causal_ladder": [
        ("causal_ladder", ("relevance",), "--rows 600 --validation-rows 200 --rows-per-shard 250"),
        ("causal_ladder", ("relevance_generalization",), "--rows-per-cell 20 --rows-per-shard 100"),
        (
            "causal_ladder",
            ("relevance_axioms",),
            "--rows 240 --validation-rows 60 --rows-per-cell 10 --rows-per-shard 50",
        ),
        ("causal_ladder", ("adjustment",), "--rows 600 --validation-rows 200 --rows-per-shard 250"),
        ("causal_ladder", ("adjustment_generalization",), "--rows-per-cell 4 --rows-per-shard 50"),
        (
            "causal_ladder",
            ("identifiable",),
            "--rows 300 --validation-rows 150 --rows-per-cell 4 --rows-per-shard 150",
        ),
        (
            "causal_ladder",
            ("relevance_semantics",),
            "--rows 120 --validation-rows 60 --rows-per-cell 4 --rows-per-shard 50",
        ),
        ("causal_ladder", ("comparisons",), "--rows 120 --validation-rows 60 --rows-per-cell 4 --rows-per-shard 50"),
        ("causal_ladder", ("quantities",), "--rows 240 --validation-rows 120 --rows-per-shard 100"),
        ("causal_ladder", ("quantities_generalization",), "--rows-per-cell 4 --rows-per-shard 100"),
        ("causal_ladder", ("front_door",), "--rows 240 --validation-rows 120 --rows-per-shard 100"),
        ("causal_ladder", ("front_door_generalization",), "--rows-per-cell 4 --rows-per-shard 50"),
        ("causal_ladder", ("instrument",), "--rows 240 --validation-rows 120 --rows-per-shard 100"),
        ("causal_ladder", ("instrument_generalization",), "--rows-per-cell 4 --rows-per-shard 50"),
    ],
    "environments": [
        (
            "environments",
            ("matrix_sensing", "cue_order", "cue_names"),
            "--rows 400 --validation-rows 100 --rows-per-shard 150",
        )
    ],
    "shapes": [
        (
            "shapes",
            ("minimal_changes",),
            "--rows 40 --validation-rows 8 --rows-per-cell 4 --rows-per-shard 16",
        )
    ],
    "axiomatic_options": [
        (
            "axiomatic",
            ("transitivity_ts2", "d_separation"),
            "--seed 7 --rows 200 --validation-rows 80 --nodes 4,9 --name-lengths 2,5 --option questions_per_premise=4",
        ),
        ("axiomatic", GENERALIZATION, "--seed 7 --rows-per-cell 20 --nodes 7,15"),
    ],
    "corr2cause_options": [("corr2cause", ("balanced",), "--seed 7 --rows 200 --rows-per-cell 40 --nodes 4,5")],
    "causal_sequences_options": [
        (
            "causal_sequences",
            ("chain", "multi_parent"),
            "--seed 7 --rows 40 --validation-rows 20 --rows-per-cell 20 --option length=9 --option alpha=0.5",
        )
    ],
    "co_occurrence_options": [
        ("co_occurrence", ("co_occurrence",), "--seed 7 --rows 96 --validation-rows 48 --rows-per-cell 20 --nodes 5,9")
    ],
    "environments_options": [
        ("environments", ("matrix_sensing",), "--seed 7 --rows 80 --validation-rows 40 --option heterogeneity=4"),
        ("environments", ("cue_names",), "--seed 7 --rows 80 --validation-rows 40 --option strengths=[0.9,0.6]"),
    ],
    "shapes_options": [
        ("shapes", ("minimal_changes",), "--seed 7 --rows 16 --validation-rows 8 --rows-per-cell 2"),
    ],
}
"""From the name of a folder to the builds that fill it: corpus, configs and options."""

CORPORA = ("shapes", "environments", "scenes", "co_occurrence", "causal_sequences", "axiomatic", "corr2cause")
"""Corpora with a published size, the quickest first."""


def run_cli(*arguments: str) -> str:
    """Runs a command in this process and returns what it printed.

    Raises:
        `RuntimeError`: If its exit status is not 0, with what it said.
    """
    from hf_causal.cli import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    if status:
        raise RuntimeError(f"`hf-causal {' '.join(arguments)}` ended with {status}: {err.getvalue()[-600:]}")
    return out.getvalue()


def build_small(folder: Path) -> None:
    """Writes the small builds, one folder each."""
    for name, builds in SMALL_BUILDS.items():
        for corpus, configs, options in builds:
            _build(corpus, folder / name, configs, options)


def build_full(folder: Path) -> None:
    """Writes every corpus at its published size; a build that was interrupted goes on."""
    for corpus in CORPORA:
        _build(corpus, folder / corpus, (), "")


def _build(corpus: str, out: Path, configs: Sequence[str], options: str) -> None:
    chosen = [word for config in configs for word in ("--config", config)]
    run_cli("build", corpus, "--out", str(out), "--num-proc", "1", *chosen, *options.split())


def corpus_digests(folder: Path) -> dict[str, Any]:
    """Returns version, columns and, for each split, rows and SHA-256 of every config below a folder.

    The digest is over values alone, and an entry has the names and types of the columns in addition.
    """
    found: dict[str, Any] = {}
    for manifest in sorted(folder.glob("*/*/manifest.json")):
        read = json.loads(manifest.read_text(encoding="utf-8"))
        splits = {
            split: f"{summary['rows']} rows in {summary['shards']} files: {summary['sha256']}"
            for split, summary in read["splits"].items()
        }
        schema = pq.read_schema(min(manifest.parent.glob("*.parquet")))
        columns = ", ".join(f"{field.name} {field.type}" for field in schema)
        entry = {"version": read["version"], "seed": read["seed"], "columns": columns, "splits": splits}
        found.setdefault(manifest.parent.parent.name, {})[manifest.parent.name] = entry
    return found
