"""Entry point of `accelerate launch -m hf_causal.training --recipe NAME --output-dir DIR`."""

from __future__ import annotations

import argparse
import os
import sys
import time

from hf_causal.training.launch import LAUNCHED
from hf_causal.training.recipe import load_recipe, parse_overrides
from hf_causal.utils.hardware import share_the_cpu

_MISTAKES = (ValueError, FileNotFoundError, NotADirectoryError, PermissionError)


def main(arguments: list[str] | None = None) -> int:
    """Trains a recipe in this process; started once for each process by a launcher."""
    parser = argparse.ArgumentParser(
        prog="python -m hf_causal.training",
        description="Train a recipe in every process that the launcher starts. Any recipe field can be overridden.",
        epilog="Example: accelerate launch --multi_gpu --num_processes 8 -m hf_causal.training "
        "--recipe axiom-67m-none --output-dir OUT. `hf-causal train … --num-processes 8` starts them too.",
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
        if os.environ.get("RANK", "0") == "0":
            sys.stdout.write(f"{result.describe()}\n")
            if options.push_to_hub and result.steps == result.total_steps:
                from hf_causal.hub.publish import publish

                published = publish("model", result.output_dir, options.hub_model_id, private=options.hub_private_repo)
                sys.stdout.write(f"{published}\n")
    except SystemExit:  # told to stop, with everything saved
        _disconnect()
        raise
    except KeyboardInterrupt:
        return 130
    except (ArithmeticError, MemoryError, OSError, ValueError) as error:
        status = 2 if isinstance(error, _MISTAKES) else 1
        _tell(error, status)
        return status
    _disconnect()
    return 0


def _tell(error: Exception, status: int) -> None:
    """Says what went wrong: once for a mistake, which all processes notice, and else from the process that knows."""
    lost = isinstance(error, ConnectionError)
    if os.environ.get(LAUNCHED):
        from torch.distributed.elastic.multiprocessing.errors import get_error_handler

        get_error_handler().record_exception(error)
    elif os.environ.get("LOCAL_RANK", "0") == "0" or (status == 1 and not lost):
        sys.stderr.write(f"error: {error}\n")
    if lost and "RANK" in os.environ:
        time.sleep(1)  # so that a launcher sees the process that was lost first


def _disconnect() -> None:
    """Closes the connections that `train` leaves open for a next recipe."""
    import torch.distributed as dist

    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main())
