"""The corpus of scenes: its rows, its exact effects, and the counts that `published` was built for."""

import json
from collections import Counter

import datasets
import numpy as np
import pyarrow as pa
import pytest

from dataset_builders import load_builder
from hf_causal.corpora import config_names, generate_shard, get_config
from hf_causal.corpora.build import build
from hf_causal.evaluation.questions import corpus_questions
from hf_causal.systems.interventions.corpus import CONFOUNDING, EFFECT_SCHEMA, IMAGE_SCHEMA
from hf_causal.systems.interventions.scene_model import HOMES, scene_system
from hf_causal.tasks.shared.schema import rows_digest


def rows_of(name: str, **options) -> pa.Table:
    config = get_config("scenes", name, **options)
    (split,) = config.splits
    return pa.concat_tables([generate_shard("scenes", config, split, n) for n in range(config.num_shards(split))])


def test_the_configs_and_sizes_are_these():
    assert config_names("scenes") == ("default", "strong", "unconfounded", "published", "effects")
    sizes = {name: get_config("scenes", name).num_rows("train") for name in (*CONFOUNDING, "published")}
    assert sizes == {"default": 20_000, "strong": 20_000, "unconfounded": 20_000, "published": 24_000}
    assert get_config("scenes", "effects").num_rows("pairs") == 3 * 24 * 23


@pytest.mark.parametrize("name", CONFOUNDING)
def test_images_are_draws_of_the_system(name):
    rows = rows_of(name, rows=6000, rows_per_shard=2000)
    assert rows.schema.equals(IMAGE_SCHEMA, check_metadata=True) and len(rows) == 6000
    assert len(set(rows["image_id"].to_pylist())) == 6000
    system = scene_system(0, CONFOUNDING[name])
    scenes, objects = rows["scene"].to_pylist(), rows["objects"].to_pylist()
    assert all(len(set(names)) == len(names) and set(names) <= set(HOMES) for names in objects)
    for number, scene in enumerate(system.scenes):
        inside = [names for found, names in zip(scenes, objects, strict=True) if found == scene]
        assert abs(len(inside) / 6000 - system.scene_probability[number]) < 4 * (0.25 / 6000) ** 0.5
        share = [sum(name in names for names in inside) / len(inside) for name in system.objects]
        assert np.abs(np.array(share) - system.alone[number]).max() < 4 * (0.25 / len(inside)) ** 0.5


def test_a_shard_is_the_same_bytes_again_and_another_seed_other_ones():
    digests = [rows_digest(rows_of("default", rows=2000, seed=seed)) for seed in (0, 0, 1)]
    assert digests[0] == digests[1] != digests[2]
    # What is published may not change under its version.
    assert digests[0] == "15c0709f4c25b9df745bdbd879cde7cf02b64922451cd0e81ea41805d246b033"


def test_effects_follow_from_their_certificates():
    rows = rows_of("effects", rows_per_shard=700)
    assert rows.schema.equals(EFFECT_SCHEMA, check_metadata=True) and len(rows) == 1656
    assert Counter(rows["config"].to_pylist()) == dict.fromkeys(CONFOUNDING, 24 * 23)
    for row in rows.to_pylist():
        scene, cause, both, after = map(np.array, json.loads(row["certificate"]).values())
        assert row["observed"] == pytest.approx((scene * both).sum() / (scene * cause).sum(), abs=1e-10)
        assert row["intervened"] == pytest.approx((scene * after).sum(), abs=1e-10)
        assert row["change"] == pytest.approx(row["intervened"] - row["observed"], abs=1e-10)
        if row["config"] == "unconfounded" and row["relation"] != "reversed":
            assert abs(row["change"]) < 1e-10


def test_published_images_have_the_published_counts():
    """.12 against .29 and .56 against .39, counted and adjusted here in three lines."""
    images = list(zip(*(rows_of("published", rows_per_shard=7000)[name].to_pylist() for name in ("scene", "objects"))))  # noqa: B905
    for x, y, whole, both, seen, done in (
        ("toilet", "person", 2317, 277, 0.12, 0.29),
        ("hair drier", "sink", 200, 112, 0.56, 0.39),
    ):
        with_x = [(scene, y in names) for scene, names in images if x in names]
        assert (len(with_x), sum(has for _, has in with_x)) == (whole, both)
        adjusted = 0.0
        for scene in {scene for scene, _ in images}:
            inside = [has for found, has in with_x if found == scene]
            adjusted += sum(inside) / len(inside) * sum(found == scene for found, _ in images) / len(images)
        assert (round(both / whole, 2), round(adjusted, 2)) == (seen, done)


def test_a_built_folder_loads_with_both_kinds_of_rows(tmp_path):
    build("scenes", tmp_path / "scenes", ["default"], rows=300)
    build("scenes", tmp_path / "scenes", ["effects"])
    images = datasets.load_dataset(str(tmp_path / "scenes"), "default", split="train")
    assert images.features["objects"] == datasets.List(datasets.Value("string")) and len(images) == 300
    assert images[7]["objects"] == rows_of("default", rows=300).to_pylist()[7]["objects"]
    effects = datasets.load_dataset(str(tmp_path / "scenes"), "effects", split="pairs")
    assert effects.num_rows == 1656 and effects.features["observed"] == datasets.Value("float64")


def test_the_builder_streams_either_kind():
    row = next(iter(load_builder("scenes", "effects").as_streaming_dataset("pairs")))
    assert set(row) == set(EFFECT_SCHEMA.names)


@pytest.mark.parametrize(
    ("config", "message"),
    [("strong", "no split to score"), ("effects", "no questions, its columns are config")],
)
def test_rows_that_are_no_questions_cannot_be_scored(config, message):
    with pytest.raises(ValueError, match=message):
        list(corpus_questions("scenes", config))


def test_an_option_that_a_config_lacks_is_an_error():
    with pytest.raises(ValueError, match="config 'published' has no option 'rows'"):
        get_config("scenes", "published", rows=10)
