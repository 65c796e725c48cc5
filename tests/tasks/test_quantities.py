"""Quantities of structural models: answers against the enumeration of all responses, texts, forms and rows."""

import json
import re
import sys
from collections import Counter, defaultdict
from fractions import Fraction
from pathlib import Path

import pytest

import hf_causal
from hf_causal.tasks.answering import put_question, write_answer
from hf_causal.tasks.proving import read
from hf_causal.tasks.quantities.rows import structures_of
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.chances import NO_HIDDEN_CAUSES
from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.shared.reply_numbers import INSUFFICIENT, read_answer

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import enumerated_models as oracle

TASK = get_task("quantities")
CHAIN = (
    "A is 1 with probability 0.5. B is 1 with probability 0.2 if A is 0. B is 1 with probability 0.6 if A is 1. "
    f"{NO_HIDDEN_CAUSES}"
)
EFFECT = "What is the average treatment effect of A on B?"
SEEN = "What is the probability that A is 1 if B is observed to be 1?"
NECESSITY = "What is the probability of necessity of A for B?"


@pytest.fixture(scope="module")
def rows():
    config = TASK.configs["quantities"](rows=220, validation_rows=44, rungs=(1, 2, 3))
    further = TASK.configs["quantities_generalization"](rows_per_cell=2, nodes=(5,))
    made = [(config, "train"), (further, "fractions"), (further, "counterfactuals"), (further, "shuffled")]
    return [row for one, split in made for row in TASK.generate_shard(one, split, 0).to_pylist()]


def numbers(text):
    return [ways[0].value for ways in read_answer(text).numbers]


class TestAnswers:
    def test_values_agree_with_the_enumeration_of_responses(self, rows):
        compared = Counter()
        for row in rows:
            if row["num_edges"] > 5 or row["answer_type"] == "insufficient":
                continue
            tables, coupling = oracle.read_model(row["premise"])
            if any(len(table) < 2 ** len(oracle.parents_of(tables, name)) for name, table in tables.items()):
                continue
            if (
                sum(map(len, tables.values())) > (12 if coupling == "threshold" else 7)
                or compared[row["quantity"]] > 8
            ):
                continue
            true = oracle.answer(tables, coupling, row["question"])
            expected = numbers(row["completion"])
            if row["answer_type"] == "bounds":
                assert [float(one) for one in expected] == pytest.approx(true, abs=1e-6), row
            else:
                assert expected == [true], row
            compared[row["quantity"]] += 1
        assert len(compared) == 10 and sum(compared.values()) > 60

    def test_insufficient_information_has_two_models_that_agree_with_the_text(self, rows):
        compared = 0
        for row in rows:
            if row["answer_type"] != "insufficient" or row["num_edges"] > 3 or compared > 12:
                continue
            certificate, values = json.loads(row["certificate"]), []
            for model in certificate["models"]:
                tables, coupling = oracle.read_model(row["premise"])
                for entry, value in model.items():
                    if entry != "responses":
                        name, _, condition = entry.partition(" = 1")
                        key = frozenset((n, int(b)) for n, b in re.findall(r"(\w+) = ([01])", condition))
                        assert key not in tables.setdefault(name, {})
                        tables[name][key] = Fraction(value)
                values.append(oracle.answer(tables, model.get("responses", coupling), row["question"]))
            assert values[0] != values[1] and values == [Fraction(value) for value in certificate["values"]]
            compared += 1
        assert compared > 10

    @pytest.mark.parametrize(
        ("premise", "question", "answer"),
        [
            (CHAIN, EFFECT, "0.4"),
            (CHAIN, SEEN, "0.75"),
            (CHAIN, NECESSITY, INSUFFICIENT),
            (f"{CHAIN} Responses to different causes are independent.", NECESSITY, "0.8"),
            (
                f"{CHAIN} One uniform number for each variable decides its responses: it is 1 if the number is "
                "below its probability.",
                NECESSITY,
                "2/3",
            ),
            (CHAIN.replace("A is 1 with probability 0.5. ", ""), EFFECT, "0.4"),
            (CHAIN.replace("A is 1 with probability 0.5. ", ""), SEEN, INSUFFICIENT),
            (CHAIN.replace("A is 1 with probability 0.5. ", ""), SEEN.replace("A is 1", "B is 1 ").replace(
                "B is observed", "A is observed"), "0.6"),
        ],
    )  # fmt: skip
    def test_examples(self, premise, question, answer):
        assert hf_causal.prove(f"{premise} {question}").answer == answer

    def test_what_is_observed_needs_a_probability(self):
        text = CHAIN.replace("0.2", "0").replace("0.6", "0")
        with pytest.raises(ValueError, match="probability 0"):
            hf_causal.prove(f"{text} {SEEN}")


class TestText:
    def test_every_text_is_read_as_it_is_written(self, rows):
        for row in rows:
            assert str(TASK.parse(row["prompt"])) == row["prompt"]

    @pytest.mark.parametrize(
        "text",
        [
            "P(A = 1) = 50%. P(B=1|A=0) = 1/5. If A is 1, B is 1 with probability 0.6",
            "a is nothing",
        ],
    )
    def test_other_wordings(self, text):
        prompt = f"{text}. There are no unobserved common causes. Compute P(B = 1 | do(A = 1))?"
        if text.startswith("a"):
            with pytest.raises(ValueError, match="cannot read the sentence 'a is nothing'"):
                read(prompt)
        else:
            assert hf_causal.prove(prompt).answer == "3/5"

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            (NO_HIDDEN_CAUSES, "", "does not say"),
            ("0.6 if A is 1", "0.6 if C is 1", "different causes"),
            ("0.6 if A is 1", "0.6 if A is 0", "different probabilities"),
            ("0.5", "1.5", "between 0 and 1"),
            ("0.5", "about 0.5", "cannot read"),
            ("A is 1 with probability 0.5", "A is 1 with probability 0.5 if B is 1", "cycle"),
            ("A is 1 with probability 0.5", "A is 2 with probability 0.5", "cannot read"),
            ("of A on B", "of A on C", "no statement mentions 'C'"),
            ("of A on B", "of A on A", "two roles"),
            ("of A on B", "of A on B roughly", "cannot read"),
            ("What is the", "Guess the", "question"),
        ],
    )
    def test_what_is_not_understood_is_refused(self, old, new, message):
        text = f"{CHAIN} {EFFECT}".replace(old, new)
        with pytest.raises(ValueError, match=message):
            TASK.prove(TASK.parse(text))


class TestForms:
    def test_every_written_answer_scores_1_and_changed_ones_do_not(self, rows):
        for row in rows[::7]:
            assert hf_causal.score(row["completion"], row).value == 1
            hf_causal.check(row)
            for name, form in TASK.forms.items():
                if form.applies(TASK.parse(row["prompt"])):
                    written = write_answer(row, name)
                    assert hf_causal.score(written, row, name).value == 1, written
                    changed = re.sub(r"(\d)(?=\D*$)", lambda m: str((int(m[1]) + 1) % 10), written)
                    if changed != written:
                        assert hf_causal.score(changed, row, name).value == 0, changed
            assert put_question(row, "value").startswith(row["prompt"])

    @pytest.mark.parametrize(
        ("reply", "value"),
        [
            ("3/4", 1), ("0.75", 1), ("75%", 1), ("0.7500", 1), ("The answer is 3/4.", 1), ("**Answer:** 0.75", 1),
            ("So we get $\\boxed{\\frac{3}{4}}$.", 1), ("\\boxed{75\\%}", 1), ("P(A = 1 | B = 1) = 0.3/0.4 = 0.75", 1),
            ("First 0.3, then 0.4.\n\nFinal answer: 3/4 (0.75)", 1), ("<think>0.5?</think>0.75", 1),
            ("0.8", 0), ("4/3", 0), ("0.75 or 0.9", 0), ("Answer: 0.75\nAnswer: 0.8", 0), ("", 0), ("Yes", 0),
            ("insufficient information", 0), ("It cannot be determined.", 0), ("the answer is 0.75 = 0.9", 0),
            ("see equation 3", 0), ("-0.75", 0),
        ],
    )  # fmt: skip
    def test_any_representation_of_the_value_is_right(self, reply, value):
        row = {"prompt": f"{CHAIN} {SEEN}"}
        assert hf_causal.score(reply, row).value == value

    @pytest.mark.parametrize(
        ("reply", "value"), [("0.6667", 1), ("66.67%", 1), ("0.67", 0), ("0.6666", 0), ("2/3", 1)]
    )
    def test_rounding(self, reply, value):
        text = f"{CHAIN} What is the probability that A is 1 if B is observed to be 0?".replace("0.6", "0.2")
        text = text.replace("0.5", "2/3")
        assert hf_causal.score(reply, {"prompt": text}).value == value

    @pytest.mark.parametrize(
        "reply", ["Insufficient information.", "It cannot be determined", "Answer: not enough data"]
    )
    def test_insufficient_information(self, reply):
        assert hf_causal.score(reply, {"prompt": f"{CHAIN} {NECESSITY}"}).value == 1
        assert hf_causal.score("0.8", {"prompt": f"{CHAIN} {NECESSITY}"}).value == 0

    @pytest.mark.parametrize("reply", ["[2/3, 1]", "between 2/3 and 1", "2/3 to 1", "lower bound 2/3, upper bound 1"])
    def test_bounds(self, reply):
        question = (
            "What are the tightest bounds on the probability of necessity of A for B that the distribution of A and B "
            "and the effects of A on B imply?"
        )
        assert hf_causal.score(reply, {"prompt": f"{CHAIN} {question}"}).value == 1
        assert hf_causal.score("2/3", {"prompt": f"{CHAIN} {question}"}).value == 0

    def test_a_trace_in_another_order_holds_and_the_first_wrong_line_is_named(self):
        row = {"prompt": f"{CHAIN} {EFFECT}"}
        lines = write_answer(row, "trace").split("\n")
        reordered = [*lines[3:6], *lines[:3], lines[-1]]
        assert hf_causal.score("\n".join(reordered), row, "trace").value == 1
        wrong = "\n".join(lines).replace("0: 0.4; 1: 0.6", "0: 0.4; 1: 0.5")
        judged = hf_causal.score(wrong, row, "trace")
        assert judged.value == 0 and judged.first_wrong_line == 2 and judged.answer_right
        assert "should be 0.6" in judged.reason

    def test_a_trace_may_keep_what_it_need_not_sum(self):
        text = f"{CHAIN} What is the probability that B is 1 if A is observed to be 0?"
        text = text.replace("if A is observed", "if C is observed").replace(
            NO_HIDDEN_CAUSES,
            f"C is 1 with probability 0.5 if A is 0. C is 1 with probability 0.5 if A is 1. {NO_HIDDEN_CAUSES}",
        )
        written = write_answer({"prompt": text}, "trace")
        assert hf_causal.score(written, {"prompt": text}, "trace").value == 1
        kept = "\n".join(line for line in written.split("\n") if not line.startswith("Sum"))
        assert kept != written and hf_causal.score(kept, {"prompt": text}, "trace").value == 1

    def test_yes_or_no_is_no_form(self):
        row = {"prompt": f"{CHAIN} {EFFECT}"}
        with pytest.raises(ValueError, match="value, proof, trace"):
            put_question(row, "yes-no")
        with pytest.raises(ValueError, match="must be 'Yes' or 'No'"):
            hf_causal.score("Yes", row, "yes-no")


class TestCertificates:
    @pytest.mark.parametrize(
        ("answer", "certificate"),
        [
            ("0.4", {"terms": {"P(B[A = 1] = 1)": "0.6"}}),
            ("0.4", {"terms": {"P(B[A = 1] = 1)": "0.7", "P(B[A = 0] = 1)": "0.3"}}),
            ("0.5", {"terms": {"P(B[A = 1] = 1)": "0.6", "P(B[A = 0] = 1)": "0.2"}}),
            ("0.4", {"terms": "0.4"}), ("0.4", []), ("maybe", {}),
            (INSUFFICIENT, {"models": [{}, {}], "values": ["0.4", "0.4"]}),
            (INSUFFICIENT, {"models": [{"responses": "independent"}, {"responses": "threshold"}], "values": [0, 1]}),
        ],
    )  # fmt: skip
    def test_what_proves_nothing_is_refused(self, answer, certificate):
        row = {"prompt": f"{CHAIN} {EFFECT}", "completion": answer, "certificate": json.dumps(certificate)}
        with pytest.raises(CertificateError):
            hf_causal.check(row)

    def test_another_pair_of_models_proves_it_too(self):
        row = {"prompt": f"{CHAIN} {EFFECT}".replace(" B is 1 with probability 0.2 if A is 0.", "")}
        models = [{"B = 1 | A = 0": value} for value in ("0", "1/3")]
        good = {"models": models, "values": ["0.6", "4/15"]}
        hf_causal.check({**row, "completion": INSUFFICIENT, "certificate": json.dumps(good)})
        with pytest.raises(CertificateError, match="not determine|depends"):
            certificate = {"terms": {"P(B[A = 1] = 1)": "0.6", "P(B[A = 0] = 1)": "0.2"}}
            hf_causal.check({**row, "completion": "0.4", "certificate": json.dumps(certificate)})

    def test_a_label_or_a_number_as_completion_is_refused(self):
        row = {"prompt": f"{CHAIN} {EFFECT}", "certificate": "{}"}
        for columns in ({"completion": 0.4}, {"completion": "0.4", "label": 1}):
            with pytest.raises(CertificateError, match="without a label"):
                hf_causal.check({**row, **columns})


class TestRows:
    def test_rows_have_no_label_and_their_structures_are_balanced(self, rows):
        assert {row["label"] for row in rows} == {None}
        assert {row["structure"] for row in rows} == set(structures_of((1, 2, 3)))
        premises = defaultdict(list)
        for row in rows:
            premises[row["graph_id"]].append(row)
        for some in premises.values():
            assert len({row["question"] for row in some}) == len(some) == 2
            if some[0]["structure"] in ("missing", "open_responses"):
                assert sorted(row["answer_type"] == "insufficient" for row in some) == [False, True]
            else:
                assert all(row["answer_type"] != "insufficient" for row in some)

    def test_training_has_no_counterfactual_and_splits_share_no_premise(self):
        config = TASK.configs["quantities"](rows=60, validation_rows=30)
        train, validation = (TASK.generate_shard(config, split, 0).to_pylist() for split in ("train", "validation"))
        assert {row["rung"] for row in train} == {1, 2}
        assert {row["premise"] for row in train}.isdisjoint(row["premise"] for row in validation)

    def test_changes_leave_the_answer_as_it_is(self, rows):
        import numpy as np

        prompts = [TASK.parse(row["prompt"]) for row in rows[:60]]
        for change in TASK.invariances.values():
            for before, after in zip(prompts, change(prompts, np.random.default_rng(0)), strict=True):
                assert TASK.prove(after).answer == TASK.prove(before).answer

    def test_verify_reads_any_representation(self, tmp_path):
        path = tmp_path / "mine.jsonl"
        answers = ["0.4", "2/5", "40%", "0.5", "unknown"]
        lines = [json.dumps({"prompt": f"{CHAIN} {EFFECT}", "answer": answer}) for answer in answers]
        path.write_text("\n".join(lines), encoding="utf-8")
        (table,) = hf_causal.verify(path).tables
        assert table.rows("wrong_label") == [3, 4] or table.findings["wrong_label"].rows == [3]


class TestUses:
    """What needs Yes and No says so; nothing answers a question about a number with Yes."""

    def test_models_that_answer_yes_or_no_are_refused(self):
        from hf_causal.evaluation.evaluate import evaluate_model

        with pytest.raises(ValueError, match="--answers value"):
            evaluate_model("no-model", "causal_ladder", "quantities_generalization")

    def test_training_from_scratch_is_refused(self):
        from types import SimpleNamespace

        from hf_causal.training.data_sources import recipe_tasks

        recipe = SimpleNamespace(sources=[("causal_ladder", "quantities")], model={})
        with pytest.raises(
            ValueError, match="answers Yes or No, and the answers of quantities are of the form 'value'"
        ):
            recipe_tasks(recipe)

    def test_rewards_and_items_have_the_form_of_the_rows(self):
        from hf_causal.harnesses.items import Items
        from hf_causal.posttraining.rewards import proof_reward

        row = f"{CHAIN} {EFFECT}"
        assert proof_reward(["so it is 0.4", "Yes"], [row, row], "value") == [1.0, 0.0]
        item = Items("quantities", level=1)[3]
        assert item.form == "value" and item.score(item.answer).value == 1
