"""How a model computes its answer, as HTML: the state of the looped reasoner after a loop, a decoder's attention."""

from __future__ import annotations

from html import escape

import numpy as np

from hf_causal.demo.answers import Answer
from hf_causal.demo.cards import percent
from hf_causal.demo.pictures import Picture, draw
from hf_causal.demo.proofs import edges_of, loop_edges, nodes_of
from hf_causal.demo.traces import AttentionTrace, LoopTrace

_SENTENCE_END = (".", "?")


def loop_view(answer: Answer, loop: int) -> str:
    """Returns the statements and the graph, coloured by what the model counts as reached after some loops.

    Args:
        answer ([`Answer`]): Of a model that loops.
        loop (`int`): From 0, before the first one, to the last.
    """
    trace = answer.opinion.trace if answer.opinion else None
    if not isinstance(trace, LoopTrace):
        return ""
    loop = min(max(loop, 0), len(trace.answer))
    now = float(trace.answer[loop - 1]) if loop else 0.0
    yes = f"If it stopped now, it would answer Yes with probability {percent(now)}." if loop else ""
    if not trace.reached.shape[1]:
        about = f"After {loop} of {len(trace.answer)} loops over all pairs of variables."
        return f'<div class="hc-loops"><p>{about} {yes}</p></div>'
    reached = trace.reached[loop - 1] if loop else np.zeros(trace.reached.shape[1])
    edges = edges_of(answer.question)
    strength: dict[tuple[str, str], float] = {}
    for edge, level in zip(edges, reached, strict=True):
        strength[edge] = max(strength.get(edge, 0.0), float(level))
    rows = "".join(
        f'<li style="--level:{level:.3f}"><span>{escape(cause)} → {escape(effect)}</span>'
        f'<span class="hc-level">{percent(float(level)) if loop else "–"}</span></li>'
        for (cause, effect), level in zip(edges, reached, strict=True)
    )
    names = [answer.question.given[name] for name in answer.question.parsed.question]
    changed = names[: answer.question.read.question.num_changed]
    count = int((reached > 0.5).sum())
    about = f"After {loop} of {len(trace.answer)} loops, {count} of {len(edges)} statements are reached."
    asked, cause = frozenset(names), escape("” or “".join(changed))
    feedback = loop_edges(answer.question)
    picture = Picture(nodes_of(answer.question), edges, asked, loop=feedback, strength=strength, description=about)
    coloured = (
        f"along which the model lets the ball from “{cause}” travel, with or against the arrow"
        if answer.question.read.task == "d_separation"
        else f"whose cause the model counts as reached from “{cause}”"
    )
    return (
        f'<div class="hc-loops"><p>{about} {yes}</p>{draw(picture)}<p class="hc-how">Coloured statements are those '
        f"{coloured}.</p>"
        f'<ul class="hc-statements">{rows}</ul></div>'
    )


def attention_view(answer: Answer, layer: int, head: int) -> str:
    """Returns the prompt, with each token as dark as the attention of the last token to it.

    Args:
        answer ([`Answer`]): Of a decoder.
        layer (`int`): Counted from 1.
        head (`int`): Counted from 1; 0 for the mean of all heads.
    """
    trace = answer.opinion.trace if answer.opinion else None
    if not isinstance(trace, AttentionTrace):
        return ""
    heads = trace.weights[min(max(layer, 1), len(trace.weights)) - 1]
    weights = heads.mean(axis=0) if head < 1 else heads[min(head, len(heads)) - 1]
    most = max(float(weights.max()), 1e-9)
    sentences, words = [], []
    for token, weight in zip(trace.tokens, weights, strict=True):
        words.append(
            f'<span class="hc-token" style="--level:{float(weight) / most:.3f}" '
            f'title="{float(weight):.1%}">{escape(_readable(token))}</span>'
        )
        if token in _SENTENCE_END:
            sentences.append(f'<span class="hc-sentence">{"".join(words)}</span>')
            words = []
    top = np.argsort(weights)[::-1][:3]
    about = ", ".join(f"“{escape(_readable(trace.tokens[i]))}” (token {i + 1}, {weights[i]:.0%})" for i in top)
    return (
        f'<div class="hc-attention"><p>Before it answers, it attends most to {about}.</p>'
        f'<p class="hc-tokens">{" ".join(sentences)}{"".join(words)}</p></div>'
    )


def _readable(token: str) -> str:
    return token.replace("Ġ", " ").replace("▁", " ")
