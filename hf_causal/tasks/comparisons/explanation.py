"""Proofs of comparisons in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.comparisons.proof import KEYS
from hf_causal.tasks.comparisons.text import Prompt
from hf_causal.tasks.quantities.explanation import explain_quantity
from hf_causal.tasks.shared.explanations import Drawing, Explanation, Naming, keep_name, rename_edges


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words.

    Example:

    ```python
    >>> from hf_causal.tasks.comparisons.text import parse_prompt
    >>> text = "A is 1 with probability 0.5. B is 1 with probability 0.2 if A is 0."
    >>> more = "B is 1 with probability 0.6 if A is 1. There are no hidden common causes."
    >>> prompt = parse_prompt(f"{text} {more} Is the average treatment effect of A on B larger than 0?")
    >>> explain(prompt, {"first": {"P(B[A = 1] = 1)": "0.6", "P(B[A = 0] = 1)": "0.2"}}).summary
    'The average treatment effect of “A” on “B” is 0.4.'

    ```
    """
    sides = [
        explain_quantity(quantity, prompt, {"terms": certificate[key]}, naming)
        for key, quantity in zip(KEYS, prompt.quantities, strict=False)
    ]
    marked = frozenset(naming(name) for one in prompt.quantities for name in one.names)
    edges = rename_edges(prompt.edges, naming)
    summary = " ".join(side.summary for side in sides)
    caption = "What causes what; the variables of the question are marked"
    drawings = (Drawing(caption, edges, summary, marked),) if edges else ()
    return Explanation(summary, tuple(step for side in sides for step in side.steps), drawings)
