"""What the package does today, as plain JSON: bytes of corpora, logits of released models, cards, commands.

Everything is reached by the command line, by files of the repository and by transformers' Auto classes, never by the
path of a module, so that the values can be compared after code has moved.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

ROOT = Path(__file__).resolve().parents[2]
RELEASED = ROOT / "model_cards"

TRAINING = ("transitivity_ts2", "transitivity_ts1", "transitivity_occ", "d_separation", "d_separation_trees")
GENERALIZATION = ("transitivity_generalization", "d_separation_generalization")
# Several shards a split, so that a change to how rows are spread over shards is seen as well.
SMALL_BUILDS: dict[str, list[tuple[str, Sequence[str], str]]] = {
    "axiomatic": [
        ("axiomatic", TRAINING, "--rows 600 --validation-rows 200 --rows-per-shard 250"),
        ("axiomatic", GENERALIZATION, "--rows-per-cell 20 --rows-per-shard 100"),
    ],
    "corr2cause": [
        ("corr2cause", ("default", "paraphrased", "refactored"), "--nodes 2,3,4 --rows-per-shard 500"),
        ("corr2cause", ("balanced",), "--rows 600 --rows-per-cell 40 --rows-per-shard 250"),
    ],
    "causal_sequences": [
        (
            "causal_sequences",
            ("chain", "induction", "random", "forest", "multi_parent", "multi_parent_small"),
            "--rows 120 --validation-rows 40 --rows-per-cell 40 --rows-per-shard 50",
        )
    ],
    "scenes": [
        ("scenes", ("default", "strong", "unconfounded"), "--rows 200 --rows-per-shard 90"),
        ("scenes", ("published", "effects"), "--rows-per-shard 5000"),
    ],
    "co_occurrence": [
        (
            "co_occurrence",
            ("co_occurrence",),
            "--rows 360 --validation-rows 180 --rows-per-cell 20 --rows-per-shard 150",
        )
    ],
    "causal_ladder": [
        ("causal_ladder", ("relevance",), "--rows 600 --validation-rows 200 --rows-per-shard 250"),
        ("causal_ladder", ("relevance_generalization",), "--rows-per-cell 20 --rows-per-shard 100"),
    ],
    "environments": [
        (
            "environments",
            ("matrix_sensing", "cue_order", "cue_names"),
            "--rows 400 --validation-rows 100 --rows-per-shard 150",
        )
    ],
    "shapes": [
        (
            "shapes",
            ("minimal_changes",),
            "--rows 40 --validation-rows 8 --rows-per-cell 4 --rows-per-shard 16",
        )
    ],
    "axiomatic_options": [
        (
            "axiomatic",
            ("transitivity_ts2", "d_separation"),
            "--seed 7 --rows 200 --validation-rows 80 --nodes 4,9 --name-lengths 2,5 --option questions_per_premise=4",
        ),
        ("axiomatic", GENERALIZATION, "--seed 7 --rows-per-cell 20 --nodes 7,15"),
    ],
    "corr2cause_options": [("corr2cause", ("balanced",), "--seed 7 --rows 200 --rows-per-cell 40 --nodes 4,5")],
    "causal_sequences_options": [
        (
            "causal_sequences",
            ("chain", "multi_parent"),
            "--seed 7 --rows 40 --validation-rows 20 --rows-per-cell 20 --option length=9 --option alpha=0.5",
        )
    ],
    "co_occurrence_options": [
        ("co_occurrence", ("co_occurrence",), "--seed 7 --rows 96 --validation-rows 48 --rows-per-cell 20 --nodes 5,9")
    ],
    "environments_options": [
        ("environments", ("matrix_sensing",), "--seed 7 --rows 80 --validation-rows 40 --option heterogeneity=4"),
        ("environments", ("cue_names",), "--seed 7 --rows 80 --validation-rows 40 --option strengths=[0.9,0.6]"),
    ],
    "shapes_options": [
        ("shapes", ("minimal_changes",), "--seed 7 --rows 16 --validation-rows 8 --rows-per-cell 2"),
    ],
}
"""From the name of a folder to the builds that fill it: corpus, configs and options."""

CORPORA = ("shapes", "environments", "scenes", "co_occurrence", "causal_sequences", "axiomatic", "corr2cause")
"""Corpora with a published size, the quickest first."""

GRAMMARS = {
    "transitivity": ("axiomatic/transitivity_ts2", "axiomatic/transitivity_generalization"),
    "d_separation": ("axiomatic/d_separation", "axiomatic/d_separation_generalization"),
    "corr2cause": ("corr2cause/default", "corr2cause/paraphrased", "corr2cause/refactored"),
    "co_occurrence": ("co_occurrence/co_occurrence",),
}
"""From a grammar to the configs of the small builds that its prompts are taken from."""
PROMPTS = 200
BATCH = 20
SPREAD = 20
"""Values of each model that are kept as they are."""


def run_cli(*arguments: str) -> str:
    """Runs a command in this process and returns what it printed.

    Raises:
        `RuntimeError`: If its exit status is not 0, with what it said.
    """
    from hf_causal.cli import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    if status:
        raise RuntimeError(f"`hf-causal {' '.join(arguments)}` ended with {status}: {err.getvalue()[-600:]}")
    return out.getvalue()


def build_small(folder: Path) -> None:
    """Writes the small builds, one folder each."""
    for name, builds in SMALL_BUILDS.items():
        for corpus, configs, options in builds:
            _build(corpus, folder / name, configs, options)


def build_full(folder: Path) -> None:
    """Writes every corpus at its published size; a build that was interrupted goes on."""
    for corpus in CORPORA:
        _build(corpus, folder / corpus, (), "")


def _build(corpus: str, out: Path, configs: Sequence[str], options: str) -> None:
    chosen = [word for config in configs for word in ("--config", config)]
    run_cli("build", corpus, "--out", str(out), "--num-proc", "1", *chosen, *options.split())


def corpus_digests(folder: Path) -> dict[str, Any]:
    """Returns version, columns and, for each split, rows and SHA-256 of every config below a folder.

    The digest is over values alone, so names and types of the columns stand beside it.
    """
    found: dict[str, Any] = {}
    for manifest in sorted(folder.glob("*/*/manifest.json")):
        read = json.loads(manifest.read_text(encoding="utf-8"))
        splits = {
            split: f"{summary['rows']} rows in {summary['shards']} files: {summary['sha256']}"
            for split, summary in read["splits"].items()
        }
        schema = pq.read_schema(min(manifest.parent.glob("*.parquet")))
        columns = ", ".join(f"{field.name} {field.type}" for field in schema)
        entry = {"version": read["version"], "seed": read["seed"], "columns": columns, "splits": splits}
        found.setdefault(manifest.parent.parent.name, {})[manifest.parent.name] = entry
    return found


def model_outputs(folder: Path) -> dict[str, Any]:
    """Computes what every released model makes of fixed inputs, which come from the small builds below `folder`."""
    import torch

    threads = torch.get_num_threads()
    # Sums over several threads are not taken in one order.
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            return {path.parent.name: _outputs_of(path.parent, folder) for path in _weights()}
    finally:
        torch.set_num_threads(threads)


def _weights() -> list[Path]:
    return sorted(RELEASED.glob("*/model.safetensors"))


def _outputs_of(model_folder: Path, folder: Path) -> dict[str, Any]:
    import transformers

    import hf_causal.models  # noqa: F401 - registers the architectures

    config = transformers.AutoConfig.from_pretrained(model_folder)
    heads = {
        "axiom": transformers.AutoModelForCausalLM,
        "axiom_looped": transformers.AutoModelForSequenceClassification,
    }
    model = heads.get(config.model_type, transformers.AutoModel).from_pretrained(model_folder).eval()
    found = {
        "weights_sha256": hashlib.sha256((model_folder / "model.safetensors").read_bytes()).hexdigest(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    if config.model_type in heads:
        tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder)
        return found | {grammar: _answers(model, tokenizer, prompts(folder, grammar)) for grammar in GRAMMARS}
    return found | {"outputs": _OTHERS[config.model_type](model, model_folder, folder)}


def prompts(folder: Path, grammar: str) -> list[str]:
    """Returns prompts of a grammar, evenly spread over the rows of its configs."""
    rows = [row for config in GRAMMARS[grammar] for row in _rows(folder / config)["prompt"].to_pylist()]
    return [rows[number * len(rows) // PROMPTS] for number in range(PROMPTS)]


def _rows(config: Path, pattern: str = "*") -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in sorted(config.glob(f"{pattern}.parquet"))])


def _answers(model: Any, tokenizer: Any, texts: list[str]) -> dict[str, Any]:
    """Logits of the classes, or of the token that follows; a grammar that a model does not read is refused."""
    import torch

    try:
        ids = [tokenizer(text)["input_ids"] for text in texts]
        logits = []
        for start in range(0, len(texts), BATCH):
            batch = tokenizer(texts[start : start + BATCH], padding=True, return_tensors="pt")
            found = model(**batch).logits
            if found.dim() == 3:  # (batch, length, vocabulary); padding may stand on either side
                mask = batch["attention_mask"]
                last = (mask * torch.arange(mask.shape[1])).argmax(1)
                found = found[torch.arange(len(found)), last]
            logits.append(found.float().numpy())
    except ValueError as error:
        return {"refused": type(error).__name__}
    return {"input_sha256": hashlib.sha256(json.dumps(ids).encode()).hexdigest(), **summary(np.concatenate(logits))}


def _sequence_outputs(model: Any, model_folder: Path, folder: Path) -> dict[str, Any]:
    import torch

    rows = _rows(folder / "causal_sequences" / "random")
    tokens = torch.tensor(rows["tokens"].to_pylist()[:PROMPTS])
    return summary(model(input_ids=tokens).logits.float().numpy())


def _sensing_outputs(model: Any, model_folder: Path, folder: Path) -> dict[str, Any]:
    import torch

    rows = _rows(folder / "environments" / "matrix_sensing")
    measurements = torch.tensor(rows["measurement"].to_pylist()[:PROMPTS])
    return summary(model(measurements=measurements).responses.float().numpy()[:, None])


def _pair_outputs(model: Any, model_folder: Path, folder: Path) -> dict[str, Any]:
    import torch
    from PIL import Image
    from transformers import AutoTokenizer

    rows = _rows(folder / "shapes" / "minimal_changes")
    pictures = [
        np.asarray(Image.open(io.BytesIO(picture["bytes"])).convert("RGB")).transpose(2, 0, 1)
        for column in ("image_0", "image_1")
        for picture in rows[column].to_pylist()
    ]
    captions = [text for column in ("caption_0", "caption_1") for text in rows[column].to_pylist()]
    batch = AutoTokenizer.from_pretrained(model_folder)(captions, padding=True, return_tensors="pt")
    found = model(
        pixel_values=torch.from_numpy(np.stack(pictures)),
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
    )
    ids = json.dumps(batch["input_ids"].tolist())
    return {
        "input_sha256": hashlib.sha256(ids.encode()).hexdigest(),
        **summary(found.logits_per_image.float().numpy()),
    }


_OTHERS = {"disentangled": _sequence_outputs, "matrix_sensing": _sensing_outputs, "two_tower": _pair_outputs}


def summary(values: np.ndarray) -> dict[str, Any]:
    """Returns a small description of outputs, one row an input, that two machines can compare.

    The SHA-256 is over `float32` rounded to 4 decimals: equal where the arithmetic is equal. Everything else can be
    compared with a tolerance.
    """
    # A sum with 0 turns -0.0, which rounding makes of small numbers, into 0.0.
    rounded = np.round(values.astype(np.float32), 4) + np.float32(0)
    decisions = (values[:, 0] > 0).astype(int) if values.shape[1] == 1 else values.argmax(1)
    chosen = np.linspace(0, values.size - 1, SPREAD).astype(int)
    return {
        "shape": list(values.shape),
        "argmax": ("" if values.shape[1] <= 10 else " ").join(map(str, decisions)),
        "mean": round(float(values.mean(dtype=np.float64)), 5),
        "std": round(float(values.std(dtype=np.float64)), 5),
        "spread": [round(float(value), 5) for value in values.ravel()[chosen]],
        "rounded_sha256": hashlib.sha256(np.ascontiguousarray(rounded, dtype="<f4").tobytes()).hexdigest(),
    }


def dataset_cards(folder: Path) -> dict[str, Any]:
    """Returns metadata and table cells of the data set cards below a folder."""
    return {card.parent.name: read_card(card) for card in sorted(folder.glob("*/README.md"))}


def model_cards(scratch: Path) -> dict[str, Any]:
    """Returns metadata and table cells of the model cards of the repository, and as they would be published."""
    found = {}
    for card in sorted(RELEASED.glob("*/README.md")):
        name = card.parent.name
        target = scratch / name
        run_cli("publish", "model", str(card.parent), "--repo-id", f"my-lab/{name}", "--dry-run", str(target))
        files = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
        found[name] = {
            "repository": read_card(card),
            "published": read_card(target / "README.md"),
            "published_files": files,
        }
    return found


def read_card(card: Path) -> dict[str, Any]:
    """Returns the YAML and the table rows of a card, without prose, sizes on disk and this package's version."""
    from hf_causal import __version__

    _, header, body = card.read_text(encoding="utf-8").split("---\n", 2)
    tables = [row.replace(__version__, "VERSION") for row in _table_rows(body)]
    return {"metadata": _without_prose(yaml.safe_load(header)), "tables": tables}


# Both change with versions of Parquet.
_SIZES = {"num_bytes", "download_size", "dataset_size"}
_SIZE_COLUMN = "MB"


def _without_prose(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _without_prose(item, name) for name, item in value.items() if name not in _SIZES}
    if isinstance(value, list):
        return [_without_prose(item) for item in value]
    if key == "description":  # the words may change; the digest of the rows at its end may not
        return " ".join(["…", *re.findall(r"Rows: \w+", value)])
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _table_rows(body: str) -> Iterator[str]:
    fenced, header = False, None
    for line in body.splitlines():
        fenced ^= line.startswith("```")
        if fenced or not line.startswith("|"):
            header = None
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        header = header or cells
        if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            kept = [cell for title, cell in zip(header, cells, strict=False) if title != _SIZE_COLUMN]
            yield " | ".join(kept)


def commands() -> dict[str, Any]:
    """Returns every command of the command line with its arguments and options, without the help."""
    import typer

    from hf_causal.cli import app

    return dict(_walk(typer.main.get_command(app), "hf-causal"))


def _walk(command: Any, path: str) -> Iterable[tuple[str, dict[str, str]]]:
    # typer ships its own click, so groups are known by what they have.
    if children := getattr(command, "commands", None):
        for name, child in sorted(children.items()):
            yield from _walk(child, f"{path} {name}")
        return
    described: dict[str, str] = {}
    arguments = 0
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            arguments += 1
            described[f"argument {arguments}"] = f"{parameter.name}: {_described(parameter)}"
        else:
            described["/".join([*parameter.opts, *parameter.secondary_opts])] = _described(parameter)
    if command.context_settings.get("ignore_unknown_options"):
        described["any other option"] = "accepted"
    yield path, described


def _described(parameter: Any) -> str:
    descriptor = getattr(parameter, "type_descriptor", None)  # of typer's own click; other versions have `type`
    kind = descriptor.annotation if descriptor else parameter.type.name
    words = [kind.__name__ if isinstance(kind, type) else str(kind)]
    if getattr(parameter, "is_flag", False):
        words = ["flag"]
    if getattr(parameter, "multiple", False) or parameter.nargs == -1:
        words.append("several")
    if parameter.required:
        words.append("required")
    elif isinstance(parameter.default, (str, int, float)):
        words.append(f"= {parameter.default}")
    return " ".join(words)


def reproduced(folder: Path) -> dict[str, Any]:
    """Returns what `hf-causal reproduce --out` wrote: digests of data and weights, the training log, every score.

    Weights and log are equal where the arithmetic is: the same type of CPU and number of threads.
    """
    model = folder / "model"
    scores = json.loads((model / "generalization.json").read_text(encoding="utf-8"))
    lines = (model / "training_log.jsonl").read_text(encoding="utf-8").splitlines()
    return {
        "made_on": scores["hardware"],
        "weights_sha256": hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest(),
        "data": corpus_digests(folder)["data"],
        "training": [_without_times(json.loads(line)) for line in lines],
        "scores": {
            "model": _accuracies(scores["splits"]),
            **{name: _accuracies(splits) for name, splits in scores["baselines"].items()},
        },
    }


_LOGGED = ("step", "kind", "loss", "accuracy", "learning_rate", "grad_norm")


def _without_times(record: dict[str, Any]) -> str:
    kept = {name: value for name, value in record.items() if name in _LOGGED}
    return json.dumps(kept)


def _accuracies(splits: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{split}, {cell['num_nodes']} nodes, {cell['structure']}, factor {cell['branching_factor']}": (
            f"{cell['accuracy']:.4f} of {cell['n']}"
        )
        for split, scored in splits.items()
        for cell in scored["cells"]
    }
