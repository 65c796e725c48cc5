"""Paths of stated causes from one name to another."""

from __future__ import annotations

from collections.abc import Sequence

from hf_causal.reading.meaning import multiply
from hf_causal.reading.reading import Statement

MAX_PATHS = 20
MAX_STEPS = 20_000


def simple_paths(
    statements: Sequence[Statement], cause: str, effect: str, direction: str = ""
) -> tuple[tuple[tuple[str, ...], ...], bool]:
    """Returns the paths that meet no name twice, shortest first, and whether these are all.

    Args:
        statements (sequence of [`Statement`]): What is stated.
        cause, effect (`str`): The ends.
        direction (`str`): `"+"` or `"-"` for paths of that sign alone.
    """
    following: dict[str, dict[str, str]] = {}
    before: dict[str, set[str]] = {}
    for statement in statements:
        signs = following.setdefault(statement.cause, {})
        known = signs.get(statement.effect, statement.sign)
        signs[statement.effect] = known if known == statement.sign else "?"
        before.setdefault(statement.effect, set()).add(statement.cause)
    useful = _reaching(effect, before)
    paths: list[tuple[str, ...]] = []
    waiting: list[tuple[tuple[str, ...], str]] = [((cause,), "+")]
    steps = 0
    for path, sign in waiting:  # breadth first, so that short paths come first
        for name, step_sign in following.get(path[-1], {}).items():
            steps += 1
            if name == effect:
                if not direction or multiply(sign, step_sign) == direction:
                    paths.append((*path, name))
            elif name in useful and name not in path:
                waiting.append(((*path, name), multiply(sign, step_sign)))
        if len(paths) >= MAX_PATHS or steps > MAX_STEPS:
            return tuple(paths[:MAX_PATHS]), False
    return tuple(paths), True


def _reaching(effect: str, before: dict[str, set[str]]) -> set[str]:
    reached = {effect}
    waiting = [effect]
    for name in waiting:
        new = before.get(name, set()) - reached
        reached |= new
        waiting += new
    return reached
