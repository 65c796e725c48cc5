"""What is learned of a row, token by token, against a count of one's own and against TRL's."""

import re

import pytest
import torch
from tiny_finetuning import SPECIAL, WORDS, save_language_model, word_tokenizer
from tiny_language_models import tiny_tokenizer
from transformers import AutoModelForCausalLM

from hf_causal.corpora import generate_shard, get_config
from hf_causal.evaluation.language_models.local import LocalModel
from hf_causal.evaluation.language_models.prompts import (
    INSTRUCTION,
    PromptFormat,
    PromptRenderer,
    premise_and_question,
)
from hf_causal.posttraining.data import language_rows
from hf_causal.posttraining.models import require_separate_packs
from hf_causal.posttraining.recipe import load_finetune_recipe
from hf_causal.posttraining.trainers import common_arguments, language_trainer

trl = pytest.importorskip("trl", reason="TRL is not installed: pip install 'hf-causal[finetune]'")


@pytest.fixture(scope="module")
def rows():
    return generate_shard("axiomatic", get_config("axiomatic", "d_separation", rows=400, nodes=(4,)), "train", 0)[:40]


def pieces(text):
    """The tokens of a text, found without the tokenizer."""
    special = "|".join(map(re.escape, SPECIAL))
    return re.findall(rf"{special}|\b(?:{'|'.join(WORDS)})\b|.|\n", text)


@pytest.mark.parametrize("instructed", [False, True])
@pytest.mark.parametrize("chat", [False, True])
def test_answer_and_end_are_learned_and_nothing_else(rows, chat, instructed):
    tokenizer = word_tokenizer(chat)
    made = language_rows(rows, PromptRenderer(tokenizer, PromptFormat(instructed)), 10_000)
    assert made.dropped == 0 and sum(made.answers) == len(made.dataset) == 40
    for row, example in zip(rows.to_pylist(), made.dataset, strict=True):
        asked = f"{INSTRUCTION}\n\n{row['prompt']}" if instructed else row["prompt"]
        text = f"<user>{asked}<eos><assistant>" if chat else f"{asked}\nAnswer:" if instructed else asked
        taught = f"{row['completion']}<eos>" if chat else f" {row['completion']}<eos>"
        expected = pieces(text + taught)
        assert tokenizer.convert_ids_to_tokens(example["input_ids"]) == expected
        learned = [place for place, label in enumerate(example["labels"]) if label != -100]
        assert learned == list(range(len(pieces(text)), len(expected)))
        assert all(example["labels"][place] == example["input_ids"][place] for place in learned)


@pytest.mark.parametrize("chat", [False, True])
def test_trl_learns_the_same_of_the_same_conversation(rows, chat, tmp_path):
    """Its own tokenization of prompts and completions, with the words and the boundary of this package."""
    tokenizer = tiny_tokenizer(chat=chat)
    tokenizer.pad_token = tokenizer.eos_token
    base = save_language_model(tmp_path / "base")
    renderer = PromptRenderer(tokenizer, PromptFormat())
    ours = language_rows(rows, renderer, 10_000).dataset
    if chat:
        theirs = [
            {
                "prompt": renderer.prompt_format.messages(row["prompt"]),
                "completion": [{"role": "assistant", "content": row["completion"]}],
            }
            for row in rows.to_pylist()
        ]
    else:
        theirs = [
            {"prompt": renderer.prompt_format.text(row["prompt"]), "completion": f" {row['completion']}"}
            for row in rows.to_pylist()
        ]
    import datasets

    arguments = trl.SFTConfig(output_dir=str(tmp_path / "out"), report_to="none", use_cpu=True, bf16=False)
    trainer = trl.SFTTrainer(
        model=str(base), args=arguments, train_dataset=datasets.Dataset.from_list(theirs), processing_class=tokenizer
    )
    assert ours["input_ids"][:] == trainer.train_dataset["input_ids"][:]
    assert ours["labels"][:] == trainer.train_dataset["labels"][:]


@pytest.mark.parametrize("chat", [False, True])
def test_what_is_learned_continues_the_prompts_of_evaluation(rows, chat, tmp_path):
    tokenizer = word_tokenizer(chat)
    model = AutoModelForCausalLM.from_pretrained(save_language_model(tmp_path / "base", chat=chat))
    asked = LocalModel(model, tokenizer, PromptFormat(False), answers=tmp_path)
    made = language_rows(rows, asked.renderer, 10_000).dataset
    for row, example in zip(rows.to_pylist(), made, strict=True):
        evaluated = asked.renderer.token_ids(
            [asked.renderer.with_answer(asked.render(row["prompt"]), row["completion"])]
        )[0]
        assert example["input_ids"] == [*evaluated, tokenizer.eos_token_id]


def test_rows_that_are_too_long_are_counted_and_left_out(rows):
    renderer = PromptRenderer(word_tokenizer(), PromptFormat(False))
    lengths = sorted(len(pieces(f"{prompt} Yes<eos>")) for prompt in rows["prompt"].to_pylist())
    made = language_rows(rows, renderer, lengths[20])
    assert len(made.dataset) + made.dropped == 40 and made.dropped == sum(size > lengths[20] for size in lengths) > 0
    with pytest.raises(ValueError, match="`max_length` must be larger than 8: each of 40 rows has more tokens"):
        language_rows(rows, renderer, 8)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_the_loss_of_packs_is_that_of_each_row_alone(rows, kind, tmp_path):
    folder = save_language_model(tmp_path / "base", kind, scale=0.3)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), word_tokenizer()
    made = language_rows(rows, PromptRenderer(tokenizer, PromptFormat(False)), 200)
    with torch.no_grad():
        alone = [
            torch.nn.functional.cross_entropy(
                model(torch.tensor([row["input_ids"]])).logits[0, :-1],
                torch.tensor(row["labels"][1:]),
                reduction="sum",
            ).item()
            for row in made.dataset
        ]
    model.eval()
    options = {"packing": True, "max_length": 200, "batch_size": 40, "gradient_checkpointing": False}
    recipe = load_finetune_recipe(None, {"model": str(folder), "mixed_precision": "no", **options})
    require_separate_packs(model)
    trainer = language_trainer(model, tokenizer, recipe, made, made, common_arguments(recipe, tmp_path, "none", False))
    assert len(trainer.train_dataset) < 40
    (batch,) = trainer.get_train_dataloader()
    trainer.model.eval()
    with torch.no_grad():
        loss = trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(120))
    # Three tokens a row: the space, the answer and the end.
    assert loss.item() == pytest.approx(sum(alone) / 120, rel=1e-4)


class Summing(torch.nn.Module):
    """Reads everything that stands before, whatever the positions say."""

    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(10, 4)
        self.device = torch.device("cpu")

    def forward(self, input_ids, position_ids=None, use_cache=False):
        return type("Output", (), {"logits": self.table(input_ids).cumsum(1)})


class Positionless(Summing):
    def forward(self, input_ids, use_cache=False):
        return super().forward(input_ids)


def test_packing_is_refused_where_rows_would_see_each_other():
    with pytest.raises(ValueError, match="`packing` would let the rows of a pack see each other: a Summing"):
        require_separate_packs(Summing())
    with pytest.raises(ValueError, match="`packing` needs a model that takes `position_ids`, a Positionless does not"):
        require_separate_packs(Positionless())


@pytest.mark.parametrize(
    ("corpus", "config"), [("axiomatic", "transitivity_ts2"), ("axiomatic", "d_separation"), ("corr2cause", "default")]
)
def test_a_prompt_comes_apart_into_its_columns(corpus, config):
    small = {"nodes": (3, 4)} if corpus == "corr2cause" else {"rows": 400}
    for row in generate_shard(corpus, get_config(corpus, config, **small), "train", 0)[:60].to_pylist():
        assert premise_and_question(row["prompt"]) == (row["premise"], row["question"])


def test_a_prompt_of_no_grammar_is_split_before_its_last_sentence():
    text = "It rained. The street was wet! Did the rain make it wet?"
    assert premise_and_question(text) == ("It rained. The street was wet!", "Did the rain make it wet?")
    assert premise_and_question("Is it so?") == ("", "Is it so?")
