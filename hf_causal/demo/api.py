"""What programs and agents may call: typed and documented functions, which Gradio offers over HTTP and MCP."""

from __future__ import annotations

from typing import Any, Literal

import gradio as gr

from hf_causal.demo.answers import Answer, Question, read_question
from hf_causal.demo.ask_tab import AskTab
from hf_causal.demo.proofs import show_proof
from hf_causal.demo.uploads import verify_text


class Endpoints:
    """The endpoints of a page."""

    def __init__(self, ask: AskTab):
        self.ask = ask

    def register(self) -> None:
        """Offers the functions, inside of a `gr.Blocks`."""
        for function in (self.answer, self.prove, self.models, self.verify):
            gr.api(self._told(function), api_name=function.__name__)

    def answer(self, premises: str, question: str, model: str = "axiom-reasoner") -> dict[str, Any]:
        """Answers a causal question by a trained model, beside the exact answer and its proof.

        Args:
            premises (str): What causes what: one statement a line or running text, "smoking causes tar. tar → cancer".
            question (str): "Does smoking cause cancer?" or "Are smoking and cancer d-separated given tar?".
            model (str): Name of a model; the endpoint `models` lists them.

        Returns:
            dict: `answer` and `certificate` are exact, `model_answer` and `model_probability` (of Yes) the model's.
        """
        return describe(self.ask.answer(premises, question, model))

    def prove(self, premises: str, question: str) -> dict[str, Any]:
        """Answers a causal question exactly and proves the answer, without any model.

        Args:
            premises (str): What causes what, or what correlates with what: one statement a line or running text.
            question (str): "Does smoking cause cancer?", "What causes cancer?", "Why does smoking cause cancer?" or
                "Are smoking and cancer d-separated given tar?"; in Chinese as well.

        Returns:
            dict: `answer` (Yes or No; empty for a list or paths, which are `members` and `paths`), the answer as
                `text`, the `proof` in words, the `certificate` for programs, and the `prompt` with its `names`.
        """
        return describe_question(read_question(premises, question))

    def models(self) -> list[str]:
        """Lists the models that can be asked.

        Returns:
            list[str]: Their names.
        """
        return self.ask.models.names

    def verify(self, rows: str, format: Literal["jsonl", "csv"] = "jsonl") -> dict[str, Any]:
        """Proves or refutes the label of every row of a small data set from the rows' own text.

        Args:
            rows (str): The content of a file with columns such as `prompt` and `completion`.
            format (str): "jsonl" or "csv".

        Returns:
            dict: The number of rows, whether they are clean, and what was found in which rows.
        """
        return verify_text(rows, format)

    def _told(self, function: Any) -> Any:
        """The function with its mistakes as messages for its caller; anything else stays the server's own."""
        from functools import wraps

        @wraps(function)
        def told(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except (ValueError, FileNotFoundError) as error:
                raise gr.Error(str(error), print_exception=False) from error

        return told


def describe_question(question: Question) -> dict[str, Any]:
    """A question with its exact answer, as JSON has it."""
    shown = show_proof(question)
    return {
        "answer": question.exact.answer,
        "text": question.exact.text,
        "kind": question.read.question.kind,
        "members": list(question.exact.members),
        "paths": [list(path) for path in question.exact.paths],
        "statements": [[one.cause, one.sign, one.effect] for one in question.read.statements],
        "proof": [shown.summary, *shown.steps],
        "certificate": question.certificate,
        "task": question.read.task,
        "prompt": question.read.prompt,
        "names": question.read.renaming.short,
    }


def describe(answer: Answer) -> dict[str, Any]:
    """An answer as JSON has it."""
    return describe_question(answer.question) | {
        "model": answer.model,
        "model_answer": answer.says,
        "model_probability": None if answer.opinion is None else answer.opinion.probability,
        "model_is_right": None if answer.says is None else not answer.is_wrong,
        "model_note": answer.unread,
    }
