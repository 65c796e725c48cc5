"""Answers and errors as HTML, in which all text of the user is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from hf_causal.demo.answers import Answer
from hf_causal.demo.labels import label, language_of
from hf_causal.demo.marks import mark, read_view
from hf_causal.demo.pictures import draw
from hf_causal.demo.proofs import adjusts, show_proof
from hf_causal.demo.questions import Question
from hf_causal.reading import RESTATED_KINDS, Problem

WELCOME = (
    '<div class="hc-card hc-empty"><p>Type what causes what, ask a question, and see three things: the answer that a '
    "small transformer gives, the exact answer, and the proof of it.</p></div>"
)


def answer_card(answer: Answer) -> str:
    """Returns the two answers, what was read, a warning where the answers differ, the proof and its pictures."""
    question = answer.question
    shown = show_proof(question)
    steps = "".join(f"<li>{escape(step)}</li>" for step in shown.steps)
    steps = f'<ol tabindex="0" aria-label="Steps">{steps}</ol>' if steps else ""
    figures = "".join(
        f"<figure>{draw(picture)}<figcaption>{escape(caption)}{_legend(question)}</figcaption></figure>"
        for caption, picture in shown.pictures
    )
    title = label("proof", question.read.language)
    answers = f'<div class="hc-answers">{_exact(question)}{_model(answer)}</div>'
    return (
        f'<section class="hc-card" aria-label="Answer">{answers}'
        f"{_warning(answer)}{_loop(question)}"
        f'<div class="hc-proof"><h3>{title}</h3><p>{escape(shown.summary)}</p>'
        f"{steps}</div>{figures}{_restated(question)}{read_view(question)}{_names(question)}</section>"
    )


def trouble_card(troubles: Sequence[Problem], premises: str, question: str) -> str:
    """Returns the texts with what cannot be read marked, and what would help."""
    language = language_of(question, premises)
    parts = []
    for field, text in (("premises", premises), ("question", question)):
        problems = [problem for problem in troubles if problem.field == field]
        if problems:
            marked = mark(text, problems, lambda _, shown: f"<mark>{shown}</mark>")
            marked = f"<pre>{marked}</pre>" if any(problem.text.strip() for problem in problems) else ""
            reasons = "".join(f"<li>{_quoted(problem)}{escape(problem.reason)}.</li>" for problem in problems)
            parts.append(f"<h4>{label(field, language)}</h4>{marked}<ul>{reasons}</ul>")
    title = f"<h3>{label('trouble', language)}</h3>"
    return f'<section class="hc-card hc-trouble" role="alert">{title}{"".join(parts)}</section>'


def error_card(message: str) -> str:
    """Returns one sentence about what was wrong and what would be right."""
    sentence = escape(message[:1].upper() + message[1:])
    return f'<section class="hc-card hc-trouble" role="alert"><p>{sentence}.</p></section>'


def _exact(question: Question) -> str:
    answer, members, language = question.exact.answer, question.exact.members, question.read.language
    in_words = answer in ("Yes", "No", "Unknown", "No set")
    if answer:
        shown = label(answer, language) if in_words else escape(answer)
    elif question.exact.paths:
        shown = label("paths", language, count=len(question.exact.paths))
    else:
        shown = escape(", ".join(members)) or label("nothing", language)
    style = answer.lower() if answer in ("Yes", "No", "Unknown") else "none"
    return (
        f'<div class="hc-answer hc-{style}"><span class="hc-who">{label("exact", language)}</span>'
        f'<strong>{shown}</strong><span class="hc-how">{label("proved", language)}</span></div>'
    )


def _model(answer: Answer) -> str:
    language = answer.question.read.language
    model = f'<span class="hc-who">{escape(answer.model)}</span>'
    if answer.opinion is None or answer.says is None:
        silent = f'<strong>–</strong><span class="hc-how">{label("no_answer", language)}</span>'
        return f'<div class="hc-answer hc-none">{model}{silent}</div>'
    yes = answer.opinion.probability
    shown = percent(yes if answer.says == "Yes" else 1 - yes)
    about = label("probability_of_yes", language, share=f"{yes:.1%}")
    bar = f'<span class="hc-bar" role="img" aria-label="{about}"><span style="width:{100 * yes:.1f}%"></span></span>'
    wrong = " hc-wrong" if answer.is_wrong else ""
    says = f"<strong>{label(answer.says, language)}</strong>"
    return (
        f'<div class="hc-answer hc-{answer.says.lower()}{wrong}">{model}{says}'
        f'<span class="hc-how">{label("probability", language, share=shown)}</span>{bar}</div>'
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
    language = answer.question.read.language
    if answer.unread:
        silent = label("silent", language, model=escape(answer.model), why=escape(answer.unread))
        return f'<p class="hc-note">{silent}</p>'
    if answer.is_wrong and answer.says:
        says, right = label(answer.says, language), label(answer.question.exact.answer, language)
        wrong = label("wrong", language, model=escape(answer.model), says=says, answer=right)
        return f'<p class="hc-warning" role="alert">{wrong}</p>'
    return ""


def _loop(question: Question) -> str:
    if not question.loop:
        return ""
    shown = escape(" → ".join(question.loop))
    return f'<p class="hc-note">{label("loop", question.read.language, loop=shown)}</p>'


def _legend(question: Question) -> str:
    items = ["asked", "proof"]
    if question.read.prompt is not None and question.task.facts(question.parsed).edges is None:
        items = ["asked"]
    of_sets = question.read.set_prompt is not None
    if question.read.question.given or (of_sets and adjusts(question) and question.parsed.given):
        items.append("given")
    if question.shows_hidden:
        items.append("hidden")
    if question.loop:
        items.append("loop")
    kind = "adjustment" if of_sets else question.read.question.kind
    given = {"relevance": "held", "adjustment": "adjusted", "front_door": "in_set"}.get(kind, "given")
    names = {"proof": "proof_key", "loop": "loop_key", "given": given, "hidden": "hidden_key"}
    return "".join(
        f' <span class="hc-key hc-key-{item}">{label(names.get(item, item), question.read.language)}</span>'
        for item in items
    )


def _restated(question: Question) -> str:
    """Returns the question in the words that it was read as, where it has many wordings."""
    if question.read.question.kind not in RESTATED_KINDS:
        return ""
    heading = label("read_as", question.read.language)
    return f'<p class="hc-restated"><b>{heading}</b> {escape(question.read.restated)}</p>'


def _names(question: Question) -> str:
    """Returns the prompt of the model, with the mapping of names where names were changed."""
    if question.read.prompt is None:
        return ""
    short, language = question.read.renaming.short, question.read.language
    prompt = f'<p class="hc-prompt"><code>{escape(question.read.prompt)}</code></p>'
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(key)}</td></tr>" for name, key in short.items())
    table = ""
    if any(name != key for name, key in short.items()):
        head = f"<thead><tr><th>{label('in_text', language)}</th><th>{label('for_model', language)}</th></tr></thead>"
        table = f"<table>{head}<tbody>{rows}</tbody></table>"
    return f"<details><summary>{label('reads', language)}</summary>{prompt}{table}</details>"


def _quoted(trouble: Problem) -> str:
    text = trouble.text if len(trouble.text) <= 80 else trouble.text[:79] + "…"
    return f"<q>{escape(text)}</q>: " if text.strip() else ""
