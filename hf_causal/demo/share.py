"""Taking a question elsewhere: as a link, as Python."""

from __future__ import annotations

from urllib.parse import urlencode

LINK_KEYS = ("premises", "question", "model")


def query_string(premises: str, question: str, model: str) -> str:
    """The part of a link that holds a question.

    Example:

    ```python
    >>> query_string("A causes B", "Does A cause B?", "axiom-looped")
    '?premises=A+causes+B&question=Does+A+cause+B%3F&model=axiom-looped'

    ```
    """
    return "?" + urlencode(dict(zip(LINK_KEYS, (premises, question, model), strict=True)))


def python_code(premises: str, question: str, model: str) -> str:
    """A program that answers a question without the page.

    Example:

    ```python
    >>> print(python_code("A causes B", "Does A cause B?", "axiom-looped"))  # doctest: +ELLIPSIS
    from hf_causal.evaluation.predictors import load_predictor
    ...

    ```
    """
    return f"""\
from hf_causal.evaluation.predictors import load_predictor
from hf_causal.models.pretrained import released_models
from hf_causal.reading import answer, read

premises = {premises!r}
question = {question!r}
model = {model!r}

reading = read(premises, question)
print(reading.edges)
print("exact:", answer(reading).text)

if reading.prompt:  # models answer Yes or No to prompts of a task
    predictor = load_predictor(released_models().get(model, model))
    print(model, "says Yes with probability", predictor.probabilities([reading.prompt])[0])
"""
