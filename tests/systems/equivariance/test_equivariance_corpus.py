"""Pictures and captions: pixels against a slow drawing, captions against scenes, splits against what they promise."""

import io
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from dataset_builders import load_builder
from hf_causal.corpora import generate_shard, get_config
from hf_causal.systems.equivariance.captions import CAPTION_WORDS, count_caption, is_true, relation_caption
from hf_causal.systems.equivariance.changes import KINDS, NEW_CHANGES, NEW_THINGS, SPLITS, changes_of
from hf_causal.systems.equivariance.drawing import COLORS, RADII, SHAPES, Thing, draw, encode_png, read
from hf_causal.systems.equivariance.pairs import check_pair
from hf_causal.tasks.shared.schema import rows_digest

SCENE = [Thing("red", "square", 8, 20, 3), Thing("blue", "circle", 24, 9, 4), Thing("red", "cross", 12, 8, 3)]


@pytest.fixture(scope="module")
def tables():
    config = get_config("shapes", "minimal_changes", rows=60, validation_rows=20, rows_per_cell=15)
    return {split: generate_shard("shapes", config, split, 0) for split in SPLITS}


def belongs(shape, radius, x, y):
    """Whether a pixel at (x, y) from the centre belongs to a shape, told in other words."""
    if shape == "square":
        return True
    if shape == "circle":
        return (x * x + y * y) ** 0.5 <= (radius * radius + 1) ** 0.5
    if shape == "cross":
        return x in (-1, 0, 1) or y in (-1, 0, 1)
    return -((radius + y) // 2) <= x <= (radius + y) // 2  # row by row, from the top of the triangle


def test_pictures_are_drawn_pixel_by_pixel():
    for radius in RADII:
        things = [Thing(color, shape, 5 + 8 * place, 16, radius) for place, (color, shape) in
                  enumerate(zip(list(COLORS)[:3:2], ("circle", "triangle"), strict=True))]  # fmt: skip
        things += [Thing("white", "square", 8, 27, radius), Thing("green", "cross", 24, 5, radius)]
        expected = np.full((32, 32, 3), 60)
        for thing in things:
            for y in range(-radius, radius + 1):
                for x in range(-radius, radius + 1):
                    if belongs(thing.shape, radius, x, y):
                        expected[thing.y + y, thing.x + x] = COLORS[thing.color]
        assert np.array_equal(draw(things, 60), expected)


def test_a_scene_is_read_from_its_pixels():
    assert sorted(read(draw(SCENE, 100))) == sorted(SCENE)
    ndimage = pytest.importorskip("scipy.ndimage")
    pixels = draw(SCENE, 100)
    _, count = ndimage.label((pixels != 100).any(2))
    assert count == len(SCENE)


def test_pixels_that_are_no_thing_are_refused():
    broken = draw(SCENE, 100)
    broken[0, 31] = COLORS["red"]
    with pytest.raises(ValueError, match="no known thing at row 0, column 31"):
        read(broken)
    with pytest.raises(ValueError, match="must lie on the picture"):
        draw([Thing("red", "square", 2, 16, 3)], 100)


def test_a_png_is_what_any_reader_reads():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    picture = Image.open(io.BytesIO(encode_png(pixels)))
    picture.verify()
    picture = Image.open(io.BytesIO(encode_png(pixels)))
    assert picture.mode == "RGB" and np.array_equal(np.asarray(picture), pixels)


@pytest.mark.parametrize(
    ("caption", "truth"),
    [
        ("a red square left of a blue circle", True),
        ("a blue circle right of a red square", True),
        ("a red square right of a blue circle", False),
        ("a red square below a blue circle", True),
        ("a blue square left of a red circle", False),
        ("a red cross above a red square", True),
        ("one red square", True),
        ("two red squares", False),
        ("one red cross", True),
    ],
)
def test_captions_are_true_of_a_scene_or_not(caption, truth):
    assert is_true(caption, SCENE) is truth
    assert set(caption.split()) <= set(CAPTION_WORDS)


def test_other_captions_are_refused():
    for caption in ("a red square", "two red square", "one red squares", "a pink square left of a red circle"):
        with pytest.raises(ValueError, match="`caption`"):
            is_true(caption, SCENE)
    with pytest.raises(ValueError, match="`number` must lie in 1 ... 4, got 5"):
        count_caption(5, "red", "cross")


@pytest.mark.parametrize("split", SPLITS)
def test_every_caption_is_true_of_its_picture_alone(tables, split):
    rows = tables[split].to_pylist()
    for row in rows:
        scenes = check_pair(row)
        for place, scene in enumerate(scenes):
            others = [is_true(row[f"caption_{caption}"], scene) for caption in (0, 1)]
            assert others == [place == 0, place == 1]
    counts = [sum(row["kind"] == kind for row in rows) for kind in KINDS]
    assert max(counts) - min(counts) == 0


def test_a_pair_changes_as_its_kind_says(tables):
    """Compared pixel by pixel: what does not change stands where it was."""
    for row in tables["train"].to_pylist():
        first, second = check_pair(row)
        if row["kind"] == "count":
            assert set(first) < set(second) or set(second) < set(first)
        elif row["kind"] == "color":
            assert len(set(first) & set(second)) == 1
            assert {thing[1:] for thing in first} == {thing[1:] for thing in second}
        elif row["kind"] == "attribute":
            assert sorted(row["caption_0"].split()) == sorted(row["caption_1"].split())
            assert {thing[1:] for thing in first} == {thing[1:] for thing in second}
        else:
            assert {(thing.x, thing.y) for thing in first} == {(thing.x, thing.y) for thing in second}
            assert {thing[:2] for thing in first} == {thing[:2] for thing in second}


def test_a_false_row_is_reported(tables):
    row = next(row for row in tables["test"].to_pylist() if row["kind"] == "relation")
    with pytest.raises(ValueError, match="`caption_0` .* is not true of `image_0`"):
        check_pair({**row, "caption_0": row["caption_1"]})
    with pytest.raises(ValueError, match="`certificate` does not say what is on `image_0`"):
        check_pair({**row, "image_0": row["image_1"]})


def test_splits_share_no_pair_of_scenes():
    scenes = {split: {change.scenes for kind in KINDS for change in changes_of(split, kind)} for split in SPLITS}
    assert all(scenes.values())
    for first, second in combinations(SPLITS, 2):
        assert not scenes[first] & scenes[second]
    # Said from the other end it is the same pair of scenes, so it is in the same split.
    pairs = {frozenset(change.captions) for kind in KINDS for change in changes_of("train", kind)}
    assert frozenset({"a red square left of a white cross", "a red square right of a white cross"}) in pairs
    assert frozenset({"a white cross right of a red square", "a white cross left of a red square"}) in pairs


def test_new_things_and_new_changes_are_new(tables):
    looks = {"seen": set(), "new_things": set()}
    for split in SPLITS:
        for row in tables[split].to_pylist():
            things = {thing[:2] for scene in check_pair(row) for thing in scene}
            new_change = tuple(row["exchanged"].split("/")) in NEW_CHANGES[row["kind"]]
            assert new_change == (split == "new_changes")
            assert bool(things & NEW_THINGS) == (split == "new_things")
            looks["new_things" if split == "new_things" else "seen"] |= things
    every = [look for kind in KINDS for change in changes_of("train", kind) for look in change.before]
    assert {color for color, _ in every} == set(COLORS) and {shape for _, shape in every} == set(SHAPES)


def test_rows_depend_on_seed_split_and_shard_alone():
    def rows(split="train", shard=0, **options):
        return generate_shard(
            "shapes", get_config("shapes", "minimal_changes", rows=40, rows_per_shard=20, **options), split, shard
        )

    assert rows().equals(rows()) and rows_digest(rows()) == rows_digest(rows())
    digests = {rows_digest(table) for table in (rows(), rows(shard=1), rows(seed=1), rows("test"))}
    assert len(digests) == 4
    one_pixel = rows().to_pylist()
    one_pixel[3]["image_1"]["bytes"] = one_pixel[3]["image_1"]["bytes"][:-1] + b"\x00"
    assert rows_digest(pa.Table.from_pylist(one_pixel, schema=rows().schema)) != rows_digest(rows())


def test_the_published_rows():
    """Whoever changes a byte of a published config changes its version."""
    config = get_config("shapes", "minimal_changes")
    assert config.version == "1.0.0"
    assert rows_digest(generate_shard("shapes", config, "validation", 0))[:16] == "72de6fa1e367bdfa"


def test_too_few_rows_are_refused():
    with pytest.raises(ValueError, match="`rows` must be at least 4, one of each kind of change, got 3"):
        get_config("shapes", "minimal_changes", rows=3)


def test_the_builder_has_pictures(tmp_path):
    builder = load_builder("shapes", "minimal_changes", cache_dir=str(tmp_path), rows=8, validation_rows=4,
                           rows_per_cell=2)  # fmt: skip
    builder.download_and_prepare()
    row = builder.as_dataset("train")[0]
    assert row["image_0"].size == (32, 32)
    things = read(np.asarray(row["image_0"].convert("RGB")))
    assert is_true(row["caption_0"], things)
    assert builder.as_dataset("new_things").num_rows == 8


def test_captions_say_what_relation_they_are_given():
    first, second = SCENE[:2]
    assert relation_caption(first, "left of", second) == "a red square left of a blue circle"
