"""The two towers: similarities and loss, saving and loading, training with EqSim, and scores of a trained folder."""

import io
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from transformers import AutoModel, AutoTokenizer

from hf_causal.cli import main
from hf_causal.corpora import generate_shard, get_config
from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.models import make_model, make_tokenizer
from hf_causal.systems.equivariance import evaluate as equivariance
from hf_causal.systems.equivariance.captions import CAPTION_WORDS
from hf_causal.systems.equivariance.corpus import SCHEMA
from hf_causal.systems.equivariance.losses import eqsim_loss
from hf_causal.systems.equivariance.metric import pair_hits, score_equivariance
from hf_causal.systems.equivariance.objective import pair_similarities
from hf_causal.systems.equivariance.two_tower import TwoTowerConfig, TwoTowerModel
from hf_causal.training.loop import train
from hf_causal.training.objectives import make_objective
from hf_causal.training.recipe import load_recipe

pytestmark = pytest.mark.usefixtures("drawn_pictures")

SMALL = {"channels": [8, 8], "hidden_size": 16, "num_text_layers": 1}
RECIPE = load_recipe(
    "two-tower",
    {"max_steps": 8, "per_device_train_batch_size": 4, "per_device_eval_batch_size": 8, "eval_steps": 4,
     "save_steps": 4, "logging_steps": 4, "warmup_steps": 0, "eqsim_weight": 5.0, "eqsim_margin": 0.0,
     **{f"model.{name}": value for name, value in SMALL.items()}},
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    build("shapes", folder, rows=32, validation_rows=8, rows_per_cell=6)
    return folder


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two-tower")
    train(RECIPE, folder, data)
    return folder


@pytest.fixture
def tokenizer():
    return make_tokenizer("two_tower")


@pytest.fixture
def model(tokenizer):
    torch.manual_seed(0)
    return make_model("two_tower", SMALL, tokenizer).eval()


@pytest.fixture(scope="module")
def rows():
    return generate_shard("shapes", get_config("shapes", "minimal_changes", rows=24), "train", 0)


def batch_of(rows, model_recipe=RECIPE):
    objective = make_objective(model_recipe, make_tokenizer("two_tower"))
    packs = objective.make_data(rows, training=True)
    return objective, packs.collate(np.arange(6), 0)


def test_the_default_vocabulary_is_that_of_the_captions(tokenizer):
    assert len(tokenizer) == TwoTowerConfig().vocab_size == len(CAPTION_WORDS) + 2
    captions = ["a red square left of a blue circle", "three white crosses"]
    ids = tokenizer(captions, padding=True).input_ids
    assert tokenizer.unk_token_id not in sum(ids, [])
    assert tokenizer.decode(ids[1], skip_special_tokens=True) == captions[1]


def test_padding_changes_nothing(model, tokenizer):
    short, long = "two red crosses", "a red square left of a blue circle"
    alone = model.get_text_features(**tokenizer([short], return_tensors="pt"))
    beside = model.get_text_features(**tokenizer([short, long], padding=True, return_tensors="pt"))
    assert torch.allclose(alone[0], beside[0], atol=1e-6)


def test_the_order_of_words_counts(model, tokenizer):
    captions = ["a red square left of a blue circle", "a blue square left of a red circle"]
    first, second = model.get_text_features(**tokenizer(captions, return_tensors="pt"))
    assert (first - second).abs().max() > 1e-4


def test_similarities_are_scaled_cosines_and_the_loss_is_clips(model, rows):
    _, batch = batch_of(rows)
    outputs = model(**batch, return_loss=True)
    images, texts = outputs.image_embeds.detach().numpy(), outputs.text_embeds.detach().numpy()
    scale = np.exp(model.config.logit_scale_init_value)
    expected = np.array([[scale * float(np.dot(image, text)) for text in texts] for image in images])
    assert outputs.logits_per_image.detach().numpy() == pytest.approx(expected, abs=1e-4)
    assert np.linalg.norm(images, axis=1) == pytest.approx(1, abs=1e-5)
    own = range(len(expected))
    by_image = [np.log(np.exp(expected[k]).sum()) - expected[k, k] for k in own]
    by_text = [np.log(np.exp(expected[:, k]).sum()) - expected[k, k] for k in own]
    assert outputs.loss.item() == pytest.approx((np.mean(by_image) + np.mean(by_text)) / 2, abs=1e-4)


def test_integers_and_floats_are_the_same_picture(model):
    pixels = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    assert torch.allclose(model.get_image_features(pixels), model.get_image_features(pixels / 255), atol=1e-6)


def test_wrong_sizes_are_refused(model):
    with pytest.raises(ValueError, match=r"`pixel_values` must be .*\(images, 3, 32, 32\), got \(1, 3, 16, 16\)"):
        model.get_image_features(torch.zeros(1, 3, 16, 16))
    with pytest.raises(ValueError, match="a caption has 17 tokens"):
        model.get_text_features(torch.ones(1, 17, dtype=torch.long))
    with pytest.raises(ValueError, match="`return_loss` needs a caption for each picture"):
        model(torch.zeros(2, 3, 32, 32), torch.ones(1, 4, dtype=torch.long), return_loss=True)
    with pytest.raises(ValueError, match="`image_size` must be divisible by 4"):
        make_model("two_tower", {**SMALL, "image_size": 30}, make_tokenizer("two_tower"))


def test_similarities_of_pairs_are_their_blocks():
    logits = torch.arange(36.0).view(6, 6)
    blocks = pair_similarities(logits)
    for pair in range(3):
        for caption in (0, 1):
            for image in (0, 1):
                assert blocks[pair, caption, image] == logits[2 * pair + image, 2 * pair + caption]


def test_the_objective_adds_eqsim_in_training_alone(model, rows):
    objective, batch = batch_of(rows)
    totals = objective.count([batch])
    assert int(totals.answers) == 6
    with torch.no_grad():
        outputs = model(**batch, return_loss=True)
        plain, loss_sum, hits = objective.loss_and_hits(model, batch, totals, training=False)
    assert plain.item() == pytest.approx(outputs.loss.item(), abs=1e-5)
    assert loss_sum.item() == pytest.approx(6 * outputs.loss.item(), abs=1e-4)
    matrices = pair_similarities(outputs.logits_per_image).numpy()
    assert int(hits) == pair_hits(matrices)["group"].sum()
    torch.manual_seed(5)
    loss, _, _ = objective.loss_and_hits(model, batch, totals)
    torch.manual_seed(5)
    added = eqsim_loss(outputs.logits_per_image, "both", 5.0, 0.0)
    assert added.item() > 0 and loss.item() == pytest.approx(plain.item() + added.item(), abs=1e-5)


def test_a_resumed_run_ends_with_the_same_weights(trained, data, tmp_path):
    """The draws of hard negatives go on where they were."""
    train(RECIPE, tmp_path, data, stop_at_step=4)
    train(RECIPE, tmp_path, data, resume_from_checkpoint="latest")
    assert (tmp_path / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()


def test_a_model_that_reads_captions_trains_on_nothing_else(tmp_path):
    recipe = load_recipe("two-tower", {"corpus": "axiomatic", "config": "transitivity_ts2"})
    rows = generate_shard("axiomatic", get_config("axiomatic", "transitivity_ts2", rows=400), "validation", 0)
    with pytest.raises(ValueError, match="pairs of pictures and captions, they have no column 'image_0'"):
        make_objective(recipe, make_tokenizer("two_tower")).make_data(rows, training=True)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("eqsim_version", "v3", "'eqsim_version' must be one of v1, v2, both, got 'v3'"),
        ("eqsim_weight", -1.0, "'eqsim_weight' must be not negative, got -1.0"),
        ("eqsim_margin", -0.1, "'eqsim_margin' must be not negative, got -0.1"),
    ],
)
def test_bad_fields_are_refused(field, value, message):
    with pytest.raises(ValueError, match=message):
        load_recipe("two-tower", {field: value})


def test_a_saved_model_is_the_same_model(trained):
    model = AutoModel.from_pretrained(trained, trust_remote_code=False)
    tokenizer = AutoTokenizer.from_pretrained(trained, trust_remote_code=False)
    again = TwoTowerModel.from_pretrained(trained)
    inputs = tokenizer(["a red square left of a blue circle"], return_tensors="pt")
    pixels = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8)
    assert torch.equal(model(pixels, **inputs).logits_per_image, again(pixels, **inputs).logits_per_image)


LOADER = """
import sys
import torch
sys.modules["hf_causal"] = None
from transformers import AutoModel, AutoTokenizer
model = AutoModel.from_pretrained(sys.argv[1], trust_remote_code=True)
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1], trust_remote_code=False)
inputs = tokenizer(["two red crosses"], return_tensors="pt")
print(type(model).__module__.split(".")[0], model(torch.zeros(1, 3, 32, 32), **inputs).logits_per_image.item())
"""


def test_it_loads_without_the_package(trained, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LOADER, str(trained)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    module, value = done.stdout.split()
    towers = equivariance.Towers.load(trained)
    inputs = towers.tokenizer(["two red crosses"], return_tensors="pt")
    assert module == "transformers_modules"
    assert float(value) == pytest.approx(towers.model(torch.zeros(1, 3, 32, 32), **inputs).logits_per_image.item())


def manual_similarities(towers, rows):
    """One pair at a time, from the pictures as PIL reads them."""
    matrices = []
    for row in rows:
        pictures = [Image.open(io.BytesIO(row[f"image_{place}"]["bytes"])).convert("RGB") for place in (0, 1)]
        pixels = torch.from_numpy(np.stack([np.asarray(picture) for picture in pictures])).permute(0, 3, 1, 2)
        inputs = towers.tokenizer([row["caption_0"], row["caption_1"]], padding=True, return_tensors="pt")
        matrices.append(towers.model(pixels, **inputs).logits_per_text.tolist())
    return matrices


def test_evaluate_scores_the_first_pairs_of_each_kind(trained, data):
    scores = equivariance.evaluate(trained, data_dir=data, limit=5)
    assert list(scores["by_split"]) == ["test", "new_things", "new_changes"]
    kept, wanted = Counter(), []
    for row in load_corpus("shapes", "minimal_changes", "test", data).to_pylist():
        kept[row["kind"]] += 1
        if kept[row["kind"]] <= 5:
            wanted.append(row)
    towers = equivariance.Towers.load(trained)
    similarities = towers.similarities(pa.Table.from_pylist(wanted, schema=SCHEMA))
    assert similarities == pytest.approx(np.array(manual_similarities(towers, wanted)), abs=1e-4)
    assert scores["by_split"]["test"] == score_equivariance(similarities, kind=[row["kind"] for row in wanted])


def test_the_report_and_the_card_show_scores_and_study(trained, data, tmp_path, capsys):
    folder, out = tmp_path / "model", tmp_path / "scores.json"
    shutil.copytree(trained, folder, ignore=shutil.ignore_patterns("checkpoints"))
    assert main(["evaluate", str(folder), "--data-dir", str(data), "--json", str(out), "--limit", "5"]) == 0
    assert "new_changes" in capsys.readouterr().out
    (folder / "studies.md").write_text("**EqSim**: a study.\n")
    assert main(["report", str(folder), "--scores", str(out)]) == 0
    card = (folder / "README.md").read_text()
    assert "**EqSim**: a study." in card and "| things not seen | colour | 5 |" in card
    assert (folder / "plots" / "equivariance.png").stat().st_size > 5_000
    assert "{repo_id}" not in card and "logits_per_image" in card


def test_the_shipped_towers_score_as_their_card_says():
    folder = Path(__file__).resolve().parents[3] / "model_cards" / "two-tower"
    rows = generate_shard("shapes", get_config("shapes", "minimal_changes"), "new_things", 0)[:400]
    own = score_equivariance(equivariance.Towers.load(folder).similarities(rows))
    told = json.loads((folder / "generalization.json").read_text())["by_split"]["new_things"]
    for name in ("text", "image", "group"):
        assert abs(own[name] - told[name]) < 4 * (told[name] * (1 - told[name]) / 400) ** 0.5


def test_wrong_corpora_and_limits_are_refused(trained):
    with pytest.raises(ValueError, match="`corpus` must be 'shapes'"):
        equivariance.evaluate(trained, corpus="axiomatic")
    with pytest.raises(ValueError, match="`limit` must be at least 1, got 0"):
        equivariance.evaluate(trained, limit=0)
    with pytest.raises(FileNotFoundError, match="no model folder"):
        equivariance.evaluate("/nowhere/at/all")


def test_code_of_a_model_folder_is_never_run(trained, tmp_path):
    """A folder whose architecture only its own code knows is refused, and that code leaves no trace."""
    folder = tmp_path / "stranger"
    shutil.copytree(trained, folder, ignore=shutil.ignore_patterns("checkpoints"))
    config = json.loads((folder / "config.json").read_text())
    auto_map = {"AutoConfig": "stranger.StrangerConfig", "AutoModel": "stranger.StrangerModel"}
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "stranger", "auto_map": auto_map}))
    trace = tmp_path / "ran"
    (folder / "stranger.py").write_text(
        f"open({str(trace)!r}, 'w').close()\n"
        "from transformers import PreTrainedConfig, PreTrainedModel\n\n\n"
        "class StrangerConfig(PreTrainedConfig):\n    model_type = 'stranger'\n\n\n"
        "class StrangerModel(PreTrainedModel):\n    config_class = StrangerConfig\n"
    )
    with pytest.raises(FileNotFoundError, match="cannot load"):
        equivariance.Towers.load(folder)
    assert not trace.exists()


def test_the_tokenizer_and_the_model_are_loaded_without_remote_code(trained, monkeypatch):
    asked = []
    for loader in (AutoModel, AutoTokenizer):
        original = loader.from_pretrained.__func__

        def recorded(cls, *arguments, original=original, **options):
            asked.append((cls.__name__, options.get("trust_remote_code")))
            return original(cls, *arguments, **options)

        monkeypatch.setattr(loader, "from_pretrained", classmethod(recorded))
    equivariance.Towers.load(trained)
    assert set(asked) == {("AutoModel", False), ("AutoTokenizer", False)}
