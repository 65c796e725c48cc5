"""The tasks as datasets of reasoning-gym, by the checks of its own test suite and within its composites."""

import json
import pickle

import pytest

reasoning_gym = pytest.importorskip("reasoning_gym")

from reasoning_gym.coaching.curriculum_config import CurriculumAttributeConfig, CurriculumExperimentConfig  # noqa: E402
from reasoning_gym.coaching.experiment import CurriculumExperiment  # noqa: E402
from reasoning_gym.composite import DatasetSpec  # noqa: E402
from reasoning_gym.dataset import ReseedingDataset  # noqa: E402
from reasoning_gym.factory import create_curriculum, create_dataset, get_score_answer_fn  # noqa: E402

from hf_causal.harnesses.reasoning_gym import register_tasks  # noqa: E402
from hf_causal.tasks.registry import tasks  # noqa: E402

NAMES = register_tasks()


def test_every_task_and_form_is_registered_once():
    assert {f"hf_causal_{task}" for task in tasks()} <= set(NAMES)
    assert "hf_causal_transitivity_proof" in NAMES
    assert register_tasks() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_dataset(name):
    dataset = create_dataset(name, size=3, seed=1234)
    items = list(dataset)
    assert items == list(dataset) == [create_dataset(name, size=3, seed=1234)[index] for index in range(3)]
    assert len(items) == len(dataset) == 3
    for index, item in enumerate(items):
        assert set(item) == {"question", "answer", "metadata"}
        assert isinstance(item["answer"], str)
        assert (item["metadata"]["source_dataset"], item["metadata"]["source_index"]) == (name, index)
        assert item["metadata"]["difficulty"] == {"level": 1}
        assert dataset.score_answer(answer=item["answer"], entry=item) == 1.0
        assert dataset.score_answer(answer=None, entry=item) == dataset.score_answer(answer="", entry=item) == 0.0
        # A server scores with a dataset of default options and an entry that was sent as JSON.
        assert get_score_answer_fn(name)(item["answer"], json.loads(json.dumps(item))) == 1.0


def test_options_reach_the_questions():
    dataset = create_dataset("hf_causal_d_separation", size=10, seed=42, level=2, split="test")
    assert 6 <= dataset[9]["metadata"]["row"]["num_nodes"] <= 9
    proofs = create_dataset("hf_causal_transitivity", size=10, seed=42, form="proof", level=3)
    entry = proofs[3]
    assert entry["answer"].splitlines()[0] in ("Yes", "No") and len(entry["answer"].splitlines()) == 2
    assert proofs.score_answer(entry["answer"].splitlines()[0], entry) == 0.0
    assert entry == create_dataset("hf_causal_transitivity_proof", size=10, seed=42, level=3)[3] | {
        "metadata": entry["metadata"]
    }
    assert pickle.loads(pickle.dumps(proofs))[3] == entry
    assert create_dataset("hf_causal_transitivity", size=2).seed is not None


@pytest.mark.parametrize("options, message", [
    ({"size": 0}, "`size` must be a positive whole number, got 0"),
    ({"level": 0}, "`level` of transitivity must lie in 1"),
    ({"form": "essay"}, "`form` must be one of yes-no, proof"),
    ({"seed": 1.5}, "`seed` must be a whole number, got 1.5"),
])  # fmt: skip
def test_mistakes_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        create_dataset("hf_causal_transitivity", **options)


@pytest.mark.parametrize("task", tasks().values(), ids=lambda task: task.name)
def test_curriculum(task):
    curriculum = create_curriculum(f"hf_causal_{task.name}")
    base = curriculum.generate_configuration({"size": 150, "seed": 1})
    assert (base.size, base.seed, base.task, base.level) == (150, 1, task.name, 1)
    assert curriculum.increment_attr_level("level")
    assert curriculum.generate_configuration({"size": 150, "seed": 1}).level == 2
    assert curriculum.decrement_attr_level("level")
    assert curriculum.generate_configuration({"size": 150, "seed": 1}).level == 1
    curriculum.set_global_level(100)
    assert curriculum.generate_configuration({"size": 150}).level == len(task.levels)
    assert not curriculum.increment_global_level()


def test_composite_and_experiment():
    specs = [
        DatasetSpec("hf_causal_transitivity_proof", 1.0, {"level": 2}),
        DatasetSpec("hf_causal_d_separation", 1.0, {}),
    ]
    composite = create_dataset("composite", size=12, seed=5, datasets=specs)
    entries = list(composite)
    assert {entry["metadata"]["source_dataset"] for entry in entries} == {spec.name for spec in specs}
    assert all(composite.score_answer(entry["answer"], entry) == 1.0 for entry in entries)
    levels = {"hf_causal_transitivity": CurriculumAttributeConfig({"*": 1})}
    experiment = CurriculumExperiment("causal", CurriculumExperimentConfig(levels), size=5, seed=3)
    entry = experiment.get_dataset_entry(2)
    assert entry["metadata"]["difficulty"] == {"level": 2}
    assert experiment.score_answer_with_id(entry["answer"], entry["metadata"]["entry_id"]) == 1.0


def test_reseeding_goes_on_without_end():
    endless = ReseedingDataset(create_dataset("hf_causal_transitivity", size=4, seed=9), chunk_size=3)
    questions = [entry["question"] for entry, _ in zip(endless, range(7), strict=False)]
    assert len(set(questions)) == 7
