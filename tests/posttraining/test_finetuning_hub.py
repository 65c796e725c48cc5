"""What a fine-tuning run publishes, and how it comes back; and what is said to mistakes."""

import importlib.util
import json
import subprocess
import sys

import pytest
import yaml
from hub_fixtures import ORG
from huggingface_hub import ModelCard, parse_eval_result_entries
from tiny_finetuning import QUICK, save_classifier, save_language_model

from hf_causal.cli import main
from hf_causal.evaluation.loading import load_pretrained
from hf_causal.hub.errors import PublishError
from hf_causal.hub.publish import publish
from hf_causal.posttraining.recipe import FinetuneRecipe, finetune_recipe_names, load_finetune_recipe

pytest.importorskip("trl", reason="TRL is not installed: pip install 'hf-causal[finetune]'")
pytest.importorskip("peft", reason="PEFT is not installed: pip install 'hf-causal[finetune]'")

BASE, NAME = f"{ORG}/contrary", f"{ORG}/adapter"


def test_an_adapter_is_published_next_to_its_base_and_loads_by_name(adapted, contrary, hub):
    folder = adapted.output_dir
    with pytest.raises(PublishError, match="the base model is the local folder 'contrary', which nobody else has"):
        publish("model", folder, NAME)
    (contrary / "README.md").write_text("---\nlicense: mit\n---\n# A base\n")
    publish("model", contrary, BASE)
    publish("model", folder, NAME, base_model=BASE)
    files = hub.repo("models", NAME).files()
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "finetuning.json"} <= set(files)
    assert {"plots/axiomatic-d_separation_generalization.png", "report.md", "recipe.yaml"} <= set(files)
    assert not [path for path in files if path.startswith(("checkpoints", "merged"))]
    text = {name: hub.store.text("models", NAME, name) for name in files if name.endswith((".md", "json", ".yaml"))}
    assert not [name for name, content in text.items() if str(contrary.parent) in content]
    assert json.loads(text["adapter_config.json"])["base_model_name_or_path"] == BASE
    assert yaml.safe_load(text["recipe.yaml"])["model"] == BASE
    data = ModelCard(text["README.md"]).data
    assert (data.base_model, data.library_name, data.pipeline_tag) == (BASE, "peft", "text-generation")
    assert data.datasets == [f"{ORG}/axiomatic"] and {"lora", "trl", "hf_causal"} <= set(data.tags)
    assert data.base_model_relation == "adapter" and data.license == "mit"
    after = adapted.records[0].after.splits
    assert {result.dataset_split: result.metric_value for result in data.eval_results} == {
        split: pytest.approx(score.accuracy, abs=1e-4) for split, score in after.items()
    }
    entries = parse_eval_result_entries(yaml.safe_load(text[".eval_results/hf_causal.yaml"]))
    assert {entry.task_id for entry in entries} == set(after)
    by_name, _ = load_pretrained(NAME, "cpu")
    here, _ = load_pretrained(folder, "cpu")
    assert all(tensor.equal(by_name.state_dict()[name]) for name, tensor in here.state_dict().items())

    publish("model", folder / "merged", f"{ORG}/merged", base_model=BASE)
    card = ModelCard(hub.store.text("models", f"{ORG}/merged", "README.md"))
    assert (card.data.base_model, card.data.base_model_relation) == (BASE, "finetune")
    assert card.data.library_name == "transformers" and "AutoModelForCausalLM" in card.text
    load_pretrained(f"{ORG}/merged", "cpu")


def test_one_command_trains_scores_and_publishes(separation_dir, tmp_path, hub, capsys):
    base = save_language_model(tmp_path / "base")
    fields = {
        **QUICK,
        "max_steps": 2,
        "max_length": 150,
        "batch_size": 2,
        "eval_limit": 2,
        "base_model": f"{ORG}/base",
        "license": "mit",
    }
    options = [f"--{name.replace('_', '-')}={value}" for name, value in fields.items() if not isinstance(value, bool)]
    command = ["finetune", str(base), "--data-dir", str(separation_dir), "--output-dir", str(tmp_path / "out")]
    command += [*options, "--no-checkpointing", "--packing", "--answers", str(tmp_path / "answers")]
    assert main([*command, "--push-to-hub", "--hub-model-id", f"{ORG}/out", "--hub-private-repo"]) == 0
    shown = capsys.readouterr().out
    assert "before and after fine-tuning" in shown and "Branching graphs" in shown and f"{ORG}/out" in shown
    card = ModelCard(hub.store.text("models", f"{ORG}/out", "README.md"))
    assert card.data.base_model == f"{ORG}/base" and str(tmp_path) not in card.content
    assert "several rows share a sequence" in card.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none"], "no model folder 'none'"),
        ([], "`model` must be a model folder or a model on the Hub"),
        (["BASE", "--corpus", "algebra"], "`corpus` must be one of axiomatic, corr2cause"),
        (["BASE", "--config", "x"], "has no config 'x'"),
        (["BASE", "--config", "d_separation_generalization", "--eval", "none"], "has no split 'train' but sequential"),
        (["BASE", "--eval", "axiomatic"], "`eval` must be CORPUS/CONFIG"),
        (["BASE", "--data-dir", "nowhere"], "no data folder 'nowhere'"),
        (["BASE", "--learning-rate", "0"], "'learning_rate' must be positive, got 0"),
        (["BASE", "--class-weights", "1"], "'class_weights' must be `balanced`, `none`, or two positive numbers"),
        (["BASE", "--lora-dropout", "1"], "'lora_dropout' must be at least 0 and below 1"),
        (["BASE", "--lora", "--lora-target-modules", "zzz", "--eval", "none"], "`lora_target_modules` 'zzz': "),
        (["BASE", "--mixed-precision", "fp8"], "'mixed_precision' must be one of"),
        (["BASE", "--task", "regression"], "'task' must be one of auto, causal-lm, classification"),
        (["BASE", "--merge"], "`merge` is for adapters"),
        (["BASE", "--qlora"], "`qlora` needs bitsandbytes, which is not installed, and a GPU"),
        (["BASE", "--attn-implementation", "flash_attention_2", "--eval", "none"], "needs another package: "),
        (["BASE", "--report-to", "paper"], "`report_to` must be an installed tracker, none"),
        (["BASE", "--resume-from-checkpoint", "zzz"], "`resume_from_checkpoint` must be 'latest' or a folder"),
        (["BASE", "--stop-at-step", "0"], "`stop_at_step` must be at least 1"),
        (["BASE", "--push-to-hub"], "needs `--hub-model-id NAMESPACE/NAME`"),
        (["BASE", "--push-to-hub", "--hub-model-id", "a/b"], "the base model is the local folder 'base'"),
        (["BASE", "--recipe", "llama-9"], "shipped recipes: llama-3-8b-axioms, roberta-large-mnli-corr2cause"),
        (["BASE", "--lora", "--epochs", "many"], "'epochs' must be float, got 'many'"),
        (["BASE", "other"], "expected one MODEL"),
        (["BASE", "--lora-rnak", "8"], "did you mean 'lora_rank'?"),
        (["CLASSIFIER", "--generate"], "`generate` is for causal language models"),
    ],
)
def test_mistakes_get_one_line(arguments, message, separation_dir, tmp_path, capsys, monkeypatch):
    if "--qlora" in arguments and importlib.util.find_spec("bitsandbytes"):
        pytest.skip("bitsandbytes is installed")
    monkeypatch.setenv("HF_TOKEN", "hf_writer")
    if "BASE" in arguments:
        save_language_model(tmp_path / "base")
    if "CLASSIFIER" in arguments:
        save_classifier(tmp_path / "classifier", ("No", "Yes"))
    places = {"BASE": str(tmp_path / "base"), "CLASSIFIER": str(tmp_path / "classifier")}
    command = ["finetune", *(places.get(part, part) for part in arguments), "--output-dir", str(tmp_path / "out")]
    if "--data-dir" not in arguments:
        command += ["--data-dir", str(separation_dir)]
    if "--config" not in arguments:
        command += ["--config", "d_separation"]
    capsys.readouterr()
    assert main(command) == 2
    shown = capsys.readouterr().err.splitlines()[-1]
    assert message in shown and shown.startswith("error: ")
    assert not (tmp_path / "out").exists()


def test_what_is_not_installed_is_named(tmp_path, capsys, monkeypatch):
    base = save_language_model(tmp_path / "base")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "peft" else find(name))
    assert main(["finetune", str(base), "--lora", "--output-dir", str(tmp_path / "out")]) == 2
    assert "needs peft, which is not installed: pip install 'hf-causal[finetune]'" in capsys.readouterr().err
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    with pytest.raises(ValueError, match="is an adapter, which PEFT loads: pip install"):
        load_pretrained(tmp_path / "adapter")


def test_the_help_names_every_field_with_its_default(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["finetune", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "hf-causal finetune" in shown and "Examples" in shown
    for name in FinetuneRecipe.__dataclass_fields__:
        option = {"evaluations": "eval", "model": "output-dir"}.get(name, name.replace("_", "-"))
        assert f"--{option}" in shown
    for default in ("[16]", "[32]", "[0.05]", "[all-linear]", "2e-4 with LoRA", "[1024]", "[500]", "[balanced]"):
        assert default in shown


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from hf_causal.cli import main; main(['finetune', '--help']);"
        "heavy = {'torch', 'transformers', 'trl', 'peft', 'datasets', 'numpy', 'pyarrow'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", finetune_recipe_names())
def test_every_shipped_recipe_loads_and_survives_its_yaml(name, tmp_path):
    recipe = load_finetune_recipe(name)
    assert recipe.name == name and recipe.description and recipe.license and recipe.model.count("/") == 1
    (tmp_path / "copy.yaml").write_text(recipe.to_yaml())
    assert load_finetune_recipe(tmp_path / "copy.yaml") == recipe
    assert not recipe.same_training(load_finetune_recipe(name, {"seed": 7}))
    assert recipe.same_training(load_finetune_recipe(name, {"eval_limit": 7}))


def test_default_learning_rates():
    rates = [
        load_finetune_recipe(None, {"lora": lora}).peak_learning_rate(classifies)
        for lora, classifies in ((True, False), (False, False), (False, True))
    ]
    assert rates == [2e-4, 2e-5, 1e-5]
    assert load_finetune_recipe(None, {"learning_rate": 0.5}).peak_learning_rate(True) == 0.5
