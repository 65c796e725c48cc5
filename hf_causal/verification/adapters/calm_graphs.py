"""The rows of CaLM about graphs: causes, ancestors, parents, identification, adjustment sets and instruments."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from hf_causal.verification.adapters import concepts, path_concepts
from hf_causal.verification.adapters.adapter import Values
from hf_causal.verification.adapters.concepts import Concept
from hf_causal.verification.adapters.questions import OutOfScopeError, Question, Solution, UnreadableError
from hf_causal.verification.adapters.reply_forms import OPTION, YES_NO
from hf_causal.verification.adapters.stated_graphs import StatedGraph, make_graph
from hf_causal.verification.adapters.task_prompts import identification, statements

_CAUSES = re.compile(r"(?:and |以及)?([A-Za-z0-9_]+)(?: causes |导致)([A-Za-z0-9_]+)")
_SHARES = re.compile(r"(?:and |以及)?([A-Za-z0-9_]+)(?: and |和)([A-Za-z0-9_]+)")

RELATIONS = {
    "former": ("latter", "ar_edges", "ancestor", "GT_causes", "Does {x} cause {y}?"),
    "sampled_ancestor": ("attribution", "edges", "ancestor", "GT_ancestors", "Is {x} an ancestor of {y}?"),
    "sampled_parent": ("attribution", "edges", "parent", "GT_parents", "Is {x} a parent of {y}?"),
}
"""From the column of the first node to that of the second, of the edges, the relation, the column of all that have the
relation, and the question."""

SETS = {
    "max-BAS": ("largest set that satisfies the back-door criterion", path_concepts.back_door_sets, max),
    "min-BAS": ("smallest set that satisfies the back-door criterion", path_concepts.back_door_sets, min),
    "mix-BAS": ("set that satisfies the back-door criterion", path_concepts.back_door_sets, None),
    "FAS": ("set that satisfies the front-door criterion", path_concepts.front_door_sets, None),
    "IV": ("set of instrumental variables", path_concepts.instruments, None),
}
"""From the part of a file's name that says what is asked for to the question, the concept, and what decides between
several sets that satisfy it; the rows themselves do not say it."""


@lru_cache(maxsize=256)
def _graph(vertices: tuple[str, ...], directed: str, bidirected: str = "") -> StatedGraph:
    return make_graph(vertices, _pairs(directed, _CAUSES), _pairs(bidirected, _SHARES))


def _pairs(text: str, pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    matches = [pattern.fullmatch(item.strip()) for item in text.split(",") if item.strip()]
    if not all(matches):
        raise UnreadableError(f"expected edges such as 'A causes B', got {text!r:.200}")
    return [(match[1], match[2]) for match in matches if match]


def _text(row: Values, name: str) -> str:
    value = row.get(name)
    if value == [] or value is None:
        return ""
    if not isinstance(value, str):
        raise UnreadableError(f"`{name}` must be text, got {value!r:.80}")
    return value


def graph_of(row: Values, edges: str, bidirected: str = "") -> StatedGraph:
    """Returns the graph of a row."""
    vertices = row.get("vertices")
    if not isinstance(vertices, list) or not all(isinstance(name, str) for name in vertices):
        raise UnreadableError(f"`vertices` must be a list of names, got {vertices!r:.80}")
    return _graph(tuple(vertices), _text(row, edges), _text(row, bidirected) if bidirected else "")


def _binary(value: Any) -> int:
    if isinstance(value, bool) or value not in (0, 1):
        raise UnreadableError(f"the answer must be 0 or 1, got {value!r:.80}")
    return int(value)


def _word(text: str) -> int:
    return int(text == "Yes")


def _yes_no(value: Any) -> str:
    return "Yes" if value else "No"


def read_relation(row: Values, first: str) -> Question:
    """Reads a row that asks whether one node is an ancestor or a parent of another."""
    second, edges, relation, truth, words = RELATIONS[first]
    graph, x, y = graph_of(row, edges), _text(row, first), _text(row, second)
    graph.node(x)
    answer = concepts.relatives(graph, relation, y)
    listed = row.get(truth)
    solution = Solution((int(answer.holds(x)),), {f"{relation}s": sorted(answer.items())})
    contradiction = ""
    if isinstance(listed, list) and set(map(str, listed)) - {y} != set(answer.items()) - {y}:
        contradiction = f"`{truth}` is {listed!r:.200}"
    prompt = f"{statements(graph)} Does {x} cause {y}?" if relation == "ancestor" and x != y else None
    return Question(
        f"{first}", f"{_text(row, edges)}. {words.format(x=x, y=y)}", (_binary(row["gt_answer"]),), solution,
        _yes_no, _binary, prompt, YES_NO, _word, contradiction=contradiction,
    )  # fmt: skip


def read_identification(row: Values) -> Question:
    """Reads a row that asks whether an effect is identified."""
    graph = graph_of(row, "di_edges", "bi_edges")
    x, y = _text(row, "treatment"), _text(row, "outcome")
    answer = concepts.identified(graph, x, y)
    solution = Solution((int(answer.holds("effect")),), answer.why("effect") if answer.why else {})
    text = (
        f"{_text(row, 'di_edges')}. Hidden common causes: {_text(row, 'bi_edges') or 'none'}. "
        f"Is the effect of {x} on {y} identified?"
    )
    return Question(
        "identification", text, (_binary(row["gt_answer"]),), solution, _yes_no, _binary, identification(graph, x, y),
        YES_NO, _word,
    )  # fmt: skip


def read_options(row: Values, asked: str | None) -> Question:
    """Reads a row that asks for one of three sets."""
    if asked is None:
        raise OutOfScopeError(
            "the row does not say which set is asked for; published files say it in their names: " + ", ".join(SETS)
        )
    words, concept, better = SETS[asked]
    graph, x, y = graph_of(row, "edges"), _text(row, "treatment"), _text(row, "outcome")
    about = concept(graph, x, y)
    sets = [frozenset(filter(None, _text(row, f"option{k}").split(", "))) for k in (1, 2, 3)]

    def right(about: Concept) -> tuple[int, ...]:
        valid = [k for k, names in enumerate(sets, 1) if about.holds(names)]
        best = better(len(sets[k - 1]) for k in valid) if better and valid else None
        return tuple(k for k in valid if best is None or len(sets[k - 1]) == best)

    answers = right(about)
    others = right(about.alternative) if about.alternative else ()
    proof = {f"option{k}": about.why(names) for k, names in enumerate(sets, 1)} if about.why else {}
    solution = Solution(
        answers, proof, debatable=dict.fromkeys((one for one in others if one not in answers), about.definition)
    )
    options = " ".join(f"Option {k}: {', '.join(sorted(names)) or 'no variables'}." for k, names in enumerate(sets, 1))
    text = f"{_text(row, 'edges')}. Which is the {words} for the effect of {x} on {y}? {options}"
    return Question(
        asked, text, (_option(row["gt_answer"]),), solution, str, _option, form=OPTION, read=_option_of_text
    )


def _option_of_text(text: str) -> int:
    return _option(int(text))


def _option(value: Any) -> int:
    if isinstance(value, bool) or value not in (1, 2, 3):
        raise UnreadableError(f"the answer must be 1, 2 or 3, got {value!r:.80}")
    return int(value)
