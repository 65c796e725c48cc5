"""`hf-causal train`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hf_causal.cli.options import DataDir

PROCESSES = "Several processes"

TRAIN_HELP = """
Train a recipe, in this process or in several, and write a complete model folder.

RECIPE is the name of a shipped recipe (see `hf-causal info`) or a YAML file. Every field of a recipe can be
overridden: `--seed 1 --learning-rate 3e-4 --model.num-hidden-layers 6 --objective.prompt-loss-weight 1`.

With `--num-processes` the processes are started from here, one for each GPU, or on the CPU where there are no GPUs.
A step reads processes x `--per-device-train-batch-size` x `--gradient-accumulation-steps` premises. Runs with the same
product read the same premises in the same order, and one can be resumed as another.

SIGTERM saves a checkpoint and ends with status 0, Ctrl-C saves one too. Checkpoints have a checksum for each file:
`--resume-from-checkpoint latest` skips damaged ones with a warning.

Examples:

    hf-causal train axiom-looped --output-dir runs/looped

    hf-causal train axiom-cpu --output-dir runs/cpu --resume-from-checkpoint latest

    hf-causal train axiom-looped --output-dir runs/looped --push-to-hub --hub-model-id my-lab/axiom-looped

    hf-causal train axiom-looped --output-dir runs/fresh --fresh-rows true

    hf-causal train two-tower --output-dir runs/two-tower --objective.eqsim-weight 5 --objective.eqsim-margin 0

    hf-causal train axiom-67m-none --output-dir runs/none --num-processes 8 --per-device-train-batch-size 2

    hf-causal train axiom-67m-none --output-dir runs/none --num-processes 8 --accelerate-config fsdp2

    hf-causal train axiom-67m-none --output-dir /shared/none --accelerate-config multi_node --num-machines 2 \\
        --num-processes 16 --machine-rank 0 --main-process-ip 10.0.0.1

    accelerate launch --multi_gpu --num_processes 8 -m hf_causal.cli train axiom-67m-none --output-dir OUT
"""


def train(
    context: typer.Context,
    recipe: Annotated[str, typer.Argument(help="Name of a shipped recipe, or a YAML file.")],
    output_dir: Annotated[Path, typer.Option(help="Folder for the model and its checkpoints.")],
    data_dir: DataDir = None,
    resume_from_checkpoint: Annotated[str | None, typer.Option(help="`latest`, or a checkpoint folder.")] = None,
    report_to: Annotated[str, typer.Option(help="`none` or `trackio`.")] = "none",
    stop_at_step: Annotated[int | None, typer.Option(help="Save and stop after this step, to resume later.")] = None,
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
        int | None, typer.Option(min=1, help="Number of machines.", rich_help_panel=PROCESSES)
    ] = None,
    machine_rank: Annotated[
        int | None, typer.Option(min=0, help="Index of this machine, from 0.", rich_help_panel=PROCESSES)
    ] = None,
    main_process_ip: Annotated[
        str | None, typer.Option(help="Address of the first machine.", rich_help_panel=PROCESSES)
    ] = None,
    main_process_port: Annotated[
        int | None, typer.Option(help="A port of the first machine.", rich_help_panel=PROCESSES)
    ] = None,
) -> None:
    from hf_causal.training.worker import LAUNCHED, is_main_worker, worker

    launches = (num_processes or 1) > 1 or accelerate_config is not None or num_machines is not None
    with worker():
        from hf_causal.training.recipe import load_recipe, parse_overrides

        loaded = load_recipe(recipe, parse_overrides(context.args))
        if push_to_hub:
            from hf_causal.hub.publish import check_destination

            check_destination(hub_model_id)
        if launches and not os.environ.get(LAUNCHED):
            from hf_causal.training.launch import launch

            machines = (num_machines, machine_rank, main_process_ip, main_process_port)
            launch(context.obj, output_dir, accelerate_config or "multi_gpu", num_processes, *machines)
            return
        from hf_causal.training.loop import train as train_recipe

        result = train_recipe(loaded, output_dir, data_dir, resume_from_checkpoint, report_to, stop_at_step)
        if is_main_worker():
            typer.echo(result.describe())
            if push_to_hub and hub_model_id and result.steps == result.total_steps:
                from hf_causal.hub.publish import publish

                typer.echo(f"{publish('model', output_dir, hub_model_id, private=hub_private_repo)}")
