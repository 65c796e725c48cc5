"""`hf-causal evaluate` and `hf-causal report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hf_causal.cli.options import DataDir, Device, bar

EVALUATE_HELP = """
Score a model on every generalization split, beside shortcut baselines, and on files of your own.

MODEL is a folder or a model on the Hub: any causal language model, a sequence classifier with labels No and Yes or
those of natural language inference (entailment is Yes), or an adapter of either, which is loaded into its base model.
A data file is what `hf-causal verify` reads: JSON lines, JSON, CSV or Parquet with, say, `prompt` and `completion`.

With `--lm` any causal language model is a baseline: by the likelihood of Yes against No, with `--generate` by what it
writes after the paper's instruction, with `--endpoint` by what an OpenAI-compatible server answers. Replies are kept
as they come, so that the same command goes on where it was and pays for no answer twice. The token of an endpoint is
read from `HF_CAUSAL_ENDPOINT_TOKEN`; the stored one goes to Hugging Face's own hosts alone.

Examples:

    hf-causal evaluate runs/cpu --json runs/cpu/generalization.json

    hf-causal evaluate runs/cpu --config none --data questions.jsonl --data more.jsonl

    hf-causal evaluate runs/cpu --limit 50

    hf-causal evaluate runs/separation --config d_separation_generalization

    hf-causal evaluate ORGANIZATION/NAME --corpus corr2cause --config default

    hf-causal evaluate runs/reasoner --config all --json runs/reasoner/generalization.json

    hf-causal evaluate model_cards/two-tower --limit 100

    hf-causal evaluate --lm ORGANIZATION/NAME --json likelihood.json

    hf-causal evaluate --lm ORGANIZATION/NAME --corpus co_occurrence --config co_occurrence --limit 100

    hf-causal evaluate --lm ORGANIZATION/NAME --generate --shots 4 --limit 50 --report runs/baseline

    hf-causal evaluate --lm NAME --endpoint http://localhost:8000/v1 --concurrency 16 --requests-per-minute 500
"""

REPORT_HELP = """
Write the generalization report and its plots into a model folder, and renew the model's card.

Examples:

    hf-causal evaluate runs/cpu --json runs/cpu/generalization.json && hf-causal report runs/cpu

    hf-causal report runs/cpu --scores elsewhere.json

    hf-causal report runs/cpu --beside llama.json
"""


def evaluate(
    model: Annotated[str | None, typer.Argument(help="Model folder, or model on the Hub.")] = None,
    corpus: Annotated[
        str | None, typer.Option(help="Such as `corr2cause`; `axiomatic`, or what MODEL is made for, when not given.")
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            help="Config to score, `none`, or `all` for every task that MODEL reads; when not given, "
            "`transitivity_generalization`, or what MODEL is made for."
        ),
    ] = None,
    data: Annotated[list[Path] | None, typer.Option(help="File to score, may be repeated.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="File for the scores of every cell.")] = None,
    report_out: Annotated[Path | None, typer.Option("--report", help="Folder for a report with its plots.")] = None,
    data_dir: DataDir = None,
    limit: Annotated[int | None, typer.Option(help="At most this many questions of each cell.")] = None,
    device: Device = None,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Let a model from the Hub bring its own code.")
    ] = False,
    lm: Annotated[
        str | None, typer.Option(help="Any causal language model, or the name that an endpoint has for it.")
    ] = None,
    endpoint: Annotated[str | None, typer.Option(help="URL of an OpenAI-compatible server to ask `--lm` at.")] = None,
    generate: Annotated[bool, typer.Option("--generate", help="Read what `--lm` writes, not likelihoods.")] = False,
    shots: Annotated[int, typer.Option(help="Examples from the training split before each question of `--lm`.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the choice of examples.")] = 0,
    chat_template: Annotated[bool, typer.Option(help="Use the chat template where the tokenizer has one.")] = True,
    max_new_tokens: Annotated[int, typer.Option(help="Of a written answer.")] = 16,
    answers: Annotated[Path | None, typer.Option(help="Folder that keeps the replies of `--lm`.")] = None,
    concurrency: Annotated[int, typer.Option(help="Questions that an endpoint is asked at the same time.")] = 8,
    requests_per_minute: Annotated[float | None, typer.Option(help="Most requests to an endpoint.")] = None,
) -> None:
    from functools import partial

    if (model is None) == (lm is None):
        raise ValueError("give either MODEL, which was trained on these questions, or `--lm`, any language model")
    if endpoint and lm is None:
        raise ValueError("`--endpoint` needs `--lm`, the name that the server has for the model")
    from hf_causal.evaluation.evaluators import evaluation_of_model

    if model is not None and (system := evaluation_of_model(model)):
        if data:
            raise ValueError(f"`--data` has questions, and {model!r} answers none")
        _write(system.evaluate(model, corpus, config, data_dir, limit, device, bar), json_out, report_out)
        return
    if config == "all":
        if model is None:
            raise ValueError("`--config all` is for MODEL: score `--lm` on one config at a time")
        from hf_causal.evaluation.tasks import evaluate_tasks

        scores = evaluate_tasks(str(model), data_dir, data or (), limit, device, trust_remote_code, progress=bar)
        _write(scores, json_out, report_out)
        return
    if lm is None:
        from hf_causal.evaluation.evaluate import evaluate_model

        run = partial(evaluate_model, str(model))
    else:
        from hf_causal.evaluation.language_models.predictor import evaluate_language_model

        run = partial(
            evaluate_language_model,
            lm,
            endpoint=endpoint,
            generate=generate,
            shots=shots,
            seed=seed,
            chat_template=chat_template,
            max_new_tokens=max_new_tokens,
            answers=answers,
            concurrency=concurrency,
            requests_per_minute=requests_per_minute,
        )
    scores = run(
        corpus=corpus or "axiomatic",
        config=None if config == "none" else config or "transitivity_generalization",
        data_dir=data_dir,
        files=data or (),
        limit=limit,
        device=device,
        trust_remote_code=trust_remote_code,
        progress=bar,
    )
    _write(scores, json_out, report_out)


def _write(scores: dict[str, Any], json_out: Path | None, report_out: Path | None) -> None:
    from hf_causal.evaluation.console import print_scores
    from hf_causal.utils.files import write_json

    if json_out:
        write_json(json_out, scores)
    print_scores(scores)
    if report_out:
        from hf_causal.evaluation.report import write_page

        typer.echo(f"Report in {write_page(report_out, scores)}.")


def report(
    model: Annotated[Path, typer.Argument(help="Model folder.")],
    scores: Annotated[
        Path | None, typer.Option(help="What `evaluate --json` wrote; the folder's own otherwise.")
    ] = None,
    beside: Annotated[
        list[Path] | None,
        typer.Option(help="What `evaluate --lm … --json` wrote, for rows beside the published ones; may be repeated."),
    ] = None,
) -> None:
    import json

    from hf_causal.evaluation.report import write_report

    def read(path: Path) -> dict:
        if not path.is_file():
            raise FileNotFoundError(f"no scores file {str(path)!r}")
        return json.loads(path.read_text(encoding="utf-8"))

    written = write_report(model, read(scores) if scores else None, [read(path) for path in beside or ()])
    typer.echo(f"Report in {written}, pictures beside it, card renewed.")
