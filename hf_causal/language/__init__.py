"""Graphs to sentences and back, one module for each grammar.

What stands here without a module's name is the transitivity grammar.
"""

from hf_causal.language.transitivity import (
    QUESTION,
    STATEMENT,
    Prompt,
    parse_premise,
    parse_prompt,
    rename,
    render_premises,
    render_questions,
)

__all__ = [
    "QUESTION",
    "STATEMENT",
    "Prompt",
    "parse_premise",
    "parse_prompt",
    "rename",
    "render_premises",
    "render_questions",
]
