"""Reading people's text: what causes what, and a question about it, in English, Chinese or as a graph."""

from hf_causal.reading.answers import answer
from hf_causal.reading.effect_answers import RESTATED_KINDS
from hf_causal.reading.evidence import Answer, Evidence
from hf_causal.reading.problems import Problem, ReadingError, TooLong
from hf_causal.reading.reader import ask, read
from hf_causal.reading.reading import KINDS, Mark, Question, Reading, Statement

__all__ = [
    "KINDS",
    "RESTATED_KINDS",
    "Answer",
    "Evidence",
    "Mark",
    "Problem",
    "Question",
    "Reading",
    "ReadingError",
    "Statement",
    "TooLong",
    "answer",
    "ask",
    "read",
]
