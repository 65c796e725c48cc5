"""Writes the task files of lm-evaluation-harness.

Each evaluation split becomes two tasks: `hf_causal_<task>_<member>`, scored by the likelihoods of the answers, and the
same with `_generate`, scored by generated text; a task with other answers than Yes and No has neither. Each form of
answer of its task adds one, such as `_proof`, which [`hf_causal.score`] scores. Groups such as `hf_causal_<task>`,
`hf_causal_<task>_generate` and `hf_causal_<task>_proof` hold them.
"""

from __future__ import annotations

import shutil
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import constants

from hf_causal import __version__
from hf_causal.evaluation.language_models.prompts import INSTRUCTION, draw_examples
from hf_causal.evaluation.language_models.reply_cache import digest
from hf_causal.harnesses.splits import VALIDATION, HarnessSplit, harness_splits
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.schema import LABELS
from hf_causal.utils.files import write_text

VERSION, GENERATE_VERSION = 1.0, 1.1
"""Versions of the tasks, and of those that generate; they change when the scores do."""
GROUP_VERSIONS = {"transitivity": 1.2}
"""Versions of groups that gained splits: transitivity counts feedback loops and similar names since 1.2."""
_EXAMPLES = "few_shot_examples.yaml"
"""Examples of version 1.0. For other tasks without a validation split they are drawn from the training split."""
_NUM_EXAMPLES = 8
_MAX_NEW_TOKENS = 16
_HIGHER_IS_BETTER = {"aggregation": "mean", "higher_is_better": True}


class _Function(str):
    """Full name of a function, written as `!function NAME`."""


class _Dumper(yaml.SafeDumper):
    """Writes YAML with `!function`, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(_Function, lambda dumper, name: dumper.represent_scalar("!function", str(name)))

_F1 = {
    "metric": "f1",
    "aggregation": _Function("hf_causal.harnesses.answers.f1_of_yes"),
    "higher_is_better": True,
}
_BY_LIKELIHOOD: dict[str, Any] = {
    "output_type": "multiple_choice",
    "doc_to_text": "{{prompt}}",
    "doc_to_choice": list(LABELS),
    "doc_to_target": "label",
    "metric_list": [{"metric": "acc", **_HIGHER_IS_BETTER}, _F1],
}
_BY_GENERATION: dict[str, Any] = {
    "output_type": "generate_until",
    "description": f"{INSTRUCTION}\n\n",
    "doc_to_text": "{{prompt}}",
    "doc_to_target": "completion",
    # No text ends the generation: an empty first line or a blank line in the reasoning would cut off the answer.
    "generation_kwargs": {"until": [], "max_gen_toks": _MAX_NEW_TOKENS, "do_sample": False},
    "process_results": _Function("hf_causal.harnesses.answers.score_generation"),
    "metric_list": [
        {"metric": "acc", **_HIGHER_IS_BETTER},
        _F1,
        {"metric": "unanswered", "aggregation": "mean", "higher_is_better": False},
    ],
    "metadata": {"version": GENERATE_VERSION},
}
_WAYS = {"": _BY_LIKELIHOOD, "_generate": _BY_GENERATION}
"""From the suffix of the name of a Yes/No task to its fields."""
_DELIMITER = "\n\n=====\n\n"
"""Separates few-shot examples and ends a generated answer. It is no blank line, since answers may have such lines."""
_METRICS = {"score": True, "answer_right": True, "proof_valid": True, "unreadable": False}
"""Metrics of answers in a form, and whether higher is better."""


def task_files() -> dict[str, dict[str, Any]]:
    """Returns the content of each task and group file, by its path in the folder."""
    files: dict[str, dict[str, Any]] = {}
    groups: dict[tuple[str, str], list[str]] = {}
    for one in harness_splits(other_answers=True):
        ways = _WAYS if get_task(one.task).is_yes_no else {}
        variants = {suffix: {**_rows(one), **fields} for suffix, fields in ways.items()}
        variants |= {f"_{form.replace('-', '_')}": _in_form(one, form) for form in get_task(one.task).forms}
        for suffix, fields in variants.items():
            name = f"hf_causal_{one.task}_{one.member}{suffix}"
            files[f"{one.task}/{one.member}{suffix}.yaml"] = {"task": name, **fields}
            groups.setdefault((one.task, suffix), []).append(name)
    for (task, suffix), names in groups.items():
        files[f"{task}/_{task}{suffix}.yaml"] = {
            "group": f"hf_causal_{task}{suffix}",
            "task": names,
            "aggregate_metric_list": [{"metric": "acc" if suffix in _WAYS else "score", "weight_by_size": True}],
            "metadata": {"version": GROUP_VERSIONS.get(task, GENERATE_VERSION if suffix == "_generate" else VERSION)},
        }
    return files


def write_task_folder(folder: str | Path) -> Path:
    """Writes all task files into a folder, which is created if needed, and returns it.

    Raises:
        `ValueError`: If the folder holds other files.
    """
    folder, files = Path(folder), task_files()
    if folder.is_dir() and (others := sorted(_files_in(folder) - set(files))):
        raise ValueError(f"`out` {str(folder)!r} holds other files, such as {others[0]!r}: name an empty folder")
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_text(folder / name, yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=119))
    return folder


def cached_task_folder() -> Path:
    """Writes the task files into the cache of `huggingface_hub`, unless they are there, and returns their folder."""
    name = f"lm_eval-{__version__}-{digest(task_files())[:12]}"
    folder = Path(constants.HF_HOME) / "hf_causal" / "harnesses" / name
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Renamed when it is complete, since several processes may write it at the same time.
        incomplete = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{name}."))
        try:
            write_task_folder(incomplete).rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
        finally:
            shutil.rmtree(incomplete, ignore_errors=True)
    return folder


def few_shot_examples(task: str) -> list[dict[str, Any]]:
    """Returns few-shot examples from the training family, which reveal nothing about the evaluation splits."""
    text = (resources.files("hf_causal.harnesses") / _EXAMPLES).read_text(encoding="utf-8")
    if task in (published := yaml.safe_load(text)):
        return published[task]
    return [
        {"prompt": prompt, "completion": answer} | ({"label": LABELS.index(answer)} if answer in LABELS else {})
        for prompt, answer in draw_examples(task, _NUM_EXAMPLES, seed=0)
    ]


def _in_form(one: HarnessSplit, name: str) -> dict[str, Any]:
    """Returns the fields of a task whose answers are in a form; each row brings its question and its exact answer."""
    form = get_task(one.task).forms[name]
    if one.has_validation:
        examples: dict[str, Any] = {"fewshot_split": VALIDATION}
    else:
        drawn = draw_examples(one.task, _NUM_EXAMPLES, 0, name)
        samples = [{"question": question, "answer": answer} for question, answer in drawn]
        examples = {"fewshot_config": {"sampler": "first_n", "samples": samples}}
    return {
        **_rows(one),
        **examples,
        "dataset_kwargs": {"corpus": one.dataset, "config": one.config, "form": name},
        "output_type": "generate_until",
        "description": f"{form.instruction}\n\n",
        "doc_to_text": "{{question}}",
        "doc_to_target": "{{answer}}",
        "target_delimiter": "\n",
        "fewshot_delimiter": _DELIMITER,
        "generation_kwargs": {"until": [_DELIMITER], "max_gen_toks": form.token_limit, "do_sample": False},
        "process_results": _Function("hf_causal.harnesses.answers.score_answer"),
        "metric_list": [
            {"metric": metric, "aggregation": "mean", "higher_is_better": higher}
            for metric, higher in _METRICS.items()
        ],
    }


def _rows(one: HarnessSplit) -> dict[str, Any]:
    """Returns the fields of a task that say where rows and few-shot examples come from."""
    if one.has_validation:
        examples: dict[str, Any] = {"fewshot_split": VALIDATION}
    else:
        examples = {"fewshot_config": {"sampler": "first_n", "samples": few_shot_examples(one.task)}}
    return {
        "custom_dataset": _Function("hf_causal.harnesses.data.load_for_lm_eval"),
        "dataset_kwargs": {"corpus": one.dataset, "config": one.config},
        "test_split": one.split,
        **examples,
        "metadata": {"version": VERSION},
    }


def _files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
