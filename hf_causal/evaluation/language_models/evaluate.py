"""Scores any language model, local or behind an endpoint, as a baseline for models that were trained on the tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from hf_causal.evaluation.evaluate import require_yes_no, score_predictor
from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.evaluation.language_models.reply_cache import Reply
from hf_causal.evaluation.language_models.request_options import RequestOptions
from hf_causal.evaluation.predictors import Predictor
from hf_causal.evaluation.scores import Scores
from hf_causal.tasks.forms import YES_NO
from hf_causal.utils.progress import Advance, Progress


class LanguageModel(Predictor, Protocol):
    """A predictor whose replies can be read in any form."""

    @property
    def prompting(self) -> Mapping[str, Any]:
        """How the model is prompted."""

    def reply(self, prompts: Sequence[str], progress: Advance | None = None) -> list[Reply]:
        """Returns the reply to each prompt."""


@dataclass(frozen=True)
class LanguageModelOptions:
    """How a language model is asked.

    Args:
        endpoint (`str`, *optional*): URL of an OpenAI-compatible server; its answers are always generated.
        generate (`bool`): Read the answer from text generated after the paper's instruction, instead of comparing
            the likelihoods of Yes and No after the question.
        shots (`int`): Examples from the training split of the question's task, with their answers.
        seed (`int`): Seed of the choice of examples.
        chat_template (`bool`): Whether to use the tokenizer's chat template, where it has one.
        max_new_tokens (`int`): Most tokens of a generated answer.
        form (`str`): Form of the answers; those of other forms than Yes/No are generated.
        answers (`str` or `Path`, *optional*): Folder for the replies; inside the cache of `huggingface_hub` if not
            given.
        concurrency (`int`), requests_per_minute (`float`, *optional*), timeout (`float`): Limits of an endpoint, see
            [`Endpoint`].
        temperature (`float`), token_limit (`str`), reasoning_effort (`str`), extra_body (`dict`): Parameters of the
            requests to an endpoint, see [`RequestOptions`].
    """

    endpoint: str | None = None
    generate: bool = False
    shots: int = 0
    seed: int = 0
    chat_template: bool = True
    max_new_tokens: int = 16
    form: str = YES_NO
    answers: str | Path | None = None
    concurrency: int = 8
    requests_per_minute: float | None = None
    timeout: float = 120.0
    temperature: float | None = 0.0
    token_limit: str | None = None
    reasoning_effort: str | None = None
    extra_body: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise ValueError(f"`max_new_tokens` must be at least 1, got {self.max_new_tokens}")

    def loader(
        self, lm: str, device: str | None, trust_remote_code: bool, prompt_format: PromptFormat | None = None
    ) -> Callable[[], LanguageModel]:
        """Returns a function that loads the model; arguments are checked here, before anything is loaded.

        Args:
            lm (`str`), device (`str`, *optional*), trust_remote_code (`bool`): See [`LocalModel.load`].
            prompt_format ([`PromptFormat`], *optional*): The form of the questions; that of the options if not given.
        """
        requests = RequestOptions(self.temperature, self.token_limit, self.reasoning_effort, self.extra_body)
        generate = self.generate or self.form != YES_NO or prompt_format is not None
        if prompt_format is None:
            prompt_format = PromptFormat(generate or self.endpoint is not None, self.shots, self.seed, self.form)
        common: dict[str, Any] = {"prompt_format": prompt_format, "max_new_tokens": self.max_new_tokens}
        common["answers"] = self.answers
        if self.endpoint is not None:
            from hf_causal.evaluation.language_models.endpoint import Endpoint

            limits: dict[str, Any] = {"concurrency": self.concurrency, "requests_per_minute": self.requests_per_minute}
            endpoint = Endpoint(self.endpoint, lm, timeout=self.timeout, options=requests, **limits, **common)
            return lambda: endpoint

        def load() -> LanguageModel:
            from hf_causal.evaluation.language_models.local import LocalModel

            local = {"generate": generate, "chat_template": self.chat_template}
            return LocalModel.load(lm, device, trust_remote_code, **local, **common)

        return load


def evaluate_language_model(
    lm: str | Path,
    corpus: str = "axiomatic",
    config: str | None = "transitivity_generalization",
    data_dir: str | Path | None = None,
    files: Sequence[str | Path] = (),
    limit: int | None = None,
    device: str | None = None,
    trust_remote_code: bool = False,
    progress: Progress | None = None,
    variants: Sequence[str] = (),
    **options: Any,
) -> Scores:
    """Scores a causal language model that was not trained on the tasks.

    Replies are kept as they arrive, under the weights (or the endpoint and the model's name) and the form of the
    questions: an evaluation that is started again continues where it stopped, and no request is paid for twice.

    Args:
        lm (`str` or `Path`): Model folder or model on the Hub; with `endpoint`, the server's name of the model.
        corpus, config, data_dir, files, limit, progress, variants: As for [`evaluate_model`].
        device, trust_remote_code: Of a local model, see [`LocalModel.load`].
        **options: The fields of [`LanguageModelOptions`].

    Returns:
        [`Scores`]: With `prompting`.

    Raises:
        `FileNotFoundError`: If the model, the data or a file does not exist.
        `ValueError`: If an argument is wrong, or an endpoint refuses the request.
        `ConnectionError`: If an endpoint cannot be reached.
    """
    require_yes_no(corpus, config)
    load = LanguageModelOptions(**options).loader(str(lm), device, trust_remote_code)
    return score_predictor(load, str(lm), corpus, config, data_dir, files, limit, None, progress, variants)
