"""Proofs of comparisons.

A certificate is a JSON object `{"first": {"P(B[A = 1] = 1)": "0.6", …}, "second": {…}}` with the exact value of each
term of each quantity, as `hf_causal.tasks.quantities.proof` describes it; without `second` where that is a number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from hf_causal.graphs.counterfactual_networks import Undetermined, evaluate
from hf_causal.tasks.comparisons.text import Prompt
from hf_causal.tasks.quantities.proof import check_terms, hops_of
from hf_causal.tasks.shared.chances import StatedModel
from hf_causal.tasks.shared.exact_numbers import read_number, write_number
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.quantity_texts import Quantity, combination_of

KEYS = ("first", "second")


def value_and_terms(quantity: Quantity, stated: StatedModel, decimals: bool) -> tuple[Fraction, dict[str, str]]:
    """Returns the value of a quantity, and that of each of its terms.

    Raises:
        `ValueError`: If the statements do not determine it.
    """
    combination = combination_of(quantity, stated)
    try:
        values = {notation: evaluate(stated.model, term).value for notation, term in combination.terms.items()}
    except Undetermined as error:
        raise ValueError(f"the statements do not determine {quantity}: {error}") from error
    except ZeroDivisionError:
        raise ValueError(f"{quantity} is not defined: what is observed has probability 0") from None
    return combination.value(values)[0], {name: write_number(value, decimals) for name, value in values.items()}


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate; `hops` is the length of a shortest path to the first outcome.

    Raises:
        `ValueError`: If the statements are no model, or do not determine a quantity.

    Example:

    ```python
    >>> from hf_causal.tasks.comparisons.text import parse_prompt
    >>> text = "A is 1 with probability 0.5. B is 1 with probability 0.2 if A is 0."
    >>> more = "B is 1 with probability 0.6 if A is 1. There are no hidden common causes."
    >>> prove(parse_prompt(f"{text} {more} Is the average treatment effect of A on B larger than 0?"))
    Proof(answer='Yes', certificate='{"first": {"P(B[A = 1] = 1)": "0.6", "P(B[A = 0] = 1)": "0.2"}}', hops=1)

    ```
    """
    stated, decimals = prompt.stated.model, prompt.stated.decimals
    results = [value_and_terms(one, stated, decimals) for one in prompt.quantities]
    certificate = {key: terms for key, (_, terms) in zip(KEYS, results, strict=False)}
    answer = "Yes" if results[0][0] > second_value(prompt, [value for value, _ in results]) else "No"
    return Proof(answer, json.dumps(certificate), hops_of(prompt.first, prompt.edges))


def second_value(prompt: Prompt, values: list[Fraction]) -> Fraction:
    """Returns the second value of a comparison: of the second quantity, or the number."""
    return values[1] if isinstance(prompt.second, Quantity) else read_number(prompt.second).value


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer; another algorithm computes its terms."""
    keys = KEYS[: len(prompt.quantities)]
    if not isinstance(certificate, Mapping) or certificate.keys() != set(keys):
        raise CertificateError(f"the certificate must be JSON with {' and '.join(keys)}, got {certificate!r:.200}")
    stated = prompt.stated.model
    values = [
        check_terms(combination_of(quantity, stated), stated, {"terms": certificate[key]})[0]
        for key, quantity in zip(keys, prompt.quantities, strict=True)
    ]
    second = second_value(prompt, values)
    if (values[0] > second) != (answer == "Yes"):
        relation = "is" if values[0] > second else "is not"
        raise CertificateError(f"{write_number(values[0])} {relation} larger than {write_number(second)}")
