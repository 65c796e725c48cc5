"""Proofs of quantities.

A certificate is a JSON object:

- `{"terms": {"P(B[A = 1] = 1)": "0.62", …}}`, the exact value of each term of the quantity, where the statements
  determine it. `B[A = 1]` is B as it would be if A were set to 1, and `B[A = 1, M[A = 0]]` B if A were set to 1 and M
  to what it would be if A were set to 0. A difference is that of its two terms; the bounds on a probability of
  causation are those of Tian and Pearl (2000).
- `{"models": [{"B = 1 | A = 0": "1/4", "responses": "independent"}, {…}], "values": ["0.3", "0.5"]}`, two models that
  agree with every statement, for insufficient information: values for each probability that is missing and, where
  nothing says how responses are coupled, `independent` (also where a model does not say it) or `threshold`. The values
  of the quantity differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from itertools import product
from typing import Any

from hf_causal.graphs.counterfactual_networks import PartialModel, Undetermined, evaluate
from hf_causal.graphs.structural_models import BinaryModel, probability
from hf_causal.tasks.quantities.text import Prompt
from hf_causal.tasks.shared.chances import COUPLINGS, StatedModel
from hf_causal.tasks.shared.exact_numbers import read_number, write_number
from hf_causal.tasks.shared.proofs import CertificateError, Proof, distances, neighbours
from hf_causal.tasks.shared.quantity_texts import Combination, Quantity, combination_of
from hf_causal.tasks.shared.reply_numbers import INSUFFICIENT, StatedAnswer, read_answer, write_answer

RESPONSES = "responses"
"""The key of a model under which it says how responses are coupled."""
_TRIED = (Fraction(1, 4), Fraction(3, 4), Fraction(1, 2))
"""Values of missing probabilities in which two models are looked for."""
_MOST_TRIED = 81


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate; `hops` is the length of a shortest path to the outcome.

    Raises:
        `ValueError`: If the statements are no model, the quantity is not defined in it, or it cannot be decided
            whether they determine it.

    Example:

    ```python
    >>> from hf_causal.tasks.quantities.text import parse_prompt
    >>> text = "A is 1 with probability 0.5. B is 1 with probability 0.2 if A is 0."
    >>> more = "B is 1 with probability 0.6 if A is 1. There are no hidden common causes."
    >>> question = "What is the average treatment effect of A on B?"
    >>> prove(parse_prompt(f"{text} {more} {question}"))
    Proof(answer='0.4', certificate='{"terms": {"P(B[A = 1] = 1)": "0.6", "P(B[A = 0] = 1)": "0.2"}}', hops=1)
    >>> prove(parse_prompt(f"{text} There are no hidden common causes. {question}")).answer
    'insufficient information'

    ```
    """
    answer, certificate = decide(prompt.quantity, prompt.stated.model, prompt.stated.decimals)
    return Proof(answer, certificate, hops_of(prompt.quantity, prompt.edges))


def decide(quantity: Quantity, stated: StatedModel, decimals: bool) -> tuple[str, str]:
    """Returns the answer and the certificate; raises as [`prove`]."""
    combination = combination_of(quantity, stated)
    try:
        values = {notation: evaluate(stated.model, term).value for notation, term in combination.terms.items()}
        terms = {notation: write_number(value, decimals) for notation, value in values.items()}
        return write_answer(combination.value(values), decimals), json.dumps({"terms": terms})
    except ZeroDivisionError:
        raise ValueError(f"{quantity} is not defined: what is observed has probability 0") from None
    except Undetermined:
        return INSUFFICIENT, json.dumps(_two_models(combination, stated, decimals))


def hops_of(quantity: Quantity, edges: tuple[tuple[str, str], ...]) -> int:
    """Returns the edges on a shortest path from the treatment, or what is set or observed, to the outcome, or -1."""
    sources = [quantity.x] if quantity.x else [name for name, _ in quantity.values]
    steps = distances([quantity.y], neighbours(edges)[0])
    return min((steps[source] for source in sources if source in steps), default=-1)


def _two_models(combination: Combination, stated: StatedModel, decimals: bool) -> dict[str, Any]:
    """Returns two models with different values; raises `ValueError` if none of those tried differ."""
    first: tuple[dict[str, str], tuple[Fraction, ...]] | None = None
    for values, coupling in _completions(stated):
        model = stated.complete(values, coupling)
        with suppress(ZeroDivisionError):
            result = combination.value({name: evaluate(model, term).value for name, term in combination.terms.items()})
            written = _write_model(stated, values, coupling)
            if first is None:
                first = written, result
            elif result != first[1]:
                answers = [write_answer(one, decimals) for one in (first[1], result)]
                models = [first[0], written]
                if first[0].get(RESPONSES) == coupling:
                    models = [{key: value for key, value in one.items() if key != RESPONSES} for one in models]
                return {"models": models, "values": answers}
    raise ValueError("cannot decide whether the statements determine the quantity: all models that were tried agree")


def _completions(stated: StatedModel) -> Iterator[tuple[tuple[Fraction, ...], str | None]]:
    couplings = (None,) if stated.model.coupling else tuple(COUPLINGS)
    count = 0
    for values in product(_TRIED, repeat=len(stated.missing)):
        for coupling in couplings:
            count += 1
            if count > _MOST_TRIED:
                return
            yield values, coupling


def _write_model(stated: StatedModel, values: tuple[Fraction, ...], coupling: str | None) -> dict[str, str]:
    entries = {
        stated.entry(node, row): write_number(value) for (node, row), value in zip(stated.missing, values, strict=True)
    }
    return entries | ({RESPONSES: coupling} if coupling else {})


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer, which may be written in any way.

    Terms are computed anew, by another algorithm than that of [`prove`].
    """
    try:
        stated_answer = read_answer(answer)
    except ValueError as error:
        raise CertificateError(str(error)) from error
    check_certificate(prompt.quantity, prompt.stated.model, stated_answer, certificate)


def check_certificate(
    quantity: Quantity, stated: StatedModel, answer: StatedAnswer, certificate: Mapping[str, Any]
) -> None:
    """Raises [`CertificateError`] unless a certificate proves the answer about a quantity."""
    combination = combination_of(quantity, stated)
    if answer.insufficient:
        check_models(combination, stated, certificate)
        return
    true = check_terms(combination, stated, certificate)
    if not answer.is_right(true):
        raise CertificateError(f"the terms make {write_answer(true)}, not {answer.text!r}")


def check_terms(combination: Combination, stated: StatedModel, certificate: Mapping[str, Any]) -> tuple[Fraction, ...]:
    """Returns the value that the terms of a certificate make; raises [`CertificateError`] if one is wrong."""
    terms = certificate.get("terms") if isinstance(certificate, Mapping) else None
    if not isinstance(terms, Mapping) or terms.keys() != combination.terms.keys():
        raise CertificateError(f"'terms' must have the keys {list(combination.terms)}, got {terms!r:.200}")
    values: dict[str, Fraction] = {}
    model = _complete(stated, combination)
    for notation, term in combination.terms.items():
        value = probability(model, dict(term.event), dict(term.given), term.worlds, _coupling(stated))
        if value is None:
            raise CertificateError(f"{notation} is not defined: what is observed has probability 0")
        if _number(terms[notation], notation) != value:
            raise CertificateError(f"{notation} is {write_number(value)}, not {terms[notation]!r:.60}")
        values[notation] = value
    try:
        return combination.value(values)
    except ZeroDivisionError:
        raise CertificateError("the bounds are about an event of probability 0") from None


def _coupling(stated: StatedModel) -> Any:
    return stated.model.coupling or "independent"


def _complete(stated: StatedModel, combination: Combination) -> BinaryModel:
    """Returns the model with any values for what the terms do not depend on.

    Raises:
        [`CertificateError`]: If they depend on something that is missing or open.
    """
    several_worlds = any(len(term.worlds) > 1 for term in combination.terms.values())
    if stated.missing or (stated.model.coupling is None and several_worlds):
        try:
            for term in combination.terms.values():
                evaluate(stated.model, term)
        except Undetermined as error:
            raise CertificateError(str(error)) from error
        except ZeroDivisionError:
            raise CertificateError("what is observed has probability 0") from None
    return stated.filled


def _full(model: PartialModel) -> BinaryModel:
    tables = tuple(tuple(one for one in table if one is not None) for table in model.tables)
    return BinaryModel(model.parents, tables)


def check_models(combination: Combination, stated: StatedModel, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless two models agree with the statements and differ in the quantity."""
    models, values = (
        certificate.get(key) if isinstance(certificate, Mapping) else None for key in ("models", "values")
    )
    if not (isinstance(models, list) and isinstance(values, list) and len(models) == len(values) == 2):
        raise CertificateError(
            f"a certificate must be JSON with two 'models' and two 'values', got {certificate!r:.200}"
        )
    results = [_value_in(combination, stated, model) for model in models]
    for result, value in zip(results, values, strict=True):
        if not read_answer(str(value)).is_exact(result):
            raise CertificateError(f"in a model the value is {write_answer(result)}, not {value!r:.60}")
    if results[0] == results[1]:
        raise CertificateError(f"the value is {write_answer(results[0])} in both models")


def _value_in(combination: Combination, stated: StatedModel, model: Any) -> tuple[Fraction, ...]:
    """Returns the value of a quantity in a model of a certificate."""
    entries = [stated.entry(node, row) for node, row in stated.missing]
    open_keys = [] if stated.model.coupling else [RESPONSES]
    if not isinstance(model, Mapping) or not set(entries) <= model.keys() <= {*entries, *open_keys}:
        raise CertificateError(f"a model must have the keys {[*entries, *open_keys]}, got {model!r:.200}")
    coupling: Any = stated.model.coupling or model.get(RESPONSES, "independent")
    if coupling not in COUPLINGS:
        raise CertificateError(f"{RESPONSES!r} must be {' or '.join(map(repr, COUPLINGS))}, got {coupling!r:.60}")
    numbers = [_number(model[entry], entry) for entry in entries]
    if not all(0 <= number <= 1 for number in numbers):
        raise CertificateError(f"probabilities must lie between 0 and 1, got {model!r:.200}")
    full = _full(stated.complete(numbers, None))
    results = {}
    for notation, term in combination.terms.items():
        value = probability(full, dict(term.event), dict(term.given), term.worlds, coupling)
        if value is None:
            raise CertificateError(f"{notation} is not defined in a model: what is observed has probability 0")
        results[notation] = value
    try:
        return combination.value(results)
    except ZeroDivisionError:
        raise CertificateError("in a model the bounds are about an event of probability 0") from None


def _number(written: Any, key: str) -> Fraction:
    try:
        return read_number(str(written)).value
    except ValueError as error:
        raise CertificateError(f"{key!r}: {error}") from error
