"""Settings that every test runs under, and small things that several of them need."""

import gc
import os

# Read at import by the libraries, so they are set before anything else is imported.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_EVALUATE_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Each of several test processes has a core; more threads would wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import shutil
from pathlib import Path

import pytest
from hypothesis import settings
from matplotlib.figure import Figure
from small import TINY

# How long an example takes says nothing on a machine that has other things to do.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SLOW = (
    "benchmarks",
    "cards",
    "cli/test_cli",
    "corpora",
    "demo",
    "docs",
    "evaluation/test_e",
    "evaluation/test_local_models",
    "evaluation/test_metamorphic",
    "evaluation/test_metric",
    "evaluation/test_plots",
    "evaluation/test_predictors",
    "evaluation/test_prompts",
    "export",
    "harnesses/test_harnesses",
    "harnesses/test_lm_eval",
    "hub",
    "models/test_axiom_attention",
    "models/test_axiom_looped",
    "models/test_compile",
    "models/test_complete",
    "models/test_looped_grammars",
    "package/test_front_door",
    "package/test_wheel",
    "pins",
    "posttraining",
    "reading/test_reading_limits",
    "reading/test_reading_scores",
    "systems",
    "tasks/test_added_task",
    "tasks/test_answer_forms",
    "tasks/test_certificate_promises",
    "tasks/test_certificates_d_separation",
    "tasks/test_co_occurrence",
    "tasks/test_corr2cause",
    "tasks/test_d_separation_corpus",
    "tasks/test_linear_time",
    "tasks/test_premises",
    "tasks/test_transitivity",
    "tasks/test_variants",
    "test_import_order",
    "training",
    "verification/test_files_of_others",
    "verification/test_verify_cli",
    "verification/test_verify_fix",
)
"""Starts of the paths of tests that build, train, serve, start processes or count to the end; `make quick` leaves them
out, as the long ones."""


TIGHT_LAYOUT, SAVEFIG = Figure.tight_layout, Figure.savefig
LONG = (
    "benchmarks",
    "cli/test_cli_fuzz",
    "corpora/test_engines",
    "corpora/test_fresh",
    "corpora/test_parquet",
    "demo/test_demo_clients",
    "demo/test_demo_page",
    "demo/test_demo_server",
    "demo/test_demo_uploads",
    "demo/test_demo_workers",
    "docs",
    "evaluation/test_evaluate_tasks",
    "evaluation/test_metric_spaces",
    "export/test_export",
    "harnesses/test_inspect",
    "harnesses/test_lm_eval",
    "harnesses/test_reasoning_gym",
    "harnesses/test_verifiers",
    "hub",
    "models/test_compile",
    "package/test_wheel",
    "posttraining",
    "systems/heterogeneity/test_heterogeneity_page",
    "systems/interventions/test_interventions_page",
    "systems/sequences/test_sequences_page",
    "systems/test_removal",
    "tasks/test_gallery",
    "training/test_compiled",
    "training/test_processes",
    "verification/adapters/test_published_parts",
)
"""Starts of the paths of tests that fine-tune, publish, serve pages, run documents and benchmarks, start clusters,
export models or compile them to machine code; `make everything` runs them too."""

LONGEST = (
    "training/test_processes",
    "docs/test_pages",
    "package/test_wheel",
    "pins/test_pins",
    "export/test_export",
)
"""Starts of the paths of the files that take longest. They begin first: at the end all processes are busy."""


def pytest_collection_modifyitems(items):
    """Marks the slow tests, and puts the longest files in front."""
    tests = Path(__file__).parent
    ranks = {}
    for item in items:
        name = str(item.path.relative_to(tests)) if item.path.is_relative_to(tests) else ""
        if name.startswith(SLOW):
            item.add_marker("slow")
        if name.startswith(LONG):
            item.add_marker("long")
        ranks[item] = next((rank for rank, start in enumerate(LONGEST) if name.startswith(start)), len(LONGEST))
    items.sort(key=ranks.get)


def pytest_collection():
    """Collects no garbage while the tests import their libraries, since what is made then stays."""
    gc.disable()


def pytest_collection_finish():
    """Leaves what exists by now, which is most of all objects, out of later garbage collections."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def empty_pictures():
    """Writes figures as empty pictures: drawing one takes half a second, and most tests only need its file."""
    from PIL import Image

    def save(figure, path, **options):
        Image.new("L", (1, 1)).save(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.tight_layout", lambda figure, **options: None)
        patch.setattr("matplotlib.figure.Figure.savefig", save)
        yield


@pytest.fixture(scope="module")
def drawn_pictures(empty_pictures):
    """Draws the figures of a file of tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.tight_layout", TIGHT_LAYOUT)
        patch.setattr("matplotlib.figure.Figure.savefig", SAVEFIG)
        yield


@pytest.fixture(scope="session")
def corpus_dir(tmp_path_factory) -> Path:
    """A small axiomatic corpus on disk: 2,000 training questions and 20 questions a generalization cell."""
    from hf_causal.corpora.build import build

    folder = tmp_path_factory.mktemp("corpus") / "axiomatic"
    build("axiomatic", folder, ["transitivity_ts2"], rows=2000, validation_rows=400)
    build("axiomatic", folder, ["transitivity_generalization"], rows_per_cell=20, nodes=(5, 6, 9))
    return folder


@pytest.fixture(scope="session")
def corpora_dir(corpus_dir) -> Path:
    """A folder that holds a small build of every corpus."""
    from hf_causal.corpora.build import build
    from hf_causal.systems.datasets import datasets
    from hf_causal.tasks.registry import tasks

    small = {
        "corr2cause": {"configs": ["default"], "nodes": (2, 3), "rows_per_shard": 20},
        "causal_sequences": {"configs": ["chain"], "rows": 40, "validation_rows": 20, "rows_per_cell": 20},
        "shapes": {"rows": 8, "validation_rows": 4, "rows_per_cell": 2},
    }
    for task in tasks().values():
        if task.dataset.name not in ("axiomatic", *small):
            for config, options in task.small_options.items():
                build(task.dataset.name, corpus_dir.parent / task.dataset.name, [config], **options)
    for corpus in datasets():
        if not (corpus_dir.parent / corpus).exists():
            build(corpus, corpus_dir.parent / corpus, **small.get(corpus, {}))
    return corpus_dir.parent


@pytest.fixture(scope="session")
def trained_model(tmp_path_factory, corpus_dir) -> Path:
    """A model folder as training leaves it."""
    from hf_causal.training.loop import train
    from hf_causal.training.recipe import load_recipe

    folder = tmp_path_factory.mktemp("trained") / "model"
    train(load_recipe("axiom-cpu", TINY), folder, data_dir=corpus_dir)
    return folder


@pytest.fixture(scope="session")
def separation_dir(tmp_path_factory) -> Path:
    """Questions of d-separation about graphs of five nodes, to learn from and held out."""
    from hf_causal.corpora.build import build

    folder = tmp_path_factory.mktemp("separation") / "axiomatic"
    build("axiomatic", folder, ["d_separation"], rows=2000, validation_rows=240, nodes=(5,))
    build("axiomatic", folder, ["d_separation_generalization"], rows_per_cell=40, nodes=(5,))
    return folder


@pytest.fixture(scope="session")
def contrary(tmp_path_factory, separation_dir) -> Path:
    """A base model whose answers are worse than chance."""
    from tiny_finetuning import save_contrary_model

    from hf_causal.corpora.load import load_corpus

    rows = load_corpus("axiomatic", "d_separation", "train", separation_dir)
    return save_contrary_model(tmp_path_factory.mktemp("base") / "contrary", rows)


@pytest.fixture(scope="session")
def adapted(tmp_path_factory, separation_dir, contrary):
    """A finished fine-tuning run with adapters, merged too."""
    from tiny_finetuning import quick

    from hf_causal.posttraining.run import finetune

    recipe = quick(contrary, lora=True, max_steps=40, learning_rate=5e-3)
    folder = tmp_path_factory.mktemp("adapted") / "adapter"
    return finetune(recipe, folder, [separation_dir], merge=True, answers=folder.parent / "answers")


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty Hub on the loopback, with this process signed in as a member of its organization."""
    from hub_fixtures import never_wait, use_hub
    from hub_server import HubServer

    with HubServer(tmp_path / "hub-server") as server:
        use_hub(monkeypatch, server, tmp_path / "home")
        never_wait(monkeypatch)
        yield server


@pytest.fixture
def data(corpus_dir, tmp_path) -> Path:
    """A built corpus that a test may change."""
    return Path(shutil.copytree(corpus_dir, tmp_path / "axiomatic"))


@pytest.fixture
def space(tmp_path) -> Path:
    """A Space that a test may change."""
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "README.md").write_text("---\ntitle: Demo\nsdk: gradio\napp_file: app.py\n---\n# Demo\n")
    (folder / "app.py").write_text("import gradio\n")
    return folder


@pytest.fixture
def uncompiled():
    """Flex attention runs as written: compiling each of its masks would take ten seconds."""
    import torch

    with torch.compiler.set_stance("force_eager"):
        yield
