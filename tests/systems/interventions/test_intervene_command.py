"""Comparing what is seen with what would be done, from every source, and as the command line tells it."""

import json

import numpy as np
import pytest

from hf_causal.cli import main
from hf_causal.corpora.build import build
from hf_causal.systems.interventions.coco import read_coco
from hf_causal.systems.interventions.comparison import compare
from hf_causal.systems.interventions.sources import open_source

pytestmark = pytest.mark.usefixtures("drawn_pictures")

NAMES = ("toilet", "person", "sink", "cup")
# Per image: scene, and how many of each object.
IMAGES = [
    ("bathroom", (1, 0, 2, 0)),
    ("bathroom", (2, 1, 0, 0)),
    ("bathroom", (1, 0, 1, 0)),
    ("bar", (0, 1, 1, 3)),
    ("bar", (1, 1, 0, 1)),
    ("street", (0, 2, 0, 0)),
    ("street", (0, 0, 0, 0)),
]


def instances(**changes) -> dict:
    """A file of instances; ids have gaps, as COCO's do."""
    kinds = {"toilet": "furniture", "person": "person", "sink": "furniture", "cup": "kitchen"}
    notes = [
        {"id": 1, "image_id": 100 + 7 * place, "category_id": 3 * kind + 1, "bbox": [0, 0, 1, 1]}
        for place, (_, times) in enumerate(IMAGES)
        for kind, repeats in enumerate(times)
        for _ in range(repeats)
    ]
    data = {
        "images": [{"id": 100 + 7 * place, "file_name": f"{place}.jpg"} for place in range(len(IMAGES))],
        "annotations": notes,
        "categories": [
            {"id": 3 * kind + 1, "name": name, "supercategory": kinds[name]} for kind, name in enumerate(NAMES)
        ],
    }
    return {**data, **changes}


def with_scenes() -> dict:
    data = instances()
    for image, (scene, _) in zip(data["images"], IMAGES, strict=True):
        image["scene"] = scene
    return data


@pytest.fixture
def write(tmp_path):
    def write(data) -> str:
        path = tmp_path / "instances.json"
        path.write_text(data if isinstance(data, str) else json.dumps(data))
        return str(path)

    return write


def test_objects_are_read_from_instances(write):
    seen = read_coco(write(instances()))
    assert seen.objects == seen.strata == NAMES
    assert seen.present.tolist() == [[bool(times) for times in image] for _, image in IMAGES]
    assert (seen.member == seen.present).all() and seen.own.tolist() == [0, 1, 2, 3]


def test_scenes_are_read_where_the_images_have_them(write):
    path = write(with_scenes())
    seen = read_coco(path)
    assert seen.strata == ("bar", "bathroom", "street")
    assert [seen.strata[row.argmax()] for row in seen.member] == [scene for scene, _ in IMAGES]
    assert read_coco(path, "objects").strata == NAMES
    assert read_coco(path, "file_name").strata == tuple(f"{place}.jpg" for place in range(len(IMAGES)))


def test_the_prevailing_supercategory_is_the_one_with_most_annotations(write):
    seen = read_coco(write(instances()), "supercategory")
    kinds = [seen.strata[row.argmax()] for row in seen.member]
    # In the fifth image three kinds have one annotation each: the first by name.
    assert kinds == ["furniture", "furniture", "furniture", "kitchen", "furniture", "person", "none"]


@pytest.mark.parametrize(
    ("data", "confounder", "message"),
    [
        ("{", None, "not JSON"),
        ([], None, "must hold an object with `images`, `annotations`, `categories`, got a list"),
        ({"images": []}, None, "no `annotations`, `categories`, got `images`"),
        (instances(images=[{"file_name": "a.jpg"}]), None, "`images`[0] must have `id`, lacks 'id'"),
        (instances(annotations=[{"image_id": 100}]), None, "`annotations`[0] must have .* lacks 'category_id'"),
        (
            instances(annotations=[{"image_id": 1, "category_id": 1}]),
            None,
            "the `image_id` 1, which is the id of none",
        ),
        (instances(annotations=[{"image_id": 100, "category_id": 2}]), None, "the `category_id` 2, which is the id"),
        (instances(images=[{"id": 1}, {"id": 1}]), None, "`images` must have different ids, 1 comes twice"),
        (instances(categories=[{"id": 1, "name": "a"}, {"id": 2, "name": "a"}]), None, "'a' comes twice"),
        (instances(images=[], annotations=[]), None, "at least one image and one category"),
        (instances(categories=[{"id": 1, "name": "a"}], annotations=[]), "supercategory", "'a' has none"),
        (instances(), "weather", "7 of 7 images lack it .* all have file_name, id"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_that_names_what_is_missing(data, confounder, message, write):
    with pytest.raises(ValueError, match=message.replace("[0]", r"\[0\]")):
        read_coco(write(data), confounder)


def test_named_pairs_of_a_file_are_compared(write):
    source = open_source(write(with_scenes()))
    (row,) = compare(source, [("toilet", "person")], replicates=50)
    # Seen: 2 of 4. Adjusted: 1/3 in bathrooms, 1/1 in bars; no toilet was seen in streets.
    assert (row.images, row.observed) == (4, 0.5)
    assert row.intervened == pytest.approx((1 / 3 * 3 + 1 * 2) / 5)
    assert row.empty == ("street",) and row.true_intervened is None
    assert row.bounds == pytest.approx(((1 / 3 * 3 + 1 * 2) / 7, (1 / 3 * 3 + 1 * 2 + 2) / 7))
    assert source.confounder == "scene" and open_source(source.name, confounder="objects").confounder == "objects"


def test_the_pairs_that_change_most_come_first_with_the_truth():
    rows = compare(open_source("scenes", images=4000), 12, replicates=200)
    changes = [abs(row.change) for row in rows]
    assert changes == sorted(changes, reverse=True) and len({(row.cause, row.effect) for row in rows}) == 12
    right = [row for row in rows if row.relation != "reversed"]
    inside = [row.intervened_interval[0] <= row.true_intervened <= row.intervened_interval[1] for row in right]
    assert np.mean(inside) >= 0.75
    assert np.mean([abs(row.intervened - row.true_intervened) for row in right]) < 0.03
    assert np.mean([abs(row.observed - row.true_intervened) for row in right]) > 0.2
    assert all(row.images >= 20 for row in rows)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    source = open_source("scenes", images=5000, seed=2)
    known = [pair for pair, truth in source.truth.items() if truth.relation != "reversed"][::9]
    rows = compare(source, known, replicates=300)
    inside = [row.intervened_interval[0] <= row.true_intervened <= row.intervened_interval[1] for row in rows]
    assert len(rows) > 50 and 0.85 < np.mean(inside) <= 1


def test_without_confounding_what_is_seen_is_what_would_be_done():
    source = open_source("scenes", confounding=0.0, images=8000)
    rows = compare(source, [pair for pair, truth in source.truth.items() if truth.relation == "none"][::40], 40)
    assert max(abs(row.change) for row in rows) < 0.03


def test_a_built_folder_knows_the_truth_if_it_is_about_its_images(tmp_path):
    folder = tmp_path / "scenes"
    build("scenes", folder, ["strong"], rows=500, seed=3)
    assert open_source(str(folder), "strong").truth is None
    build("scenes", folder, ["effects"], seed=4)
    assert open_source(str(folder), "strong").truth is None
    build("scenes", folder, ["effects"], seed=3)
    source = open_source(str(folder), "strong")
    assert source.truth == open_source("scenes", "strong", images=500, seed=3).truth
    assert len(source.observations.present) == 500


def test_the_command_writes_a_table_a_picture_and_json(tmp_path, capsys, write):
    picture, table = tmp_path / "pairs.png", tmp_path / "pairs.json"
    arguments = ["intervene", write(with_scenes()), "--pairs", "2", "--min-images", "1", "--bootstrap", "30"]
    assert main([*arguments, "--plot", str(picture), "--json", str(table)]) == 0
    shown = capsys.readouterr().out
    unwrapped = " ".join(shown.split())  # the console breaks long paths
    assert "adjusted for scene (3 of them)" in unwrapped and "was never seen with" in unwrapped
    assert picture.read_bytes()[:4] == b"\x89PNG"
    written = json.loads(table.read_text())
    assert (written["images"], written["confounder"], len(written["pairs"])) == (7, "scene", 2)
    assert {"cause", "effect", "observed", "intervened", "bounds", "empty"} <= set(written["pairs"][0])


def test_the_command_reproduces_the_published_directions(capsys):
    pairs = ["--pair", "toilet,person", "--pair", "hair drier,sink"]
    assert main(["intervene", "scenes", "--config", "published", "--bootstrap", "40", *pairs]) == 0
    lines = capsys.readouterr().out.splitlines()
    toilet, drier = (next(line for line in lines if line.lstrip().startswith(name)) for name in ("toilet", "hair"))
    assert ".12" in toilet and ".29" in toilet and "+.17" in toilet
    assert ".56" in drier and ".39" in drier and "-.17" in drier


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pairs": 0}, "`pairs` must be at least 1"),
        ({"pairs": [("cup", "cup")]}, "'cup' is asked about itself"),
        ({"pairs": 3, "min_images": 10**6}, "no two objects are in 1000000 images each"),
    ],
)
def test_mistakes_are_reported(options, message):
    with pytest.raises(ValueError, match=message):
        compare(open_source("scenes", images=200), replicates=20, **options)


def test_options_that_do_not_fit_a_source_are_errors(write):
    path = write(instances())
    for options, message in (
        ({"images": 5}, "`images` is for the source 'scenes'"),
        ({"confounding": 1.0}, "`confounding` is for the source 'scenes'"),
    ):
        with pytest.raises(ValueError, match=message):
            open_source(path, **options)
    with pytest.raises(ValueError, match="has its own confounding"):
        open_source("scenes", "strong", confounding=1.0)
    with pytest.raises(ValueError, match="'effects' has the truth"):
        open_source("scenes", "effects")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["intervene", "/nowhere/x.json"], "no file"),
        (["intervene", "photographs"], "`source` must be 'scenes', a folder, a .json file"),
        (["intervene", "scenes", "--pair", "dog"], "`--pair` must be two objects"),
        (["intervene", "scenes", "--images", "50", "--pair", "dog,wolf"], "there is no object 'wolf'"),
        (["intervene", "scenes", "--confounding", "9"], "`confounding` must lie in 0 ... 4, got 9"),
        (["intervene", "scenes", "--confounder", "weather"], "`confounder` must be 'scene' or 'objects'"),
    ],
)
def test_mistakes_get_one_line_and_status_2(arguments, message, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("error: ") and error.count("\n") == 1


def test_help_is_shown(capsys):
    assert main(["intervene", "--help"]) == 0
    assert "P(Y | do X)" in capsys.readouterr().out


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path):
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(instances()), encoding="utf-8-sig")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert read_coco(path, "objects").present.sum() > 0


@pytest.mark.parametrize("text", ["[" * 200_000, '{"images": ' + "7" * 5000 + "}", "{", "\udcff"])
def test_what_is_not_json_is_one_line(write, text, tmp_path, capsys):
    path = tmp_path / "broken.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    assert main(["intervene", str(path)]) == 2
    shown = capsys.readouterr().err
    assert "not JSON" in shown and shown.count("\n") == 1
