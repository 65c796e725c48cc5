"""Graphs to sentences and back, one module for each grammar and one for the statements that they share.

What stands here without a module's name is the transitivity grammar.
"""

from hf_causal.language.statements import STATEMENT, parse_premise, render_premises
from hf_causal.language.transitivity import QUESTION, Prompt, parse_prompt, rename, render_questions

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
