"""Links between what is published under one namespace, written into the card of a Space."""

from __future__ import annotations

import re

_LISTS = ("datasets", "models", "preload_from_hub")
_KEY = re.compile(r"([A-Za-z_]+):\s*$")
_BARE_ITEM = re.compile(r"(\s*-\s+)([^\s/]+)\s*$")


def link_card(card: str, repo_id: str) -> str:
    """A Space's card with the data sets and models that it names under its own namespace, and its own id in examples.

    Args:
        card (`str`): With bare names, as it stands in the source tree.
        repo_id (`str`): Where it goes.

    Example:

    ```python
    >>> print(link_card("---\\ndatasets:\\n- axiomatic\\n- other/data\\n---\\nevaluate.load('f1')", "causal-lab/f1"))
    ---
    datasets:
    - causal-lab/axiomatic
    - other/data
    ---
    evaluate.load('causal-lab/f1')

    ```
    """
    namespace, name = repo_id.split("/")
    _, head, body = card.split("---", 2)
    lines, key = [], None
    for line in head.split("\n"):
        if found := _KEY.match(line):
            key = found[1]
        elif item := _BARE_ITEM.match(line):
            if key in _LISTS:
                line = f"{item[1]}{namespace}/{item[2]}"
        else:
            key = None
        lines.append(line)
    body = re.sub(rf"""evaluate\.load\((["']){re.escape(name)}\1""", rf"evaluate.load(\1{repo_id}\1", body)
    return "---".join(["", "\n".join(lines), body])
