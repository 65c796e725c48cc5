"""Answers that are a set of nodes, such as `Set: {A, B}`, or say that there is none."""

from __future__ import annotations

from collections.abc import Iterable

from hf_causal.tasks.shared.proofs import distinct
from hf_causal.tasks.shared.reply_values import is_empty, read_nodes
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply

LABEL = "Set"
IMPOSSIBLE = "impossible"
NO_SET = frozenset({IMPOSSIBLE, "no set", "no such set", "there is none", "does not exist"})
SET_INSTRUCTION = (
    "Answer in one line: write 'Set: ' with the set in braces such as {A, B}, {} being the empty set, or "
    f"'Set: {IMPOSSIBLE}' if there is none."
)


def write_set_line(nodes: Iterable[str] | None) -> str:
    """Writes a set as [`read_set_line`] reads it; `None` says that there is none.

    Example:

    ```python
    >>> write_set_line({"B", "A"}), write_set_line(None)
    ('Set: {A, B}', 'Set: impossible')

    ```
    """
    return f"{LABEL}: {IMPOSSIBLE if nodes is None else '{' + ', '.join(sorted(nodes)) + '}'}"


def read_set_line(reply: Reply, names: frozenset[str], label: str = LABEL) -> set[str] | None:
    """Returns the set after a label of a reply, or `None` where it says that there is none.

    Raises:
        [`UnreadableReply`]: If the set has anything else than names of the prompt, or may be empty or no set.
        [`CertificateError`]: If it has a node twice.
    """
    text = reply.content(label).rstrip(". ")
    if text.lower() in NO_SET:
        return None
    if text.lower() in ("none", "nothing") and text not in names:
        raise UnreadableReply(f"{text!r} may be the empty set or no set: write '{{}}' or '{IMPOSSIBLE}'")
    return distinct([] if is_empty(text, names, label) else read_nodes(text, names, label), label)
