"""`hf-causal train` and `hf-causal reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hf_causal.cli.options import DataDir, NumProc, bar
from hf_causal.utils.hardware import cores

PROCESSES = "Several processes"

TRAIN_HELP = """
Train a recipe, in this process or in several, and write a complete model folder.

RECIPE is the name of a shipped recipe (see `hf-causal info`) or a YAML file. Every field of a recipe can be
overridden: `--seed 1 --learning-rate 3e-4 --model.num-hidden-layers 6`.

With `--num-processes` the processes are started from here, one for each GPU, or on the CPU where there are no GPUs.
A step reads processes x `--per-device-train-batch-size` x `--gradient-accumulation-steps` premises; runs in which that
is the same read the same premises in the same order, and one can be resumed as another.

SIGTERM saves a checkpoint and ends with status 0, Ctrl-C saves one too. Checkpoints have a checksum for each file:
`--resume-from-checkpoint latest` passes over damaged ones with a warning.

Examples:

    hf-causal train axiom-looped --output-dir runs/looped

    hf-causal train axiom-cpu --output-dir runs/cpu --resume-from-checkpoint latest

    hf-causal train axiom-looped --output-dir runs/looped --push-to-hub --hub-model-id my-lab/axiom-looped

    hf-causal train axiom-looped --output-dir runs/fresh --fresh-rows true

    hf-causal train two-tower --output-dir runs/two-tower --eqsim-weight 5 --eqsim-margin 0

    hf-causal train axiom-67m-none --output-dir runs/none --num-processes 8 --per-device-train-batch-size 2

    hf-causal train axiom-67m-none --output-dir runs/none --num-processes 8 --accelerate-config fsdp2

    hf-causal train axiom-67m-none --output-dir /shared/none --accelerate-config multi_node --num-machines 2 \\
        --num-processes 16 --machine-rank 0 --main-process-ip 10.0.0.1

    accelerate launch --multi_gpu --num_processes 8 -m hf_causal.training --recipe axiom-67m-none --output-dir OUT
"""

REPRODUCE_HELP = """
The main job: build the corpora, train a recipe, score every generalization split, write the report.

It takes a few minutes on two cores and goes on where it was when it was interrupted.

Examples:

    hf-causal reproduce

    hf-causal reproduce --out runs/decoder --recipe axiom-cpu --seed 1
"""


def train(
    context: typer.Context,
    recipe: Annotated[str, typer.Argument(help="Name of a shipped recipe, or a YAML file.")],
    output_dir: Annotated[Path, typer.Option(help="Folder for the model and its checkpoints.")],
    data_dir: DataDir = None,
    resume_from_checkpoint: Annotated[str | None, typer.Option(help="`latest`, or a checkpoint folder.")] = None,
    report_to: Annotated[str, typer.Option(help="`none` or `trackio`.")] = "none",
    stop_at_step: Annotated[int | None, typer.Option(help="Save and stop after this step, to go on later.")] = None,
    push_to_hub: Annotated[bool, typer.Option("--push-to-hub", help="Publish the trained model.")] = False,
    hub_model_id: Annotated[str | None, typer.Option(help="`NAMESPACE/NAME` to publish it as.")] = None,
    hub_private_repo: Annotated[
        bool, typer.Option("--hub-private-repo", help="Make a new repository private.")
    ] = False,
    num_processes: Annotated[
        int | None, typer.Option(min=1, help="Processes to train in, over all machines.", rich_help_panel=PROCESSES)
    ] = None,
    accelerate_config: Annotated[
        str | None,
        typer.Option(
            help="A shipped config (`hf-causal info`) or a file of `accelerate config`; `multi_gpu` if not given.",
            rich_help_panel=PROCESSES,
        ),
    ] = None,
    num_machines: Annotated[
        int | None, typer.Option(min=1, help="Machines that take part.", rich_help_panel=PROCESSES)
    ] = None,
    machine_rank: Annotated[
        int | None, typer.Option(min=0, help="Which of them this is, from 0 on.", rich_help_panel=PROCESSES)
    ] = None,
    main_process_ip: Annotated[
        str | None, typer.Option(help="Address of the first machine.", rich_help_panel=PROCESSES)
    ] = None,
    main_process_port: Annotated[
        int | None, typer.Option(help="A port of the first machine.", rich_help_panel=PROCESSES)
    ] = None,
) -> None:
    from hf_causal.training.recipe import load_recipe, parse_overrides

    if push_to_hub:
        from hf_causal.hub.publish import check_destination

        check_destination(hub_model_id)
    chosen = load_recipe(recipe, parse_overrides(context.args))
    if (num_processes or 1) > 1 or accelerate_config is not None or num_machines is not None:
        from hf_causal.training.launch import launch

        options = {
            "--recipe": recipe,
            "--output-dir": output_dir,
            "--data-dir": data_dir,
            "--resume-from-checkpoint": resume_from_checkpoint,
            "--report-to": report_to,
            "--stop-at-step": stop_at_step,
            "--hub-model-id": hub_model_id,
        }
        flags = {"--push-to-hub": push_to_hub, "--hub-private-repo": hub_private_repo}
        arguments = [part for name, value in options.items() if value is not None for part in (name, str(value))]
        arguments += [name for name, given in flags.items() if given]
        places = (num_machines, machine_rank, main_process_ip, main_process_port)
        launch([*arguments, *context.args], output_dir, accelerate_config or "multi_gpu", num_processes, *places)
        return
    from hf_causal.training.loop import train as train_recipe

    result = train_recipe(chosen, output_dir, data_dir, resume_from_checkpoint, report_to, stop_at_step)
    typer.echo(result.describe())
    if push_to_hub and hub_model_id and result.steps == result.total_steps:
        from hf_causal.hub.publish import publish

        typer.echo(str(publish("model", output_dir, hub_model_id, private=hub_private_repo)))


def reproduce(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for the data set, the model and the report.")] = Path(
        "runs/reproduce"
    ),
    recipe: Annotated[str, typer.Option(help="Recipe to train.")] = "axiom-looped",
    rows_per_cell: Annotated[int | None, typer.Option(help="Questions of each generalization cell.")] = None,
    num_proc: NumProc = None,
) -> None:
    from hf_causal.evaluation.console import print_scores
    from hf_causal.reproduce import reproduce as run
    from hf_causal.training.recipe import load_recipe, parse_overrides

    chosen = load_recipe(recipe, parse_overrides(context.args))
    scores = run(chosen, out, rows_per_cell, num_proc or cores(), progress=bar, say=typer.echo)
    print_scores(scores)
    typer.echo(
        f"Model and card in {out / 'model'}, report in {out / 'model' / 'report.md'}, data set in {out / 'data'}."
    )
