"""The form of answer that searches step by step, in which every line is exact.

A search through the stated causes decides about a causal path, and that there is none. Otherwise each line
`Held: B = 0` begins a setting of what is held fixed, `Values of C: 0101; 0110` has a variable in it for each outcome
of the coins, if the question's first variable is set to 0 and to 1, and `Probabilities: 1/2; 3/4` those of the second
one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product

from hf_causal.tasks.forms import AnswerForm, Score
from hf_causal.tasks.relevance_semantics.proof import find_path, prove, read_fraction
from hf_causal.tasks.relevance_semantics.text import Prompt
from hf_causal.tasks.shared.proofs import CertificateError, Proof, reachable
from hf_causal.tasks.shared.reply_assignments import read_assignments, write_assignments
from hf_causal.tasks.shared.search_traces import Search, SearchWalk
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply
from hf_causal.tasks.shared.traces import judge_steps

MOST_SETTINGS = 100
"""Settings of variables that a trace may need; questions with more have none."""
Values = tuple[str, str]
"""Of a variable for each outcome of the coins, if x is set to 0 and if it is set to 1."""


def has_trace(prompt: Prompt) -> bool:
    """Returns whether the steps that decide a question are few enough to write down."""
    return prompt.notion == "graphical" or 2 ** len(prompt.held) * 3 ** len(_further(prompt)) <= MOST_SETTINGS


def write_trace(prompt: Prompt, proof: Proof) -> str:
    """Writes the search for a path, or the settings of what is held fixed up to the first in which y changes.

    Example:

    ```python
    >>> from hf_causal.tasks.relevance_semantics.text import parse_prompt
    >>> text = "u is a fair coin. A is never 1. B depends on A and u: it is 1 for 01 and 10."
    >>> prompt = parse_prompt(f"{text} Can setting A change the probability of B?")
    >>> print(write_trace(prompt, prove(prompt)))
    Held: none
    Values of B: 01; 10
    Probabilities: 1/2; 1/2
    Answer: No

    ```
    """
    if prompt.notion == "graphical" or find_path(prompt) is None:
        return _search(prompt).write(proof.answer)
    lines = []
    for held in _settings(prompt):
        setting = Setting(prompt, held)
        lines.append(f"Held: {write_assignments(held)}")
        for name in setting.needed:
            setting.values[name] = setting.compute(name)
            lines.append(f"Values of {name}: {'; '.join(setting.values[name])}")
        if prompt.notion == "probabilistic":
            lines.append(f"Probabilities: {'; '.join(map(str, setting.probabilities))}")
        if setting.differs:
            break
    return "\n".join([*lines, f"Answer: {proof.answer}"])


def _search(prompt: Prompt) -> Search:
    names = frozenset(prompt.numbered.names)
    return Search(dict.fromkeys(prompt.edges), names, (prompt.x,), (prompt.y,), prompt.held)


def _further(prompt: Prompt) -> list[str]:
    """Returns the variables that may be held fixed in addition, of those on which y depends where no others are."""
    if prompt.notion != "deterministic":
        return []
    needed = Setting(prompt, dict.fromkeys(prompt.held, 0)).needed
    return [name for name in needed if name != prompt.y]


def _settings(prompt: Prompt) -> Iterator[dict[str, int]]:
    """Yields the values of what is held fixed, those with few further variables first."""
    further = _further(prompt)
    choices = sorted(product((None, 0, 1), repeat=len(further)), key=lambda bits: len(bits) - bits.count(None))
    for more in choices:
        added = {name: bit for name, bit in zip(further, more, strict=True) if bit is not None}
        for bits in product((0, 1), repeat=len(prompt.held)):
            yield dict(zip(prompt.held, bits, strict=True)) | added


class Setting:
    """Variables in a setting of those that are held fixed, with the values that are known so far.

    Args:
        prompt ([`Prompt`]): States the model, and x.
        held (mapping): The values of what is held fixed.
    """

    def __init__(self, prompt: Prompt, held: Mapping[str, int]) -> None:
        self.prompt, self.held = prompt, held
        self.sources = {one.variable: one.sources for one in prompt.statements}
        outcomes = ["".join(bits) for bits in product("01", repeat=len(prompt.coins))]
        columns = ("".join(outcome[index] for outcome in outcomes) for index in range(len(prompt.coins)))
        self.values: dict[str, Values] = {
            coin: (column, column) for coin, column in zip(prompt.coins, columns, strict=True)
        }
        self.values |= {name: (str(value) * len(outcomes),) * 2 for name, value in held.items()}
        self.values[prompt.x] = ("0" * len(outcomes), "1" * len(outcomes))

    @property
    def needed(self) -> list[str]:
        """The variables on which y depends and whose values are not set, causes first, and y itself."""
        causes = {name: [one for one in some if one not in self.values] for name, some in self.sources.items()}
        reached = reachable([self.prompt.y], causes)
        return [name for name in self.prompt.numbered.names if name in reached]

    def compute(self, name: str) -> Values:
        """Returns the values of a variable from those of its sources, which must be known."""
        one = next(one for one in self.prompt.statements if one.variable == name)
        count = len(self.values[self.prompt.x][0])
        first, second = (
            "".join(
                str(int("".join(self.values[source][side][index] for source in one.sources) in one.ones))
                for index in range(count)
            )
            for side in (0, 1)
        )
        return first, second

    @property
    def probabilities(self) -> tuple[Fraction, Fraction]:
        """The probabilities that y is 1."""
        first, second = (Fraction(side.count("1"), len(side)) for side in self.values[self.prompt.y])
        return first, second

    @property
    def differs(self) -> bool:
        """Whether y, or its probability, changes with x."""
        first, second = self.probabilities if self.prompt.notion == "probabilistic" else self.values[self.prompt.y]
        return first != second


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges the steps: each line must hold, and together they must prove the answer.

    A search decides about a path, and proves No where there is none. Yes is proved by one setting in which y or its
    probability changes, and No by all settings in which none does: in any order, with other variables held fixed too
    where they may be, and with the values of further variables.
    """
    walk = _Walk(prompt)
    return judge_steps(reply, walk.is_step, walk.take_step, walk.conclude, prove(prompt).answer)


class _Walk:
    """The steps of a reply so far."""

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt
        self.search = SearchWalk(_search(prompt))
        self.setting: Setting | None = None
        self.finished = True
        self.differs = False
        self.done: set[frozenset[tuple[str, int]]] = set()
        self.counted = {*prompt.held, *_further(prompt)}

    def is_step(self, line: str) -> bool:
        return self.search.is_step(line) or _STEP.match(line) is not None

    def take_step(self, line: str) -> None:
        if self.search.is_step(line):
            self.search.take_step(line)
            return
        match = _STEP.fullmatch(line)
        if match is None or self.prompt.notion == "graphical":
            raise UnreadableReply(f"{line!r:.80} is no step of an answer to this question")
        if match["held"] is not None:
            self._begin(read_assignments(match["held"]))
        elif self.setting is None:
            raise CertificateError("values must follow a line 'Held: …'")
        elif match["name"] is not None:
            self._take_values(self.setting, match["name"].strip(), match["values"])
        else:
            self._take_probabilities(self.setting, match["probabilities"])

    def _begin(self, held: Mapping[str, str]) -> None:
        if not self.finished:
            raise CertificateError("the setting before is not finished")
        allowed = set(self.prompt.numbered.names) - {self.prompt.x, self.prompt.y}
        allowed = allowed if self.prompt.notion == "deterministic" else set(self.prompt.held)
        if not set(self.prompt.held) <= held.keys() <= allowed or not set(held.values()) <= {"0", "1"}:
            raise CertificateError(f"values 0 or 1 of {sorted(self.prompt.held)} should be held fixed, got {held}")
        self.setting, self.finished = Setting(self.prompt, {name: int(value) for name, value in held.items()}), False

    def _take_values(self, setting: Setting, name: str, values: str) -> None:
        if name in setting.values or name not in setting.sources:
            raise CertificateError(f"{name!r} is no variable whose values are left")
        if unknown := [source for source in setting.sources[name] if source not in setting.values]:
            raise CertificateError(f"{name!r} depends on {unknown[0]!r}, whose values are not known yet")
        true = setting.compute(name)
        if tuple("".join(side.split()) for side in values.split(";")) != true:
            raise CertificateError(f"the values of {name!r} are {'; '.join(true)}")
        setting.values[name] = true
        if name == self.prompt.y and self.prompt.notion == "deterministic":
            self._finish(setting)

    def _take_probabilities(self, setting: Setting, text: str) -> None:
        if self.prompt.notion != "probabilistic" or self.prompt.y not in setting.values or self.finished:
            raise CertificateError(f"probabilities follow the values of {self.prompt.y!r}")
        if tuple(map(read_fraction, text.split(";"))) != setting.probabilities:
            raise CertificateError(f"the probabilities are {'; '.join(map(str, setting.probabilities))}")
        self._finish(setting)

    def _finish(self, setting: Setting) -> None:
        self.finished = True
        self.differs |= setting.differs
        self.done.add(frozenset(item for item in setting.held.items() if item[0] in self.counted))

    def conclude(self, answer: str) -> None:
        if self.prompt.notion == "graphical" or not self.done:
            if answer == "Yes" and self.prompt.notion != "graphical":
                raise CertificateError("a path alone does not prove this answer")
            self.search.conclude(answer)
        elif answer == "Yes" and not self.differs:
            raise CertificateError(f"{self.prompt.y!r} changes in none of the settings")
        elif answer == "No" and self.differs:
            raise CertificateError(f"{self.prompt.y!r} changes in a setting")
        elif answer == "No" and (left := [one for one in _settings(self.prompt) if self._is_left(one)]):
            raise CertificateError(f"the setting {write_assignments(left[0])} is left")

    def _is_left(self, held: Mapping[str, int]) -> bool:
        return frozenset(held.items()) not in self.done


_STEP = re.compile(
    r"held\s*:\s*(?P<held>.+)|values\s+of\s+(?P<name>[^:]+):(?P<values>[01; ]+)|"
    r"probabilities\s*:(?P<probabilities>.+)",
    re.IGNORECASE,
)

TRACE_FORM = AnswerForm(
    title="Search step by step",
    instruction=(
        "Answer step by step. To look for a causal path, begin with the variable that is set or where it begins, and "
        "write 'From X: ' with all variables that are stated to depend on X, separated by commas, or 'none', and do "
        "the same for each one that you reach, once, except for those that are held fixed. That is all if the "
        "question is about a path, or if no path leads to the variable that it asks about. If not, write 'Held: ' "
        "with values of what is held fixed, such as 'B = 0', or 'none', and 'Values of C: 0101; 0110' for each "
        "variable that is needed, causes first, up to the one that the question asks about: its values for the "
        "outcomes 00, 01, 10 and 11 of the coins, in the order of the text, if the first variable is set to 0, and if "
        "it is set to 1. About a probability, write 'Probabilities: 1/2; 3/4' then. Do this for all values of what is "
        "held fixed, and, about any change, with each further variable on the way held at 0, at 1 and not at all, "
        "until there is a difference. The last line is 'Answer: Yes' or 'Answer: No'."
    ),
    labels=(),
    write=write_trace,
    judge=judge_trace,
    applies=has_trace,
    steps=True,
    token_limit=3072,
)
