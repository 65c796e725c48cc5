"""Drawings of graphs with hidden common causes, for the proofs of several tasks."""

from __future__ import annotations

from collections.abc import Iterable

from hf_causal.tasks.shared.explanations import Drawing, Edge, Naming, rename_edges
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
    steps = tuple(path)
    return Drawing(
        caption,
        (*edges, *hidden),
        description,
        frozenset(map(naming, marked)),
        frozenset((naming(a), naming(b)) for first, second in steps for a, b in ((first, second), (second, first))),
        frozenset(map(naming, given)),
        hidden=frozenset(hidden),
    )
