"""`hf-causal ask`."""

from __future__ import annotations

from typing import Annotated

import typer

ASK_HELP = """Answer a question about causes exactly, from premises as people write them.

Premises and questions are English, Chinese or a graph; docs/reading.md lists what can be typed. A text is understood
as a whole, or refused with status 2.

Examples:

    hf-causal ask "Smoking leads to tar. Tar causes cancer." "Does smoking cause cancer?"

    hf-causal ask "rain -> mud -> falls" "What causes falls?" --json
"""


def ask(
    premises: Annotated[str, typer.Argument(help="What causes what.")],
    question: Annotated[str, typer.Argument(help="The question; without it, the last sentence of the premises.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the answer and its proofs as JSON.")] = False,
) -> None:
    from hf_causal.reading import RESTATED_KINDS
    from hf_causal.reading import ask as ask_reader

    result = ask_reader(premises, question)
    if json:
        from json import dumps

        typer.echo(dumps(result.as_dict(), ensure_ascii=False, indent=2))
    else:
        typer.echo(result.text)
        if result.reading.question.kind in RESTATED_KINDS:
            typer.echo(f"Read as: {result.reading.restated}")
