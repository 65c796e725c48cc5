"""Entry point of `accelerate launch -m hf_causal.training --recipe NAME --output-dir DIR`."""

from __future__ import annotations

import argparse
import os
import sys

from hf_causal.hardware import share_the_cpu
from hf_causal.training.recipes import load_recipe, parse_overrides


def main(arguments: list[str] | None = None) -> int:
    """Trains a recipe in this process; started once for each process by a launcher."""
    parser = argparse.ArgumentParser(
        prog="python -m hf_causal.training",
        description="Train a recipe in every process that the launcher starts. Any recipe field can be overridden.",
        epilog="Example: accelerate launch --multi_gpu --num_processes 8 -m hf_causal.training "
        "--recipe axiom-67m-none --output-dir runs/nope --seed 1",
        allow_abbrev=False,
    )
    parser.add_argument("--recipe", required=True, help="name of a shipped recipe, or a YAML file")
    parser.add_argument("--output-dir", "--output_dir", required=True, help="folder for the model and its checkpoints")
    parser.add_argument(
        "--data-dir", "--data_dir", help="corpus folder written by `hf-causal build`, or a Hub data set"
    )
    parser.add_argument(
        "--resume-from-checkpoint", "--resume_from_checkpoint", help="`latest`, or a checkpoint folder"
    )
    parser.add_argument("--report-to", "--report_to", default="none", help="`none` or `trackio`")
    parser.add_argument("--stop-at-step", "--stop_at_step", type=int, help="save and stop after this step")
    parser.add_argument("--push-to-hub", "--push_to_hub", action="store_true", help="publish the trained model")
    parser.add_argument("--hub-model-id", "--hub_model_id", help="NAMESPACE/NAME to publish it as")
    parser.add_argument(
        "--hub-private-repo", "--hub_private_repo", action="store_true", help="make a new repository private"
    )
    options, rest = parser.parse_known_args(arguments)
    share_the_cpu()
    try:
        recipe = load_recipe(options.recipe, parse_overrides(rest))
        if options.push_to_hub:
            from hf_causal.hub.publish import check_destination

            check_destination(options.hub_model_id)
        from hf_causal.training.loop import train

        result = train(recipe, options.output_dir, options.data_dir, options.resume_from_checkpoint, options.report_to,
                       options.stop_at_step)  # fmt: skip
        if options.push_to_hub and result.steps == result.total_steps and os.environ.get("RANK", "0") == "0":
            from hf_causal.hub.publish import publish_model

            published = publish_model(result.output_dir, options.hub_model_id, private=options.hub_private_repo)
            sys.stdout.write(f"{published}\n")
    except (ValueError, FileNotFoundError, ArithmeticError) as error:
        if os.environ.get("LOCAL_RANK", "0") == "0":  # once, not once for each process
            sys.stderr.write(f"error: {error}\n")
        return 1 if isinstance(error, ArithmeticError) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
