"""Proofs about causation from correlations in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.corr2cause.text import Prompt, hypothesis
from hf_causal.tasks.shared.explanations import Drawing, Explanation, Naming, keep_name, rename_edges


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words.

    Example:

    ```python
    >>> from hf_causal.tasks.corr2cause.text import ClosedSystem
    >>> prompt = Prompt(ClosedSystem(("A", "B"), (("A", "B"),), ()), "parent", ("A", "B"))
    >>> str(explain(prompt, {"verdict": "neutral", "model": [["A", "B"]], "counter_model": [["B", "A"]]}))
    '“A directly causes B” holds in some of the graphs with exactly these correlations, and not in others.'

    ```
    """
    claim = hypothesis(prompt.relation, (naming(prompt.pair[0]), naming(prompt.pair[1])), prompt.paraphrased)
    claim = f"“{claim.removesuffix('.')}”"
    if certificate["verdict"] == "neutral":
        return Explanation(
            f"{claim} holds in some of the graphs with exactly these correlations, and not in others.",
            drawings=(
                _draw_graph("A graph in which it holds", certificate["model"], naming),
                _draw_graph("A counter-model, with the same correlations", certificate["counter_model"], naming),
            ),
        )
    members = certificate["members"]
    pattern = _draw_pattern(certificate, naming)
    if certificate["verdict"] == "entailment":
        where = "in the one graph" if members == 1 else f"in all {members} graphs"
        return Explanation(f"{claim} holds {where} with exactly these correlations.", drawings=(pattern,))
    where = "not in the one graph" if members == 1 else f"in none of the {members} graphs"
    counter_model = _draw_graph("One of them, a counter-model", certificate["counter_model"], naming)
    return Explanation(f"{claim} holds {where} with exactly these correlations.", drawings=(pattern, counter_model))


def _draw_graph(caption: str, pairs: list[list[str]], naming: Naming) -> Drawing:
    edges = rename_edges(((cause, effect) for cause, effect in pairs), naming)
    causes = "; ".join(f"{cause} causes {effect}" for cause, effect in edges) or "nothing causes anything"
    return Drawing(caption, edges, f"A graph in which {causes}")


def _draw_pattern(certificate: Mapping[str, Any], naming: Naming) -> Drawing:
    directed, undirected = (
        rename_edges(((first, second) for first, second in certificate[key]), naming)
        for key in ("directed", "undirected")
    )
    sentences = [f"{cause} causes {effect}" for cause, effect in directed]
    sentences += [f"{first} and {second} are adjacent" for first, second in undirected]
    return Drawing(
        "What all of these graphs share; lines without an arrow may go either way",
        (*directed, *undirected),
        "; ".join(sentences),
        undirected=frozenset(undirected),
    )
