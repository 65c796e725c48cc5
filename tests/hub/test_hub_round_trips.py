"""What is published comes back by name, in processes that know nothing but the Hub's address and a token."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from hub_fixtures import ORG, never_wait, use_hub
from hub_server import ClientError, HubClient, HubServer

from hf_causal.evaluation.predictors import load_predictor
from hf_causal.hub.publish import publish
from hf_causal.models import AxiomForCausalLM, AxiomLoopedForSequenceClassification, AxiomTokenizer

ROOT = Path(__file__).resolve().parents[2]
MODEL_CARDS = ROOT / "model_cards"
METRIC = ROOT / "spaces" / "metrics" / "generalization_accuracy"
DATA, METRIC_ID = f"{ORG}/axiomatic", f"{ORG}/generalization_accuracy"
PROMPTS = [
    "A1 causes Bq. Bq causes c. Does A1 cause c?",
    "A1 causes Bq. Bq causes c. Does c cause A1?",
    "no causes X7. X7 causes cause. Does no cause cause?",
]


@pytest.fixture(scope="module")
def published(tmp_path_factory, corpus_dir, corpora_dir):
    """A Hub that holds the corpora, both released models and the metric."""
    folder = tmp_path_factory.mktemp("published")
    with HubServer(folder / "hub", page_size=5) as hub, pytest.MonkeyPatch.context() as monkeypatch:
        use_hub(monkeypatch, hub, folder / "home")
        never_wait(monkeypatch)
        publish("dataset", corpus_dir, DATA)
        publish("dataset", corpora_dir / "corr2cause", f"{ORG}/corr2cause")
        for model in ("axiom-cpu", "axiom-looped"):
            publish("model", MODEL_CARDS / model, f"{ORG}/{model}")
        publish("metric", METRIC, METRIC_ID)
        yield hub


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("client")


@pytest.fixture(scope="module")
def here(published, home):
    """A process that has hf_causal."""
    with HubClient(published.url, home) as client:
        yield client


@pytest.fixture(scope="module")
def elsewhere(published, home):
    """A process that cannot import hf_causal."""
    with HubClient(published.url, home, package=False) as client:
        yield client


def local_rows(corpus_dir, config, split):
    return pq.read_table(sorted((corpus_dir / config).glob(f"{split}-*.parquet"))).to_pylist()


LOAD = """
from datasets import load_dataset
rows = load_dataset(name, config, split=split)
result = {"rows": rows.to_list(), "label": rows.features["label"].names, "columns": rows.column_names}
"""


@pytest.mark.parametrize(
    ("config", "split"), [("transitivity_ts2", "validation"), ("transitivity_generalization", "branching")]
)
def test_a_data_set_comes_back_row_by_row(config, split, elsewhere, corpus_dir):
    loaded = elsewhere.run(LOAD, name=DATA, config=config, split=split)
    assert loaded["rows"] == local_rows(corpus_dir, config, split)
    assert loaded["label"] == ["No", "Yes"]


def test_every_corpus_comes_back(elsewhere, corpora_dir):
    loaded = elsewhere.run(LOAD, name=f"{ORG}/corr2cause", config="default", split="train")
    assert loaded["rows"] == local_rows(corpora_dir / "corr2cause", "default", "train")
    verdicts = (
        "from datasets import load_dataset_builder\nresult = load_dataset_builder(name).info.features['verdict'].names"
    )
    assert elsewhere.run(verdicts, name=f"{ORG}/corr2cause") == ["entailment", "neutral", "contradiction"]


def test_published_rows_are_verified_by_name(here):
    code = """
from hf_causal.verification import verify
report = verify(name)
result = [report.is_clean, sum(table.num_rows for table in report.tables)]
"""
    clean, rows = here.run(code, name=DATA)
    assert clean and rows > 2400


def test_a_corpus_can_be_built_right_on_the_hub(here, elsewhere):
    """Without a copy on this machine; publishing the same corpus afterwards changes nothing."""
    code = """
from hf_causal.corpora.build import build
from huggingface_hub import HfApi
HfApi().create_repo(name, repo_type="dataset")
build("axiomatic", f"hf://datasets/{name}", ["transitivity_occ"], rows=400, validation_rows=400)
build("axiomatic", "axiomatic", ["transitivity_occ"], rows=400, validation_rows=400)
from hf_causal.hub.publish import publish
result = publish("dataset", "axiomatic", name).changed
"""
    assert here.run(code, name=f"{ORG}/direct") == []
    rows = elsewhere.run(LOAD, name=f"{ORG}/direct", config="transitivity_occ", split="train")["rows"]
    assert len(rows) == 400


def test_the_default_config_slices_and_names(elsewhere, corpus_dir):
    code = """
from datasets import get_dataset_config_names, get_dataset_split_names, load_dataset, load_dataset_builder
info = load_dataset_builder(name).info
result = {
    "configs": get_dataset_config_names(name),
    "splits": get_dataset_split_names(name, "transitivity_generalization"),
    "default": load_dataset(name, split="train[10:20]").to_list(),
    "info": {split: one.num_examples for split, one in info.splits.items()},
}
"""
    found = elsewhere.run(code, name=DATA)
    assert found["configs"] == ["transitivity_ts2", "transitivity_generalization"]
    assert set(found["splits"]) == {"sequential", "flipped", "reversed", "shuffled", "branching", "long_names"}
    assert found["default"] == local_rows(corpus_dir, "transitivity_ts2", "train")[10:20]
    assert found["info"] == {"train": 2000, "validation": 400}


def test_streaming_downloads_no_complete_repository(elsewhere, corpus_dir, published):
    before = len(published.requests)
    code = """
from itertools import islice
from datasets import load_dataset
stream = load_dataset(name, "transitivity_ts2", split="validation", streaming=True)
result = {"rows": list(islice(stream, 5)), "label": stream.features["label"].names}
"""
    streamed = elsewhere.run(code, name=DATA)
    assert streamed["rows"] == local_rows(corpus_dir, "transitivity_ts2", "validation")[:5]
    assert streamed["label"] == ["No", "Yes"]  # known from the card alone
    asked = [request for request in published.requests[before:] if request.method == "GET"]
    parquet = [request for request in asked if request.path.endswith(".parquet")]
    assert parquet and all(request.range for request in parquet)
    assert not [request for request in parquet if "train-" in request.path]


def test_pandas_and_the_file_system_read_paths(elsewhere, corpus_dir):
    code = """
import pandas
from huggingface_hub import HfFileSystem
paths = HfFileSystem().glob(f"datasets/{name}/transitivity_ts2/validation-*.parquet")
frame = pandas.concat(pandas.read_parquet(f"hf://{path}") for path in paths)
result = frame[["prompt", "label", "certificate"]].to_dict("records")
"""
    rows = elsewhere.run(code, name=DATA)
    expected = local_rows(corpus_dir, "transitivity_ts2", "validation")
    assert rows == [{key: row[key] for key in ("prompt", "label", "certificate")} for row in expected]


def test_the_package_loads_and_checks_published_rows(here, corpus_dir):
    code = """
from hf_causal.corpora.load import load_corpus
from hf_causal.tasks.proving import check
rows = load_corpus("axiomatic", "transitivity_ts2", "validation", name).to_pylist()
for row in rows[:50]:
    check(row)
result = rows
"""
    assert here.run(code, name=DATA) == local_rows(corpus_dir, "transitivity_ts2", "validation")


DECODER = """
import torch
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
model = AutoModelForCausalLM.from_pretrained(name, trust_remote_code=True).eval()
body = AutoModel.from_pretrained(name, trust_remote_code=True).eval()
with torch.no_grad():
    inputs = tokenizer(prompts, return_tensors="pt", padding=True)
    logits = model(**inputs).logits[:, -1]
    hidden = body(**inputs).last_hidden_state
result = {"logits": logits.tolist(), "hidden": list(hidden.shape), "module": type(model).__module__,
          "config": type(AutoConfig.from_pretrained(name, trust_remote_code=True)).__name__}
"""


@torch.no_grad()
def test_the_decoder_gives_equal_logits_where_the_package_is_not_installed(elsewhere):
    found = elsewhere.run(DECODER, name=f"{ORG}/axiom-cpu", prompts=PROMPTS)
    model = AxiomForCausalLM.from_pretrained(MODEL_CARDS / "axiom-cpu").eval()
    inputs = AxiomTokenizer()(PROMPTS, return_tensors="pt", padding=True)
    torch.testing.assert_close(torch.tensor(found["logits"]), model(**inputs).logits[:, -1])
    assert found["module"].startswith("transformers_modules.") and found["config"] == "AxiomConfig"


REASONER = """
import torch
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
model = AutoModelForSequenceClassification.from_pretrained(name, trust_remote_code=True).eval()
AutoModel.from_pretrained(name, trust_remote_code=True)
with torch.no_grad():
    logits = model(**tokenizer(prompts, return_tensors="pt", padding=True)).logits
result = {"logits": logits.tolist(), "module": type(model).__module__}
"""


@torch.no_grad()
def test_the_reasoner_gives_equal_logits_where_the_package_is_not_installed(elsewhere):
    found = elsewhere.run(REASONER, name=f"{ORG}/axiom-looped", prompts=PROMPTS)
    model = AxiomLoopedForSequenceClassification.from_pretrained(MODEL_CARDS / "axiom-looped").eval()
    inputs = AxiomTokenizer()(PROMPTS, return_tensors="pt", padding=True)
    torch.testing.assert_close(torch.tensor(found["logits"]), model(**inputs).logits)
    assert found["module"].startswith("transformers_modules.")


def test_pipelines_answer_by_name(elsewhere, here):
    """The example of each card, as it stands there and with the package installed."""
    classify = """
from transformers import pipeline
ask = pipeline("text-classification", name, trust_remote_code=True)
result = [answer["label"] for answer in ask(prompts)]
"""
    generate = """
from transformers import AutoTokenizer, pipeline
tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
write = pipeline("text-generation", name, tokenizer=tokenizer, trust_remote_code=True)
options = {"max_new_tokens": 1, "do_sample": False, "return_full_text": False}
result = [write(prompt, **options)[0]["generated_text"] for prompt in prompts]
"""
    for client in (elsewhere, here):
        prologue = "import hf_causal.models\n" if client is here else ""
        assert client.run(prologue + classify, name=f"{ORG}/axiom-looped", prompts=PROMPTS) == ["Yes", "No", "Yes"]
        answers = client.run(prologue + generate, name=f"{ORG}/axiom-cpu", prompts=PROMPTS[:2])
        assert answers == ["Yes", "No"]


def test_no_code_is_run_without_trust(elsewhere):
    code = """
from transformers import AutoModelForSequenceClassification
AutoModelForSequenceClassification.from_pretrained(name, trust_remote_code=False)
"""
    with pytest.raises(ClientError, match="trust_remote_code"):
        elsewhere.run(code, name=f"{ORG}/axiom-looped")


def test_a_published_model_is_scored_by_name(here, corpus_dir):
    code = """
from hf_causal.evaluation.evaluate import evaluate_model
scores = evaluate_model(model, data_dir=data, limit=10)
result = {split: score.accuracy for split, score in scores.splits.items()}
"""
    accuracy = here.run(code, model=f"{ORG}/axiom-looped", data=DATA)
    assert set(accuracy.values()) == {1.0} and len(accuracy) == 6


def test_the_metric_is_loaded_and_scores_by_name(here):
    code = """
import evaluate
metric = evaluate.load(name)
cells = {"split": ["a"] * 2, "structure": ["flipped"] * 2, "num_nodes": [7, 8], "branching_factor": [1.4] * 2}
result = metric.compute(predictions=[1, 0], references=[1, 1], **cells)
"""
    scores = here.run(code, name=METRIC_ID)
    assert (scores["accuracy"], scores["n"], scores["splits"]["a"]["cells"][0]["branching_factor"]) == (0.5, 2, 1.4)


def test_everything_works_offline_afterwards(published, elsewhere, here, home, corpus_dir):
    """The tests above may have run in any order, so what is needed later is fetched first."""
    elsewhere.run(LOAD, name=DATA, config="transitivity_ts2", split="validation")
    online = elsewhere.run(REASONER, name=f"{ORG}/axiom-looped", prompts=PROMPTS)
    here.run("import evaluate\nevaluate.load(name)", name=METRIC_ID)
    before = len(published.requests)
    with HubClient(published.url, home, HF_HUB_OFFLINE="1", HF_EVALUATE_OFFLINE="1") as client:
        rows = client.run(LOAD, name=DATA, config="transitivity_ts2", split="validation")["rows"]
        assert rows == local_rows(corpus_dir, "transitivity_ts2", "validation")
        offline = client.run(REASONER, name=f"{ORG}/axiom-looped", prompts=PROMPTS)
        assert offline == online and offline["module"].startswith("transformers_modules.")
        code = "import evaluate\nresult = evaluate.load(name).name"
        assert client.run(code, name=METRIC_ID) == "generalization_accuracy"
        with pytest.raises(ClientError, match="ffline"):
            client.run("from huggingface_hub import HfApi\nHfApi().whoami()")
    assert len(published.requests) == before


def test_a_private_data_set_is_seen_with_a_token_only(published, elsewhere, tmp_path, corpus_dir):
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_hub(monkeypatch, published, tmp_path / "home")
        publish("dataset", corpus_dir, f"{ORG}/secret", private=True)
    code = """
from datasets import load_dataset
result = load_dataset(name, "transitivity_ts2", split="validation", token=token).num_rows
"""
    with pytest.raises(ClientError, match="DatasetNotFound"):
        elsewhere.run(code, name=f"{ORG}/secret", token=False)
    with pytest.raises(ClientError, match="DatasetNotFound"):
        elsewhere.run(code, name=f"{ORG}/secret", token="hf_stranger")
    assert elsewhere.run(code, name=f"{ORG}/secret", token="hf_colleague") == 400


def test_a_download_that_breaks_is_finished(published, elsewhere, tmp_path, corpus_dir):
    code = """
from huggingface_hub import hf_hub_download
result = hf_hub_download(name, file, repo_type="dataset", cache_dir=cache)
"""
    shard = next((corpus_dir / "transitivity_ts2").glob("validation-*.parquet"))
    fault = published.faults.add("GET", shard.name, cut_download_after=1000)
    try:
        file = elsewhere.run(code, name=DATA, file=f"transitivity_ts2/{shard.name}", cache=str(tmp_path))
    finally:
        published.faults.clear()
    assert fault.seen > 1 and Path(file).read_bytes() == shard.read_bytes()


def test_a_model_that_was_just_trained_comes_back(published, tmp_path, trained_model, elsewhere):
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_hub(monkeypatch, published, tmp_path / "home")
        publish("model", trained_model, f"{ORG}/tiny")
    found = elsewhere.run(DECODER, name=f"{ORG}/tiny", prompts=PROMPTS)
    model = AxiomForCausalLM.from_pretrained(trained_model).eval()
    with torch.no_grad():
        expected = model(**AxiomTokenizer()(PROMPTS, return_tensors="pt", padding=True)).logits[:, -1]
    torch.testing.assert_close(torch.tensor(found["logits"]), expected)


def test_the_way_through_xet_storage(tmp_path, corpus_dir):
    """The client's default transport: chunks go to a content store, the commit carries hashes."""
    publish = """
from hf_causal.hub.publish import publish
result = []
for artifact, folder, name in (("dataset", data, "causal-lab/data"), ("model", model, "causal-lab/model")):
    first, again = publish(artifact, folder, name), publish(artifact, folder, name)
    result.append([first.is_new, again.is_new])
"""
    use = {"data": str(corpus_dir), "model": str(MODEL_CARDS / "axiom-looped")}
    with (
        HubServer(tmp_path / "hub", xet=True) as hub,
        HubClient(hub.url, tmp_path / "home", HF_HUB_DISABLE_XET=None) as client,
    ):
        assert client.run(publish, **use) == [[True, False], [True, False]]
        assert not hub.asked("PUT") and hub.asked("GET", "/xet-write-token/")
        rows = client.run(LOAD, name="causal-lab/data", config="transitivity_ts2", split="validation")["rows"]
        assert rows == local_rows(corpus_dir, "transitivity_ts2", "validation")
        answers = client.run(REASONER, name="causal-lab/model", prompts=PROMPTS)["logits"]
        assert hub.asked("GET", "/xet-read-token/")
    predicted = [int(yes > no) for no, yes in answers]
    assert predicted == load_predictor(MODEL_CARDS / "axiom-looped").predict(PROMPTS) == [1, 0, 1]
