"""The corpus of the notions of relevance: "Can setting A change the probability of C if B is held fixed?"

The cells are the notions. About each premise there is a Yes and a No; where possible, a No is about a variable that a
path leads to (probabilistic and deterministic), and a Yes about one that the two other notions do not all agree on.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pyarrow as pa

from hf_causal.graphs.dags import erdos_renyi_dags, with_few_parents
from hf_causal.graphs.relevance_notions import NOTIONS, Notion, TableModel, is_relevant
from hf_causal.tasks.relevance_semantics.proof import prove
from hf_causal.tasks.relevance_semantics.text import WORDS, Prompt, Statement
from hf_causal.tasks.shared.configs import mixed_splits
from hf_causal.tasks.shared.model_questions import ModelQuestions, Question
from hf_causal.tasks.shared.schema import Cell, CorpusConfig, arrow_schema
from hf_causal.utils.randomness import Draws, Stream

NUM_COINS = 2
SCHEMA = arrow_schema(("num_held", pa.int32()), ("graphical", pa.bool_()), ("probabilistic", pa.bool_()),
                      ("deterministic", pa.bool_()))  # fmt: skip
"""The shared columns, and: nodes that are held fixed, and whether x is relevant to y under each notion."""
_EDGES_PER_NODE = 1.25
_MOST_PARENTS = 2
Triple = tuple[int, int, tuple[int, ...]]


def _draw_edges(cell: Cell, count: int, stream: Stream) -> np.ndarray:
    """Draws DAGs of the variables in which none has more than two parents."""
    size = cell.num_nodes - NUM_COINS
    return with_few_parents(erdos_renyi_dags(count, size, _EDGES_PER_NODE, stream), size, _MOST_PARENTS)


def draw_statements(words: list[str], edges: list[list[int]], draws: Draws) -> tuple[Statement, ...]:
    """Draws the tables of the variables; a variable without causes has a coin, every other one may have one."""
    names, coins = words[:-NUM_COINS], words[-NUM_COINS:]
    statements = []
    for node, name in enumerate(names):
        sources = [names[cause] for cause, effect in edges if effect == node]
        if not sources or draws.below(2):
            sources.append(coins[draws.below(NUM_COINS)])
        rows = [format(row, f"0{len(sources)}b") for row in range(2 ** len(sources))]
        ones = tuple(row for row in rows if draws.below(2))
        if not ones or len(ones) == len(rows):
            ones = (rows[draws.below(len(rows))],)
        statements.append(Statement(name, tuple(sources), ones))
    return tuple(draws.shuffled(statements))


def draw_questions(prompt: Prompt, notion: Notion, draws: Draws) -> list[tuple[Prompt, dict[str, bool]]] | None:
    """Returns a Yes and a No about a model in random order, with their answers by notion; `None` without them."""
    numbered = prompt.numbered
    triples = draws.shuffled(_triples(len(numbered.names)))
    hard: dict[bool, tuple[Triple, dict[str, bool]]] = {}
    easy: dict[bool, tuple[Triple, dict[str, bool]]] = {}
    for triple in triples:
        answers = notions_of(numbered.model, triple)
        yes = answers[notion]
        (hard if len(set(answers.values())) > 1 else easy).setdefault(yes, (triple, answers))
        if len(hard) == 2:
            break
    chosen = [hard.get(yes) or easy.get(yes) for yes in (True, False)]
    usable = [one for one in chosen if one is not None]
    if len(usable) < 2 or not hard:
        return None
    return [(_prompt_about(prompt, notion, triple), answers) for triple, answers in draws.shuffled(usable)]


def _triples(size: int) -> list[Triple]:
    """Returns all questions about a variable, another one, and none to two that are held fixed."""
    usable = []
    for x in range(size):
        for y in range(size):
            rest = [node for node in range(size) if node not in (x, y)]
            if x != y:
                usable += [(x, y, held) for count in range(3) for held in combinations(rest, count)]
    return usable


def notions_of(model: TableModel, triple: Triple) -> dict[str, bool]:
    """Returns whether x is relevant to y under each notion; without a path it is under none."""
    x, y, held = triple
    z = frozenset(held)
    if not is_relevant(model, "graphical", x, y, z):
        return dict.fromkeys(NOTIONS, False)
    deterministic = is_relevant(model, "deterministic", x, y, z)
    probabilistic = deterministic and is_relevant(model, "probabilistic", x, y, z)
    return {"graphical": True, "probabilistic": probabilistic, "deterministic": deterministic}


def _prompt_about(prompt: Prompt, notion: Notion, triple: Triple) -> Prompt:
    names = prompt.numbered.names
    x, y, held = triple
    return Prompt(prompt.coins, prompt.statements, notion, names[x], names[y], tuple(names[node] for node in held))


def _ask_about(
    words: list[str], edges: list[list[int]], cell: Cell, draws: Draws
) -> tuple[str, list[Question]] | None:
    notion = next(one for one in NOTIONS if one == cell.structure)
    coins = tuple(words[-NUM_COINS:])
    model = Prompt(coins, draw_statements(words, edges, draws), notion, words[0], words[1])
    usable = draw_questions(model, notion, draws)
    return (model.premise, [_question(prompt, answers) for prompt, answers in usable]) if usable else None


def _question(prompt: Prompt, answers: dict[str, bool]) -> Question:
    proof = prove(prompt)
    columns = {"num_held": len(prompt.held), **answers}
    return Question(prompt.question_text, proof.answer, proof.certificate, proof.hops, columns)


QUESTIONS = ModelQuestions(_draw_edges, _ask_about, SCHEMA, WORDS, graphs_per_used_graph=2.5)


def relevance_semantics(
    rows: int = 60_000,
    validation_rows: int = 6_000,
    rows_per_cell: int = 500,
    nodes: tuple[int, ...] = (5, 6, 7),
    seed: int = 0,
    rows_per_shard: int = 2_500,
) -> CorpusConfig[Cell]:
    """Makes the config: 3 and 4 variables with two coins for training, `nodes` of both together in `test`.

    Args:
        rows, validation_rows (`int`): Rows of the splits, equally many for each notion and size.
        rows_per_cell (`int`): Rows of each cell of `test`.
        nodes (`tuple[int, ...]`): Numbers of variables and coins in `test`.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Rows of one Parquet file.
    """
    if min(nodes) < NUM_COINS + 3:
        raise ValueError(f"`nodes` must be at least {NUM_COINS + 3}, three variables and two coins, got {nodes}")
    mix: dict[str, float] = dict.fromkeys([str(notion) for notion in NOTIONS], 1.0)
    splits = mixed_splits(mix, (5, 6), {"train": rows, "validation": validation_rows}, _cell)
    splits["test"] = tuple(_cell(notion, size, rows_per_cell) for notion in NOTIONS for size in nodes)
    description = (
        "Whether a change is relevant under the graphical, the probabilistic and the deterministic notion, in models "
        "of tables and two coins with 3 and 4 variables; `test` goes to 5. Premises are those in which the notions "
        "differ."
    )
    return CorpusConfig("relevance_semantics", description, splits, seed=seed, rows_per_shard=rows_per_shard)


def _cell(notion: str, size: int, rows: int) -> Cell:
    return Cell(notion, size, rows, branching_factor=_EDGES_PER_NODE)


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {"relevance_semantics": relevance_semantics}
generate_shard = QUESTIONS.generate_shard
