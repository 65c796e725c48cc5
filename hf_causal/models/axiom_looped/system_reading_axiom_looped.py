"""How the looped reasoner reads closed systems: all correlations and independences of some variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from .configuration_axiom_looped import AxiomLoopedConfig
from .names_axiom_looped import positions_in_names
from .system_forms_axiom_looped import EXPECTED, check_forms, unreadable
from .text_axiom_looped import Text, read_text


class Phrases(NamedTuple):
    """Set phrases by which sentences are recognized."""

    premise: str = "Premise:"
    list_header: str = "Suppose there is a closed system of"
    relations_header: str = "All the statistical relations among these"
    relations_colon: str = "variables are as follows:"
    correlated: str = "correlates with"
    independent: str = "is independent of"
    conditional: str = "are independent given"
    hypothesis: str = "Hypothesis:"


PHRASES = Phrases()


@dataclass
class Systems:
    """A batch of closed systems, with variables as numbers: equal spelling is one variable."""

    pairs: torch.Tensor
    """For each ordered pair, whether it is correlated, independent without conditions, independent given anything,
    and whether it is a variable with itself: (batch, variables, variables, 4)."""
    triples: torch.Tensor
    """For each pair and a third variable, whether some independence of the pair is given a set with it, and whether
    some is given a set without it: (batch, variables, variables, third, 2)."""
    variables: torch.Tensor
    """Which variables there are: (batch, variables), bool."""
    listed: torch.Tensor
    """Number of the variable at each position of the premise's list: (batch, variables)."""
    questions: torch.Tensor
    """The two variables of each hypothesis: (batch, hypotheses, 2)."""
    phrases: torch.Tensor
    """Words and phrases of each hypothesis, 0 for padding: (batch, hypotheses, phrases)."""


class Parts(NamedTuple):
    """Which tokens belong to which sentences of a premise, all (batch, length), bool."""

    variable_list: torch.Tensor
    """The list of the variables."""
    header: torch.Tensor
    """The announcement of the relations."""
    correlated: torch.Tensor
    independent: torch.Tensor
    """Statements of independence without conditions."""
    conditional: torch.Tensor
    """Statements of independence given a set."""
    hypothesis: torch.Tensor
    sizes: torch.Tensor
    """Beginnings of the mentions that are the number of variables."""

    @property
    def statement(self) -> torch.Tensor:
        """Any statement of a relation."""
        return self.correlated | self.independent | self.conditional

    def names(self, text: Text) -> torch.Tensor:
        """Beginnings of the mentions that are names of variables."""
        return text.begins & (self.statement | self.hypothesis | self.variable_list & ~self.sizes)


class Variables(NamedTuple):
    """Names of a batch as numbers."""

    of_token: torch.Tensor
    """Number of the variable whose name begins at a token, 0 elsewhere: (batch, length)."""
    per_row: torch.Tensor
    """How many variables each row has: (batch,)."""


class Independences(NamedTuple):
    """Stated independences of a batch, all of their first dimension."""

    row: torch.Tensor
    sentence: torch.Tensor
    given: torch.Tensor
    """Conditioning sets: (independences, variables), 1 for members."""


def read_systems(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, config: AxiomLoopedConfig, asks: bool = True
) -> Systems:
    """Reads premises and hypotheses about closed systems.

    Args:
        input_ids, attention_mask (`torch.Tensor`): Of shape (batch, length).
        config ([`AxiomLoopedConfig`]): With the ids of the words.
        asks (`bool`): Whether each row ends with a hypothesis.

    Raises:
        `ValueError`: For a sentence of another form, with its text, or a row without a hypothesis.
    """
    text, parts = find_sentences(input_ids, attention_mask, config)
    names = parts.names(text)
    _check_sentences(text, parts, names, config, asks)
    if asks:
        check_forms(text, config)
    variables = number_variables(text, names)
    _check_list(parts, names, variables)
    pairs = pair_relations(text, parts, variables)
    _check_pairs(pairs, text, parts, variables)
    return Systems(
        pairs,
        conditioning_sets(text, parts, names, variables),
        torch.arange(pairs.shape[1], device=input_ids.device) < variables.per_row[:, None],
        _listed_variables(text, parts, variables, pairs.shape[1]),
        *(_hypotheses(text, parts, variables, config) if asks else _no_hypotheses(input_ids)),
    )


def find_sentences(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, config: AxiomLoopedConfig
) -> tuple[Text, Parts]:
    """Finds the sentences of each form by their set phrases.

    Args:
        input_ids, attention_mask (`torch.Tensor`): Of shape (batch, length).
        config ([`AxiomLoopedConfig`]): With the ids of the words.

    Returns:
        The text and the tokens of each form, (batch, length).
    """
    ids = config.word_ids
    colons = (PHRASES.relations_colon, PHRASES.hypothesis, PHRASES.premise)
    text = read_text(input_ids, attention_mask, config, (config.stop_token_id, *(ids[phrase] for phrase in colons)))

    def tokens_of_sentences_with(phrase: str) -> torch.Tensor:
        return text.per_token(text.count(ids[phrase]) > 0)

    begins = text.is_any(ids[PHRASES.hypothesis])
    hypothesis = (begins.long().cumsum(1) - begins.long()) > 0
    variable_list = tokens_of_sentences_with(PHRASES.list_header)
    header = tokens_of_sentences_with(PHRASES.relations_colon)
    elsewhere = ~variable_list & ~header & ~hypothesis
    forms = (PHRASES.correlated, PHRASES.independent, PHRASES.conditional)
    correlated, independent, conditional = (tokens_of_sentences_with(phrase) & elsewhere for phrase in forms)
    headers = (ids[PHRASES.list_header], ids[PHRASES.relations_header])
    sizes = text.begins & ((text.previous == headers[0]) | (text.previous == headers[1]))
    return text, Parts(variable_list, header, correlated, independent, conditional, hypothesis, sizes)


def number_variables(text: Text, names: torch.Tensor) -> Variables:
    """Numbers the variables of each row by the spelling of their names.

    Args:
        text ([`Text`]): The text.
        names (`torch.Tensor`): Where names of variables begin, (batch, length), bool.
    """
    input_ids, device = text.input_ids, text.input_ids.device
    row, column = names.nonzero(as_tuple=True)
    mention = names.long().flatten().cumsum(0).view_as(names) - 1
    # Characters of other mentions (the number of variables) come after a name's end and before the next name.
    inside = text.character & (_last_begin(text.character) == _last_begin(names))
    word = mention[inside]
    position = positions_in_names(word)
    spelled = torch.zeros(len(row), int(position.max()) + 1, dtype=torch.long, device=device)
    spelled[word, position] = input_ids[inside] + 1
    unique, which = torch.cat([row[:, None], spelled], dim=1).unique(dim=0, return_inverse=True)
    per_row = torch.zeros(len(input_ids), dtype=torch.long, device=device)
    per_row.index_add_(0, unique[:, 0], torch.ones_like(unique[:, 0]))
    of_token = torch.zeros_like(input_ids)
    of_token[row, column] = which - (per_row.cumsum(0) - per_row)[row]
    return Variables(of_token, per_row)


def pair_relations(text: Text, parts: Parts, variables: Variables) -> torch.Tensor:
    """Collects the relations of pairs.

    Returns:
        `torch.Tensor`: (batch, variables, variables, 4), as `Systems.pairs`.
    """
    count, device = int(variables.per_row.max()), text.input_ids.device
    pairs = torch.zeros(len(text.input_ids), count, count, 4, device=device)
    first, second = _statement_pair(text, parts, variables)
    relations = (parts.correlated, parts.independent, parts.independent | parts.conditional)
    for channel, marked in enumerate(relations):
        rows, sentences = _sentences_with(text, marked)
        left, right = first[rows, sentences], second[rows, sentences]
        pairs[rows, left, right, channel] = pairs[rows, right, left, channel] = 1.0
    index = torch.arange(count, device=device)
    pairs[:, index, index, 3] = 1.0
    exists = index < variables.per_row[:, None]
    stated = pairs[..., [0, 1, 3]].amax(-1) > 0
    if (missing := ~stated & exists[:, :, None] & exists[:, None]).any():
        raise ValueError(
            f"`input_ids` row {int(missing.nonzero()[0, 0])} leaves out the relation of two variables: each pair "
            "needs 'X correlates with Y.' or 'X is independent of Y.'"
        )
    return pairs


def conditioning_sets(text: Text, parts: Parts, names: torch.Tensor, variables: Variables) -> torch.Tensor:
    """Collects, for each pair, which third variables are in the sets that make it independent, and which are not.

    Returns:
        `torch.Tensor`: (batch, variables, variables, third, 2), as `Systems.triples`.
    """
    batch, count, device = len(text.input_ids), int(variables.per_row.max()), text.input_ids.device
    stated = _independences(text, parts, names, variables)
    triples = torch.zeros(batch * count * count, count, 2, device=device)
    first, second = _statement_pair(text, parts, variables)
    members = torch.stack([stated.given, 1 - stated.given], dim=-1)
    for left, right in ((first, second), (second, first)):
        i, j = left[stated.row, stated.sentence], right[stated.row, stated.sentence]
        triples.index_add_(0, (stated.row * count + i) * count + j, members)
    triples = (triples > 0).float().view(batch, count, count, count, 2)
    index = torch.arange(count, device=device)
    triples[:, index, :, index, :] = 0.0
    triples[:, :, index, index, :] = 0.0
    return triples


def _independences(text: Text, parts: Parts, names: torch.Tensor, variables: Variables) -> Independences:
    rows, sentences = _sentences_with(text, parts.independent | parts.conditional)
    number = torch.full((len(text.input_ids), text.num_sentences), -1, device=text.input_ids.device)
    number[rows, sentences] = torch.arange(len(rows), device=number.device)
    row, column = (names & parts.conditional & (text.rank > 1)).nonzero(as_tuple=True)
    given = torch.zeros(len(rows), int(variables.per_row.max()), device=number.device)
    given[number[row, text.sentence[row, column]], variables.of_token[row, column]] = 1.0
    return Independences(rows, sentences, given)


def _hypotheses(
    text: Text, parts: Parts, variables: Variables, config: AxiomLoopedConfig
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the two variables of the hypothesis of each row, (batch, 1, 2), and its words, (batch, 1, phrases)."""
    pair = [_mentioned(text, parts.hypothesis, variables, rank).sum(1) for rank in (0, 1)]
    wording = text.real & parts.hypothesis & ~text.character & (text.input_ids != config.stop_token_id)
    row, column = wording.nonzero(as_tuple=True)
    order = wording.long().cumsum(1) - 1
    phrases = torch.zeros(len(order), 1, int(wording.sum(1).max()), dtype=torch.long, device=order.device)
    phrases[row, 0, order[row, column]] = text.input_ids[row, column]
    return torch.stack(pair, dim=-1)[:, None], phrases


def _no_hypotheses(input_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    questions = torch.zeros(len(input_ids), 0, 2, dtype=torch.long, device=input_ids.device)
    return questions, questions[..., 0:0]


def _statement_pair(text: Text, parts: Parts, variables: Variables) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the two variables of each statement: (batch, sentences) each."""
    first, second = (_mentioned(text, parts.statement, variables, rank) for rank in (0, 1))
    return first, second


def _mentioned(text: Text, where: torch.Tensor, variables: Variables, rank: int) -> torch.Tensor:
    """Returns the variable of the mention of a rank in every sentence: (batch, sentences)."""
    return text.per_sentence(torch.where(where & text.begins & (text.rank == rank), variables.of_token, 0))


def _listed_variables(text: Text, parts: Parts, variables: Variables, count: int) -> torch.Tensor:
    """Returns the number of the variable at each position of the premise's list: (batch, variables)."""
    listed = torch.zeros(len(text.input_ids), count, dtype=torch.long, device=text.input_ids.device)
    row, column = (text.begins & parts.variable_list & ~parts.sizes).nonzero(as_tuple=True)
    # The number of variables is the first mention of the list.
    listed[row, text.rank[row, column] - 1] = variables.of_token[row, column]
    return listed


def _sentences_with(text: Text, marked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns row and index of the sentences that have marked tokens."""
    rows, sentences = (text.per_sentence(marked) > 0).nonzero(as_tuple=True)
    return rows, sentences


def _last_begin(marked: torch.Tensor) -> torch.Tensor:
    """Returns the column of the last mention that begins at or before each token."""
    begins = marked & ~nn.functional.pad(marked[:, :-1], (1, 0))
    return torch.where(begins, torch.arange(marked.shape[1], device=marked.device), -1).cummax(1).values


def _check_sentences(text: Text, parts: Parts, names: torch.Tensor, config: AxiomLoopedConfig, asks: bool) -> None:
    """Raises `ValueError` where a sentence has another form, or not the names that its form needs."""

    def refuse(wrong: torch.Tensor, form: str) -> None:
        if wrong.any():
            row, number = wrong.nonzero()[0].tolist()
            raise unreadable(row, number, text.spell(row, number, config), form)

    mentions, count = text.per_sentence(names), text.per_sentence
    conditional = count(parts.conditional & text.real) > 0
    statement = count(parts.statement & text.real) > 0
    known = count((parts.variable_list | parts.header | parts.statement | parts.hypothesis) & text.real) > 0
    refuse(count(text.unknown) > 0, "of a premise and a hypothesis, with names of ASCII letters and digits")
    refuse((count(text.begins) > 0) & ~known, EXPECTED["statement"])
    refuse(statement & ~conditional & (mentions != 2), EXPECTED["statement"])
    refuse(conditional & (mentions < 3), "'X and Y are independent given Z.'")
    named = (names & parts.hypothesis).sum(1)
    if asks and (named != 2).any():
        row = int((named != 2).nonzero()[0])
        raise ValueError(
            f"`input_ids` row {row}: a hypothesis names two variables, this one {int(named[row])}; end the prompt "
            "with 'Hypothesis: X directly causes Y.'"
        )


def _check_list(parts: Parts, names: torch.Tensor, variables: Variables) -> None:
    """Raises `ValueError` where a premise does not list each variable once."""
    listed = (names & parts.variable_list).sum(1)
    if (listed != variables.per_row).any():
        row = int((listed != variables.per_row).nonzero()[0])
        raise ValueError(
            f"`input_ids` row {row} lists {int(listed[row])} variables and speaks of {int(variables.per_row[row])} "
            "different ones; list every variable once, and speak of no other"
        )


def _check_pairs(pairs: torch.Tensor, text: Text, parts: Parts, variables: Variables) -> None:
    """Raises `ValueError` where a pair is stated both as correlated and as independent, or is one variable twice."""
    first, second = _statement_pair(text, parts, variables)
    statement = text.per_sentence(parts.statement & text.real) > 0
    hypothesis = [_mentioned(text, parts.hypothesis, variables, rank).sum(1) for rank in (0, 1)]
    asks = (text.begins & parts.hypothesis).any(1)
    if (repeated := (statement & (first == second)).any(1) | asks & (hypothesis[0] == hypothesis[1])).any():
        row = int(repeated.nonzero()[0])
        raise ValueError(f"`input_ids` row {row} has a sentence about a variable and itself; they must be different")
    rows, sentences = _sentences_with(text, parts.correlated)
    both = pairs[rows, first[rows, sentences], second[rows, sentences], 1] > 0
    if both.any():
        raise ValueError(
            f"`input_ids` row {int(rows[both][0])} states a pair of variables both as correlated and as independent"
        )


__all__ = ["PHRASES", "Systems", "read_systems"]
