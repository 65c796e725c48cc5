"""Answers with proofs as predictions: whether they are right, or whether their proofs hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hf_causal.evaluation.language_models.local import LocalModel
from hf_causal.scoring import Score, score
from hf_causal.tasks.proving import prove
from hf_causal.tasks.shared.replies import UNPARSABLE
from hf_causal.utils.progress import Advance

ANSWER_RIGHT, PROOF_VALID = "answer right", "proof valid"
MEASURES = (ANSWER_RIGHT, PROOF_VALID)
"""What an evaluation of answers with proofs counts; each question is put once for both."""


class ProofPredictor:
    """A language model whose replies in a form of answer count as the right Yes or No if a measure holds.

    So scores, tables and figures of Yes and No are those of answers with proofs, too.

    Args:
        model ([`LocalModel`]): It generates; its prompt format has the form.
        measure (`str`): `answer right`, or `proof valid`: a valid proof of the right answer.
    """

    def __init__(self, model: LocalModel, measure: str):
        self.model, self.measure = model, measure

    @property
    def hardware(self) -> str:
        """The device that the model is on."""
        return self.model.hardware

    @property
    def prompting(self) -> Mapping[str, Any]:
        """How the model is prompted, and what counts."""
        return {**self.model.prompting, "measure": self.measure}

    def fingerprint(self) -> str:
        """Returns the SHA-256 of the weights, with the measure."""
        return f"{self.model.fingerprint()} {self.measure}"

    def require_readable(self, task: str, prompt: str) -> None:
        """Accepts every prompt: a language model reads any text."""

    def predict(self, prompts: Sequence[str], progress: Advance | None = None) -> list[int]:
        """Returns the right answer where the measure holds, the other one where not, or `UNPARSABLE`.

        The right answer is 1 where it is neither Yes nor No.
        """
        form = self.model.renderer.prompt_format.form
        replies = self.model.reply(prompts, progress)
        return [
            _prediction(score(reply["text"], {"prompt": prompt}, form), prompt, self.measure)
            for reply, prompt in zip(replies, prompts, strict=True)
        ]


def _prediction(judged: Score, prompt: str, measure: str) -> int:
    if not judged.readable:
        return UNPARSABLE
    right = int(prove(prompt).answer != "No")
    holds = judged.answer_right if measure == ANSWER_RIGHT else judged.value == 1.0
    return right if holds else 1 - right
