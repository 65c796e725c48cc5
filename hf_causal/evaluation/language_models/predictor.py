"""Scoring any language model as a baseline, here or behind an endpoint, beside the models that were trained for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hf_causal.evaluation.evaluate import Answers, score_answers
from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.utils.progress import Progress


def evaluate_language_model(
    lm: str | Path,
    corpus: str = "axiomatic",
    config: str | None = "transitivity_generalization",
    data_dir: str | Path | None = None,
    files: Sequence[str | Path] = (),
    limit: int | None = None,
    endpoint: str | None = None,
    generate: bool = False,
    shots: int = 0,
    seed: int = 0,
    chat_template: bool = True,
    max_new_tokens: int = 16,
    answers: str | Path | None = None,
    concurrency: int = 8,
    requests_per_minute: float | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Scores a causal language model that was not trained on the corpora.

    Replies are kept as they come, by the weights (or the endpoint and the model's name) and everything about the way
    they were asked for: an evaluation that is started again goes on where it was, and no question is paid for twice.

    Args:
        lm (`str` or `Path`): Model folder or model on the Hub; with `endpoint`, the name that the server has for it.
        corpus, config, data_dir, files, limit, progress: As for [`evaluate_model`].
        endpoint (`str`, *optional*): URL of an OpenAI-compatible server; its answers are always generated.
        generate (`bool`): Read the answer from what the model writes after the paper's instruction, instead of
            comparing the likelihoods of Yes and No after the question.
        shots (`int`): Examples from the training split of the question's grammar, with their answers.
        seed (`int`): Of the choice of examples.
        chat_template (`bool`): Whether to use the tokenizer's chat template, where it has one.
        max_new_tokens (`int`): Of a written answer.
        answers (`str` or `Path`, *optional*): Folder for the replies; inside the cache of `huggingface_hub` if not
            given.
        concurrency, requests_per_minute: Of an endpoint, see [`Endpoint`].
        device, trust_remote_code: Of a local model, see [`LocalModel`].

    Returns:
        `dict`: What [`evaluate_model`] returns, and `asked`: in which way.

    Raises:
        `FileNotFoundError`: If the model, the data or a file does not exist.
        `ValueError`: If an argument is wrong, or an endpoint refuses the request.
        `ConnectionError`: If an endpoint cannot be reached.
    """
    if max_new_tokens < 1:
        raise ValueError(f"`max_new_tokens` must be at least 1, got {max_new_tokens}")
    prompt_format = PromptFormat(instructed=generate or endpoint is not None, shots=shots, seed=seed)
    common: dict[str, Any] = {"prompt_format": prompt_format, "max_new_tokens": max_new_tokens, "answers": answers}

    def load_local() -> Answers:
        from hf_causal.evaluation.language_models.local import LocalModel

        local = {"generate": generate, "chat_template": chat_template}
        return LocalModel.load(lm, device, trust_remote_code, **local, **common)

    def connect(url: str) -> Callable[[], Answers]:
        from hf_causal.evaluation.language_models.endpoint import Endpoint

        limits: dict[str, Any] = {"concurrency": concurrency, "requests_per_minute": requests_per_minute}
        made = Endpoint(url, str(lm), **limits, **common)
        return lambda: made

    load = connect(endpoint) if endpoint is not None else load_local
    return score_answers(load, str(lm), corpus, config, data_dir, files, limit, None, progress)
