"""Closed systems: from all correlations and independences of some variables to what causes what."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from .configuration_axiom_looped import WORDS, AxiomLoopedConfig
from .reading_axiom_looped import Text, places_in_names, read_text


@dataclass
class Systems:
    """What a batch of closed systems says, with variables as numbers: equal spelling is one variable."""

    pairs: torch.Tensor
    """Of each ordered pair, whether it is stated as correlated, as independent without conditions, as independent
    given anything, and whether it is a variable with itself: (batch, variables, variables, 4)."""
    triples: torch.Tensor
    """Of each pair and a third variable, whether some independence of the pair is given a set with it, and whether
    some is given a set without it: (batch, variables, variables, third, 2)."""
    variables: torch.Tensor
    """Which variables there are: (batch, variables), bool."""
    listed: torch.Tensor
    """Number of the variable that stands in each place of the premise's list: (batch, variables)."""
    questions: torch.Tensor
    """The two variables of each hypothesis: (batch, hypotheses, 2)."""
    phrases: torch.Tensor
    """Words and phrases of each hypothesis, 0 where there are fewer: (batch, hypotheses, phrases)."""


def read_systems(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, config: AxiomLoopedConfig, asks: bool = True
) -> Systems:
    """Reads premises and hypotheses of the correlation-to-causation grammar.

    Args:
        input_ids, attention_mask (`torch.Tensor`): Of shape (batch, length).
        config ([`AxiomLoopedConfig`]): With the ids of the words.
        asks (`bool`): Whether each row ends with a hypothesis.

    Raises:
        `ValueError`: For a sentence of another form, or a row without a hypothesis.
    """
    words = config.word_ids
    batch, device = len(input_ids), input_ids.device
    opening, again, colon = (words[phrase] for phrase in (WORDS["corr2cause"][1], *WORDS["corr2cause"][5:7]))
    text = read_text(
        input_ids, attention_mask, config, (config.stop_token_id, colon, words["Hypothesis:"], words["Premise:"])
    )

    def among(*phrases: str) -> torch.Tensor:
        return text.real & torch.isin(input_ids, torch.tensor([words[phrase] for phrase in phrases], device=device))

    def sentences_with(*phrases: str) -> torch.Tensor:
        return text.of_sentence(text.per_sentence(among(*phrases)) > 0)

    after = among("Hypothesis:").long().cumsum(1)
    hypothesis = (after - among("Hypothesis:").long()) > 0
    size = (text.previous == opening) | (text.previous == again)
    counts = text.begins & size
    lists, header = sentences_with(WORDS["corr2cause"][1]), sentences_with(WORDS["corr2cause"][6])
    correlated, independent = sentences_with("correlates with"), sentences_with("is independent of")
    conditional = sentences_with("are independent given")
    stated = (correlated | independent | conditional) & ~lists & ~header & ~hypothesis
    first = text.rank - lists.long()  # the number of variables stands first in the list
    name = text.begins & (stated | hypothesis | lists & ~counts)
    _check(text, name, lists, header, stated, conditional, hypothesis, asks)

    row, column = name.nonzero(as_tuple=True)
    variable, variables = _variables(input_ids, text.character, name)
    spelled = torch.zeros_like(input_ids)
    spelled[row, column] = variable
    count = int(variables.max())
    if ((name & lists).sum(1) != variables).any():
        worst = int(((name & lists).sum(1) != variables).nonzero()[0])
        raise ValueError(
            f"`input_ids` row {worst} lists {int((name & lists)[worst].sum())} variables and speaks of "
            f"{int(variables[worst])} different ones; list every variable once, and speak of no other"
        )

    def mentions(where: torch.Tensor, rank: int) -> torch.Tensor:
        """Variable of the mention of a rank in every sentence: (batch, sentences)."""
        return text.per_sentence(torch.where(where & text.begins & (first == rank), spelled, 0))

    pairs = torch.zeros(batch, count, count, 4, device=device)
    triples = torch.zeros(batch, count, count, count, 2, device=device)
    one, other = mentions(stated, 0), mentions(stated, 1)
    present = torch.arange(count, device=device) < variables[:, None]
    for channel, marked in enumerate((correlated, independent)):
        rows, which = _sentences(text, marked & stated)
        for left, right in ((one, other), (other, one)):
            pairs[rows, left[rows, which], right[rows, which], channel] = 1.0
    rows, which = _sentences(text, (independent | conditional) & stated)
    place = torch.full((batch, text.num_sentences), -1, device=device)
    place[rows, which] = torch.arange(len(rows), device=device)
    gives = name & conditional & stated & (text.rank > 1)
    row_given, column_given = gives.nonzero(as_tuple=True)
    sets = torch.zeros(len(rows), count, device=device)
    sets[place[row_given, text.sentence[row_given, column_given]], spelled[row_given, column_given]] = 1.0
    for left, right in ((one, other), (other, one)):
        i, j = left[rows, which], right[rows, which]
        pairs[rows, i, j, 2] = 1.0
        key = (rows * count + i) * count + j
        for channel, inside in enumerate((sets, 1 - sets)):
            seen = torch.zeros(batch * count * count, count, device=device).index_add_(0, key, inside) > 0
            triples[..., channel] = torch.maximum(triples[..., channel], seen.view(batch, count, count, count).float())
    index = torch.arange(count, device=device)
    triples[:, index, :, index, :] = 0.0
    triples[:, :, index, index, :] = 0.0
    pairs[:, index, index, 3] = 1.0
    listed = torch.zeros(batch, count, dtype=torch.long, device=device)
    row_listed, column_listed = (text.begins & lists & ~counts).nonzero(as_tuple=True)
    listed[row_listed, first[row_listed, column_listed]] = spelled[row_listed, column_listed]
    questions = torch.zeros(batch, 0, 2, dtype=torch.long, device=device)
    phrases = questions[..., 0:0]
    if asks:
        questions = torch.stack([mentions(hypothesis, rank).sum(1) for rank in (0, 1)], dim=-1)[:, None]
        wording = text.real & hypothesis & ~text.character & (input_ids != config.stop_token_id)
        row_word, column_word = wording.nonzero(as_tuple=True)
        order = wording.long().cumsum(1) - 1
        phrases = torch.zeros(batch, 1, int(wording.sum(1).max()), dtype=torch.long, device=device)
        phrases[row_word, 0, order[row_word, column_word]] = input_ids[row_word, column_word]
    return Systems(pairs, triples, present, listed, questions, phrases)


def _sentences(text: Text, marked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Row and number of the sentences that have marked tokens."""
    rows, numbers = (text.per_sentence(marked) > 0).nonzero(as_tuple=True)
    return rows, numbers


def _variables(input_ids: torch.Tensor, character: torch.Tensor, name: torch.Tensor):
    """Number of the variable of each mention, in reading order, and how many each row has."""
    row, column = name.nonzero(as_tuple=True)
    mention = name.long().flatten().cumsum(0).view_as(name) - 1
    # Characters of other mentions (the number of variables) come after a name's end and before the next name.
    inside = character & (_last_begin(character) == _last_begin(name))
    word = mention[inside]
    place = places_in_names(word)
    spelled = torch.zeros(len(row), int(place.max()) + 1, dtype=torch.long, device=input_ids.device)
    spelled[word, place] = input_ids[inside] + 1
    unique, which = torch.cat([row[:, None], spelled], dim=1).unique(dim=0, return_inverse=True)
    per_row = torch.zeros(len(input_ids), dtype=torch.long, device=input_ids.device)
    per_row.index_add_(0, unique[:, 0], torch.ones_like(unique[:, 0]))
    return which - (per_row.cumsum(0) - per_row)[row], per_row


def _last_begin(marked: torch.Tensor) -> torch.Tensor:
    """Column of the last mention that begins at or before each token."""
    begins = marked & ~nn.functional.pad(marked[:, :-1], (1, 0))
    return torch.where(begins, torch.arange(marked.shape[1], device=marked.device), -1).cummax(1).values


def _check(text: Text, name, lists, header, stated, conditional, hypothesis, asks: bool) -> None:
    """Raises `ValueError` where a sentence has another form, or not the names that its form needs."""

    def refuse(wrong: torch.Tensor, form: str) -> None:
        if wrong.any():
            row, number = wrong.nonzero()[0].tolist()
            raise ValueError(
                f"`input_ids` row {row}: part {number + 1} cannot be read; it should have the form {form}"
            )

    mentions, has = text.per_sentence(name), text.per_sentence
    pair, more = has(stated & text.real) > 0, has(conditional & text.real) > 0
    known = has((lists | header | stated | hypothesis) & text.real) > 0
    refuse((has(text.begins) > 0) & ~known, "'X correlates with Y.'")
    refuse(pair & ~more & (mentions != 2), "'X correlates with Y.' or 'X is independent of Y.'")
    refuse(more & (mentions < 3), "'X and Y are independent given Z.'")
    asked = (name & hypothesis).sum(1)
    if asks and (asked != 2).any():
        row = int((asked != 2).nonzero()[0])
        raise ValueError(
            f"`input_ids` row {row}: a hypothesis names two variables, this one {int(asked[row])}; end the prompt "
            "with 'Hypothesis: X directly causes Y.'"
        )


class AxiomLoopedSystemBlock(nn.Module):
    """The block that loops over a closed system: every pair of variables hears of the paths through a third.

    What i, j and k tell the pair (i, j) is a function of the states of their pairs, both ways round, and of whether k
    stands in the sets that make two of them independent; of all k, the strongest voice is heard. Nothing depends on
    the names or the order of variables and statements. Compare triangle updates (AlphaFold, Jumper et al. 2021) and
    edge transformers (Bergen et al., arXiv 2112.00578).
    """

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__()
        size, inner = config.system_size, config.system_intermediate_size
        self.pair_proj = nn.Linear(4, size)
        self.triple_proj = nn.Linear(6, inner)
        self.corner_proj = nn.Linear(size, 6 * inner)
        self.heard_proj = nn.Linear(inner, size)
        self.up_proj = nn.Linear(size, 2 * size)
        self.down_proj = nn.Linear(2 * size, size)
        self.dropout = nn.Dropout(config.system_dropout)
        self.loops = config.system_loops

    def forward(self, systems: Systems, num_loops: int | None = None) -> list[torch.Tensor]:
        """States of all pairs after every loop, (batch, variables, variables, size)."""
        triples = systems.triples
        sides = torch.cat([triples, triples.transpose(2, 3), triples.permute(0, 3, 2, 1, 4)], dim=-1)
        third = self.triple_proj(sides)
        nobody = ~systems.variables[:, None, None, :, None]
        first = state = self.pair_proj(systems.pairs)
        states = []
        for _ in range(num_loops or self.loops):
            corners = self.corner_proj(_normed(state + first))
            ik, ki, kj, jk, ij, ji = corners.chunk(6, dim=-1)
            voices = (
                (ik + ki.transpose(1, 2))[:, :, None]
                + (kj.transpose(1, 2) + jk)[:, None]
                + (ij + ji.transpose(1, 2))[:, :, :, None]
                + third
            )
            heard = voices.relu().masked_fill(nobody, 0.0).amax(3)
            state = state + self.dropout(self.heard_proj(heard))
            inner = nn.functional.gelu(self.up_proj(_normed(state)))
            state = state + self.dropout(self.down_proj(inner))
            states.append(state)
        return states


class AxiomLoopedSystemReasoner(nn.Module):
    """Closed systems to answers: does a hypothesis about two variables hold in every graph that fits?"""

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__()
        self.config = config
        self.block = AxiomLoopedSystemBlock(config)
        self.embed_phrases = nn.Embedding(config.vocab_size, config.system_size)
        self.answer_proj = nn.Linear(config.system_size, 2 * config.system_size)
        self.classifier = nn.Linear(2 * config.system_size, config.num_labels)

    def forward(
        self,
        systems: Systems,
        question_words: torch.Tensor | None = None,
        question_phrases: torch.Tensor | None = None,
        num_loops: int | None = None,
    ) -> list[torch.Tensor]:
        """Logits of No and Yes for every hypothesis after every loop, (batch, hypotheses, 2).

        Args:
            systems ([`Systems`]): A batch.
            question_words (`torch.Tensor`, *optional*): Asks about variables by their places in the premise's list,
                (batch, hypotheses, 2), instead of by written hypotheses.
            question_phrases (`torch.Tensor`, *optional*): The words of these hypotheses, 0 where there are fewer,
                (batch, hypotheses, phrases).
            num_loops (`int`, *optional*): Instead of the config's.
        """
        questions, phrases = systems.questions, systems.phrases
        if question_words is not None and question_phrases is not None:
            questions = systems.listed.gather(1, question_words.flatten(1)).unflatten(1, (-1, 2))
            phrases = question_phrases
        count = systems.variables.shape[1]
        wording = (self.embed_phrases(phrases) * (phrases > 0)[..., None]).sum(2)
        index = (questions[..., 0] * count + questions[..., 1])[..., None]
        logits = []
        for state in self.block(systems, num_loops):
            pairs = _normed(state).flatten(1, 2)
            asked = pairs.gather(1, index.expand(-1, -1, pairs.shape[-1]))
            hidden = nn.functional.gelu(self.answer_proj(asked * wording))
            logits.append(self.classifier(hidden))
        return logits


def _normed(state: torch.Tensor) -> torch.Tensor:
    return nn.functional.rms_norm(state.float(), (state.shape[-1],))


__all__ = ["AxiomLoopedSystemBlock", "AxiomLoopedSystemReasoner", "Systems", "read_systems"]
