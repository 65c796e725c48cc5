"""`hf-causal finetune`: its options are the fields of a fine-tuning recipe."""

from __future__ import annotations

import dataclasses
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer

from hf_causal.cli.options import bar
from hf_causal.posttraining.recipe import FinetuneRecipe

FINETUNE_HELP = """
Fine-tune a pretrained model on a corpus, and score it before and after in one report.

MODEL is a folder or a model on the Hub. A causal language model learns the answers to questions in the words in which
`hf-causal evaluate --lm` asks them (TRL's SFTTrainer; the loss is over the answer alone); with `--lora` adapters are
trained instead of its weights. An encoder becomes a classifier of premise and question; one that was trained for
natural language inference is scored before by its labels, entailment being Yes. Replies are kept and checkpoints are
written as training goes: the same command with `--resume-from-checkpoint latest` goes on where it was.

`--recipe` is the name of a shipped recipe (`llama-3-8b-axioms`, `roberta-large-mnli-corr2cause`) or a YAML file; each
option below overrides a field of it, and the values in brackets hold without one.

Examples:

    hf-causal finetune ORGANIZATION/NAME --config transitivity_ts2 --lora --output-dir runs/lora

    hf-causal finetune runs/base --config d_separation --train-rows 20000 --max-steps 500 --learning-rate 1e-4 \\
        --eval axiomatic/d_separation_generalization --eval corr2cause/default --eval-limit 50 --output-dir runs/full

    hf-causal finetune --recipe llama-3-8b-axioms --qlora --merge --output-dir runs/llama \\
        --push-to-hub --hub-model-id my-lab/llama-3-8b-axioms

    hf-causal finetune FacebookAI/roberta-large-mnli --corpus corr2cause --config default --output-dir runs/roberta

    hf-causal evaluate --lm runs/lora --config d_separation_generalization

    accelerate launch --multi_gpu --num_processes 8 -m hf_causal.cli finetune ORGANIZATION/NAME --output-dir runs/lora
"""

_RENAMED = {
    "evaluations": "--eval",
    "gradient_checkpointing": "--gradient-checkpointing/--no-checkpointing",  # the usual name would be cut off
}
_ONE_BY_ONE = ("model",)


def finetune(
    model: Annotated[
        str | None, typer.Argument(help="Model folder, or model on the Hub; the recipe's if left out.")
    ] = None,
    output_dir: Annotated[Path, typer.Option(help="Folder for the result and its checkpoints.")] = ...,  # type: ignore[assignment]
    recipe: Annotated[str | None, typer.Option(help="Name of a shipped recipe, or a YAML file.")] = None,
    data_dir: Annotated[
        list[str] | None,
        typer.Option(
            help="Folder that `hf-causal build` wrote, or a data set on the Hub; may be repeated. Configs that are in "
            "none are generated."
        ),
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Also write the model with the adapter merged into it.")
    ] = False,
    resume_from_checkpoint: Annotated[str | None, typer.Option(help="`latest`, or a checkpoint folder.")] = None,
    stop_at_step: Annotated[int | None, typer.Option(help="Save and stop after this step, to go on later.")] = None,
    report_to: Annotated[str, typer.Option(help="`none`, or an installed tracker such as `trackio`.")] = "none",
    answers: Annotated[Path | None, typer.Option(help="Folder that keeps the replies of language models.")] = None,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Let a model from the Hub bring its own code.")
    ] = False,
    push_to_hub: Annotated[
        bool, typer.Option("--push-to-hub", help="Publish the result; what `--merge` made goes to NAME-merged.")
    ] = False,
    hub_model_id: Annotated[str | None, typer.Option(help="`NAMESPACE/NAME` to publish it as.")] = None,
    hub_private_repo: Annotated[
        bool, typer.Option("--hub-private-repo", help="Make a new repository private.")
    ] = False,
    **fields: Any,
) -> None:
    from hf_causal.posttraining.recipe import load_finetune_recipe

    given = {name: value for name, value in fields.items() if value not in (None, [])}
    chosen = load_finetune_recipe(recipe, {**given, **({"model": model} if model else {})})
    if push_to_hub:
        from hf_causal.cards.finetuned import check_base_model
        from hf_causal.hub.publish import check_destination

        check_destination(hub_model_id)
        check_base_model(chosen.model, chosen.base_model)
    from hf_causal.posttraining.run import finetune as run

    result = run(
        chosen,
        output_dir,
        data_dir or (),
        resume_from_checkpoint,
        report_to,
        stop_at_step,
        merge,
        trust_remote_code,
        answers,
        progress=bar,
        say=lambda text: typer.echo(text) if os.environ.get("RANK", "0") == "0" else None,
    )
    if not result.finished:
        typer.echo(f"Stopped at step {result.steps}; go on with --resume-from-checkpoint latest.")
        return
    if not result.is_main:
        return
    _show(result)
    if push_to_hub and hub_model_id:
        from hf_causal.hub.publish import publish

        typer.echo(str(publish("model", output_dir, hub_model_id, private=hub_private_repo)))
        if merge:
            merged = publish("model", output_dir / "merged", f"{hub_model_id}-merged", private=hub_private_repo)
            typer.echo(f"{merged}")


def _show(result: Any) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from hf_causal.posttraining.report import table_rows

    if result.records:
        table = Table(title="before and after fine-tuning", box=SIMPLE_HEAD, pad_edge=False)
        for column in ("questions", "n", "before", "after", "change"):
            table.add_column(column)
        for row in table_rows(result.records):
            table.add_row(*(cell.replace("`", "") for cell in row))
        Console().print(table)
    what = "Report, card and result" if result.records else "Card and result"
    typer.echo(f"{what} in {result.output_dir}.")


def _with_recipe_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each field of a recipe, described where the field is."""
    signature = inspect.signature(command, eval_str=True)
    own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    hints = get_type_hints(FinetuneRecipe)
    for field in dataclasses.fields(FinetuneRecipe):
        if field.name not in _ONE_BY_ONE:
            annotation = _option(field, hints[field.name])
            kind = inspect.Parameter.KEYWORD_ONLY
            own.append(inspect.Parameter(field.name, kind, default=None, annotation=annotation))
    command.__signature__ = signature.replace(parameters=own)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in own}
    return command


def _option(field: dataclasses.Field[Any], kind: Any) -> Any:
    plain = next((one for one in get_args(kind) if one is not type(None)), kind) if get_args(kind) else kind
    shown = field.default if field.default not in (None, "", ()) else None
    if isinstance(shown, bool):
        shown = "yes" if shown else "no"
    note = f" [{shown}]" if shown is not None else ""
    name = _RENAMED.get(field.name, f"--{field.name.replace('_', '-')}")
    if field.name == "evaluations":
        plain = list[str]
        note = " `CORPUS/CONFIG`, a file of questions, or `none`; may be repeated. [the splits made for --config]"
    if plain is bool and "/" not in name:
        name = f"{name}/--no-{name.removeprefix('--')}"
    text = field.metadata["help"] + note
    return Annotated[plain | None, typer.Option(name, help=text, rich_help_panel=field.metadata["group"])]


finetune = _with_recipe_options(finetune)
