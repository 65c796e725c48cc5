"""Attacks the scores of answers about correlation and causation.

    python benchmarks/attack_scores_corr2cause.py [--corruptions 100000] [--rows 2000] [--seed 0]

Three attacks, each against an oracle that shares no code with the scores. It enumerates all DAGs over the variables
with networkx, finds those that d-separate exactly what the premise says, and reads the answer with other patterns.

1. Every hypothesis about every labelled class of at most four variables: each counter-model scores 1 and each other
   DAG scores 0, whatever the order of the edges; the class, the verdict and the trace score 1.
2. Corrupted answers: words and marks are changed, dropped, added or swapped. One that scores 1 has to be valid.
3. The written answers to rows of every published config score 1.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter

from corr2cause_oracle import NAMES, Edge, Question, all_dags, is_valid, questions

from hf_causal.scoring import score
from hf_causal.tasks.answering import write_answer
from hf_causal.tasks.registry import tasks

FORMS = ("proof", "trace", "cpdag", "verdict")


def attack_every_answer(sample: list[Question], chance: random.Random, others: int = 10) -> Counter[str]:
    """Scores all valid proofs of questions, and `others` further DAGs; returns how many there were.

    Raises:
        `AssertionError`: If a valid answer scores less than 1, or an invalid one more than 0.
    """
    counts = Counter[str]()
    for question in sample:
        for form in FORMS:
            answer = write_answer(question.row, form)
            assert is_valid(question, answer, form), f"the oracle refuses {answer!r} to {question.row}"
            _require(question, answer, form, 1.0)
            counts[f"{form}: written"] += 1
        for dag in question.counter_models:
            _require(question, _no(dag, chance), "proof", 1.0)
            counts["proof: counter-models"] += 1
        dags = all_dags(len(question.variables))
        for dag in chance.sample(dags, min(others, len(dags))):
            if dag not in question.counter_models:
                _require(question, _no(dag, chance), "proof", 0.0)
                counts["proof: other DAGs"] += 1
        for verdict in ("entailment", "neutral", "contradiction"):
            _require(question, f"Verdict: {verdict}", "verdict", float(verdict == question.verdict))
        counts["cpdag: reordered"] += 1
        _require(question, _shuffled_class(question, chance), "cpdag", 1.0)
    return counts


def _require(question: Question, answer: str, form: str, value: float) -> None:
    result = score(answer, question.row, form)
    assert result.value == value, f"{answer!r} to {question.row} in the form {form!r}: {result}"


def _no(dag: frozenset[Edge], chance: random.Random) -> str:
    edges = [f"{a} -> {b}" for a, b in chance.sample(sorted(dag), len(dag))]
    return f"No\nCounter-model: {', '.join(edges) or 'none'}"


def _shuffled_class(question: Question, chance: random.Random) -> str:
    directed = [f"{a} -> {b}" for a, b in chance.sample(sorted(question.directed), len(question.directed))]
    pairs = sorted(map(sorted, question.skeleton - set(map(frozenset, question.directed))))
    undirected = [" - ".join(chance.sample(pair, 2)) for pair in chance.sample(pairs, len(pairs))]
    return f"Directed: {', '.join(directed) or 'none'}\nUndirected: {', '.join(undirected) or 'none'}"


def attack_with_corruptions(
    sample: list[Question], corruptions: int, chance: random.Random, forms: tuple[str, ...] = FORMS
) -> Counter[str]:
    """Scores corrupted answers and returns the number of each outcome.

    Raises:
        `AssertionError`: If an answer scores 1 that the oracle refuses.
    """
    counts = Counter[str]()
    for _ in range(corruptions):
        question, form = chance.choice(sample), chance.choice(forms)
        answer = corrupt(write_answer(question.row, form), chance)
        value, valid = score(answer, question.row, form).value, is_valid(question, answer, form)
        assert valid or value < 1, f"{answer!r} to {question.row} in the form {form!r} scores 1"
        counts[f"{form}: {'valid' if valid else 'invalid'}, scores {value:g}"] += 1
    return counts


def corrupt(answer: str, chance: random.Random) -> str:
    """Returns an answer with one to three words or marks changed, dropped, added or swapped."""
    tokens = re.findall(r"[\w-]*\w|->|<-|[-,:]|\n", answer)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        index, other = chance.randrange(len(tokens)), chance.randrange(len(tokens))
        new = chance.choice((*NAMES, "->", "<-", "-", ",", ":", "\n", "none", "Yes", "No", *tokens))
        change = chance.randrange(5)
        if change == 0:
            tokens[index] = new
        elif change == 1 and len(tokens) > 1:
            del tokens[index]
        elif change == 2:
            tokens.insert(index, new)
        elif change == 3:
            tokens[index], tokens[other] = tokens[other], tokens[index]
        else:
            tokens = [{"->": "<-", "<-": "->"}.get(t, t) if i == index else t for i, t in enumerate(tokens)]
    return re.sub(r" ([,:])", r"\1", re.sub(r" ?\n ?", "\n", " ".join(tokens)))


def score_rows(rows: int) -> Counter[str]:
    """Scores the written answers to rows of every published config, and returns how many there were.

    Raises:
        `AssertionError`: If one scores less than 1.
    """
    task, counts = tasks()["corr2cause"], Counter[str]()
    for name, config in task.configs.items():
        for row in task.generate_shard(config(), "test", 0).to_pylist()[-rows:]:
            for form in FORMS:
                answer = write_answer(row, form)
                result = score(answer, row, form)
                assert result.value == 1, f"{answer!r} to {row} of {name}: {result}"
                counts[f"{form}: rows of published configs"] += 1
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corruptions", type=int, default=100_000)
    parser.add_argument("--corruptions-only", action="store_true", help="leave out the first attack")
    parser.add_argument("--rows", type=int, default=1_144, help="at most, of each config")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    everything = list(questions())
    outcomes = Counter[str]() if options.corruptions_only else attack_every_answer(everything, chance)
    outcomes += attack_with_corruptions(everything, options.corruptions, chance) + score_rows(options.rows)
    for outcome, count in sorted(outcomes.items()):
        print(f"{outcome}: {count:,}")
