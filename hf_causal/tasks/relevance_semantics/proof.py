"""Proofs about relevance in a model of tables and fair coins.

A certificate is a JSON object:

- graphical, Yes: `{"path": […]}`, a directed path without what is held fixed. No: `{"reached": […]}`, exactly the
  other variables that such paths from x lead to.
- probabilistic, Yes: `{"held": {"B": 0}, "probabilities": ["1/2", "3/4"]}`, values of what is held fixed, and the
  probabilities that y is 1 if x is set to 0 and to 1. No: `{"probabilities": {"0": "1/2", "1": "1"}}`, for all values
  of what is held fixed, in the order of the question, the probability that y is 1 for both values of x.
- deterministic, Yes: `{"coins": {"u": 0}, "held": {"B": 0}, "values": [0, 1]}`, outcomes of the coins, values of what
  is held fixed and perhaps of further variables, and those of y for both values of x. No: `{"unchanged": 72}`, the
  number of all combinations of coins and values of what is held fixed, in none of which y changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product
from typing import Any

from hf_causal.graphs.relevance_notions import effects, find_effect
from hf_causal.tasks.relevance_semantics.text import Prompt
from hf_causal.tasks.shared.exact_numbers import read_number
from hf_causal.tasks.shared.proofs import (
    CertificateError,
    Proof,
    check_stated_path,
    distinct,
    neighbours,
    node_list,
    reachable,
    search,
)


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate; `hops` is the length of a shortest path, -1 where there is none.

    Raises:
        `ValueError`: If the statements are no model, or the question is about no variable of it.

    Example:

    ```python
    >>> from hf_causal.tasks.relevance_semantics.text import parse_prompt
    >>> text = "u is a fair coin. A is never 1. B depends on A and u: it is 1 for 01 and 10."
    >>> prove(parse_prompt(f"{text} Can setting A change the probability of B?")).certificate
    '{"probabilities": {"": "1/2"}}'
    >>> prove(parse_prompt(f"{text} Can setting A ever change B if perhaps further variables are held fixed?"))
    Proof(answer='Yes', certificate='{"coins": {"u": 0}, "held": {}, "values": [0, 1]}', hops=1)

    ```
    """
    numbered, path = prompt.numbered, find_path(prompt)
    hops = len(path) - 1 if path else -1
    if prompt.notion == "graphical":
        reached = sorted(_reached(prompt))
        certificate: dict[str, Any] = {"path": path} if path else {"reached": reached}
        return Proof("Yes" if path else "No", json.dumps(certificate), hops)
    x, y = numbered.number[prompt.x], numbered.number[prompt.y]
    z = frozenset(numbered.number[name] for name in prompt.held)
    effect = find_effect(numbered.model, prompt.notion, x, y, z)
    outcomes = 1 << numbered.model.num_coins
    if prompt.notion == "probabilistic":
        if effect is None:
            rows = {
                "".join(str(one.held[numbered.number[name]]) for name in prompt.held): one.treated.bit_count()
                for one in effects(numbered.model, x, y, z, further=False)
            }
            shown = {key: str(Fraction(count, outcomes)) for key, count in sorted(rows.items())}
            return Proof("No", json.dumps({"probabilities": shown}), hops)
        probabilities = [str(Fraction(one.bit_count(), outcomes)) for one in (effect.without, effect.treated)]
        held = {numbered.names[node]: value for node, value in effect.held.items()}
        return Proof("Yes", json.dumps({"held": held, "probabilities": probabilities}), hops)
    if effect is None:
        return Proof("No", json.dumps({"unchanged": _combinations(prompt)}), hops)
    different = effect.without ^ effect.treated
    outcome = (different & -different).bit_length() - 1
    coins = {name: outcome >> index & 1 for index, name in enumerate(numbered.coins)}
    held = {numbered.names[node]: value for node, value in effect.held.items()}
    values = [one >> outcome & 1 for one in (effect.without, effect.treated)]
    return Proof("Yes", json.dumps({"coins": coins, "held": held, "values": values}), hops)


def find_path(prompt: Prompt) -> list[str] | None:
    """Returns a shortest directed path from x to y without what is held fixed, or `None`."""
    effects_of = neighbours(prompt.edges)[1]
    path, _ = search(
        prompt.x,
        lambda node: [name for name in effects_of.get(node, ()) if name not in prompt.held],
        prompt.y.__eq__,
    )
    return path


def _reached(prompt: Prompt) -> set[str]:
    effects_of = neighbours(prompt.edges)[1]
    open_effects = {node: [name for name in names if name not in prompt.held] for node, names in effects_of.items()}
    return reachable([prompt.x], open_effects) - {prompt.x}


def _combinations(prompt: Prompt) -> int:
    """Returns the number of combinations of coins, of values of what is held fixed, and of further variables."""
    rest = len(prompt.numbered.names) - 2 - len(prompt.held)
    return 2 ** len(prompt.coins) * 2 ** len(prompt.held) * 3**rest


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer; values are computed one by one."""
    if not isinstance(certificate, Mapping):
        raise CertificateError(f"the certificate must be a JSON object, got {certificate!r:.80}")
    _ = prompt.numbered
    _CHECKS[prompt.notion, answer](prompt, certificate)


def _check_path(prompt: Prompt, certificate: Mapping[str, Any]) -> None:
    path = node_list(certificate, "path", "Yes")
    if len(path) < 2 or path[0] != prompt.x or path[-1] != prompt.y:
        raise CertificateError(f"'path' must lead from {prompt.x!r} to {prompt.y!r}, got {path!r:.200}")
    check_stated_path(path, prompt.edges)
    if blocked := set(path) & set(prompt.held):
        raise CertificateError(f"{min(blocked)!r} is held fixed")


def _check_reached(prompt: Prompt, certificate: Mapping[str, Any]) -> None:
    reached, true = distinct(node_list(certificate, "reached", "No"), "reached"), _reached(prompt)
    if reached != true:
        raise CertificateError(f"'reached' should be {sorted(true)}, got {sorted(reached)}")
    if prompt.y in true:
        raise CertificateError(f"a path leads to {prompt.y!r}")


def _check_probabilities(prompt: Prompt, certificate: Mapping[str, Any]) -> None:
    held = _values(certificate.get("held"), set(prompt.held), set(prompt.held), "held")
    stated = certificate.get("probabilities")
    true = [_probability(prompt, held, value) for value in (0, 1)]
    if not isinstance(stated, list) or [read_fraction(one) for one in stated] != true:
        raise CertificateError(f"'probabilities' should be {[str(one) for one in true]}, got {stated!r:.80}")
    if true[0] == true[1]:
        raise CertificateError(f"the probability is {true[0]} for both values of {prompt.x!r}")


def _check_equal_probabilities(prompt: Prompt, certificate: Mapping[str, Any]) -> None:
    stated = certificate.get("probabilities")
    keys = ["".join(bits) for bits in product("01", repeat=len(prompt.held))]
    if not isinstance(stated, Mapping) or stated.keys() != set(keys):
        raise CertificateError(f"'probabilities' must have the keys {keys}, got {stated!r:.200}")
    for key in keys:
        held = {name: int(bit) for name, bit in zip(prompt.held, key, strict=True)}
        for value in (0, 1):
            true = _probability(prompt, held, value)
            if read_fraction(stated[key]) != true:
                raise CertificateError(f"for {key!r} and {prompt.x} = {value} the probability is {true}")


def _check_change(prompt: Prompt, certificate: Mapping[str, Any]) -> None:
    coins = _values(certificate.get("coins"), set(prompt.coins), set(prompt.coins), "coins")
    others = set(prompt.numbered.names) - {prompt.x, prompt.y}
    held = _values(certificate.get("held"), set(prompt.held), others, "held")
    values = [solve(prompt, {**held, prompt.x: value}, coins)[prompt.y] for value in (0, 1)]
    if certificate.get("values") != values:
        raise CertificateError(f"'values' should be {values}, got {certificate.get('values')!r:.80}")
    if values[0] == values[1]:
        raise CertificateError(f"{prompt.y!r} is {values[0]} for both values of {prompt.x!r}")


def _check_unchanged(prompt: Prompt, certificate: Mapping[str, Any]) -> None:
    count = _combinations(prompt)
    if certificate.get("unchanged") != count:
        raise CertificateError(f"'unchanged' should be {count}, got {certificate.get('unchanged')!r:.80}")
    for coins, held in _all_combinations(prompt):
        values = {solve(prompt, {**held, prompt.x: value}, coins)[prompt.y] for value in (0, 1)}
        if len(values) > 1:
            raise CertificateError(f"{prompt.y!r} changes for {coins} if {held} are held fixed")


def _all_combinations(prompt: Prompt) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    rest = [name for name in prompt.numbered.names if name not in (prompt.x, prompt.y, *prompt.held)]
    for bits in product((0, 1), repeat=len(prompt.coins) + len(prompt.held)):
        coins = dict(zip(prompt.coins, bits, strict=False))
        fixed = dict(zip(prompt.held, bits[len(prompt.coins) :], strict=True))
        for more in product((None, 0, 1), repeat=len(rest)):
            yield coins, fixed | {name: bit for name, bit in zip(rest, more, strict=True) if bit is not None}


_CHECKS = {
    ("graphical", "Yes"): _check_path,
    ("graphical", "No"): _check_reached,
    ("probabilistic", "Yes"): _check_probabilities,
    ("probabilistic", "No"): _check_equal_probabilities,
    ("deterministic", "Yes"): _check_change,
    ("deterministic", "No"): _check_unchanged,
}


def solve(prompt: Prompt, held: Mapping[str, int], coins: Mapping[str, int]) -> dict[str, int]:
    """Returns the value of each coin and variable, from the statements, where some variables have set values."""
    statements = {one.variable: one for one in prompt.statements}
    values = dict(coins)
    for name in prompt.numbered.names:
        one = statements[name]
        row = "".join(str(values[source]) for source in one.sources)
        values[name] = held[name] if name in held else int(row in one.ones)
    return values


def _probability(prompt: Prompt, held: Mapping[str, int], value: int) -> Fraction:
    outcomes = list(product((0, 1), repeat=len(prompt.coins)))
    ones = sum(
        solve(prompt, {**held, prompt.x: value}, dict(zip(prompt.coins, bits, strict=True)))[prompt.y]
        for bits in outcomes
    )
    return Fraction(ones, len(outcomes))


def _values(stated: Any, needed: set[str], allowed: set[str], key: str) -> dict[str, int]:
    """Returns the values under a key; raises [`CertificateError`] unless they are of the right names."""
    is_mapping = isinstance(stated, Mapping) and all(type(one) is int and one in (0, 1) for one in stated.values())
    if not is_mapping or not needed <= stated.keys() <= allowed:
        raise CertificateError(f"{key!r} must have 0 or 1 for {sorted(needed)}, got {stated!r:.200}")
    return dict(stated)


def read_fraction(written: Any) -> Fraction:
    """Returns a number of a certificate or a reply; raises [`CertificateError`] for anything else."""
    try:
        return read_number(str(written)).value
    except ValueError as error:
        raise CertificateError(str(error)) from error
