"""The proof of an exact answer in words and as pictures, with the names of the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hf_causal.demo.answers import Question
from hf_causal.demo.pictures import Picture

_MOST = 30
"""Names that are listed; of more, the number is told."""


@dataclass(frozen=True)
class Shown:
    """A proof for people."""

    summary: str
    """One sentence."""
    steps: tuple[str, ...]
    pictures: tuple[tuple[str, Picture], ...]
    """Captions and graphs."""


def show_proof(question: Question) -> Shown:
    """The proof of a question's exact answer."""
    return _SHOW[question.read.grammar](question)


def nodes_of(question: Question) -> list[str]:
    """The nodes of a question in the order of its text."""
    return list(question.read.renaming.short)


def edges_of(question: Question) -> list[tuple[str, str]]:
    """The stated edges, in the names and the order of the text."""
    return [(question.given[cause], question.given[effect]) for cause, effect in question.parsed.edges]


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them."""
    shown = [f"“{name}”" for name in names[:_MOST]]
    if len(names) > _MOST:
        shown.append(f"{len(names) - _MOST} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else "nothing"


def _transitivity(question: Question) -> Shown:
    cause, effect = (question.given[name] for name in question.parsed.question)
    if path := _named(question, "path"):
        steps = tuple(f"{first} → {second}" for first, second in zip(path, path[1:], strict=False))
        count = f"{len(steps)} step{'s' if len(steps) > 1 else ''}"
        summary = f"The statements lead from “{cause}” to “{effect}” in {count}."
        picture = _graph(question, marked=path, path=zip(path, path[1:], strict=False), about=summary)
        return Shown(summary, steps, (("The path", picture),))
    reached = _named(question, "reachable")
    leads = f"lead from “{cause}” to {listed(reached)} only" if reached else f"lead from “{cause}” to nothing"
    summary = f"The statements {leads}, and not to “{effect}”."
    within = {cause, *reached}
    inside = [edge for edge in edges_of(question) if edge[0] in within]
    picture = _graph(question, marked=reached, path=inside, about=summary)
    return Shown(summary, (), (("All that is reached", picture),))


def _separation(question: Question) -> Shown:
    first, second = (question.given[name] for name in question.parsed.question)
    condition = [question.given[name] for name in question.parsed.given]
    knowing = f" given {listed(condition)}" if condition else ""
    if path := _named(question, "path"):
        reasons = tuple(_reason(question, reason) for reason in question.certificate["open"])
        summary = f"A path between “{first}” and “{second}” is open{knowing}: {' – '.join(path)}."
        picture = _graph(question, marked=path, path=zip(path, path[1:], strict=False), given=condition, about=summary)
        return Shown(summary, reasons, (("The open path", picture),))
    reached = sorted({*_named(question, "from_child"), *_named(question, "from_parent")} - {first})
    summary = f"Every path between “{first}” and “{second}” is blocked{knowing}."
    steps = (
        f"The Bayes ball that starts at “{first}” gets to {listed(reached)}, and not to “{second}”.",
        *(
            [f"Colliders let it pass where they are among {listed(_named(question, 'ancestors'))}."]
            if condition
            else ()
        ),
    )
    picture = _graph(question, marked=reached, given=condition, about=" ".join((summary, *steps)))
    return Shown(summary, tuple(steps), (("What the Bayes ball enters", picture),))


def _reason(question: Question, reason: dict[str, Any]) -> str:
    node = question.given[reason["node"]]
    if reason["type"] != "collider":
        return f"“{node}” is a {reason['type']} and not given, so it lets the path pass."
    below = question.given[reason["descendant"]]
    because = "given" if below == node else f"a cause of “{below}”, which is given"
    return f"“{node}” is a collider and {because}, so it lets the path pass."


def _corr2cause(question: Question) -> Shown:
    certificate = question.certificate
    asked = question.read.renaming.restore(question.parsed.asked).rstrip(".")
    if certificate["verdict"] == "neutral":
        summary = f"“{asked}” holds in some of the graphs with exactly these correlations, and not in others."
        pictures = (
            ("A graph in which it holds", _model(question, "model")),
            ("A counter-model, with the same correlations", _model(question, "counter_model")),
        )
        return Shown(summary, (), pictures)
    members = certificate["members"]
    count = "the one graph" if members == 1 else f"all {members} graphs"
    cpdag = ("What all of these graphs share; lines without an arrow may go either way", _pattern(question))
    if certificate["verdict"] == "entailment":
        summary = f"“{asked}” holds in {count} with exactly these correlations."
        return Shown(summary, (), (cpdag,))
    none = "not in the one graph" if members == 1 else f"in none of the {members} graphs"
    summary = f"“{asked}” holds {none} with exactly these correlations."
    return Shown(summary, (), (cpdag, ("One of them, a counter-model", _model(question, "counter_model"))))


def _pairs(question: Question, key: str) -> list[tuple[str, str]]:
    return [(question.given[first], question.given[second]) for first, second in question.certificate[key]]


def _model(question: Question, key: str) -> Picture:
    edges = _pairs(question, key)
    about = "A graph in which " + (
        "; ".join(f"{cause} causes {effect}" for cause, effect in edges) or "nothing causes anything"
    )
    return Picture(nodes_of(question), edges, asked=_asked(question), description=about)


def _pattern(question: Question) -> Picture:
    directed, undirected = _pairs(question, "directed"), _pairs(question, "undirected")
    about = "; ".join(
        [f"{cause} causes {effect}" for cause, effect in directed]
        + [f"{first} and {second} are adjacent" for first, second in undirected]
    )
    edges = [*directed, *undirected]
    return Picture(nodes_of(question), edges, _asked(question), undirected=frozenset(undirected), description=about)


def _graph(
    question: Question,
    marked: Iterable[str],
    about: str,
    path: Iterable[tuple[str, str]] = (),
    given: Iterable[str] = (),
) -> Picture:
    steps = list(path)
    both = frozenset(steps) | frozenset((second, first) for first, second in steps)
    return Picture(
        nodes_of(question),
        edges_of(question),
        _asked(question),
        frozenset(marked),
        both,
        frozenset(given),
        description=about,
    )


def _asked(question: Question) -> frozenset[str]:
    pair = question.parsed.pair if question.read.grammar == "corr2cause" else question.parsed.question
    return frozenset(question.given[name] for name in pair)


def _named(question: Question, key: str) -> list[str]:
    return [question.given[name] for name in question.certificate.get(key, ())]


_SHOW = {"transitivity": _transitivity, "d_separation": _separation, "corr2cause": _corr2cause}
