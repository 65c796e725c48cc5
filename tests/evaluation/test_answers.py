"""Answers in a form: scores of cells, failures by their rule, the report, and the command."""

import json

import pytest
from chat_server import ChatServer, completion
from tiny_language_models import save_tiny

from hf_causal.cli import main
from hf_causal.evaluation.answers.evaluate import evaluate_answers
from hf_causal.evaluation.answers.failures import choose_failures
from hf_causal.evaluation.answers.report import _reply_lines, render_answers
from hf_causal.evaluation.answers.scores import AnswerScore, Failure
from hf_causal.evaluation.language_models import evaluate as language_models
from hf_causal.evaluation.language_models.prompts import draw_examples
from hf_causal.evaluation.language_models.stopping import ANSWER_LINE, BLANK_LINE, is_complete
from hf_causal.evaluation.scores import Cell
from hf_causal.scoring import Score, score
from hf_causal.tasks.answering import write_answer

WRONG_YES = "Yes\nPath: nobody -> nothing"


class Scripted:
    """A language model whose replies a function writes, from the prompt and its number."""

    hardware, prompting = "a script", {"way": "generation", "shots": 0, "chat_template": True}

    def __init__(self, write):
        self.write = write

    def reply(self, prompts, progress=None):
        return [{"text": self.write(prompt, number)} for number, prompt in enumerate(prompts)]


@pytest.fixture
def answered_by(monkeypatch):
    """Makes a function write all replies; returns the options that the model was loaded with."""
    seen = []

    def use(write):
        def loader(options, *arguments):
            seen.append(options)
            return lambda: Scripted(write)

        monkeypatch.setattr(language_models.LanguageModelOptions, "loader", loader)
        return seen

    return use


def exact(form):
    return lambda prompt, number: write_answer({"prompt": prompt}, form)


@pytest.mark.parametrize("form", ["proof", "trace"])
def test_exact_answers_score_one_in_every_cell(form, answered_by, corpus_dir):
    seen = answered_by(exact(form))
    scores = evaluate_answers("m", form, data_dir=corpus_dir, limit=2)
    assert len(scores.splits) == 6 and not scores.failures
    for split in scores.splits.values():
        assert split.total.both.value == split.total.value == 1 and split.total.unreadable.count == 0
        assert sum(cell.n for cell in split.cells.values()) == split.total.n
        assert {cell.n for cell in split.cells.values()} == {2} and "left-to-right sweep" in split.shortcuts
    assert seen[0].max_new_tokens == {"proof": 256, "trace": 768}[form] and seen[0].form == form


def test_each_property_is_counted(answered_by, corpus_dir):
    replies = {0: lambda prompt: write_answer({"prompt": prompt}, "proof"), 1: lambda prompt: WRONG_YES}
    replies |= {2: lambda prompt: "Maybe.", 3: lambda prompt: None}
    answered_by(lambda prompt, number: replies[number % 4](prompt))
    scores = evaluate_answers("m", "proof", data_dir=corpus_dir, limit=4)
    for split in scores.splits.values():
        total = split.total
        assert total.both.count == total.proof_valid.count == total.n / 4
        assert total.both.count <= total.answer_right.count <= total.n / 2
        assert total.unreadable.count >= total.n / 2
        assert total.both.stderr == pytest.approx((0.25 * 0.75 / total.n) ** 0.5)
    values = json.loads(json.dumps(scores.to_json()))
    assert values["splits"]["flipped"]["cells"][0]["both"]["share"] == 0.25
    assert len(values["failures"]) == 10 and values["form"] == "proof"


def test_a_question_that_does_not_fit_is_left_out(answered_by, tmp_path):
    form = "minimum-separating-set"
    rows = ["A causes B. B causes C. Are A and C d-separated given {B}?", "A causes B. Does A cause B?", "What?"]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps({"prompt": row, "completion": "Yes"}) + "\n" for row in rows))
    answered_by(exact(form))
    with pytest.raises(ValueError, match=r"`form` must be one of yes-no, proof, trace for transitivity"):
        evaluate_answers("m", form, config=None, files=[tmp_path / "q.jsonl"])
    (tmp_path / "q.jsonl").write_text(
        json.dumps({"prompt": rows[0], "completion": "Yes"})
        + "\n"
        + json.dumps({"prompt": rows[2], "completion": "No"})
    )
    scores = evaluate_answers("m", form, config=None, files=[tmp_path / "q.jsonl"])
    split = scores.splits["q"]
    assert (split.total.n, split.left_out, split.total.value) == (1, 1, 1.0) and not split.shortcuts
    assert split.total.both.value == 1


def failure(split, nodes, right, wrong, reply="x", readable=True):
    cell = Cell("sequential", nodes, None)
    return Failure(split, cell, "q", reply, "s", 0.0, "r", tuple(right), wrong, readable)


def test_the_deepest_failure_of_each_cell_comes_first():
    deep, second, shallow = failure("a", 9, (1, 2, 3), 4), failure("a", 9, (1, 2), 3), failure("b", 5, (), 1)
    after_the_break = failure("c", 5, (3, 4, 5), 2)
    unread = failure("d", 5, (), None, readable=False)
    chosen = choose_failures([unread, second, after_the_break, shallow, deep])
    assert chosen[0] is deep and chosen[-1] is second and set(chosen[1:4]) == {shallow, after_the_break, unread}
    assert chosen[3] is unread and choose_failures([second, deep], most=1) == (deep,)


def test_the_report_shows_where_a_proof_breaks(answered_by, corpus_dir):
    def broken(prompt, number):
        lines = write_answer({"prompt": prompt}, "trace").split("\n")
        return "\n".join([*lines[:2], "From nowhere: none", "```", *lines[2:]])

    answered_by(broken)
    scores = evaluate_answers("m", "trace", data_dir=corpus_dir, limit=1)
    text = render_answers(scores)
    assert "## Failures" in text and text.count("### ") == 10 and "| n | answer right | proof valid | both |" in text
    first = scores.failures[0]
    assert first.depth == max(one.depth for one in scores.failures) >= 1
    assert f"    ← {first.reason}" in text and first.solver in text
    assert len({(one.split, one.cell) for one in scores.failures}) == 10


def test_a_long_reply_is_shown_around_its_first_wrong_line():
    long = failure("a", 5, (), 60, reply="\n".join(f"line {number}" for number in range(1, 101)))
    shown = _reply_lines(long)
    assert shown[0] == "… 40 lines" and "line 60    ← r" in shown and shown[-1] == "… 20 lines" and len(shown) == 42
    assert _reply_lines(failure("a", 5, (), None, reply=None)) == ["(no reply)"]


def test_a_form_without_an_answer_has_no_share_of_right_ones():
    scored = AnswerScore.of([Score(1.0, None, True), Score(0.0, False, False, readable=False)])
    assert scored.answer_right is None and scored.both.count == 1 and "answer_right" not in scored.to_json()
    with pytest.raises(ValueError, match="at least one score"):
        AnswerScore.of([])


@pytest.mark.parametrize(
    ("text", "end", "complete"),
    [
        ("Yes\nPath: A -> B\n\nX", BLANK_LINE, True),
        ("\n\nYes\nPath", BLANK_LINE, False),
        ("From A: B\n**Answer:** Yes\n", ANSWER_LINE, True),
        ("The answer: it depends on\n", ANSWER_LINE, False),
        ("From A: B\nAnswer: Yes", ANSWER_LINE, False),
    ],
)
def test_an_answer_ends_where_it_is_complete(text, end, complete):
    assert is_complete(text, (end,)) == complete


@pytest.mark.parametrize("form", ["proof", "separating-set"])
def test_examples_are_answers_in_the_form(form):
    task = "d_separation"
    examples = draw_examples(task, 4, 0, form)
    assert len({question for question, _ in examples}) == 4
    if form == "proof":
        assert [answer for _, answer in draw_examples(task, 4, 0)] == [answer[:3].strip() for _, answer in examples]
        for question, answer in examples:
            assert score(answer, {"prompt": question}, form).value == 1


def test_an_endpoint_is_asked_for_the_form(corpus_dir, tmp_path, on_the_loopback, capsys):
    with ChatServer(lambda number: (200, {}, completion("No\nReached: none"))) as server:
        command = ["evaluate", "--lm", "m", "--endpoint", server.url, "--data-dir", str(corpus_dir), "--limit", "1"]
        command += ["--answers", "proof", "--shots", "1", "--replies", str(tmp_path / "replies")]
        assert main([*command, "--json", str(tmp_path / "s.json")]) == 0
        asked = len(server.bodies)
        assert main([*command, "--json", str(tmp_path / "s.json")]) == 0
    assert len(server.bodies) == asked  # replies are kept
    user = server.bodies[0]["messages"][-1]["content"]
    assert "Path: " in user and server.bodies[0]["max_tokens"] == 256
    assert len(server.bodies[0]["messages"]) == 3
    assert "Yes/No with a proof" in " ".join(capsys.readouterr().out.split())


def test_the_command_scores_a_model_of_this_machine(corpus_dir, tmp_path, capsys):
    folder = save_tiny(tmp_path / "lm", always="Q", chat=True)
    command = ["evaluate", "--lm", folder, "--data-dir", str(corpus_dir), "--limit", "1", "--answers", "trace"]
    command += ["--max-new-tokens", "3", "--replies", str(tmp_path / "replies"), "--report", str(tmp_path / "page")]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "unreadable" in shown and "report.md" in shown
    values = json.loads((tmp_path / "page" / "answers.json").read_text())
    assert values["asked"]["max_new_tokens"] == 3 and values["splits"]["reversed"]["unreadable"]["share"] == 1
    assert "QQQ" in (tmp_path / "page" / "report.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model", "--answers", "proof"], "`--answers proof` needs `--lm`"),
        (["--lm", "OUT/none", "--answers", "prof"], "`answers` must be a form"),
        (["--lm", "OUT/none", "--answers", "cpdag"], "`form` must be one of yes-no, proof, trace for transitivity"),
        (["--lm", "OUT/none", "--answers", "proof", "--limit", "0"], "`limit` must be at least 1"),
        (["--lm", "OUT/none", "--answers", "proof", "--max-new-tokens", "0"], "`max_new_tokens` must be at least 1"),
        (["--lm", "OUT/none", "--answers", "proof", "--config", "none"], "nothing to score"),
    ],
)
def test_mistakes_get_one_line(arguments, message, tmp_path, capsys):
    assert main(["evaluate", *(part.replace("OUT", str(tmp_path)) for part in arguments)]) == 2
    shown = capsys.readouterr().err
    assert message in shown and shown.count("\n") == 1
