"""The types of findings about a row: defects, and notes that leave a row true."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FindingType:
    """A type of finding."""

    name: str
    description: str
    is_defect: bool = True


FINDING_TYPES = (
    FindingType("unreadable_row", "the row, or its text, cannot be read, so nothing is proved"),
    FindingType("unreadable_label", "the label means neither Yes nor No"),
    FindingType("wrong_label", "the label contradicts the row's own text; the certificate proves the other answer"),
    FindingType("underdetermined_label", "the text does not determine the answer; two models prove that"),
    FindingType("contradictory_derivation", "the label contradicts the derivation that the row carries with it"),
    FindingType("wrong_certificate", "the row's certificate does not prove its label"),
    FindingType(
        "contradictory_columns", "two label columns disagree, or premise and question do not make up the prompt"
    ),
    FindingType("contradictory_duplicate", "another row with the same statements and question has the other label"),
    FindingType("cyclic_premise", "the stated graph has a directed cycle"),
    FindingType("self_loop", "a statement says that a node causes itself"),
    FindingType(
        "self_question", "the question is about a node and itself, or conditions on a node that it asks about"
    ),
    FindingType(
        "ambiguous_label",
        "the label is right, and so are other answers, which a comparison with it counts as wrong",
        is_defect=False,
    ),
    FindingType("imprecise_label", "the label is right but for rounding", is_defect=False),
    FindingType(
        "out_of_scope",
        "the data set is known, and rows like this one are not covered: nothing is proved",
        is_defect=False,
    ),
    FindingType("absent_node", "the question names a node that the premise does not name", is_defect=False),
    FindingType("repeated_statement", "the premise makes a statement twice", is_defect=False),
    FindingType(
        "revisited_name",
        "each statement shares a node with the next, and the path that they form comes back to a name",
        is_defect=False,
    ),
    FindingType("case_variants", "two names of the premise differ in letter case alone", is_defect=False),
    FindingType("duplicate_prompt", "an earlier row has the same text", is_defect=False),
    FindingType(
        "reordered_duplicate",
        "an earlier row has the same statements and question, in other words or order",
        is_defect=False,
    ),
)
"""All types in the order of reports. A defect makes a row false, unprovable or ill-formed, or makes it contradict
itself or another row; a note leaves the row true."""

FINDING_OF_VERDICT = {
    "refuted": "wrong_label",
    "ambiguous": "ambiguous_label",
    "underdetermined": "underdetermined_label",
    "precision": "imprecise_label",
    "contradicts_derivation": "contradictory_derivation",
    "unreadable": "unreadable_row",
    "out_of_scope": "out_of_scope",
}
"""The finding that each verdict on a row of a published data set becomes; a proved row has none."""

DEFECTS = frozenset(finding.name for finding in FINDING_TYPES if finding.is_defect)
