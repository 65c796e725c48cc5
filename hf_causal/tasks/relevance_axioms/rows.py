"""The corpus of the axioms: "Changing A cannot affect B or C. Does it follow that changing A cannot affect C?"

A cell has the questions in which one axiom is needed. About each premise there is a Yes, which needs the axiom, and a
No whose sets have the same sizes; the certificates are those of `prove`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa

from hf_causal.graphs.relevance import AXIOMS, statements
from hf_causal.tasks.relevance_axioms.derivations import name_statement
from hf_causal.tasks.relevance_axioms.problems import NUM_NODES, Problems, problems, shapes, suggests
from hf_causal.tasks.relevance_axioms.proof import prove
from hf_causal.tasks.relevance_axioms.text import WORDS_OF_AXIOMS, Claim, Prompt
from hf_causal.tasks.shared.configs import mixed_splits
from hf_causal.tasks.shared.model_questions import Question, question_batch
from hf_causal.tasks.shared.named_graphs import names_then_edges
from hf_causal.tasks.shared.names import RESERVED_WORDS, decode_names
from hf_causal.tasks.shared.rows import QuestionBatch, generate_rows
from hf_causal.tasks.shared.schema import Cell, CorpusConfig, arrow_schema
from hf_causal.tasks.shared.split_assignment import SplitAssigner
from hf_causal.utils.randomness import Stream

STRUCTURES = tuple(axiom.replace("-", "_") for axiom in AXIOMS)
"""Of the cells: the axiom that a Yes needs."""
SCHEMA = arrow_schema(("num_statements", pa.int32()), ("num_steps", pa.int32()))


def relevance_axioms(
    rows: int = 60_000,
    validation_rows: int = 6_000,
    rows_per_cell: int = 500,
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig[Cell]:
    """Makes the config: three or four statements about four nodes, and one split with five or six.

    Args:
        rows, validation_rows (`int`): Rows of `train` and `validation`, equally many for each axiom.
        rows_per_cell (`int`): Rows for each axiom of `test` and `more_statements`.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Rows of one Parquet file.
    """
    mix = dict.fromkeys(STRUCTURES, 1.0)
    splits = mixed_splits(mix, (NUM_NODES,), {"train": rows, "validation": validation_rows}, Cell)
    for split in ("test", "more_statements"):
        splits[split] = tuple(Cell(structure, NUM_NODES, rows_per_cell) for structure in STRUCTURES)
    description = (
        "What follows from statements of irrelevance about four nodes, with a cell for each axiom of Galles and "
        "Pearl. `test` has other premise sets than `train`, up to names; `more_statements` has two statements more."
    )
    return CorpusConfig("relevance_axioms", description, splits, seed=seed, rows_per_shard=rows_per_shard)


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {"relevance_axioms": relevance_axioms}


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table; the rows of a premise are next to each other."""
    return generate_rows(config, split, shard, _draw, partial(_ask, split), SCHEMA, RESERVED_WORDS | WORDS_OF_AXIOMS)


def _draw(cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
    """Draws names; the premises state no graph."""
    return names_then_edges(cell, 1.02 * rows / 2, stream, assigner, lambda cell, count, _: np.zeros((count, 0, 2)))


def _ask(split: str, cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> QuestionBatch:
    edges, names = edges[: rows // 2], names[: rows // 2]
    chosen = problems(split, cell.structure.replace("_", "-"))
    chances = stream.uniform((len(names), 5))
    prompts: list[Prompt] = []
    for words, chance, order in zip(
        decode_names(names), chances.tolist(), stream.permutations(len(names), 8).tolist(), strict=True
    ):
        prompts += _prompts(chosen, words, chance, order)
    return question_batch(edges, names, [one.premise for one in prompts[::2]], list(map(_question, prompts)), SCHEMA)


def _question(prompt: Prompt) -> Question:
    proof = prove(prompt)
    columns = {"num_statements": len(prompt.statements), "num_steps": proof.certificate.count(": changing")}
    return Question(prompt.question_text, proof.answer, proof.certificate, -1, columns)


def _prompts(chosen: list[Problems], words: list[str], chance: list[float], order: list[int]) -> list[Prompt]:
    """Returns the two prompts about one premise, one of them a Yes, in random order."""
    problem = chosen[int(chance[0] * len(chosen))]
    index = int(chance[1] * len(problem.premises))
    yes = _pick(problem.yes[index], chance[2])
    numbers = problem.premises[index]
    no = problem.no[index] & (shapes() == shapes()[yes])
    # If possible, the No is one that a statement about these nodes, with others held fixed, suggests as much.
    suggested = suggests()[numbers].any(axis=0)
    alike = no & (suggested == suggested[yes])
    refuted = _pick(alike if alike.any() else no, chance[3])
    premise = tuple(_claim(words, numbers[place]) for place in order if place < len(numbers))
    questions = (yes, refuted) if chance[4] < 0.5 else (refuted, yes)
    return [Prompt(premise, _claim(words, number)) for number in questions]


def _pick(allowed: np.ndarray, chance: float) -> int:
    numbers = np.flatnonzero(allowed)
    return int(numbers[int(chance * len(numbers))])


def _claim(words: list[str], number: int) -> Claim:
    return name_statement(statements(NUM_NODES)[number], words)
