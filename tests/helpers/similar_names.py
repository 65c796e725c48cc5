"""Pairs of names that are easily taken for each other."""

from random import Random
from string import ascii_letters, digits

LETTERS = ascii_letters + digits
LONGEST = 30


def similar_pairs(count: int, random: Random) -> list[tuple[str, str]]:
    """Pairs of different names of 4 to 30 characters: parts of each other, one character or a case apart, permuted."""
    pairs: list[tuple[str, str]] = []
    while len(pairs) < count:
        name = "".join(random.choices(LETTERS, k=random.randint(4, LONGEST)))
        other = random.choice(_CHANGES)(name, random)
        if other != name:
            pairs.append((name, other))
    return pairs


def _replace(name: str, random: Random) -> str:
    index = random.randrange(len(name))
    return name[:index] + random.choice(LETTERS) + name[index + 1 :]


def _swap(name: str, random: Random) -> str:
    first, second = sorted(random.sample(range(len(name)), 2))
    return name[:first] + name[second] + name[first + 1 : second] + name[first] + name[second + 1 :]


def _case(name: str, random: Random) -> str:
    index = random.randrange(len(name))
    return name[:index] + name[index].swapcase() + name[index + 1 :]


_CHANGES = (
    _replace,
    _swap,
    _case,
    lambda name, random: name[: random.randint(1, len(name) - 1)],
    lambda name, random: name[random.randint(1, len(name) - 1) :],
    lambda name, random: name[-1] + name[:-1],
    lambda name, random: name[::-1],
    lambda name, random: name + random.choice(LETTERS),
)
