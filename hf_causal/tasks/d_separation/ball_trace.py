"""The form of answer to "Are X and Y d-separated given Z?" that follows the Bayes ball step by step."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from hf_causal.tasks.d_separation.proof import State, ball_moves, ball_sets, prove, require_answerable
from hf_causal.tasks.d_separation.text import Prompt
from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.reply_values import is_empty, read_nodes, write_nodes
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply, names_of
from hf_causal.tasks.shared.traces import judge_steps


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes the moves of the Bayes ball, breadth first: one line for each way in which it enters a node.

    Example:

    ```python
    >>> prompt = Prompt((("A", "B"), ("C", "B"), ("B", "D")), ("A", "C"), ("D",))
    >>> print(write_trace(prompt, prove(prompt)))
    Ancestors: A, B, C, D
    Up A: down B
    Down B: up A, up C, down D
    Answer: No

    ```
    """
    ancestors = f"Ancestors: {write_nodes(sorted(ball_sets(prompt)[2]), _names(prompt))}"
    start, end = prompt.question
    walk = write_walk(start, (end,), _names(prompt), ball_moves(prompt))
    return "\n".join([ancestors, *walk, f"Answer: {proof.answer}"])


def write_walk(
    start: str, ends: Collection[str], names: frozenset[str], moves: Callable[[State], list[State]]
) -> Iterator[str]:
    """Yields a line for each way in which the ball enters a node, until it gets from the first node to an end."""
    entered = {(start, True)}
    queue = [(start, True)]
    for state in queue:  # the loop appends to the queue
        states = moves(state)
        listed = ", ".join(f"{_DIRECTION[from_child]} {node}" for node, from_child in states)
        yield f"{_DIRECTION[state[1]].capitalize()} {state[0]}: {listed or write_nodes([], names)}"
        queue += [new for new in states if new not in entered]
        entered.update(states)
        if any(node in ends for node, _ in states):
            return


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges the moves of the Bayes ball: each line must list exactly where it moves to next.

    The line of the ancestors comes first. The states may be looked up in any order, each once. No is proved when the
    ball has got to the second node, and Yes when all states that it gets to have been looked up.
    """
    require_answerable(prompt)
    start, end = prompt.question
    walk = BallWalk(start, (end,), _names(prompt), ball_moves(prompt), ball_sets(prompt)[2])
    return judge_steps(reply, walk.is_step, walk.take_step, walk.conclude, prove(prompt).answer)


class BallWalk:
    """The states that the steps of a reply have entered and looked up.

    Args:
        start (`str`): Where the ball begins.
        ends (collection of `str`): Nodes that it may get to.
        names (`frozenset[str]`): The names of the prompt.
        moves (callable): The rules of the ball.
        ancestors (`set[str]`): The conditioning set and its ancestors.
    """

    def __init__(
        self,
        start: str,
        ends: Collection[str],
        names: frozenset[str],
        moves: Callable[[State], list[State]],
        ancestors: set[str],
    ) -> None:
        self.ends, self.names, self.moves, self.ancestors = ends, names, moves, ancestors
        self.entered: set[State] = {(start, True)}
        self.looked_up = set[State]()
        self.has_ancestors = False

    def is_step(self, line: str) -> bool:
        """Returns whether a line has the form of a step: it looks up one word, or a name of the prompt."""
        match = STEP.match(line)
        return match is not None and is_looked_up(match["node"], self.names)

    def take_step(self, line: str) -> None:
        """Takes a line; raises `ValueError` if it is no step or does not hold."""
        match = STEP.fullmatch(line)
        if match is None:
            raise UnreadableReply(f"{line!r:.80} is no step 'Up X: …' or 'Down X: …'")
        if match["node"] is None:
            self._take_ancestors(match["ancestors"])
            return
        if not self.has_ancestors:
            raise CertificateError("the first line must be 'Ancestors: …'")
        state = match["node"], match["direction"].lower() == _DIRECTION[True]
        if state not in self.entered or state in self.looked_up:
            raise CertificateError(
                f"'{_write_state(state)}' has {'been looked up' if state in self.looked_up else 'not been reached'}"
            )
        listed, right = self._read_states(match["states"]), self.moves(state)
        if len(listed) != len(right) or set(listed) != set(right):
            moves = ", ".join(map(_write_state, right)) or "none"
            raise CertificateError(f"from '{_write_state(state)}' the ball moves to: {moves}")
        self.looked_up.add(state)
        self.entered.update(listed)

    def _take_ancestors(self, text: str) -> None:
        if self.has_ancestors:
            raise CertificateError("the ancestors are listed twice")
        nodes, right = read_nodes(text, self.names, "Ancestors"), self.ancestors
        if len(nodes) != len(right) or set(nodes) != right:
            raise CertificateError(f"the conditioning set and its ancestors are {sorted(right)}, not {nodes}")
        self.has_ancestors = True

    def _read_states(self, text: str) -> list[State]:
        text, states = text.strip(" ."), []
        if _STATE.match(text) is None and is_empty(text, self.names, "the line"):
            return []
        for item in _COMMA.split(text):
            match = _STATE.fullmatch(item)
            if match is None or match["node"] not in self.names:
                raise UnreadableReply(f"{item!r:.60} is not 'up' or 'down' and a name of the prompt")
            states.append((match["node"], match["direction"].lower() == _DIRECTION[True]))
        return states

    def conclude(self, answer: str) -> None:
        """Raises [`CertificateError`] unless the steps taken prove the answer."""
        met = [node for node, _ in self.entered if node in self.ends]
        if answer == "No" and not met:
            raise CertificateError(f"the ball has not got to {' or '.join(map(repr, self.ends))}")
        if answer == "Yes" and met:
            raise CertificateError(f"the ball has got to {min(met)!r}")
        if answer == "Yes" and (missing := self.entered - self.looked_up):
            raise CertificateError(f"'{_write_state(min(missing))}' is not looked up")


def is_looked_up(node: str | None, names: frozenset[str]) -> bool:
    """Returns whether the node of a step may be one: a word, a name of the prompt, or none in a line without one."""
    return node is None or node.isalnum() or node in names


def _write_state(state: State) -> str:
    return f"{_DIRECTION[state[1]]} {state[0]}"


def _names(prompt: Prompt) -> frozenset[str]:
    return names_of(prompt.edges, *prompt.question, *prompt.given)


_DIRECTION = {True: "up", False: "down"}
"""How the ball enters a node: up from a child, or down from a parent."""
_STATE = re.compile(r"(?P<direction>up|down)\s+(?P<node>[^:,;]+?)", re.IGNORECASE)
STEP = re.compile(rf"(?:{_STATE.pattern}\s*:(?P<states>.+)|ancestors\s*:(?P<ancestors>.+))", re.IGNORECASE)
_COMMA = re.compile(r"\s*[,;]\s*")

TRACE_FORM = AnswerForm(
    title="Bayes ball step by step",
    instruction=(
        "Answer step by step. First write 'Ancestors: ' with the given nodes and all their ancestors, separated by "
        "commas, or 'none'. Then follow the Bayes ball: begin with 'Up X: ' for the first node X and list where the "
        "ball moves next, 'up ' before a parent and 'down ' before a child, separated by commas, or 'none'. Write "
        "such a line once for each 'up' and 'down' that you reach, until you reach the second node or nothing is "
        "left. The last line is 'Answer: Yes' or 'Answer: No'."
    ),
    labels=(),
    write=write_trace,
    judge=judge_trace,
    steps=True,
    token_limit=1024,
)
