"""A judged reply as HTML: the score, each line of the proof as holding or broken, and the graph."""

from __future__ import annotations

import re
from html import escape

from hf_causal.demo.check_pictures import proof_picture
from hf_causal.demo.checking import Checked, ModelQuestion
from hf_causal.demo.pictures import Picture, draw

_SIGNS = {"right": ("✓", "holds"), "wrong": ("✗", "is wrong"), "other": ("", "")}


def check_card(checked: Checked) -> str:
    """Returns the score, the lines of the reply, and the graph with what is wrong in it."""
    picture = proof_picture(checked)
    return (
        f'<section class="hc-card" aria-label="Score">{_figures(checked)}'
        f"{_reason(checked)}<h3>The reply, line by line</h3>{_lines(checked)}{_graph(picture)}{_right_answer(checked)}"
        f"{_names(checked.question)}</section>"
    )


def _figures(checked: Checked) -> str:
    score = checked.score
    right = {True: ("Right", "yes"), False: ("Wrong", "no"), None: ("–", "none")}[score.answer_right]
    valid = {True: ("Valid", "yes"), False: ("Broken", "no"), None: ("–", "none")}[score.proof_valid]
    if not score.readable:
        right = valid = ("Unread", "none")
    value = (f"{score.value:g}", "yes" if score.value == 1 else "no" if score.value == 0 else "none")
    boxes = (
        ("Score", value, "from 0 to 1"),
        ("Answer", right, ""),
        ("Proof", valid, f"form: {checked.question.form}"),
    )
    return '<div class="hc-answers hc-three">' + "".join(_box(*box) for box in boxes) + "</div>"


def _box(title: str, shown: tuple[str, str], note: str) -> str:
    text, style = shown
    note = f'<span class="hc-how">{escape(note)}</span>' if note else ""
    who = f'<span class="hc-who">{title}</span>'
    return f'<div class="hc-answer hc-{style}">{who}<strong>{escape(text)}</strong>{note}</div>'


def _reason(checked: Checked) -> str:
    """Returns why the score is what it is, unless a line says so."""
    if checked.score.first_wrong_line is not None:
        return ""
    style = "hc-note" if checked.score.value == 1 else "hc-warning"
    return f'<p class="{style}">{_sentence(checked)}</p>'


def _sentence(checked: Checked) -> str:
    reason = re.sub(r"^line \d+: ", "", checked.score.reason)
    return f"{escape(reason[:1].upper() + reason[1:400])}."


def _lines(checked: Checked) -> str:
    score, items = checked.score, []
    for number, line in enumerate(checked.reply.split("\n"), 1):
        state = "wrong" if number == score.first_wrong_line else "right" if number in score.right_lines else "other"
        sign, word = _SIGNS[state]
        why = f'<span class="hc-why">{_sentence(checked)}</span>' if state == "wrong" else ""
        items.append(
            f'<li class="hc-line-{state}"><span class="hc-sign" title="{word}">{sign}</span>'
            f'<span class="hc-number">{number}</span><span>{escape(line) or " "}</span>{why}</li>'
        )
    return f'<ol class="hc-reply" tabindex="0" aria-label="Lines of the reply">{"".join(items)}</ol>'


def _graph(picture: Picture | None) -> str:
    if picture is None:
        return ""
    keys = {"asked": picture.asked, "holds": picture.path, "wrong": picture.faulty or picture.wrong,
            "missing": picture.missing, "given": picture.given}  # fmt: skip
    legend = "".join(f' <span class="hc-key hc-key-{key}">{key}</span>' for key, used in keys.items() if used)
    return f"<figure>{draw(picture)}<figcaption>The proof in the graph{legend}</figcaption></figure>"


def _right_answer(checked: Checked) -> str:
    text = escape(checked.right_answer)
    return f'<details><summary>A right answer</summary><pre class="hc-answer-text">{text}</pre></details>'


def _names(question: ModelQuestion) -> str:
    if not question.names:
        return ""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(short)}</td></tr>" for short, name in question.names.items()
    )
    head = "<thead><tr><th>in your text</th><th>for the model</th></tr></thead>"
    return f"<details><summary>Names</summary><table>{head}<tbody>{rows}</tbody></table></details>"
