"""The proof of an exact answer in words and as pictures, with the names of the text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from hf_causal.demo.labels import label
from hf_causal.demo.pictures import Picture
from hf_causal.demo.questions import Question
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
    language = question.read.language
    graph = label("graph", language)
    if question.read.set_prompt is not None:
        return Shown(question.exact.text, (), ((graph, _picture(question, _drawing_of_sets(question))),))
    if question.read.prompt is None:
        return Shown(question.exact.text, (), ((graph, _whole_graph(question)),))
    explanation = question.task.explain(question.parsed, question.certificate, question.given.__getitem__)
    if language != "en":  # the tasks explain their proofs in English
        pictures = tuple((graph, _picture(question, drawing)) for drawing in explanation.drawings)
        return Shown(question.exact.text, (), pictures)
    pictures = tuple((drawing.caption, _picture(question, drawing)) for drawing in explanation.drawings)
    return Shown(explanation.summary, explanation.steps, pictures)


def nodes_of(question: Question) -> list[str]:
    """Returns the nodes of a question in the order of its text."""
    return list(question.read.names)


def edges_of(question: Question) -> list[tuple[str, str]]:
    """Returns the stated edges, in the names and the order of the text."""
    return list(rename_edges(question.parsed.edges, question.given.__getitem__))


def loop_edges(question: Question) -> frozenset[tuple[str, str]]:
    """Returns the edges of the feedback loop that is shown; none where the statements have no loop."""
    return frozenset(pairwise(question.loop))


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
        loop=loop_edges(question),
        description=about,
    )


def adjusts(question: Question) -> bool:
    """Returns whether the proof of an answer about adjustment sets is that of one set, and not of a list of nodes."""
    return question.read.question.kind != "forbidden_adjustment" or question.exact.answer == "No set"


def _drawing_of_sets(question: Question) -> Drawing:
    """Returns the drawing of the first proof; of a list of variables, which has a proof for each, the list alone."""
    drawing = question.task.explain(question.parsed, question.certificate, question.given.__getitem__).drawings[0]
    if adjusts(question):
        return drawing
    nothing = frozenset[str]()
    return replace(drawing, marked=frozenset(question.exact.members), given=nothing, path=frozenset())


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
        hidden=drawing.hidden,
        loop=loop_edges(question),
        description=drawing.description,
    )
