"""Variants that leave out a statement or a probability: what the right answer is then, and how it is proved."""

import json

import pytest

import hf_causal
from hf_causal.tasks.shared.proofs import CertificateError

ROW = {"prompt": "A causes B. B causes C. Does A cause C?"}
MISSING = "A causes B. C causes D. One statement is missing. Does A cause C?"
QUANTITY = {
    "prompt": "A is 1 with probability 0.5. B is 1 with probability 0.2 if A is 0. B is 1 with probability 0.6 if A "
    "is 1. There are no hidden common causes. What is the average treatment effect of A on B?"
}


class TestMissingStatements:
    def test_the_two_statements_give_the_two_answers(self):
        certificate = json.loads(hf_causal.prove(MISSING).certificate)
        for answer in ("yes", "no"):
            ((cause,), (effect,)) = certificate[answer]["causes"]
            completed = MISSING.replace("One statement is missing.", f"{cause} causes {effect}.")
            assert hf_causal.prove(completed).answer.lower() == answer

    @pytest.mark.parametrize("certificate", [
        "{}", "[]", "no", None,
        '{"yes": {"causes": [["A"], ["C"]]}}',
        '{"yes": {"causes": [["D"], ["A"]]}, "no": {"causes": [["A"], ["C"]]}}',
        '{"yes": {"causes": [["A"], ["C"]]}, "no": {"causes": [["A"], ["B"]]}}',
        '{"yes": {"causes": [["A"], ["C"]]}, "no": {"causes": [["A"], ["E"]]}}',
        '{"yes": {"causes": [["A"], ["C"]]}, "no": {"helps": [["A"], ["D"]]}}',
        '{"yes": {"causes": [["A", "B"], ["C"]]}, "no": {"causes": [["A"], ["D"]]}}',
        '{"yes": {"causes": [["A"], ["C"]]}, "no": {"causes": [["A"]]}}',
    ])  # fmt: skip
    def test_a_wrong_certificate_is_refused(self, certificate):
        row = {"prompt": MISSING, "completion": "insufficient information", "certificate": certificate}
        with pytest.raises(CertificateError):
            hf_causal.check(row)

    def test_any_two_statements_are_accepted(self):
        certificate = '{"yes": {"causes": [["B"], ["C"]]}, "no": {"causes": [["D"], ["A"]]}}'
        row = {"prompt": MISSING, "completion": "insufficient information", "certificate": certificate}
        hf_causal.check(row)
        with pytest.raises(CertificateError, match="insufficient"):
            hf_causal.check({**row, "completion": "No"})

    @pytest.mark.parametrize("text", [
        "One statement is missing. A causes B. Does A cause B?",
        "A causes B. One statement is missing. One statement is missing. Does A cause B?",
        "A causes B. Does A cause B? One statement is missing.",
        "A causes B. One statement is missing. Does A cause B?",
        "A causes B. Two statements are missing. Does A cause B?",
    ])  # fmt: skip
    def test_what_is_not_understood_or_is_determined_has_no_such_answer(self, text):
        with pytest.raises(ValueError):
            hf_causal.prove(text)

    @pytest.mark.parametrize("reply, value", [
        ("insufficient information", 1.0), ("**Answer: insufficient information.**", 1.0), ("Yes", 0.0),
        ("It is not the case that there is insufficient information", 0.0), ("No insufficient information", 0.0),
        ("insufficient information?\nYes", 0.0), ("", 0.0), (None, 0.0),
    ])  # fmt: skip
    def test_replies_are_scored(self, reply, value):
        row = {"prompt": MISSING, "completion": "insufficient information"}
        assert hf_causal.score(reply, row).value == value
        assert hf_causal.score("insufficient information", ROW).value == 0.0


class TestQuantities:
    def test_without_a_probability_the_information_is_insufficient(self):
        varied = hf_causal.vary(QUANTITY, "omitted")
        assert varied["completion"] == "insufficient information" and varied["label"] is None
        hf_causal.check(varied)
        assert hf_causal.score("insufficient information", varied).value == 1
        assert hf_causal.score("0.4", varied).value == 0

    def test_what_it_has_not_says_why(self):
        with pytest.raises(ValueError, match="`omitted`"):
            hf_causal.vary(QUANTITY, "insufficient")

    @pytest.mark.parametrize("before, after", [
        ("There are no", "There are"), ("There are no hidden common causes. ", ""), ("0.5.", "0.5, perhaps."),
        ("0.5", "1.5"), ("0.5", "0.5%0"), ("is present", "is not present"), ("is absent", "is absent and absent"),
        ("if clean water is absent", "if clean water is absent and clean water is absent"),
        ("What is the average", "What is not the average"), ("effect of clean water", "effect of a free bed"),
        ("A free bed", "A bed"), ("A free bed is", "A free bed\ue000 is"),
    ])  # fmt: skip
    def test_a_story_with_another_word_is_not_read(self, before, after):
        text = (
            "This is about a hospital. There are no hidden common causes. Clean water is present with probability "
            "0.5. A free bed is present with probability 0.2 if clean water is absent. A free bed is present with "
            "probability 0.6 if clean water is present. What is the average treatment effect of clean water on a "
            "free bed?"
        )
        assert hf_causal.prove(text).answer == "0.4" and before in text
        with pytest.raises(ValueError):
            hf_causal.prove(text.replace(before, after, 1))
