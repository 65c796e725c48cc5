"""What the rows of the grammars say: causes with signs, correlations, independences, and questions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hf_causal.reading.lexicon import english
from hf_causal.reading.names import Name
from hf_causal.reading.problems import Unclear
from hf_causal.reading.tokens import Token

MAX_MEMBERS = 60
"""Names in one list."""


@dataclass(frozen=True)
class Mention:
    """A name in a sentence, with the way in which it changes there."""

    name: Name
    change: str = ""
    """`"+"` for "an increase in X", `"-"` for "less X"."""
    whole: Name | None = None
    """What the name is where "lower" or "the risk of" before it turn out to be parts of it."""
    sure: bool = True
    """Whether the words before the name are taken off unless the text has the whole as another name."""
    direction: str = ""
    """The sign of "makes X more likely" or "causes X to rise"."""
    after: bool = False
    """Whether the words of `change` stand behind the name, as in Chinese."""

    @property
    def start(self) -> int:
        return min(self.name.start, self.whole.start if self.whole else self.name.start)

    @property
    def end(self) -> int:
        return self.name.end


@dataclass(frozen=True)
class Edge:
    """A stated cause and its effect; `sign` is what more of the cause does to the effect."""

    cause: Mention
    effect: Mention
    sign: str
    """Of the verb alone."""
    token: Token
    """The verb, arrow or noun."""
    directly: bool = False
    hidden: bool = False
    """Whether the cause is said to be unobserved, as in "a hidden common cause of"."""


@dataclass
class Meaning:
    """What one sentence states."""

    edges: list[Edge] = field(default_factory=list)
    together: list[tuple[Mention, Mention]] = field(default_factory=list)
    independent: list[tuple[Mention, Mention, tuple[Mention, ...]]] = field(default_factory=list)
    variables: list[Mention] = field(default_factory=list)
    nodes: list[Mention] = field(default_factory=list)
    """Names of a graph that may have no edge."""
    size: int | None = None
    """The number of variables that a closed system is said to have."""
    hidden: list[tuple[Mention, Mention]] = field(default_factory=list)
    """Pairs that share a hidden cause which has no name."""
    latent: list[Mention] = field(default_factory=list)
    """Names that are said to be unobserved."""
    selected: list[Mention] = field(default_factory=list)
    """Names of a graph that are selected or adjusted for in it."""


@dataclass(frozen=True)
class Asked:
    """What a question asks, in the words of its text."""

    kind: str
    """One of `hf_causal.reading.KINDS`."""
    pair: tuple[Mention, ...]
    given: tuple[Mention, ...] = ()
    third: Mention | None = None
    """The variable that is asked about as a confounder, mediator or collider of the pair."""
    edge: Edge | None = None
    """The clause of a question about one cause and one effect, and whether it asks for a direct one."""
    directly: bool = False
    num_changed: int = 1
    """How many names of the pair are changed; the others may be affected."""
    causes: bool = False
    """Whether a question about what may be affected says "cause", which is no word for a reduction."""
    back_door: bool = False
    """Whether a question about an adjustment set names the back-door criterion."""


@dataclass(frozen=True)
class Relation:
    """A verb, an arrow or a noun between two lists of names."""

    token: Token
    sign: str = "?"
    backward: bool = False
    role: str = "cause"
    makes: bool = False
    directly: bool = False


@dataclass(frozen=True)
class Group:
    """A list of names with what is between them."""

    mentions: tuple[Mention, ...]
    separators: tuple[str, ...] = ()

    @property
    def start(self) -> int:
        return self.mentions[0].start

    @property
    def end(self) -> int:
        return self.mentions[-1].end

    def one(self) -> Mention:
        """Returns the only name.

        Raises:
            [`Unclear`]: If there are more.
        """
        if len(self.mentions) != 1:
            raise Unclear("ask_one", self.start, self.end)
        return self.mentions[0]

    def two(self) -> tuple[Mention, Mention]:
        """Returns both names.

        Raises:
            [`Unclear`]: If there are not two.
        """
        if len(self.mentions) != 2:
            raise Unclear("two_names", self.start, self.end)
        return self.mentions[0], self.mentions[1]


def multiply(*signs: str) -> str:
    """Returns the sign of a chain of influences: `"?"` where one is not known; an empty sign changes nothing."""
    known = [sign for sign in signs if sign]
    if "?" in known:
        return "?"
    return "-" if known.count("-") % 2 else "+"


def connect(causes: Group, relation: Relation, effects: Group) -> list[Edge]:
    """Returns an edge from each cause to each effect.

    Raises:
        [`Unclear`]: If the words before or behind a name do not go with the verb.
    """
    for group in (causes, effects):
        check_list(group)
        arrow = relation.token.kind in ("RIGHT", "LEFT")
        if group.separators and not arrow and (group.separators[-1] == "," or {",", "、"} <= set(group.separators)):
            # "Last winter, ice caused falls": a list ends with "and", or it may be none; in Chinese it has no commas.
            raise Unclear("no_and", group.start, group.end)
    return [edge(cause, relation, effect) for cause in causes.mentions for effect in effects.mentions]


def edge(cause: Mention, relation: Relation, effect: Mention) -> Edge:
    """Returns one edge with the sign of its verb; the increase of an increase is not read."""
    if cause.direction:
        raise Unclear("change_place", cause.start, cause.end)
    effect = _likelihood(effect, relation)
    changed = effect.change if effect.sure else ""
    if (changed or effect.direction) and relation.sign != "+" and not relation.makes:
        raise Unclear("change_of_change", effect.start, effect.end)
    sign = "+" if relation.makes and (effect.direction or effect.change) else relation.sign
    return Edge(cause, effect, sign, relation.token, relation.directly)


def _likelihood(effect: Mention, relation: Relation) -> Mention:
    """Keeps "the risk of X" whole behind a verb that does not say which way it changes."""
    risky = effect.whole is not None and effect.sure and not effect.change
    if risky and effect.whole and relation.token.text.split()[0].casefold() in _BRINGS:
        return replace(effect, name=effect.whole, whole=None)
    return effect


_BRINGS = frozenset(("cause", "causes", "caused", "lead", "leads", "led", "result", "results", "resulted"))


def check_list(group: Group) -> None:
    """Raises [`Unclear`] where a list is longer than any that people write, or where it may begin later than it seems.

    "Loss of habitat and food" may be about the loss of food; "less rain and snow" may be about less snow.
    """
    if len(group.mentions) > MAX_MEMBERS:
        raise Unclear("list_too_long", group.start, group.end, most=MAX_MEMBERS)
    for one, other in zip(group.mentions, group.mentions[1:], strict=False):
        inside = _has_phrase(one) and not _has_phrase(other)
        changed = (one.change == "-" or one.whole is not None) and not one.after and not other.change
        if (
            inside
            or (changed and not (one.whole and one.sure))
            or ((other.direction or other.after) and not one_changes(one))
        ):
            raise Unclear("list_scope", one.start, other.end, name=one.name.text, other=other.name.text)


def one_changes(mention: Mention) -> bool:
    """Whether a name is said to change in words behind it."""
    return bool(mention.direction) or mention.after


def _has_phrase(mention: Mention) -> bool:
    """Whether a name goes on behind a preposition, as "loss of habitat" does."""
    name = mention.name
    if name.quoted:
        return False
    prepositions = english().words("prepositions")
    return any(word.casefold() in prepositions for word in name.words) or "的" in name.text[1:-1]


def divide(group: Group, relation: Relation) -> tuple[Group, Group]:
    """Parts the names between two verbs into the objects of the first and the subjects of the second.

    "A causes B and C causes D" has one way; "A causes B, C and D cause E" has two, and is refused.
    """
    check_list(group)
    size = len(group.mentions)
    if size == 1:
        raise Unclear("two_verbs", relation.token.start, relation.token.end, word=relation.token.text)
    ways = [
        (Group(group.mentions[:cut], group.separators[: cut - 1]), Group(group.mentions[cut:], group.separators[cut:]))
        for cut in range(1, size)
    ]
    possible = [
        (left, right)
        for (left, right), separator in zip(ways, group.separators, strict=True)
        if _is_list(left) and _is_list(right) and separator != "、"
    ]
    if len(possible) != 1:
        raise Unclear("two_ways", group.start, group.end)
    return possible[0]


def _is_list(group: Group) -> bool:
    """Whether names and separators make a list: commas, and "and" before the last, or commas alone."""
    return all(one in (",", "、") for one in group.separators[:-1])


def state(noun: Name, adjective: Token) -> Name:
    """Returns the name of "the road gets wet": "wet road".

    Raises:
        [`Unclear`]: If what follows the verb is no adjective or participle.
    """
    words = adjective.text.split()
    if len(words) != 1 or adjective.data.quoted:
        raise Unclear("no_adjective", adjective.start, adjective.end, word=adjective.text)
    return Name(f"{adjective.text} {noun.text}", noun.start, adjective.end)


def plain(group: Group) -> Group:
    """Raises [`Unclear`] where a name is said to change, which means nothing here."""
    for mention in group.mentions:
        if mention.change or mention.direction:
            raise Unclear("change_place", mention.start, mention.end)
    return group
