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
    """Returns the drawing of a stated graph, with dashed lines of two heads between what shares a hidden cause."""
    edges = rename_edges(dict.fromkeys(prompt.edges), naming)
    joined = set(edges)
    pairs = {frozenset(pair): pair for pair in rename_edges(prompt.hidden, naming)}
    # A pair that an edge joins too is written the other way round, so that both can be drawn.
    hidden = tuple(pair[::-1] if pair in joined else pair for pair in pairs.values())
    if hidden:
        caption += "; dashed lines with two heads join what shares a hidden cause"
    drawing = draw_proof(caption, description, dict.fromkeys(prompt.edges), naming, marked, path, given)
    return replace(drawing, edges=(*edges, *hidden), hidden=frozenset(hidden))
