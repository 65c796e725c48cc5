"""Drawings of graphs with hidden common causes, for the proofs of several tasks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hf_causal.tasks.shared.explanations import Drawing, Edge, Naming, draw_proof, rename_edges
from hf_causal.tasks.shared.mixed_prompts import MixedPrompt


def draw_mixed(
    prompt: MixedPrompt,
    naming: Naming,
    caption: str,
    description: str,
    marked: Iterable[str] = (),
    path: Iterable[Edge] = (),
    given: Iterable[str] = (),
) -> Drawing:
    """Returns the drawing of a stated graph, with dotted lines between what shares a hidden cause.

    A pair that an edge joins too has the edge alone, and the caption says so.
    """
    edges = rename_edges(dict.fromkeys(prompt.edges), naming)
    joined = {frozenset(edge) for edge in edges}
    hidden = {frozenset(pair): pair for pair in rename_edges(prompt.hidden, naming)}
    dotted = tuple(pair for key, pair in hidden.items() if key not in joined)
    covered = [pair for key, pair in hidden.items() if key in joined]
    if dotted:
        caption += "; dotted lines join what shares a hidden cause"
    if covered:
        caption += "; " + ", ".join(f"{first} and {second}" for first, second in covered) + " share one, too"
    drawing = draw_proof(caption, description, dict.fromkeys(prompt.edges), naming, marked, path, given)
    return replace(drawing, edges=(*edges, *dotted), associated=frozenset(dotted))
