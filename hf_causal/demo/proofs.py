"""The proof of an exact answer in words and as pictures, with the names of the text."""

from __future__ import annotations

from dataclasses import dataclass

from hf_causal.demo.answers import Question
from hf_causal.demo.pictures import Picture
from hf_causal.tasks.shared.explanations import Drawing, both_directions, path_edges, rename_edges


@dataclass(frozen=True)
class Shown:
    """A proof for people."""

    summary: str
    """One sentence."""
    steps: tuple[str, ...]
    pictures: tuple[tuple[str, Picture], ...]
    """Captions and graphs."""


def show_proof(question: Question) -> Shown:
    """Returns the proof of a question's exact answer; a list or several paths are shown in the whole graph."""
    if question.read.prompt is None:
        return Shown(question.exact.text, (), (("The statements", _whole_graph(question)),))
    explanation = question.task.explain(question.parsed, question.certificate, question.given.__getitem__)
    pictures = tuple((drawing.caption, _picture(question, drawing)) for drawing in explanation.drawings)
    return Shown(explanation.summary, explanation.steps, pictures)


def nodes_of(question: Question) -> list[str]:
    """Returns the nodes of a question in the order of its text."""
    return list(question.read.names)


def edges_of(question: Question) -> list[tuple[str, str]]:
    """Returns the stated edges, in the names and the order of the text."""
    return list(rename_edges(question.parsed.edges, question.given.__getitem__))


def _whole_graph(question: Question) -> Picture:
    asked = question.read.question
    steps = (step for path in question.exact.paths for step in path_edges(path))
    about = "; ".join(f"{cause} causes {effect}" for cause, effect in question.read.edges)
    return Picture(
        nodes_of(question),
        list(question.read.edges),
        frozenset((*asked.names, *((asked.third,) if asked.third else ()))),
        frozenset(question.exact.members).union(*question.exact.paths),
        both_directions(steps),
        frozenset(asked.given),
        description=about,
    )


def _picture(question: Question, drawing: Drawing) -> Picture:
    return Picture(
        nodes_of(question),
        list(drawing.edges),
        frozenset(question.given[name] for name in question.task.facts(question.parsed).question),
        drawing.marked,
        drawing.path,
        drawing.given,
        drawing.undirected,
        associated=drawing.associated,
        description=drawing.description,
    )
