"""`hf-causal finetune`: the fields of a fine-tuning recipe are options, too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from hf_causal.cli.options import bar
from hf_causal.posttraining.options import option_help

FINETUNE_HELP = """
Fine-tune a pretrained model on a corpus, and score it before and after in one report.

MODEL is a folder or a model on the Hub. A causal language model learns the answers to questions, with the prompts of
`hf-causal evaluate --lm` (TRL's SFTTrainer; the loss is over the answer alone); with `--lora` adapters are trained
instead of its weights. An encoder becomes a classifier of premise and question; one that was trained for natural
language inference is scored before by its labels, entailment being Yes. Replies and checkpoints are kept during the
run: the same command with `--resume-from-checkpoint latest` continues where it stopped.

`--recipe` is the name of a shipped recipe (`llama-3-8b-axioms`, `roberta-large-mnli-corr2cause`) or a YAML file. Its
fields are options, too; they are listed below with their defaults in brackets.

Examples:

    hf-causal finetune ORGANIZATION/NAME --config transitivity_ts2 --lora --output-dir runs/lora

    hf-causal finetune ORGANIZATION/NAME --config transitivity_ts2 --answers proof --lora --output-dir runs/proofs

    hf-causal finetune runs/base --config d_separation --train-rows 20000 --max-steps 500 --learning-rate 1e-4 \\
        --eval axiomatic/d_separation_generalization --eval corr2cause/default --eval-limit 50 --output-dir runs/full

    hf-causal finetune --recipe llama-3-8b-axioms --qlora --merge --output-dir runs/llama \\
        --push-to-hub --hub-model-id my-lab/llama-3-8b-axioms

    hf-causal finetune FacebookAI/roberta-large-mnli --corpus corr2cause --config default --output-dir runs/roberta

    hf-causal evaluate --lm runs/lora --config d_separation_generalization

    accelerate launch --multi_gpu --num_processes 8 -m hf_causal.cli finetune ORGANIZATION/NAME --output-dir runs/lora

"""
FINETUNE_HELP += "".join(
    f"\n**{group}**\n\n" + "".join(f"- `{option}` {text}\n" for option, text in options)
    for group, options in option_help().items()
)


def finetune(
    output_dir: Annotated[Path, typer.Option(help="Folder for the result and its checkpoints.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODEL --FIELD VALUE",
            help="Model folder, or model on the Hub, the recipe's if left out; and fields of the recipe.",
        ),
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="Name of a shipped recipe, or a YAML file.")] = None,
    data_dir: Annotated[
        list[str] | None,
        typer.Option(
            help="Folder that `hf-causal build` wrote, or a data set on the Hub; may be repeated. Configs in none of "
            "them are generated."
        ),
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Also write the model with the adapter merged into it.")
    ] = False,
    resume_from_checkpoint: Annotated[str | None, typer.Option(help="`latest`, or a checkpoint folder.")] = None,
    stop_at_step: Annotated[int | None, typer.Option(help="Save and stop after this step, to resume later.")] = None,
    report_to: Annotated[str, typer.Option(help="`none`, or an installed tracker such as `trackio`.")] = "none",
    answers: Annotated[
        str | None,
        typer.Option(
            metavar="FORM|FOLDER",
            help="Form of the answers: `yes-no`, `proof`, `trace` or another one of the task; anything else is a "
            "folder that keeps the replies of language models, as `--replies`.",
        ),
    ] = None,
    replies: Annotated[Path | None, typer.Option(help="Folder that keeps the replies of language models.")] = None,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with a model on the Hub.")
    ] = False,
    push_to_hub: Annotated[
        bool, typer.Option("--push-to-hub", help="Publish the result; the merged model goes to NAME-merged.")
    ] = False,
    hub_model_id: Annotated[str | None, typer.Option(help="`NAMESPACE/NAME` to publish it as.")] = None,
    hub_private_repo: Annotated[
        bool, typer.Option("--hub-private-repo", help="Make a new repository private.")
    ] = False,
) -> None:
    from hf_causal.posttraining.options import find_form, parse_arguments
    from hf_causal.posttraining.recipe import load_finetune_recipe

    fields = parse_arguments(arguments or ())
    if answers is not None:
        if form := find_form(answers):
            fields["form"] = form
        else:
            replies = replies or Path(answers)
    loaded = load_finetune_recipe(recipe, fields)
    if push_to_hub:
        from hf_causal.cards.finetuned_card import check_base_model
        from hf_causal.hub.publish import check_destination

        check_destination(hub_model_id)
        check_base_model(loaded.model, loaded.base_model)
    from hf_causal.posttraining.run import finetune as run

    result = run(
        loaded,
        output_dir,
        data_dir or (),
        resume_from_checkpoint,
        report_to,
        stop_at_step,
        merge,
        trust_remote_code,
        replies,
        progress=bar,
        say=lambda text: typer.echo(text) if os.environ.get("RANK", "0") == "0" else None,
    )
    if not result.finished:
        typer.echo(f"Stopped at step {result.steps}; continue with --resume-from-checkpoint latest.")
    elif result.is_main:
        _print_result(result)
        if push_to_hub and hub_model_id:
            _publish(output_dir, hub_model_id, merge, hub_private_repo)


def _publish(output_dir: Path, repo_id: str, merged: bool, private: bool) -> None:
    from hf_causal.hub.publish import publish

    typer.echo(str(publish("model", output_dir, repo_id, private=private)))
    if merged:
        typer.echo(str(publish("model", output_dir / "merged", f"{repo_id}-merged", private=private)))


def _print_result(result: Any) -> None:
    from rich.console import Console

    from hf_causal.evaluation.console import print_table
    from hf_causal.posttraining.report import COLUMNS, table_rows

    if result.records:
        rows = [[cell.replace("`", "") for cell in row] for row in table_rows(result.records)]
        print_table(Console(), "before and after fine-tuning", list(COLUMNS), rows)
    typer.echo(f"{'Report, card and result' if result.records else 'Card and result'} in {result.output_dir}.")
