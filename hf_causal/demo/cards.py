"""Answers and errors as HTML, in which all text of the user is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from hf_causal.demo.answers import Answer, Question
from hf_causal.demo.pictures import draw
from hf_causal.demo.proofs import show_proof
from hf_causal.reading import Problem

WELCOME = (
    '<div class="hc-card hc-empty"><p>Type what causes what, ask a question, and see three things: the answer that a '
    "small transformer gives, the exact answer, and the proof of it.</p></div>"
)


def answer_card(answer: Answer) -> str:
    """Returns the two answers, a warning where they differ, the proof and its pictures."""
    question = answer.question
    shown = show_proof(question)
    steps = "".join(f"<li>{escape(step)}</li>" for step in shown.steps)
    steps = f'<ol tabindex="0" aria-label="Steps">{steps}</ol>' if steps else ""
    figures = "".join(
        f"<figure>{draw(picture)}<figcaption>{escape(caption)}{_legend(question)}</figcaption></figure>"
        for caption, picture in shown.pictures
    )
    answers = f'<div class="hc-answers">{_exact(question)}{_model(answer)}</div>'
    return (
        f'<section class="hc-card" aria-label="Answer">{answers}'
        f"{_warning(answer)}"
        f'<div class="hc-proof"><h3>Proof</h3><p>{escape(shown.summary)}</p>'
        f"{steps}</div>{figures}{_names(question)}</section>"
    )


def trouble_card(troubles: Sequence[Problem], premises: str, question: str) -> str:
    """The texts with the places that cannot be read marked, and what would help."""
    texts = {"premises": premises, "question": question}
    parts = []
    for field, text in texts.items():
        own = [one for one in troubles if one.field == field]
        if own:
            marked = f"<pre>{_marked(text, own)}</pre>" if any(one.text.strip() for one in own) else ""
            reasons = "".join(f"<li>{_quoted(one)}{escape(one.reason)}.</li>" for one in own)
            parts.append(f"<h4>{field.capitalize()}</h4>{marked}<ul>{reasons}</ul>")
    title = "<h3>Some of this could not be read</h3>"
    return f'<section class="hc-card hc-trouble" role="alert">{title}{"".join(parts)}</section>'


def error_card(message: str) -> str:
    """Returns one sentence about what was wrong and what would be right."""
    sentence = escape(message[:1].upper() + message[1:])
    return f'<section class="hc-card hc-trouble" role="alert"><p>{sentence}.</p></section>'


def _exact(question: Question) -> str:
    answer, members = question.exact.answer, question.exact.members
    shown = answer or escape(", ".join(members)) or f"{len(question.exact.paths)} paths"
    return (
        f'<div class="hc-answer hc-{answer.lower() or "none"}"><span class="hc-who">Exact answer</span>'
        f'<strong>{shown}</strong><span class="hc-how">proved from the statements</span></div>'
    )


def _model(answer: Answer) -> str:
    who = f'<span class="hc-who">{escape(answer.model)}</span>'
    if answer.opinion is None:
        return f'<div class="hc-answer hc-none">{who}<strong>–</strong><span class="hc-how">no answer</span></div>'
    yes = answer.opinion.probability
    shown = yes if answer.says == "Yes" else 1 - yes
    bar = (
        f'<span class="hc-bar" role="img" aria-label="Probability of Yes: {yes:.1%}">'
        f'<span style="width:{100 * yes:.1f}%"></span></span>'
    )
    wrong = " hc-wrong" if answer.is_wrong else ""
    return (
        f'<div class="hc-answer hc-{str(answer.says).lower()}{wrong}">{who}<strong>{answer.says}</strong>'
        f'<span class="hc-how">with probability {percent(shown)}</span>{bar}</div>'
    )


def percent(share: float) -> str:
    """Formats a probability, which is never rounded to 0 or 1.

    Example:

    ```python
    >>> percent(0.5), percent(0.99999)
    ('50.0%', 'over 99.9%')

    ```
    """
    return "over 99.9%" if share > 0.999 else "under 0.1%" if share < 0.001 else f"{share:.1%}"


def _warning(answer: Answer) -> str:
    if answer.unread:
        why = escape(answer.unread)
        return f'<p class="hc-note">{escape(answer.model)} gave no answer: {why}. The proof stands.</p>'
    if answer.is_wrong:
        return (
            f'<p class="hc-warning" role="alert">{escape(answer.model)} is wrong here: it says {answer.says}, and the '
            f"proof shows that the answer is {answer.question.exact.answer}.</p>"
        )
    return ""


def _legend(question: Question) -> str:
    if question.read.prompt is None:
        return ' <span class="hc-key hc-key-asked">asked</span> <span class="hc-key hc-key-proof">proof</span>'
    states_graph = question.task.facts(question.parsed).edges is not None
    items = ["asked", "proof"] if states_graph else ["asked"]
    if getattr(question.parsed, "given", ()):
        items.append("given")
    return "".join(f' <span class="hc-key hc-key-{item}">{item}</span>' for item in items)


def _names(question: Question) -> str:
    """Returns the prompt of the model, with the mapping of names where names were changed."""
    if question.read.prompt is None:
        return ""
    short = question.read.renaming.short
    prompt = f'<p class="hc-prompt"><code>{escape(question.read.prompt)}</code></p>'
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(key)}</td></tr>" for name, key in short.items())
    table = ""
    if any(name != key for name, key in short.items()):
        head = "<thead><tr><th>in your text</th><th>for the model</th></tr></thead>"
        table = f"<table>{head}<tbody>{rows}</tbody></table>"
    return f"<details><summary>What the model reads</summary>{prompt}{table}</details>"


def _marked(text: str, troubles: Sequence[Problem]) -> str:
    pieces, last = [], 0
    for one in sorted(troubles, key=lambda one: one.start):
        if one.start >= last and one.end > one.start:
            pieces += [escape(text[last : one.start]), f"<mark>{escape(text[one.start : one.end])}</mark>"]
            last = one.end
    return "".join([*pieces, escape(text[last:])])


def _quoted(trouble: Problem) -> str:
    text = trouble.text if len(trouble.text) <= 80 else trouble.text[:79] + "…"
    return f"<q>{escape(text)}</q>: " if text.strip() else ""
