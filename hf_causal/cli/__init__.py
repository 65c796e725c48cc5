"""The command line: each command reads its arguments, calls one public function and prints what it returned."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Collection, Sequence

import typer

from hf_causal.cli.ask import ASK_HELP, ask
from hf_causal.cli.build import BUILD_HELP, build
from hf_causal.cli.convert import CONVERT_HELP, convert
from hf_causal.cli.demo import DEMO_HELP, demo
from hf_causal.cli.evaluate import EVALUATE_HELP, evaluate
from hf_causal.cli.export import EXPORT_HELP, export
from hf_causal.cli.finetune import FINETUNE_HELP, finetune
from hf_causal.cli.harness import HARNESS_HELP, harness
from hf_causal.cli.info import info
from hf_causal.cli.publish import app as publish_app
from hf_causal.cli.report import REPORT_HELP, report
from hf_causal.cli.reproduce import REPRODUCE_HELP, reproduce
from hf_causal.cli.train import TRAIN_HELP, train
from hf_causal.cli.verify import VERIFY_HELP, verify
from hf_causal.systems import systems
from hf_causal.systems.system import load
from hf_causal.utils.hardware import share_the_cpu

TRACEBACK = "HF_CAUSAL_TRACEBACK"
"""Environment variable that shows the tracebacks of faults in this package."""
_LONGEST = 2000
"""Characters of the longest message; a value of an option may have any number."""
INTERNAL = "a fault in hf_causal"
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
_RECIPE_FIELDS = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Any field of a recipe is an option, too."""

app = typer.Typer(
    name="hf-causal",
    help="Teach transformers causal reasoning from text, and measure exactly how far it generalizes.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.command(help=ASK_HELP)(ask)
app.command(help=BUILD_HELP)(build)
app.command(help=TRAIN_HELP, context_settings=_RECIPE_FIELDS)(train)
app.command(help=FINETUNE_HELP, context_settings={"ignore_unknown_options": True})(finetune)
app.command(help=EVALUATE_HELP)(evaluate)
app.command(help=VERIFY_HELP)(verify)
app.command(help=CONVERT_HELP)(convert)
app.command(help=REPORT_HELP)(report)
app.command(help=REPRODUCE_HELP, context_settings=_RECIPE_FIELDS)(reproduce)
app.add_typer(publish_app, name="publish")
app.command(help=EXPORT_HELP)(export)
app.command(help=DEMO_HELP)(demo)
app.command(help=HARNESS_HELP)(harness)
app.command()(info)
for _system in systems().values():
    if _system.command:
        load(_system.command)(app)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit status: 0, 1 for a failed check, 2 for a user's mistake."""
    # Progress bars of the libraries underneath would fight with the ones shown here.
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    _print_anything()
    share_the_cpu()
    command = typer.main.get_command(app)
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        # `train` starts processes with the same arguments, which it finds in `context.obj`.
        status = command.main(
            args=_written_out(arguments),
            prog_name="hf-causal",
            standalone_mode=False,
            obj=arguments,
        )
        if status == INTERRUPTED:  # typer ends an interrupted command without a word
            again = "`build`, `reproduce` and `evaluate --lm` go on where they were"
            again = f"{again}, `train` and `finetune` with --resume-from-checkpoint latest"
            typer.echo(f"\ninterrupted: {again}", err=True)
        return status if isinstance(status, int) else 0
    except (ValueError, FileNotFoundError, NotADirectoryError, PermissionError) as error:
        return _fail(str(error), 2)
    except (ArithmeticError, MemoryError, OSError) as error:
        return _fail(str(error), 1)
    except Exception as error:
        # Click's own usage errors; typer vendors click, so they are known by what they carry.
        if hasattr(error, "format_message"):
            return _fail(error.format_message(), 2)
        if os.environ.get(TRACEBACK):
            raise
        where = f"set {TRACEBACK}=1 to see where, and report it"
        return _fail(f"{INTERNAL}: {type(error).__name__}: {error}; {where}", 1)


def _written_out(arguments: Sequence[str]) -> list[str]:
    """Returns arguments with `--variants` written before each variant."""
    if "--variants" not in arguments:
        return list(arguments)
    from hf_causal.tasks.varying import VARIANTS

    return repeat_option(arguments, "--variants", VARIANTS)


def repeat_option(arguments: Sequence[str], option: str, values: Collection[str]) -> list[str]:
    """Returns arguments with an option written before each of its values, also where it was written once.

    Example:

    ```python
    >>> repeat_option(["evaluate", "--variants", "renamed", "story", "runs/cpu"], "--variants", ("renamed", "story"))
    ['evaluate', '--variants', 'renamed', '--variants', 'story', 'runs/cpu']

    ```
    """
    repeated: list[str] = []
    is_value = False
    for before, argument in zip(["", *arguments], arguments, strict=False):
        is_value = before == option or (is_value and argument in values)
        if is_value and before != option:
            repeated.append(option)
        repeated.append(argument)
    return repeated


def _print_anything() -> None:
    """Lets streams escape what their encoding lacks, such as `…` in ASCII or the bytes of an odd file name."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _close_progress_bars() -> None:
    """Ends the lines of progress bars that an error left open, so that its message has a line of its own."""
    if "tqdm" in sys.modules:
        for bar in list(getattr(sys.modules["tqdm"].tqdm, "_instances", ())):
            bar.close()


def _fail(message: str, status: int) -> int:
    _close_progress_bars()
    line = " ".join(message.split())
    typer.echo(f"error: {line if len(line) <= _LONGEST else f'{line[:_LONGEST]}…'}", err=True)
    return status
