"""What can be found about a row, and which of it makes a file defective."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of finding."""

    name: str
    description: str
    is_defect: bool = True


KINDS = (
    Kind("unreadable_row", "the row, or its text, cannot be read, so nothing is proved"),
    Kind("unreadable_label", "the label is neither a Yes nor a No"),
    Kind("wrong_label", "the label contradicts the row's own text; the certificate proves the other answer"),
    Kind("wrong_certificate", "the row's certificate does not prove its label"),
    Kind("contradictory_columns", "two label columns disagree, or premise and question do not make up the prompt"),
    Kind("contradictory_duplicate", "another row with the same statements and question has the other label"),
    Kind("cyclic_premise", "the stated graph has a directed cycle"),
    Kind("self_loop", "a statement says that a node causes itself"),
    Kind("self_question", "the question is about a node and itself, or conditions on a node that it asks about"),
    Kind("absent_node", "the question names a node that the premise does not name", is_defect=False),
    Kind("repeated_statement", "the premise states the same thing twice", is_defect=False),
    Kind(
        "revisited_name",
        "each statement shares a node with the next, and the path that they draw comes back to a name",
        is_defect=False,
    ),
    Kind("case_variants", "two names of the premise differ in letter case alone", is_defect=False),
    Kind("duplicate_prompt", "an earlier row has the same text", is_defect=False),
    Kind(
        "reordered_duplicate",
        "an earlier row has the same statements and question, in other words or order",
        is_defect=False,
    ),
)
"""In the order in which they are shown. A defect is what makes a row false, unprovable or ill-formed, or contradict
itself or another row; whatever leaves a row true is a note."""

DEFECTS = frozenset(kind.name for kind in KINDS if kind.is_defect)
