"""`hf-causal evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hf_causal.cli.options import DataDir, Device, bar

if TYPE_CHECKING:
    from hf_causal.evaluation.answers.scores import AnswerScores
    from hf_causal.evaluation.published.scores import PublishedScores
    from hf_causal.evaluation.report_files import AnyScores

    Results = AnyScores | AnswerScores | PublishedScores

EVALUATE_HELP = """
Score a model on every generalization split, together with shortcut baselines, and on your own files.

MODEL is a folder or a model on the Hub: any causal language model, a sequence classifier with labels No and Yes or
those of natural language inference (entailment is Yes), or an adapter of either, which is loaded into its base model.
A data file is what `hf-causal verify` reads: JSON lines, JSON, CSV or Parquet with, say, `prompt` and `completion`; a
folder or a pattern in quotes means all of its data files.

Files of CLEAR, CaLM, CauGym, Corr2Cause, Corr2Cause++, CLadder and RLCausal are scored by what their texts prove:
sets, lists, paths, numbers, distributions and options with `--lm`, Yes or No with MODEL. Every right answer counts,
and a label that is wrong does not. Where there are such files alone, `--config` is `none` if left out.

With `--lm` any causal language model is a baseline: by the likelihood of Yes against No, with `--generate` by the text
that it generates after the paper's instruction, with `--endpoint` by the replies of an OpenAI-compatible server. It
may be a `.gguf` file, or a folder with one.

With `--answers proof` the model writes its answer with a proof, with `--answers trace` the steps to it, and a program
checks every line. The report has right answers, valid proofs, both, and unreadable replies of every cell, and the ten
failures that teach most.

With `--variants` the questions are also put renamed, shuffled, with redundant facts, as stories and in Chinese, and
the report says how often the answer stays right and how often it stays the same.

Replies are kept as they arrive, so that the same command continues where it stopped and pays for no reply twice. The
token of an endpoint is read from `HF_CAUSAL_ENDPOINT_TOKEN`; the stored one is only sent to Hugging Face's own API
hosts, over https. A parameter that the server does not take is left out after its first refusal; a prompt that it
refuses counts as wrong, and the report names how many and why. Models that think before they answer need more
`--max-new-tokens`, such as 4096.

Examples:

    hf-causal evaluate runs/cpu --json runs/cpu/generalization.json

    hf-causal evaluate runs/cpu --config none --data questions.jsonl --data more.jsonl

    hf-causal evaluate --lm ORGANIZATION/NAME --data clear/backdoor_path.json --limit 20 --report runs/clear

    hf-causal evaluate runs/cpu --limit 50

    hf-causal evaluate runs/separation --config d_separation_generalization

    hf-causal evaluate ORGANIZATION/NAME --corpus corr2cause --config default

    hf-causal evaluate runs/reasoner --config all --json runs/reasoner/generalization.json

    hf-causal evaluate model_cards/two-tower --limit 100

    hf-causal evaluate runs/cpu --limit 50 --variants renamed shuffled redundant omitted

    hf-causal evaluate --lm ORGANIZATION/NAME --json likelihood.json

    hf-causal evaluate --lm ORGANIZATION/NAME --corpus co_occurrence --config co_occurrence --limit 100

    hf-causal evaluate --lm ORGANIZATION/NAME --generate --shots 4 --limit 50 --report runs/baseline

    hf-causal evaluate --lm model.gguf --answers proof --shots 4 --limit 10 --report runs/proofs

    hf-causal evaluate --lm NAME --endpoint https://HOST/v1 --answers trace --config d_separation_generalization

    hf-causal evaluate --lm NAME --endpoint http://localhost:8000/v1 --concurrency 16 --requests-per-minute 500

    hf-causal evaluate --lm NAME --endpoint https://HOST/v1 --max-new-tokens 4096 --reasoning-effort low --timeout 600
"""


def evaluate(
    context: typer.Context,
    model: Annotated[str | None, typer.Argument(help="Model folder, or model on the Hub.")] = None,
    corpus: Annotated[
        str | None,
        typer.Option(help="Such as `corr2cause`; if left out, `axiomatic`, or that of MODEL's system."),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            help="Config to score, `none`, or `all` for every task that MODEL reads; if left out, "
            "`transitivity_generalization`, or that of MODEL's system."
        ),
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="File or folder to score, may be repeated; a published data set, too.")
    ] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="File for the scores of every cell.")] = None,
    report_out: Annotated[Path | None, typer.Option("--report", help="Folder for a report with its plots.")] = None,
    data_dir: DataDir = None,
    limit: Annotated[int | None, typer.Option(help="At most this many questions of each cell.")] = None,
    variants: Annotated[
        list[str] | None,
        typer.Option(
            help="Variants of the questions to score too, such as `renamed shuffled redundant omitted story "
            "contrary-story nonsense-story chinese chinese-story`."
        ),
    ] = None,
    device: Device = None,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with a model on the Hub.")
    ] = False,
    lm: Annotated[
        str | None,
        typer.Option(help="Any causal language model, a GGUF file, or the name that an endpoint has for a model."),
    ] = None,
    endpoint: Annotated[str | None, typer.Option(help="URL of an OpenAI-compatible server to ask `--lm` at.")] = None,
    generate: Annotated[bool, typer.Option("--generate", help="Read generated text, not likelihoods.")] = False,
    shots: Annotated[int, typer.Option(help="Examples from the training split before each question of `--lm`.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the choice of examples.")] = 0,
    chat_template: Annotated[bool, typer.Option(help="Use the chat template where the tokenizer has one.")] = True,
    max_new_tokens: Annotated[
        int, typer.Option(help="Most tokens of a generated answer; if left out with `--answers`, what the form needs.")
    ] = 16,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="Form of the answers of `--lm`: `yes-no`, `proof`, `trace` or another one of the task; anything else "
            "is a folder, as for `--replies`."
        ),
    ] = None,
    replies: Annotated[Path | None, typer.Option(help="Folder that keeps the replies of `--lm`.")] = None,
    concurrency: Annotated[int, typer.Option(help="Most requests to an endpoint at a time.")] = 8,
    requests_per_minute: Annotated[float | None, typer.Option(help="Most requests to an endpoint per minute.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds within which an endpoint must answer a request.")] = 120.0,
    temperature: Annotated[str, typer.Option(help="Temperature of an endpoint; `none` sends none.")] = "0",
    token_limit: Annotated[
        str | None,
        typer.Option(
            help="Parameter that limits the tokens of an endpoint's reply, `max_tokens` or `max_completion_tokens`; "
            "if left out, the one that the server takes."
        ),
    ] = None,
    reasoning_effort: Annotated[str | None, typer.Option(help="Such as `low`, for endpoints that take it.")] = None,
    extra_body: Annotated[
        str | None, typer.Option(help="JSON object with further parameters for every request to an endpoint.")
    ] = None,
) -> None:
    if (model is None) == (lm is None):
        raise ValueError("give either MODEL, which was trained on these questions, or `--lm`, any language model")
    if endpoint and lm is None:
        raise ValueError("`--endpoint` needs `--lm`, the name that the server has for the model")
    _check_outputs(json_out, report_out)
    form, replies = _form_and_replies(answers, replies)
    files, published = _files(data or (), form)
    data_options: dict[str, Any] = {"data_dir": data_dir, "files": files, "limit": limit, "device": device}
    data_options["variants"] = tuple(variants or ())
    published_alone = bool(published) and not files and config in (None, "none")
    published_alone = published_alone and not (corpus or data_dir or variants)
    results: list[Results] = []
    if form != "yes-no" and lm is None:
        raise ValueError(f"`--answers {form}` needs `--lm`: a model of this package answers Yes or No")
    if form != "yes-no" and variants:
        raise ValueError(f"`--variants` are scored with Yes or No, not with `--answers {form}`")
    if lm is not None:
        lm_options = {
            "endpoint": endpoint, "generate": generate, "shots": shots, "seed": seed, "chat_template": chat_template,
            "max_new_tokens": max_new_tokens, "answers": replies, "concurrency": concurrency,
            "requests_per_minute": requests_per_minute, "timeout": timeout, "token_limit": token_limit,
            "reasoning_effort": reasoning_effort, **_parsed(temperature, extra_body),
        }  # fmt: skip
        source = context.get_parameter_source("max_new_tokens")
        left_out = {"max_new_tokens": None} if source is None or source.name == "DEFAULT" else {}
        if form != "yes-no":
            lm_options |= {**left_out, "form": form}
        if not published_alone:
            results.append(_score_language_model(lm, corpus, config, trust_remote_code, data_options, lm_options))
        if published:
            results.append(_score_published(lm, published, trust_remote_code, data_options, lm_options | left_out))
    else:
        if not published_alone:
            results.append(_score_model(str(model), corpus, config, trust_remote_code, data_options))
        if published:
            results.append(_score_published(str(model), published, trust_remote_code, data_options))
    _write(results, json_out, report_out)


def _files(sources: Sequence[Path], form: str) -> tuple[list[Path], list[Path]]:
    """Returns the files of questions, and those of published data sets that are scored by what their texts prove."""
    if not sources:
        return [], []
    from hf_causal.evaluation.published.questions import published_adapter
    from hf_causal.verification.io import find_files

    files = find_files(sources)
    published = [path for path in files if form == "yes-no" and published_adapter(path)]
    return [path for path in files if path not in published], published


def _score_published(
    model: str,
    files: list[Path],
    trust_remote_code: bool,
    options: dict[str, Any],
    lm_options: dict[str, Any] | None = None,
) -> PublishedScores:
    from hf_causal.evaluation.evaluators import evaluation_of_model
    from hf_causal.evaluation.published.evaluate import evaluate_model_on_published, evaluate_published

    common = {"limit": options["limit"], "device": options["device"]}
    common |= {"trust_remote_code": trust_remote_code, "progress": bar}
    if lm_options is not None:
        return evaluate_published(model, files, **common, **lm_options)
    if evaluation_of_model(model):
        raise ValueError(f"`--data` has questions, and {model!r} does not answer questions")
    return evaluate_model_on_published(model, files, **common)


def _form_and_replies(answers: Path | None, replies: Path | None) -> tuple[str, Path | None]:
    """Returns the form of the answers and the folder of the replies, which `--answers` named before it had forms."""
    from hf_causal.posttraining.options import find_form

    form = None if answers is None else find_form(str(answers))
    return form or "yes-no", replies if form else replies or answers


def _check_outputs(json_out: Path | None, report_out: Path | None) -> None:
    """Raises before anything is scored if the results could not be written."""
    from hf_causal.utils.report_paths import check_json_report, check_report_folder

    if json_out:
        check_json_report("--json", json_out, ("dataset", "hardware"))
    if report_out:
        check_report_folder("--report", report_out)


def _parsed(temperature: str, extra_body: str | None) -> dict[str, Any]:
    from hf_causal.evaluation.language_models.request_options import parse_extra_body, parse_temperature

    return {"temperature": parse_temperature(temperature), "extra_body": parse_extra_body(extra_body)}


def _score_model(
    model: str, corpus: str | None, config: str | None, trust_remote_code: bool, options: dict[str, Any]
) -> AnyScores:
    from hf_causal.evaluation.evaluate import evaluate_model
    from hf_causal.evaluation.evaluate_tasks import evaluate_tasks
    from hf_causal.evaluation.evaluators import evaluation_of_model

    if system := evaluation_of_model(model):
        if options["files"]:
            raise ValueError(f"`--data` has questions, and {model!r} does not answer questions")
        if options["variants"]:
            raise ValueError(f"`--variants` are of questions, and {model!r} does not answer questions")
        data = (options["data_dir"], options["limit"], options["device"])
        return system.evaluate(model, corpus, config, *data, bar)
    if config == "all":
        return evaluate_tasks(model, trust_remote_code=trust_remote_code, progress=bar, **options)
    source = _corpus_and_config(corpus, config)
    return evaluate_model(model, *source, trust_remote_code=trust_remote_code, progress=bar, **options)


def _score_language_model(
    lm: str,
    corpus: str | None,
    config: str | None,
    trust_remote_code: bool,
    options: dict[str, Any],
    lm_options: dict[str, Any],
) -> AnyScores | AnswerScores:
    from hf_causal.evaluation.language_models.evaluate import evaluate_language_model

    if config == "all":
        raise ValueError("`--config all` is for MODEL: score `--lm` on one config at a time")
    source = _corpus_and_config(corpus, config)
    options = {**options, **lm_options, "trust_remote_code": trust_remote_code}
    if form := options.pop("form", None):
        from hf_causal.evaluation.answers.evaluate import evaluate_answers

        options.pop("generate")
        options.pop("variants")
        return evaluate_answers(lm, form, *source, progress=bar, **options)
    return evaluate_language_model(lm, *source, progress=bar, **options)


def _corpus_and_config(corpus: str | None, config: str | None) -> tuple[str, str | None]:
    return corpus or "axiomatic", None if config == "none" else config or "transitivity_generalization"


def _write(results: Sequence[Results], json_out: Path | None, report_out: Path | None) -> None:
    """Writes and prints the scores; those of published files follow the others."""
    from hf_causal.utils.files import write_json

    shown = [_shown(scores) for scores in results]
    if json_out:
        first, *further = (values for values, _, _ in shown)
        write_json(json_out, first | {"published": further[0]} if further else first)
    for _, show, write in shown:
        show()
        if report_out:
            typer.echo(f"Report in {write(report_out)}.")


def _shown(scores: Results) -> tuple[dict[str, Any], Callable[[], None], Callable[[Path], Path]]:
    """Returns scores for JSON, and functions that print them and that write a report into a folder."""
    from hf_causal.evaluation.answers.report import print_answers, write_answer_report
    from hf_causal.evaluation.answers.scores import AnswerScores
    from hf_causal.evaluation.console import print_scores
    from hf_causal.evaluation.published.report import print_published, write_published_report
    from hf_causal.evaluation.published.scores import PublishedScores
    from hf_causal.evaluation.report_files import scores_to_json, write_report

    if isinstance(scores, PublishedScores):
        return scores.to_json(), partial(print_published, scores), partial(write_published_report, scores=scores)
    if isinstance(scores, AnswerScores):
        return scores.to_json(), partial(print_answers, scores), partial(write_answer_report, scores=scores)
    return dict(scores_to_json(scores)), partial(print_scores, scores), partial(write_report, scores=scores)
