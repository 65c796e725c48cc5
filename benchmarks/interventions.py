"""Seeing against doing: the published numbers on constructed counts, errors on known systems, and a COCO-sized file.

    python benchmarks/interventions.py published      # the two pairs of VC R-CNN, and what their weights do
    python benchmarks/interventions.py systems        # five known systems at five strengths of the confounder
    python benchmarks/interventions.py size           # a file of instances of the size of COCO's training set
    python benchmarks/interventions.py shortcuts      # what shortcuts reach on the test split of `co_occurrence`
    python benchmarks/interventions.py picture        # results/interventions/*.png

What is constructed is said in `published` itself: nothing here has seen an image of COCO.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from hf_causal.corpora import generate_shard, get_config
from hf_causal.systems.interventions.adjustment import Counts, Observations, bootstrap, count, effects
from hf_causal.systems.interventions.comparison import compare
from hf_causal.systems.interventions.metric import score_interventions
from hf_causal.systems.interventions.scene_model import scene_system
from hf_causal.systems.interventions.sources import open_source
from hf_causal.tasks.co_occurrence.rows import STRUCTURES
from hf_causal.tasks.co_occurrence.text import parse_prompt
from hf_causal.tasks.registry import get_task
from hf_causal.utils.files import write_json
from hf_causal.utils.hardware import describe_hardware
from hf_causal.utils.randomness import Stream

RESULTS = Path(__file__).parent / "results" / "interventions"
PAIRS = (("toilet", "person"), ("hair drier", "sink"))
SLIDES = {("toilet", "person"): (0.11, 0.29), ("hair drier", "sink"): (0.56, 0.39)}
STRENGTHS, SEEDS, IMAGES = (0.0, 0.5, 1.0, 2.0, 3.0), range(5), 20_000


def published() -> None:
    """The two pairs of the slides: adjusted for two constructed scenes, then with the weights of the slides."""
    rows = compare(open_source("scenes", "published"), PAIRS, replicates=2000)
    head("pair", "P(Y given X), slides", "here", "P(Y given do X), slides", "here, adjusted for the scene")
    for row in rows:
        seen, done = SLIDES[row.cause, row.effect]
        ends = [f"{low:.2f} … {high:.2f}" for low, high in (row.observed_interval, row.intervened_interval)]
        here = f"{row.observed:.3f} ({ends[0]}) | {done:.2f} | {row.intervened:.3f} ({ends[1]})"
        print(f"| {row.cause} → {row.effect} | {seen:.2f} | {here} |")
    print(
        "\n| sum of the weights P(z) | toilet → person, weights as published | divided by their sum |\n|---|---|---|"
    )
    for total in (1.0, 2.0, 2.5, 3.0):
        counts = slide_counts(total)
        as_published, normalised = (
            effects(counts, weights).intervened[0, 1] for weights in ("published", "normalised")
        )
        print(f"| {total:.1f} | {as_published:.3f} | {normalised:.3f} |")
    print(f"\nP(person | toilet) is {277 / 2317:.3f} in all of them.")


def slide_counts(total: float) -> Counts:
    """Images by other object, with the counts of the slides for sink (119 of 1183 at P .0397) and cup (13 of 144 at
    .0787), and eight further objects that are constructed so that all terms P(Y | X, z) P(z) add up to .29 and the
    weights P(z) to `total`.

    COCO has 3.5 categories an image on average (arXiv 1405.0312). Of these at most one is the person, and a toilet is
    in two images of a hundred, so the weights of the others add up to about 2.5 or more.
    """
    images, further = 1_000_000, 8
    size = np.array([39_700, 78_700, *[round(images * (total - 0.1184) / further)] * further])
    with_x, both = np.array([1183, 144, *[100_000] * further]), np.array([119.0, 13.0, *[0.0] * further])
    terms = (both / with_x * size / images).sum()
    both[2:] = (0.29 - terms) / (total - 0.1184) * 100_000
    joint = np.zeros((further + 2, 2, 2))
    joint[:, 0, 0], joint[:, 0, 1], joint[:, 1, 0], joint[:, 1, 1] = with_x, both, both, size
    return Counts(joint, size, np.array([[2317, 277], [277, images // 2]]), images, np.full(2, -1))


def systems() -> None:
    """Errors of P(Y | X) and of adjusting, over every pair of five systems, and how often intervals hold the truth."""
    measured = [measure(seed, strength) for strength in STRENGTHS for seed in SEEDS]
    write_json(RESULTS / "systems.json", {"hardware": describe_hardware(), "images": IMAGES, "rows": measured})
    head("strength", *COLUMNS.values())
    for strength in STRENGTHS:
        at_strength = [row for row in measured if row["strength"] == strength]
        cells = [spread([row[name] for row in at_strength]) for name in COLUMNS]
        print(f"| {strength:g} | " + " | ".join(cells) + " |", flush=True)


COLUMNS = {
    "naive": "error of P(Y given X)",
    "scene": "adjusted for the scene",
    "objects": "adjusted for the other objects",
    "sign_agreement": "sign agreement",
    "coverage": "intervals that hold the truth",
    "reversed_naive": "reversed pairs: P(Y given X)",
    "reversed_scene": "adjusted",
}


def head(*columns: str) -> None:
    """Prints the head of a table."""
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")


def spread(values: list[float | None]) -> str:
    """Mean and standard deviation over seeds."""
    known = [value for value in values if value is not None]
    return f"{np.mean(known):.3f} ± {np.std(known, ddof=1):.3f}" if known else "–"


def measure(seed: int, strength: float) -> dict[str, float | None]:
    """Scores of one system, from images that were drawn once."""
    system = scene_system(seed, strength)
    scene, present = system.sample(IMAGES, Stream(seed, "interventions", f"{strength:g}"))
    by_scene = Observations.in_scenes(system.objects, system.scenes, present, scene)
    adjusted = effects(count(by_scene))
    among = effects(count(Observations.among_objects(system.objects, present)))
    nodes = range(len(system.objects))
    pairs = [(x, y) for x in nodes for y in nodes if x != y]
    backward = [pair for pair in pairs if system.relation(*pair) == "reversed"]
    forward = [pair for pair in pairs if pair not in backward]

    def score(table: np.ndarray, scored: list[tuple[int, int]]) -> dict[str, float]:
        columns = (
            np.array([values[pair] for pair in scored]) for values in (table, system.intervened, system.observed)
        )
        return score_interventions(*(column.tolist() for column in columns))

    right, sampled = score(adjusted.intervened, forward), forward[::7]
    ends = bootstrap(by_scene, sampled, 400, seed).intervened
    truth = np.array([system.intervened[pair] for pair in sampled])
    return {
        "seed": seed,
        "strength": strength,
        "naive": score(adjusted.observed, forward)["mean_absolute_error"],
        "scene": right["mean_absolute_error"],
        "objects": score(among.intervened, forward)["mean_absolute_error"],
        "sign_agreement": right["sign_agreement"],
        "coverage": float(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()),
        "reversed_naive": score(adjusted.observed, backward)["mean_absolute_error"],
        "reversed_scene": score(adjusted.intervened, backward)["mean_absolute_error"],
    }


def size() -> None:
    """Time and memory of each step of the command on a random file with as many images and categories as COCO's."""
    random, images, categories = np.random.default_rng(0), 118_287, 80
    likely = np.minimum(random.beta(0.5, 16, categories) * random.lognormal(0, 1.2, (12, categories)), 0.6)
    present = random.random((images, categories)) < likely[random.integers(12, size=images)]
    rows, columns = np.nonzero(present)
    notes = [{"image_id": int(row), "category_id": int(column)} for row, column in zip(rows, columns, strict=True)]
    data = {
        "images": [{"id": number} for number in range(images)],
        "annotations": notes,
        "categories": [{"id": number, "name": f"object {number}"} for number in range(categories)],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "instances.json"
        path.write_text(json.dumps(data))
        del data, notes
        started = time.perf_counter()
        source = open_source(str(path))
        read = time.perf_counter() - started
        counted = time.perf_counter()
        counts = count(source.observations)
        effects(counts)
        counted = time.perf_counter() - counted
        resampled = time.perf_counter()
        compare(source, 10, replicates=1000)
        resampled = time.perf_counter() - resampled
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    head(
        "images", "categories", "annotations", "reading, s", "counting, s", "ten pairs, 1,000 resamples, s", "peak MB"
    )
    print(f"| {images:,} | {categories} | {len(rows):,} | {read:.1f} | {counted:.1f} | {resampled:.1f} | {peak:.0f} |")


def shortcuts() -> None:
    """Accuracy of each shortcut on each structure of the published test split of `co_occurrence`."""
    rows = generate_shard("co_occurrence", get_config("co_occurrence", "co_occurrence"), "test", 0).to_pylist()
    baselines = get_task("co_occurrence").shortcuts
    head("structure", "n", *baselines)
    for structure in STRUCTURES:
        of_structure = [row for row in rows if row["structure"] == structure]
        prompts, labels = [parse_prompt(row["prompt"]) for row in of_structure], [row["label"] for row in of_structure]
        hits = [np.mean(np.array(answer(prompts, labels)) == labels) for answer in baselines.values()]
        print(f"| {structure} | {len(of_structure):,} | " + " | ".join(f"{share:.3f}" for share in hits) + " |")


def picture() -> None:
    """The pairs of `default` that change most, and the errors of `systems` by the strength of the confounder."""
    from hf_causal.evaluation.plots import save_figure, subplots
    from hf_causal.systems.interventions.plots import plot_pairs

    rows = compare(open_source("scenes"), 8)
    plot_pairs(rows, RESULTS / "pairs.png", f"What changes most among {IMAGES:,} images of `scenes`, seed 0")
    measured = json.loads((RESULTS / "systems.json").read_text())["rows"]
    figure, axis = subplots(figsize=(6.4, 4.0))
    for name, label, colour in (
        ("naive", "P(Y | X), seen", "#8a8f98"),
        ("objects", "adjusted for the other objects", "#c2701c"),
        ("scene", "adjusted for the scene", "#d1495b"),
    ):
        values = np.array([[row[name] for row in measured if row["strength"] == one] for one in STRENGTHS])
        axis.errorbar(
            STRENGTHS, values.mean(1), values.std(1, ddof=1), marker="o", capsize=3, label=label, color=colour
        )
    axis.set_xlabel("strength of the scenes as a confounder")
    axis.set_ylabel("mean absolute error of P(Y | do X)")
    axis.set_ylim(bottom=0)
    axis.set_xticks(STRENGTHS)
    axis.grid(axis="y", color="#e6e6e6")
    axis.legend(frameon=False)
    save_figure(figure, RESULTS / "strength.png")


STUDIES = {
    "published": published,
    "systems": systems,
    "size": size,
    "shortcuts": shortcuts,
    "picture": picture,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", choices=STUDIES)
    study = parser.parse_args().study
    print(f"{describe_hardware()}\n")
    STUDIES[study]()


if __name__ == "__main__":
    main()
