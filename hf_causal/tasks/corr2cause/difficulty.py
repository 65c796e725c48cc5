"""Difficulty of correlation-to-causation questions, and its levels."""

from __future__ import annotations

from hf_causal.graphs.equivalence import RELATIONS
from hf_causal.tasks.corr2cause.configs import Systems
from hf_causal.tasks.corr2cause.proof import class_proofs
from hf_causal.tasks.corr2cause.text import Prompt
from hf_causal.tasks.shared.levels import Level
from hf_causal.tasks.shared.proofs import Proof


def measure(prompt: Prompt, proof: Proof) -> dict[str, int]:
    """Returns the size of the system and of its class, and the number of valid answers.

    `edges` are those of the skeleton. The valid answers are the counter-models of a No, or the one class of a Yes.
    Distractors are the listed independences that do not name both variables of the hypothesis.
    """
    system = prompt.system
    graphs = class_proofs(system).equivalence_class
    first, second = map(system.variables.index, prompt.pair)
    holds = graphs.relations[:, RELATIONS.index(prompt.relation), first, second].astype(bool)
    about_both = [1 for one, other, given in system.independences if set(prompt.pair) <= {one, other, *given}]
    return {
        "nodes": len(system.variables),
        "edges": int((graphs.cpdag | graphs.cpdag.T).sum()) // 2,
        "independences": len(system.independences),
        "distractors": len(system.independences) - len(about_both),
        "members": len(graphs.members),
        "valid_answers": 1 if proof.answer == "Yes" else int((~holds).sum()),
    }


def _level(number: int, nodes: int, blocks: int, same_relation: bool = False, fewest_members: int = 1) -> Level:
    """Makes a level; `blocks` blocks have about as many premises as there are classes."""
    cell = Systems(
        "closed_system",
        nodes,
        rows=8,
        questions_per_premise=2,
        balanced=True,
        same_relation=same_relation,
        fewest_members=fewest_members,
    )
    words = [f"{nodes} variables"]
    if same_relation:
        words.append("a Yes and a No of the same relation about each premise")
    if fewest_members > 1:
        words.append(f"at least {fewest_members} graphs in the class")
    return Level(number, ", ".join(words), (cell,), blocks)


LEVELS = (
    _level(1, 4, blocks=2),
    _level(2, 5, blocks=26),
    _level(3, 6, blocks=512),
    _level(4, 6, blocks=256, same_relation=True),
    _level(5, 6, blocks=128, same_relation=True, fewest_members=3),
    _level(6, 6, blocks=32, same_relation=True, fewest_members=6),
)
"""More variables, then questions whose relation says nothing about the answer, then larger classes."""
