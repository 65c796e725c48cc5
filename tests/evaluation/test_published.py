"""Other people's questions: sets, lists, paths, numbers, distributions and options, scored by what is proved."""

import json
import os

import pytest
from chat_server import ChatServer, completion
from clear_rows import row
from tiny_language_models import save_tiny

from hf_causal.cli import main
from hf_causal.evaluation.language_models import evaluate as language_models
from hf_causal.evaluation.published import evaluate as published
from hf_causal.evaluation.published.evaluate import evaluate_model_on_published, evaluate_published
from hf_causal.evaluation.published.questions import NO_ANSWER, OUT_OF_SCOPE, UNREADABLE, read_published, right_answer
from hf_causal.evaluation.published.replies import Outcome, judge_reply
from hf_causal.evaluation.published.report import render_published
from hf_causal.verification.adapters import find_adapter
from hf_causal.verification.adapters.reply_forms import DISTRIBUTION, GRAPH, ITEMS, LETTER, NUMBER, PATH, PATHS, SET

GRAPH_TEXT = "Given a DAG (directed acyclic graph) with nodes A, B, C and directed edges A->B, B->C, A->C."
TREE = "Given a DAG (directed acyclic graph) with nodes A, B, C and directed edges B->A, B->C."
QUESTIONS = {
    "yes or no": (GRAPH_TEXT, "Is node C one of descendants of node A?", "Yes."),
    "number": (GRAPH_TEXT, "How many edges does this graph have?", "3"),
    "option": (GRAPH_TEXT, "Which of the following is one of children of node A?\nA. D\nB. C\nC. E\nD. F", "B"),
    "set": (TREE, "Find one valid backdoor adjustment set for treatment A and outcome C.", "[{'B'}]"),
    "list": (GRAPH_TEXT, "Find all paths from A to C.", "['A->C', 'A->B->C']"),
    "path": (GRAPH_TEXT, "Find the shortest path from A to C.", "A->C"),
    "graph": (
        TREE,
        "Find another graph that belongs to the same Markov Equivalent Class of the given graph.",
        "DAG with nodes A, B, C and directed edges A->B, B->C.",
    ),
}
"""A question of CLEAR for each type of answers."""
CLEAR = [row(*values) for values in QUESTIONS.values()]
WRONG = row(GRAPH_TEXT, "Is node A one of descendants of node C?", "Yes.")
UNREAD = row("Given a graph that nobody has seen with nodes A.", "Is node A one of descendants of node C?", "Yes.")
BEYOND = row(GRAPH_TEXT, "Is this graph pretty?", "Yes.")
WITHOUT = row(GRAPH_TEXT, "Which of the following is one of children of node C?\nA. A\nB. B", "A")


def write(path, rows):
    path.write_text("".join(json.dumps(values) + "\n" for values in rows))
    return path


class Scripted:
    """A language model that looks its replies up, by the last line of a question."""

    hardware, prompting = "a script", {"way": "generation", "shots": 0, "chat_template": True}

    def __init__(self, prompt_format, answer):
        self.prompt_format, self.answer, self.conversations = prompt_format, answer, []

    def reply(self, prompts, progress=None):
        self.conversations += map(self.prompt_format.messages, prompts)
        return [{"text": self.answer(self.prompt_format.text(prompt))} for prompt in prompts]


@pytest.fixture
def answered_by(monkeypatch):
    """Makes a function of the prompt answer; returns the models that were loaded."""
    loaded = []

    def use(answer):
        def loader(options, lm, device, trust_remote_code, prompt_format):
            return lambda: loaded.append(Scripted(prompt_format, answer)) or loaded[-1]

        monkeypatch.setattr(language_models.LanguageModelOptions, "loader", loader)
        return loaded

    return use


def solved(questions):
    """Answers each question with a right answer, which it finds by the text of the question."""
    known = {one.question.text: right_answer(one.question) for file in questions for one in file.asked}
    return lambda prompt: next(answer for text, answer in known.items() if f"{text}\nAnswer:" in prompt)


def question(values):
    return find_adapter(values).read(values)


# Reading replies


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_right_answer_is_read_in_each_form(name):
    asked = question(row(*QUESTIONS[name]))
    assert asked.form.name == name and asked.form.what in asked.form.instruction
    answer = right_answer(asked)
    for reply in (answer, f"**{answer}**", f"<think>A? No.</think>\n{answer}.", f"I look.\nThe answer is: {answer}."):
        assert judge_reply(reply, asked) is Outcome.RIGHT
    for reply in (None, "", "I do not know.", "A -> and so forth"):
        assert judge_reply(reply, asked) is Outcome.UNREADABLE


@pytest.mark.parametrize(
    ("name", "reply", "outcome"),
    [
        ("option", "B. C", Outcome.RIGHT),
        ("option", "(B) C is a child of A.", Outcome.RIGHT),
        ("option", "A or B", Outcome.UNREADABLE),
        ("option", "A graph has children, so I cannot say.", Outcome.UNREADABLE),
        ("option", "I take option B, of course", Outcome.RIGHT),
        ("option", "The answer is B because C is a child.", Outcome.RIGHT),
        ("option", "D", Outcome.WRONG),
        ("set", "{B}", Outcome.RIGHT),
        ("set", "Adjust for {'B'}, since B is a fork.", Outcome.RIGHT),
        ("set", "{'B'} or {'D'}", Outcome.UNREADABLE),
        ("set", "set()", Outcome.WRONG),
        ("set", "{}", Outcome.WRONG),
        ("set", "{'Z'}", Outcome.WRONG),
        ("list", "[A->B->C, A->C]", Outcome.RIGHT),
        ("list", "['A→B→C', 'A→C']", Outcome.RIGHT),
        ("list", "['A->C']", Outcome.WRONG),
        ("list", "['A->C', 'A->C', 'A->B->C']", Outcome.UNREADABLE),
        ("path", r"\boxed{A->C}", Outcome.RIGHT),
        ("path", "A->B->C", Outcome.WRONG),
        ("path", "A->C and A->B->C", Outcome.UNREADABLE),
        ("number", "There are 3 edges", Outcome.RIGHT),
        ("number", "1 + 2 edges", Outcome.UNREADABLE),
        ("graph", "DAG with nodes A, B, C and directed edges C->B, B->A.", Outcome.RIGHT),
        ("graph", "DAG with nodes A, B, C and directed edges A->B, C->B.", Outcome.WRONG),
        ("graph", "DAG with nodes A, B, C and directed edges B->A, B->C.", Outcome.WRONG),
        ("yes or no", "Yes, C is.", Outcome.RIGHT),
        ("yes or no", "Perhaps.", Outcome.UNREADABLE),
    ],
)
def test_replies_are_right_wrong_or_unreadable(name, reply, outcome):
    assert judge_reply(reply, question(row(*QUESTIONS[name]))) is outcome


def test_every_right_answer_counts_whatever_the_label_is():
    asked = question(row(GRAPH_TEXT, "Find one path from A to C.", "['A->C']"))
    assert judge_reply("A->B->C", asked) is judge_reply("A->C", asked) is Outcome.RIGHT
    wrong = question(WRONG)
    assert judge_reply("No", wrong) is Outcome.RIGHT and judge_reply("Yes", wrong) is Outcome.WRONG


WORLD = (
    "Imagine a self-contained, hypothetical world with only the following conditions, and without any unmentioned "
    "factors or causal relationships: Rain has a direct effect on mud."
)
DATA = (
    "For those with rain being high, the probability of mud being high is 0.7. "
    "For those with rain being low, the probability of mud being high is 0.2."
)
GYM = {
    "problem": f"Input Info: {WORLD}\n{DATA}\nInstruction: Consider the average treatment effect (ATE) of rain on "
    "mud.\nQuestion: If rain is changed to be high, will mud be more likely to be high?\n"
    'Provide the calculation result to four decimal places and a final "yes" or "no" answer in JSON format:',
    "answer": '{"ANSWER": "Yes", "PROB": "0.5"}', "Type": "ATE",
}  # fmt: skip


def test_quantities_are_compared_apart_from_rounding():
    asked = question(GYM)
    for reply, outcome in {
        'So {"ANSWER": "yes", "PROB": 0.50004}': Outcome.RIGHT,
        '```json\n{"ANSWER": "Yes", "PROB": "0.5006"}\n```': Outcome.ROUNDED,
        '{"ANSWER": "No", "PROB": "0.5"}': Outcome.WRONG,
        '{"ANSWER": "Yes", "PROB": "0.6"}': Outcome.WRONG,
        "LACK_CONDITION": Outcome.WRONG,
        "Yes, by 0.5": Outcome.UNREADABLE,
    }.items():
        assert judge_reply(reply, asked) is outcome
    lacking = question(GYM | {"problem": GYM["problem"].replace(DATA, DATA.split(". ")[0] + ".")})
    assert judge_reply("LACK_CONDITION", lacking) is Outcome.RIGHT and right_answer(lacking) == "LACK_CONDITION"


def test_two_questions_are_asked_where_a_row_has_two_answers(tmp_path):
    premise = (
        "Premise:\nSuppose there is a closed system of 3 variables, X, Y, and Z, whose causal structure forms a "
        "directed acyclic graph and satisfies faithfulness. All the conditional independence relations are: X indep Y."
    )
    values = {"query": f"{premise}\n\nHypothesis: Z is directly affected by X.", "label": 1, "relation_type": "child"}
    values["forced_edges"] = [["X", "Z"]]
    ((follows, edges),) = [file.asked for file in read_published([write(tmp_path / "plus.jsonl", [values])])]
    assert judge_reply("Yes", follows.question) is Outcome.RIGHT and not follows.wrong_label
    assert edges.wrong_label and edges.question.text.startswith(premise) and "Hypothesis" not in edges.question.text
    assert judge_reply("['Y->Z', 'X->Z']", edges.question) is Outcome.RIGHT
    assert judge_reply("['X->Z']", edges.question) is Outcome.WRONG
    assert judge_reply("[['X', 'Z']]", edges.question) is Outcome.UNREADABLE


@pytest.mark.parametrize(
    ("form", "text", "found"),
    [
        (SET, "∅ or {A, B}", ["set()", "{'A', 'B'}"]),
        (PATHS, "Paths: [A->B, 'C']", ["[A->B, 'C']"]),
        (PATH, "A<->B, then node-3->C.", ["A<->B", "node-3->C"]),
        (ITEMS, "A, B", ["A, B"]),
        (NUMBER, "-0.5 and 12", ["-0.5", "12"]),
        (LETTER, "A look says option C or (D)", ["C", "D"]),
        (GRAPH, "a DAG with nodes A and directed edges . B", ["DAG with nodes A and directed edges "]),
        (DISTRIBUTION, "P = [0.1, 0.9]", ["[0.1, 0.9]"]),
    ],
)
def test_answers_are_found_in_a_text(form, text, found):
    assert list(form.find(text)) == found


# Scores


def test_questions_that_are_not_asked_are_counted_by_reason(tmp_path):
    (file,) = read_published([write(tmp_path / "mixed.jsonl", [*CLEAR, WRONG, UNREAD, BEYOND, WITHOUT, "[]"])])
    assert len(file.asked) == len(CLEAR) + 1 and [one.row for one in file.asked if one.wrong_label] == [len(CLEAR)]
    assert file.left_out == {UNREADABLE: 2, OUT_OF_SCOPE: 1, NO_ANSWER: 1} and file.num_rows == len(CLEAR) + 5


def test_scores_of_each_type(answered_by, tmp_path):
    path = write(tmp_path / "mixed.jsonl", [*CLEAR, WRONG, WRONG, UNREAD])
    loaded = answered_by(solved(read_published([path])))
    scores = evaluate_published("m", [path], generate=True)
    assert scores.total.right.value == 1 and scores.total.n == len(CLEAR) + 2 and not scores.failures()
    assert set(scores.by_answers) == set(QUESTIONS) and scores.by_answers["yes or no"].majority.count == 2
    (user,) = loaded[0].conversations[-1]
    assert user["content"].startswith("Answer the following question with ONLY ")
    file = scores.files["mixed"]
    assert file.wrong_labels == (7, 8) and file.left_out == {UNREADABLE: 1}
    answered_by(lambda prompt: "Yes" if "descendants" in prompt else "hm")
    scores = evaluate_published("m", [path], generate=True)
    values = json.loads(json.dumps(scores.to_json()))
    assert values["overall"]["right"]["count"] == 1 and values["overall"]["unreadable"] == len(CLEAR) - 1
    assert values["files"]["mixed"]["wrong_labels"] == 2 and len(scores.failures()) == len(CLEAR) + 1
    text = render_published(scores)
    assert "mixed: 2 labels are wrong, of rows 7, 8" in text and "## Failures" in text and "| set | 1 |" in text
    assert f"not asked, and neither right nor wrong: 1: {UNREADABLE}." in text


def test_a_limit_takes_the_first_of_each_type_and_shots_are_not_scored(answered_by, tmp_path):
    rows = [row(f"Given a DAG (directed acyclic graph) with nodes A, B{k} and directed edges A->B{k}.",
        f"Is node B{k} one of descendants of node A?", "Yes.") for k in range(6)]  # fmt: skip
    path = write(tmp_path / "rows.jsonl", [*rows, CLEAR[1], CLEAR[2]])
    loaded = answered_by(lambda prompt: "Yes")
    scores = evaluate_published("m", [path], generate=True, limit=2)
    assert [result.asked.row for result in scores.results] == [0, 1, 6, 7]
    scores = evaluate_published("m", [path], generate=True, shots=2, seed=1, limit=3)
    assert len(scores.results) == 3 and scores.files["rows"].left_out == {"used as examples": 4, "over the limit": 1}
    conversation = loaded[-1].conversations[0]
    assert [turn["content"] for turn in conversation if turn["role"] == "assistant"] == ["Yes", "Yes"]
    shown = {turn["content"].partition("\n\n")[2] for turn in conversation[:-1]}
    assert not shown & {result.asked.question.text for result in scores.results}
    with pytest.raises(ValueError, match="`shots` must be smaller than the number of questions of a type, which is 6"):
        evaluate_published("m", [path], generate=True, shots=6)


def test_files_of_one_name_are_kept_apart(answered_by, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "rows.jsonl", CLEAR[:1])
    answered_by(lambda prompt: "Yes")
    scores = evaluate_published("m", sorted(tmp_path.glob("*/rows.jsonl")), generate=True)
    assert len(scores.files) == 2 and scores.total.n == 2


# The command


def test_an_endpoint_answers_once_and_the_same_command_goes_on(tmp_path, on_the_loopback, capsys):
    path = write(tmp_path / "clear.json", [*CLEAR, WRONG])
    with ChatServer(lambda number: (200, {}, completion("3"))) as server:
        command = ["evaluate", "--lm", "m", "--endpoint", server.url, "--data", str(path)]
        command += ["--replies", str(tmp_path / "replies"), "--json", str(tmp_path / "s.json")]
        assert main([*command, "--limit", "1"]) == 0
        asked = len(server.bodies)
        assert main([*command, "--report", str(tmp_path / "page")]) == 0
        assert len(server.bodies) == asked + 1  # the second of the questions with Yes or No
    values = json.loads((tmp_path / "s.json").read_text())
    assert values["overall"]["right"]["count"] == 1 and values["files"]["clear"]["wrong_label_rows"] == [7]
    assert server.bodies[0]["max_tokens"] == 256
    shown = capsys.readouterr().out
    assert "published files" in shown and "1 label is wrong, of rows 7" in shown
    lines = (tmp_path / "page" / "published_replies.jsonl").read_text().splitlines()
    assert len(lines) == 8 and json.loads(lines[0])["reply"] == "3"
    assert (tmp_path / "page" / "published.md").is_file() and (tmp_path / "page" / "published.json").is_file()


def test_a_model_of_this_machine_chooses_yes_or_no_and_writes_the_rest(tmp_path, capsys):
    folder = save_tiny(tmp_path / "lm", always="Q", chat=True)
    path = write(tmp_path / "clear.jsonl", CLEAR[:2])
    command = ["evaluate", "--lm", folder, "--data", str(path), "--replies", str(tmp_path / "replies")]
    assert main([*command, "--max-new-tokens", "3", "--report", str(tmp_path / "page")]) == 0
    assert len(list((tmp_path / "replies").glob("*.jsonl"))) == 2
    values = json.loads((tmp_path / "page" / "published.json").read_text())
    assert values["answers"]["number"]["unreadable"] == 1 and values["answers"]["yes or no"]["unreadable"] == 0
    assert values["asked"]["way"] == "generation, Yes/No by log-likelihood"
    assert "QQQ" in (tmp_path / "page" / "published_replies.jsonl").read_text()


class Solver:
    """A model of this package that answers by proof and lacks the word `d-separated`."""

    hardware, prompting = "a script", None

    class model:  # noqa: N801
        class config:  # noqa: N801
            model_type = "axiom"

    def require_readable(self, task, prompt):
        if task == "d_separation":
            raise ValueError("no words")

    def predict(self, prompts, progress=None):
        self.prompts = list(prompts)
        return [1] * len(prompts)


def test_a_model_of_this_package_is_asked_what_it_reads(tmp_path, monkeypatch):
    separated = row(GRAPH_TEXT, "Are node A and node C d-separated by nodeset {'B'}?", "No.")
    path = write(tmp_path / "clear.jsonl", [*CLEAR, WRONG, separated])
    solver = Solver()
    monkeypatch.setattr(published, "load_predictor", lambda *arguments: solver)
    scores = evaluate_model_on_published("m", [path])
    assert solver.prompts == ["A causes B. B causes C. A causes C. Does A cause C?",
        "A causes B. B causes C. A causes C. Does C cause A?"]  # fmt: skip
    assert scores.total.right.count == 1 and scores.total.n == 2 and "asked" not in scores.to_json()
    assert scores.files["clear"].left_out == {published.NOT_YES_NO: 6, published.NO_WORDS: 1}
    with pytest.raises(ValueError, match="reads no question of the files: 1 where the model answers Yes or No alone"):
        evaluate_model_on_published("m", [write(tmp_path / "other.jsonl", CLEAR[1:2])])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lm", "OUT/none", "--data", "OUT/clear.jsonl", "--limit", "0"], "`limit` must be at least 1"),
        (["--lm", "OUT/none", "--data", "OUT/absent.jsonl"], "no data file"),
        (["--lm", "OUT/none", "--data", "OUT/*.csv"], "matches"),
        (["--lm", "OUT/none", "--data", "OUT/clear.zip"], "is an archive: unpack it"),
        (["--lm", "OUT/none", "--data", "OUT/clear.jsonl", "--shots", "9"], "`shots` must be smaller"),
        (["--lm", "OUT/none", "--data", "OUT/clear.jsonl"], "OUT/none"),
        (["OUT/none", "--data", "OUT/clear.jsonl"], "OUT/none"),
    ],
)
def test_mistakes_get_one_line(arguments, message, tmp_path, capsys):
    write(tmp_path / "clear.jsonl", CLEAR)
    (tmp_path / "clear.zip").write_bytes(b"PK\x03\x04")
    assert main(["evaluate", *(part.replace("OUT", os.fspath(tmp_path)) for part in arguments)]) == 2
    shown = capsys.readouterr().err
    assert message.replace("OUT", os.fspath(tmp_path)) in shown and shown.count("\n") == 1
