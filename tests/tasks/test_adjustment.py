"""The adjustment task against independent oracles: path enumeration with hidden variables as nodes, and networkx."""

import contextlib
import json
import random
from itertools import combinations
from pathlib import Path

import networkx as nx
import pytest

from hf_causal.tasks.adjustment.proof import check, prove
from hf_causal.tasks.adjustment.rows import CONFIGS, generate_shard
from hf_causal.tasks.adjustment.shortcuts import SHORTCUTS
from hf_causal.tasks.adjustment.text import Prompt, parse_prompt, recognizes
from hf_causal.tasks.answering import put_question, write_answer
from hf_causal.tasks.registry import get_task, task_of_prompt
from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.shared.structured_replies import UnreadableReply, read_reply

CONFOUNDED = "C causes A. C causes B. A causes B."
QUESTION = "Is {%s} a valid adjustment set for the effect of A on B?"


def dag_of(prompt: Prompt) -> nx.DiGraph:
    """Returns the stated graph with a node for each hidden cause."""
    dag = nx.DiGraph(prompt.edges)
    dag.add_edges_from((frozenset(pair), node) for pair in prompt.hidden for node in pair)
    return dag


def is_open(dag: nx.DiGraph, path: list, given: set) -> bool:
    for before, node, after in zip(path, path[1:], path[2:], strict=False):
        if dag.has_edge(before, node) and dag.has_edge(after, node):
            if not (nx.descendants(dag, node) | {node}) & given:
                return False
        elif node in given:
            return False
    return True


def is_valid(prompt: Prompt) -> bool:
    """Decides by listing all paths: no member may descend from a causal path, and no other path may be open."""
    dag, (x, y), given = dag_of(prompt), prompt.question, set(prompt.given)
    causal = list(nx.all_simple_paths(dag, x, y))
    forbidden = {below for path in causal for node in path[1:] for below in (node, *nx.descendants(dag, node))}
    if forbidden & given:
        return False
    paths = nx.all_simple_paths(dag.to_undirected(), x, y)
    return not any(is_open(dag, path, given) for path in paths if path not in causal)


def random_prompt(rng: random.Random, size: int, hidden: float = 0.15) -> Prompt:
    names = rng.sample("ABCDEFGH", size)
    statements = [(a, b, True) for a, b in combinations(names, 2) if rng.random() < 0.5]
    statements += [(a, b, False) for a, b in combinations(names, 2) if rng.random() < hidden]
    rng.shuffle(statements)
    stated = sorted({name for statement in statements for name in statement[:2]})
    if len(stated) < 3:
        return random_prompt(rng, size, hidden)
    nodes = rng.sample(stated, len(stated))
    return Prompt(tuple(statements), (nodes[0], nodes[1]), tuple(nodes[2 : 2 + rng.randint(0, 3)]))


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    config = CONFIGS["adjustment"](rows=240, validation_rows=120)
    return generate_shard(config, "train", 0).to_pylist()


class TestProofs:
    def test_answers_are_those_of_a_list_of_all_paths(self):
        rng, answers = random.Random(0), {"Yes": 0, "No": 0}
        for _ in range(300):
            prompt = random_prompt(rng, rng.randint(3, 6))
            proof = prove(prompt)
            assert (proof.answer == "Yes") == is_valid(prompt), str(prompt)
            check(prompt, proof.answer, json.loads(proof.certificate))
            answers[proof.answer] += 1
        assert min(answers.values()) > 50

    def test_a_certificate_proves_nothing_about_another_answer_or_set(self):
        rng, refused = random.Random(1), 0
        for _ in range(150):
            prompt, other = random_prompt(rng, 5), random_prompt(rng, 5)
            certificate, answer = json.loads(prove(other).certificate), prove(other).answer
            if is_valid(prompt) != (answer == "Yes"):
                with pytest.raises(CertificateError):
                    check(prompt, answer, certificate)
                refused += 1
        assert refused > 30

    def test_every_open_path_that_is_not_causal_proves_a_no(self):
        prompt = parse_prompt(f"{CONFOUNDED} D causes A. D causes B. " + QUESTION % "")
        for cause in "CD":
            reasons = [{"node": cause, "type": "fork"}]
            check(prompt, "No", {"path": ["A", cause, "B"], "arrows": ["<-", "->"], "open": reasons})

    @pytest.mark.parametrize(
        ("certificate", "message"),
        [
            ({"path": ["A", "B"], "arrows": ["->"], "open": []}, "is causal"),
            ({"path": ["A", "C", "B"], "arrows": ["->", "->"], "open": []}, "does not state 'A causes C.'"),
            ({"path": ["A", "C", "B"], "arrows": ["<->", "->"], "open": []}, "share a hidden cause"),
            ({"path": ["A", "C", "B"], "arrows": ["<-", "->"], "open": []}, "'open' must have a reason"),
            ({"path": ["A", "C", "B"], "arrows": ["<-", "->"], "open": [{"node": "C", "type": "chain"}]}, "is a fork"),
            ({"path": ["A"], "arrows": [], "open": []}, "does not lead"),
            ({"path": ["A", "C", "B"], "arrows": None, "open": []}, "'arrows' must"),
            ({"causal_path": ["A", "B"], "descent": ["B"]}, "does not end in the set"),
            ({"causal_path": ["A", "C"], "descent": []}, "does not lead"),
            ([], "must be JSON"),
            (None, "must be JSON"),
        ],
    )
    def test_certificates_that_do_not_prove_a_no_are_refused(self, certificate, message):
        with pytest.raises(CertificateError, match=message):
            check(parse_prompt(f"{CONFOUNDED} " + QUESTION % ""), "No", certificate)

    @pytest.mark.parametrize("key", ["forbidden", "from_child", "from_parent", "ancestors"])
    def test_a_yes_lists_exactly_what_is_true(self, key):
        prompt = parse_prompt(f"{CONFOUNDED} A and D share a hidden cause. E causes C. " + QUESTION % "C")
        certificate = json.loads(prove(prompt).certificate)
        check(prompt, "Yes", certificate)
        for nodes in (certificate[key][1:], [*certificate[key], "F"]):
            if nodes != certificate[key]:
                with pytest.raises(CertificateError):
                    check(prompt, "Yes", {**certificate, key: nodes})

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("A causes B. B causes A. " + QUESTION % "", "close the cycle"),
            ("A causes B. " + QUESTION % "B", "treatment or the outcome"),
            ("A causes B. " + QUESTION % "C", "no statement mentions"),
            ("A causes B. C causes B. " + QUESTION % "C, C", "twice"),
            ("A causes B. Is {} a valid adjustment set for the effect of A on A?", "itself"),
            ("A causes B. C and C share a hidden cause. " + QUESTION % "", "with itself"),
        ],
    )
    def test_questions_without_an_answer_are_refused(self, text, message):
        with pytest.raises(ValueError, match=message):
            prove(parse_prompt(text))


class TestText:
    @pytest.mark.parametrize(
        "text",
        [
            "C -> A -> B, C -> B. Is {C} a valid adjustment set for the effect of A on B?",
            "C → A; A → B; B ← C. Is {C} a valid backdoor adjustment set for treatment A and outcome B?",
            "Given a DAG (directed acyclic graph) with nodes A, B, C and directed edges C->A, A->B, C->B. "
            "Is {'C'} a valid backdoor adjustment set for treatment A and outcome B?",
            "C causes A, A causes B, and C causes B.\nIs C a sufficient adjustment set for the effect of A on B",
            "c causes A and A causes B. c causes B. is [c] a valid adjustment set for the effect of A on B?",
        ],
    )
    def test_texts_as_people_write_them(self, text):
        prompt = parse_prompt(text)
        assert sorted(statement[:2] for statement in prompt.statements) == sorted(
            [(prompt.given[0], "A"), ("A", "B"), (prompt.given[0], "B")]
        )
        assert parse_prompt(str(prompt)) == prompt
        assert recognizes(text) and task_of_prompt(text).name == "adjustment"

    @pytest.mark.parametrize("shared", ["A <-> B", "A ↔ B", "A and B share a hidden common cause"])
    def test_hidden_causes(self, shared):
        prompt = parse_prompt(f"A causes B. {shared}. " + QUESTION % "")
        assert prompt.hidden == (("A", "B"),)
        assert prove(prompt).answer == "No"

    @pytest.mark.parametrize(
        "text",
        [
            "A causes B. C might cause A. " + QUESTION % "",
            "A causes B. Is {C} perhaps a valid adjustment set for the effect of A on B?",
            "A -> B -. " + QUESTION % "",
            "A -- B. " + QUESTION % "",
            "A causes B. Is {} a valid adjustment set for the effect of A?",
            "A does not cause B. " + QUESTION % "",
            "A causes B unless C. " + QUESTION % "",
            "A causes B. A causes C. Is {C} a valid backdoor adjustment set for treatment A and outcome B?",
            "A causes B. Is {} a valid frontdoor adjustment set for treatment A and outcome B?",
            "Given a DAG with nodes A, B and directed edges A->B, C->B. " + QUESTION % "C",
            "Given a DAG with nodes A, B and directed edges A<->B. " + QUESTION % "",
            "",
        ],
    )
    def test_what_is_not_understood_is_refused(self, text):
        with pytest.raises(ValueError, match=r"cannot read|name"):
            parse_prompt(text)

    def test_every_row_is_canonical(self, rows):
        for row in rows:
            assert str(parse_prompt(row["prompt"])) == row["prompt"] == f"{row['premise']} {row['question']}"


class TestRows:
    def test_yes_and_no_differ_in_nothing_but_the_set(self, rows):
        pairs: dict[tuple, list] = {}
        for row in rows:
            prompt = parse_prompt(row["prompt"])
            key = (row["graph_id"], prompt.question, len(prompt.given)) if prompt.given else row["graph_id"]
            pairs.setdefault(key, []).append(row["label"])
        assert all(2 * sum(labels) == len(labels) for labels in pairs.values())

    def test_every_label_is_that_of_the_oracle(self, rows):
        for row in rows:
            prompt = parse_prompt(row["prompt"])
            assert row["label"] == is_valid(prompt)
            assert row["num_hidden"] == len(prompt.hidden) and row["set_size"] == len(prompt.given)
            assert nx.has_path(nx.DiGraph(prompt.edges), *prompt.question)

    def test_the_axes_are_what_they_say(self):
        config = CONFIGS["adjustment_generalization"](rows_per_cell=2, nodes=(8,))
        splits = {split: generate_shard(config, split, 0).to_pylist() for split in config.splits}
        assert {row["set_size"] for row in splits["set_size"]} <= {3, 4}
        assert {row["num_hidden"] for row in splits["hidden"]} == {4}
        assert {row["num_edges"] for row in splits["density"]} == {8, 12, 16}
        assert min(row["name_length"] for row in splits["long_names"]) >= 4
        assert [row["reason"] for rows in splits.values() for row in rows if row["label"]].count("valid") > 0

    def test_no_shortcut_solves_the_task(self, rows):
        prompts, labels = [parse_prompt(row["prompt"]) for row in rows], [row["label"] for row in rows]
        for rule in SHORTCUTS.values():
            right = sum(answer == label for answer, label in zip(rule(prompts, labels), labels, strict=True))
            assert right < 0.85 * len(rows)


FORMS = get_task("adjustment").forms


class TestForms:
    @pytest.mark.parametrize("form", FORMS)
    def test_the_solver_s_answers_score_one_and_others_do_not(self, rows, form):
        shape = FORMS[form]
        for row, other in zip(rows[:60], rows[1:61], strict=True):
            prompt, answer = parse_prompt(row["prompt"]), write_answer(row, form)
            assert shape.judge(prompt, read_reply(answer, shape.labels)).value == 1.0, (row["prompt"], answer)
            assert put_question(row, form).startswith(row["premise"])
            if form in ("proof", "trace") and other["label"] != row["label"]:
                wrong = write_answer(other, form)
                with contextlib.suppress(UnreadableReply):
                    assert shape.judge(prompt, read_reply(wrong, shape.labels)).value == 0.0

    @pytest.mark.parametrize("form", [form for form in FORMS if form.endswith("-set")])
    def test_sets_are_judged_as_their_definition_says(self, form):
        rng, values = random.Random(2), {0.0: 0, 0.5: 0, 1.0: 0}
        for _ in range(40):
            prompt = random_prompt(rng, 5, hidden=0.1)
            others = sorted(prompt.names - set(prompt.question))
            subsets = [set(s) for size in range(len(others) + 1) for s in combinations(others, size)]
            valid = [s for s in subsets if is_valid(Prompt(prompt.statements, prompt.question, tuple(s)))]
            for nodes in subsets:
                smaller = any(other < nodes for other in valid)
                smallest = nodes in valid and len(nodes) == min(map(len, valid))
                full = {
                    "adjustment-set": True,
                    "minimal-adjustment-set": not smaller,
                    "minimum-adjustment-set": smallest,
                }
                expected = (1.0 if full[form] else 0.5) if nodes in valid else 0.0
                reply = read_reply("Set: {" + ", ".join(nodes) + "}", ("Set",))
                assert FORMS[form].judge(prompt, reply).value == expected
                values[expected] += 1
            impossible = FORMS[form].judge(prompt, read_reply("Set: impossible", ("Set",)))
            assert impossible.value == float(not valid)
        assert values[0.0] and values[1.0] and (values[0.5] or form == "adjustment-set")

    def test_the_number_is_that_of_the_definition(self):
        rng, form = random.Random(3), FORMS["count-minimal"]
        for _ in range(40):
            prompt = random_prompt(rng, 5, hidden=0.1)
            others = sorted(prompt.names - set(prompt.question))
            subsets = [set(s) for size in range(len(others) + 1) for s in combinations(others, size)]
            valid = [s for s in subsets if is_valid(Prompt(prompt.statements, prompt.question, tuple(s)))]
            number = sum(not any(other < nodes for other in valid) for nodes in valid)
            for offset in (0, 1):
                score = form.judge(prompt, read_reply(f"Number: {number + offset}", ("Number",)))
                assert score.value == 1.0 - offset

    @pytest.mark.parametrize(
        ("reply", "value"),
        [
            ("No\nPath: A <- C -> B\nOpen: C is a fork", 1.0),
            ("No\nPath: B <- C -> A\nOpen: C fork", 0.0),
            ("No\nPath: A -> B\nOpen: none", 0.0),
            ("No\nCausal path: A -> B\nDescent: B", 0.0),
            ("Yes\nForbidden: B\nFrom child: A\nFrom parent: none\nAncestors: none", 0.0),
        ],
    )
    def test_proofs_as_models_write_them(self, reply, value):
        prompt = parse_prompt(f"{CONFOUNDED} " + QUESTION % "")
        assert FORMS["proof"].judge(prompt, read_reply(reply, FORMS["proof"].labels)).value == value

    def test_a_trace_needs_every_line(self, rows):
        form = FORMS["trace"]
        for row in rows[:20]:
            prompt, lines = parse_prompt(row["prompt"]), write_answer(row, "trace").split("\n")
            for index in range(len(lines)):
                shorter = "\n".join(lines[:index] + lines[index + 1 :])
                assert form.judge(prompt, read_reply(shorter, form.labels)).value == 0.0, shorter


PUBLIC = Path(__file__).parents[2] / "../shared/benchmarks/public"


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def test_the_published_answers_of_clear():
    """Yes/No questions about back-door sets; the reader refuses some with an effect of the treatment in the set."""
    rows = [r for r in lines_of(PUBLIC / "clear/backdoor_adjustment_set.json") if r["question_type"] == "YN"]
    if not rows:
        pytest.skip("the public files are not here")
    agree = 0
    for row in rows:
        try:
            prompt = parse_prompt(f"{row['description']} {row['question']}")
        except ValueError as error:
            assert "back-door" in str(error)
            continue
        assert f"{prove(prompt).answer}." == row["answer"], row
        agree += 1
    assert agree >= 0.7 * len(rows)


@pytest.mark.parametrize("name", ["BAS-C_min-BAS_EN", "BAS-C_max-BAS_EN", "BAS-C_mix-BAS_EN"])
def test_the_published_answers_of_calm_lite(name):
    """The options of CaLM-Lite: the marked one is valid, in graphs given as lists of statements."""
    rows = lines_of(PUBLIC / f"calm_lite/{name}.json")
    if not rows:
        pytest.skip("the public files are not here")
    for row in rows:
        nodes = row[f"option{row['gt_answer']}"]
        question = (
            f"Is {{{nodes}}} a valid adjustment set for treatment {row['treatment']} and outcome {row['outcome']}?"
        )
        assert prove(parse_prompt(f"{row['edges']}. {question}")).answer == "Yes", row
