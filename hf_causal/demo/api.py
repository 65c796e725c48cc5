"""What programs and agents may call: typed and documented functions, which Gradio offers over HTTP and MCP."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any, Literal

import gradio as gr

from hf_causal.demo.answers import Answer, read_question
from hf_causal.demo.ask_tab import AskTab
from hf_causal.demo.check_tab import CheckTab
from hf_causal.demo.checking import Checked
from hf_causal.demo.proofs import show_proof
from hf_causal.demo.questions import Question
from hf_causal.demo.uploads import FileQueue, verify_text
from hf_causal.demo.verify_tab import visits_of


class Endpoints:
    """The endpoints of a page."""

    def __init__(self, ask: AskTab, check: CheckTab, files: FileQueue):
        self.ask, self.check, self.files = ask, check, files

    def register(self) -> None:
        """Offers the functions, inside of a `gr.Blocks`."""
        for function in (self.answer, self.prove, self.score, self.models):
            gr.api(_tell_mistakes(function), api_name=function.__name__, concurrency_id="ask")
        gr.api(_tell_mistakes_later(self.verify), api_name="verify", concurrency_id="files", concurrency_limit=None)

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
            question (str): "Does smoking cause cancer?", "What causes cancer?", "Why does smoking cause cancer?", "Are
                smoking and cancer d-separated given tar?", "If tar is held fixed, can smoking affect cancer?", "Is it
                enough to adjust for age to estimate the effect of smoking on cancer?" or "Can the effect of smoking on
                cancer be computed from observational data?"; in Chinese as well.

        Returns:
            dict: `answer` (Yes or No; empty for a list or paths, which are `members` and `paths`), the answer as
                `text`, the `proof` in words, the `certificate` for programs, and the `prompt` with its `names`.
        """
        return describe_question(read_question(premises, question))

    def score(self, premises: str, question: str, reply: str, form: str = "proof") -> dict[str, Any]:
        """Scores a language model's reply to a causal question, with the first line of its proof that is wrong.

        Args:
            premises (str): What causes what, or what correlates with what: "A causes B. B causes C.".
            question (str): "Does A cause C?", "Are A and C d-separated given B?" or a hypothesis such as
                "A directly causes B.".
            reply (str): What the model wrote, with its reasoning, Markdown or JSON.
            form (str): Form of answer that the model was to write: "yes-no", "proof" or "trace", for d-separation also
                "separating-set", for correlations also "cpdag" and "verdict". An unknown form is an error that lists
                those of the question.

        Returns:
            dict: `value` from 0 to 1; `answer_right` and `proof_valid` (null where the form has none); `reason`;
                `first_wrong_line` and `right_lines`, counted from 1 in the reply; `readable`; `model_prompt`, the text
                that puts the question to a model in this form; the `task`, the `prompt`, and a `right_answer`.
        """
        return describe_score(self.check.check_reply(premises, question, form, reply))

    def models(self) -> list[str]:
        """Lists the models that can be asked.

        Returns:
            list[str]: Their names.
        """
        return self.ask.models.names

    async def verify(self, rows: str, format: Literal["jsonl", "csv"] = "jsonl") -> dict[str, Any]:
        """Proves or refutes the label of every row of a small data set from the rows' own text.

        Args:
            rows (str): The content of a file with columns such as `prompt` and `completion`.
            format (str): "jsonl" or "csv".

        Returns:
            dict: The number of rows, whether they are clean, and what was found in which rows.
        """
        return await self.files.run(verify_text(rows, format), visits_of(None))


def _tell_mistakes(function: Callable[..., Any]) -> Callable[..., Any]:
    """Makes mistakes of a caller messages for the caller; other errors stay those of the server."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (ValueError, FileNotFoundError) as error:
            raise gr.Error(str(error), print_exception=False) from error

    return call


def _tell_mistakes_later(function: Callable[..., Any]) -> Callable[..., Any]:
    """Does the same as [`_tell_mistakes`] for a coroutine function."""

    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return await function(*args, **kwargs)
        except (ValueError, FileNotFoundError) as error:
            raise gr.Error(str(error), print_exception=False) from error

    return call


def write_json(server: Any) -> None:
    """Lets a Model Context Protocol server of Gradio write results as JSON, which it writes as Python otherwise."""
    write = server.postprocess_output_data

    def write_as_json(data: Any, root_url: str) -> Any:
        return write(
            [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in data], root_url
        )

    server.postprocess_output_data = write_as_json


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


def describe_score(checked: Checked) -> dict[str, Any]:
    """A judged reply as JSON has it."""
    score = asdict(checked.score)
    return score | {
        "right_lines": list(checked.score.right_lines),
        "task": checked.question.task,
        "prompt": checked.question.prompt,
        "form": checked.question.form,
        "model_prompt": checked.question.text,
        "names": dict(checked.question.names),
        "right_answer": checked.right_answer,
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
