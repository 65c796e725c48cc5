"""The tasks that the reader writes prompts for; nothing else of the reader imports them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from hf_causal.graphs.equivalence import MAX_VARIABLES
from hf_causal.tasks.adjustment import text as adjustment
from hf_causal.tasks.adjustment.choices import QUESTIONS as SET_QUESTIONS
from hf_causal.tasks.adjustment.choices import Choices, ask_about_sets, choices
from hf_causal.tasks.co_occurrence import text as co_occurrence
from hf_causal.tasks.comparisons import text as comparisons
from hf_causal.tasks.corr2cause import text as corr2cause
from hf_causal.tasks.d_separation import text as d_separation
from hf_causal.tasks.front_door import text as front_door
from hf_causal.tasks.identification import text as identification
from hf_causal.tasks.instrument import text as instruments
from hf_causal.tasks.proving import check, prove
from hf_causal.tasks.proving import read as read_prompt
from hf_causal.tasks.quantities import text as quantities
from hf_causal.tasks.relevance import text as relevance
from hf_causal.tasks.shared.explanations import Explanation, keep_name
from hf_causal.tasks.shared.names import RESERVED_WORDS, Renaming, is_name
from hf_causal.tasks.shared.proofs import Proof, find_cycle
from hf_causal.tasks.transitivity import proof as _transitivity
from hf_causal.tasks.transitivity import text as transitivity

HYPOTHESES, PARAPHRASES = corr2cause.HYPOTHESES, corr2cause.PARAPHRASES
Pair = tuple[str, str]


def causes_prompt(edges: Sequence[Pair], asked: Pair, together: Sequence[Pair] = ()) -> tuple[str, str]:
    """Returns the task and the prompt of "Does X cause Y?"."""
    if together:
        statements = [(first, second, True) for first, second in edges]
        statements += [(first, second, False) for first, second in together]
        return "co_occurrence", str(co_occurrence.Prompt(tuple(statements), asked))
    return "transitivity", str(transitivity.Prompt(tuple(edges), asked))


def prove_cause(edges: Sequence[Pair], asked: Pair) -> tuple[str, str]:
    """Answers "Does X cause Y?" and proves it: the answer and its certificate."""
    proof = _transitivity.prove(transitivity.Prompt(tuple(edges), asked))
    return proof.answer, proof.certificate


def separation_prompt(edges: Sequence[Pair], asked: Pair, given: Sequence[str]) -> tuple[str, str]:
    """Returns the task and the prompt of "Are X and Y d-separated given Z?"."""
    return "d_separation", str(d_separation.Prompt(tuple(edges), asked, tuple(given)))


def relevance_prompt(
    edges: Sequence[Pair], asked: Sequence[str], num_changed: int, held: Sequence[str]
) -> tuple[str, str]:
    """Returns the task and the prompt of "Can changing X affect Y if Z is held fixed?"."""
    return "relevance", str(relevance.Prompt(tuple(edges), tuple(asked), tuple(held), num_changed))


def effect_prompt(
    task: str, statements: Sequence[tuple[str, str, bool]], pair: Pair, given: Sequence[str], instrument: str = ""
) -> tuple[str, str]:
    """Returns the task and the prompt of a question about an effect, in statements of causes and of hidden causes."""
    if task == "instrument":
        return task, str(instruments.Prompt(tuple(statements), pair, tuple(given), instrument))
    if task in ("adjustment", "front_door"):
        text = adjustment if task == "adjustment" else front_door
        return task, str(text.Prompt(tuple(statements), pair, tuple(given)))
    return task, str(identification.Prompt(tuple(statements), pair))


def quantity_prompt(texts: Sequence[str]) -> tuple[str, str, tuple[str, ...]]:
    """Returns the task of a text with probabilities, its prompt and names; raises `ValueError` if no task reads it."""
    task = comparisons if comparisons.recognizes(" ".join(texts)) else quantities
    prompt = task.parse_prompt(" ".join(one if one[-1] in ".?!" else f"{one}." for one in texts))
    name = "comparisons" if task is comparisons else "quantities"
    return name, str(prompt), prompt.stated.model.names


def explain(prompt: str, certificate: str, names: Mapping[str, str] | None = None) -> Explanation:
    """Returns a proof in words, with the names of the prompt or others for them."""
    task, parsed = read_prompt(prompt)
    naming = keep_name if names is None else names.__getitem__
    return task.explain(parsed, json.loads(certificate), naming)


def require_back_door(prompt: str) -> None:
    """Raises `ValueError` where the back-door criterion may have another answer than a prompt about adjustment."""
    adjustment.parse_prompt(prompt.replace("a valid adjustment set", "a valid back-door adjustment set"))


def hypothesis_prompt(
    variables: Sequence[str],
    correlations: Sequence[Pair],
    independences: Sequence[tuple[str, str, tuple[str, ...]]],
    relation: str,
    pair: Pair,
    paraphrased: bool = False,
) -> tuple[str, str]:
    """Returns the task and the prompt of a hypothesis about a closed system of correlations."""
    system = corr2cause.ClosedSystem(tuple(variables), tuple(correlations), tuple(independences))
    return "corr2cause", str(corr2cause.Prompt(system, relation, pair, paraphrased))


def canonical(text: str) -> tuple[str, list[Pair], Pair, tuple[str, ...]] | None:
    """Returns task, edges, pair and conditioning set of a prompt of the corpora, `None` for any other text."""
    for task in (d_separation, transitivity):
        try:
            prompt = task.parse_prompt(text)
        except ValueError:
            continue
        if str(prompt) == text:
            name = "d_separation" if task is d_separation else "transitivity"
            return name, list(prompt.edges), prompt.question, tuple(getattr(prompt, "given", ()))
    return None


__all__ = [
    "HYPOTHESES",
    "SET_QUESTIONS",
    "Choices",
    "ask_about_sets",
    "choices",
    "MAX_VARIABLES",
    "RESERVED_WORDS",
    "PARAPHRASES",
    "Pair",
    "Proof",
    "Renaming",
    "canonical",
    "causes_prompt",
    "check",
    "effect_prompt",
    "explain",
    "find_cycle",
    "hypothesis_prompt",
    "is_name",
    "prove",
    "prove_cause",
    "quantity_prompt",
    "relevance_prompt",
    "require_back_door",
    "separation_prompt",
]
