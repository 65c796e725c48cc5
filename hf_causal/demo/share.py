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
    from hf_causal.tasks.proving import prove
    ...

    ```
    """
    return f"""\
from hf_causal.tasks.proving import prove
from hf_causal.evaluation.predictors import load_predictor
from hf_causal.reading_before import read_everyday
from hf_causal.models.pretrained import released_models

premises = {premises!r}
question = {question!r}
model = {model!r}

read = read_everyday(premises, question)
print(read.renaming.restore(read.prompt))
print("exact:", prove(read.prompt))

predictor = load_predictor(released_models().get(model, model))
print(model, "says Yes with probability", predictor.probabilities([read.prompt])[0])
"""
