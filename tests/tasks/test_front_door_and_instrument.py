"""Front-door sets and instruments against lists of all paths, and their texts, rows and forms."""

import contextlib
import json
import random
from itertools import combinations
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from oracles import is_open

from hf_causal.tasks.answering import put_question, write_answer
from hf_causal.tasks.front_door.text import Prompt as FrontDoorPrompt
from hf_causal.tasks.instrument.text import Prompt as InstrumentPrompt
from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.shared.structured_replies import UnreadableReply, read_reply

NAMES = ("front_door", "instrument")
FRONT = "A causes M. M causes B. A and B share a hidden cause."
SET = "Does {%s} satisfy the front-door criterion for the effect of A on B?"
BOW = "Z causes A. W causes Z. W causes B. A causes B. A and B share a hidden cause."
IS = "Is %s an instrument for the effect of A on B?"


def dag_of(prompt) -> nx.DiGraph:
    """Returns the stated graph with a node for each hidden cause."""
    dag = nx.DiGraph(prompt.edges)
    dag.add_edges_from((frozenset(pair), node) for pair in prompt.hidden for node in pair)
    return dag


def open_paths(dag: nx.DiGraph, start: str, end: str, given: set) -> list[list]:
    paths = nx.all_simple_paths(dag.to_undirected(), start, end)
    return [path for path in paths if is_open(dag, path, start, end, given)]


def has_edge_out_of(dag: nx.DiGraph, path: list, nodes: set) -> bool:
    steps = [step for pair in zip(path, path[1:], strict=False) for step in (pair, pair[::-1])]
    return any(dag.has_edge(*step) and step[0] in nodes for step in steps)


def has_edge_into(dag: nx.DiGraph, path: list, node: str) -> bool:
    return has_edge_out_of(dag.reverse(), path, {node})


def front_door_truth(prompt) -> dict[str, bool]:
    """Returns for each condition whether a list of all paths shows that it fails."""
    dag, (x, y), members = dag_of(prompt), prompt.question, set(prompt.given)
    to_set = [path for node in members for path in open_paths(dag, x, node, set())]
    to_outcome = [path for node in members for path in open_paths(dag, node, y, {x})]
    return {
        "causal_path": any(members.isdisjoint(path) for path in nx.all_simple_paths(dag, x, y)),
        "to_set": any(not has_edge_out_of(dag, path, {x}) for path in to_set),
        "to_outcome": any(not has_edge_out_of(dag, path, members) for path in to_outcome),
    }


def instrument_truth(prompt) -> dict[str, bool]:
    dag, (x, y), z, given = dag_of(prompt), prompt.question, prompt.instrument, set(prompt.given)
    return {
        "effect_path": bool(nx.descendants(dag, x) & {z, *given}),
        "to_treatment": not open_paths(dag, z, x, given),
        "to_outcome": any(not has_edge_into(dag, path, x) for path in open_paths(dag, z, y, given)),
    }


TRUTH = {"front_door": front_door_truth, "instrument": instrument_truth}


def random_prompt(rng: random.Random, name: str, size: int):
    names = rng.sample("ABCDEFGH", size)
    statements = [(a, b, True) for a, b in combinations(names, 2) if rng.random() < 0.45]
    statements += [(a, b, False) for a, b in combinations(names, 2) if rng.random() < 0.15]
    rng.shuffle(statements)
    stated = sorted({node for statement in statements for node in statement[:2]})
    if len(stated) < 3:
        return random_prompt(rng, name, size)
    x, y, z, *others = rng.sample(stated, len(stated))
    if name == "front_door":
        return FrontDoorPrompt(tuple(statements), (x, y), tuple([z, *others][: rng.randint(0, 2)]))
    return InstrumentPrompt(tuple(statements), (x, y), tuple(others[: rng.randint(0, 2)]), z)


@pytest.fixture(scope="module")
def rows() -> dict[str, list[dict]]:
    made = {}
    for name in NAMES:
        task = get_task(name)
        config = task.configs[name](rows=72, validation_rows=36, rows_per_shard=72)
        made[name] = task.generate_shard(config, "train", 0).to_pylist()
    return made


@pytest.mark.parametrize("name", NAMES)
class TestProofs:
    def test_answers_and_failing_conditions_are_those_of_a_list_of_all_paths(self, name):
        rng, task, seen = random.Random(0), get_task(name), dict.fromkeys(("Yes", *TRUTH[name](START[name])), 0)
        for _ in range(110):
            prompt = random_prompt(rng, name, rng.randint(3, 6))
            fails, proof = TRUTH[name](prompt), task.prove(prompt)
            certificate = json.loads(proof.certificate)
            assert (proof.answer == "Yes") == (not any(fails.values())), str(prompt)
            task.check(prompt, proof.answer, certificate)
            reason = "Yes" if proof.answer == "Yes" else next(iter(certificate))
            assert reason == "Yes" or fails[reason], (str(prompt), certificate)
            seen[reason] += 1
        assert min(seen.values()) >= 3, seen

    def test_each_condition_is_shown_to_fail_exactly_where_it_does(self, name):
        """Without regard to the conditions before it: any that fails proves a No."""
        rng, task, shown = random.Random(1), get_task(name), 0
        criterion_of = task.prove.__globals__["criterion_of"]
        for _ in range(30):
            prompt = random_prompt(rng, name, 5)
            fails = TRUTH[name](prompt)
            for condition in criterion_of(prompt).conditions:
                holds, evidence = condition.prove()
                if holds:
                    with pytest.raises(CertificateError):
                        task.check(prompt, "No", {condition.key: evidence})
                elif fails[condition.key]:
                    task.check(prompt, "No", {condition.key: evidence})
                    shown += 1
                assert holds or any(fails.values())
        assert shown > 8

    def test_a_certificate_proves_nothing_about_another_answer(self, name):
        rng, task, refused = random.Random(2), get_task(name), 0
        for _ in range(60):
            prompt, other = (random_prompt(rng, name, 5) for _ in range(2))
            foreign = task.prove(other)
            if foreign.answer != task.prove(prompt).answer:
                with pytest.raises(CertificateError):
                    task.check(prompt, foreign.answer, json.loads(foreign.certificate))
                refused += 1
        assert refused > 10

    @pytest.mark.parametrize("certificate", [
        [], None, {}, {"to_outcome": None}, {"to_outcome": []}, {"to_outcome": {}},
        {"to_outcome": {"path": [], "arrows": [], "open": []}},
        {"to_outcome": {"path": ["A"], "arrows": None, "open": None}},
        {"to_outcome": {"path": ["A", "B"], "arrows": [[]], "open": []}},
    ])  # fmt: skip
    @pytest.mark.parametrize("answer", ["Yes", "No"])
    def test_what_is_no_certificate_is_refused(self, name, answer, certificate):
        with pytest.raises(CertificateError):
            get_task(name).check(START[name], answer, certificate)


START = {
    "front_door": FrontDoorPrompt((("A", "M", True), ("M", "B", True), ("A", "B", False)), ("A", "B"), ("M",)),
    "instrument": InstrumentPrompt((("Z", "A", True), ("A", "B", True), ("A", "B", False)), ("A", "B"), (), "Z"),
}


class TestCertificates:
    @pytest.mark.parametrize(("text", "certificate"), [
        (f"{FRONT} A causes B. A causes C. C causes B. {SET % 'M'}", {"causal_path": ["A", "B"]}),
        (f"{FRONT} A causes B. A causes C. C causes B. {SET % 'M'}", {"causal_path": ["A", "C", "B"]}),
        (f"{FRONT} C causes A. C causes M. {SET % 'M'}",
         {"to_set": {"path": ["A", "C", "M"], "arrows": ["<-", "->"], "open": [{"node": "C", "type": "fork"}]}}),
        (f"{FRONT} M and B share a hidden cause. {SET % 'M'}",
         {"to_outcome": {"path": ["M", "B"], "arrows": ["<->"], "open": []}}),
        # What opens a collider: the treatment is conditioned on.
        (f"A causes N. N causes B. M causes A. C causes A. C causes B. M and A share a hidden cause. {SET % 'M, N'}",
         {"to_outcome": {"path": ["M", "A", "C", "B"], "arrows": ["<->", "<-", "->"],
                         "open": [{"node": "A", "type": "collider", "descendant": "A", "path": ["A"]},
                                  {"node": "C", "type": "fork"}]}}),
        (f"{BOW} {IS % 'Z'}",
         {"to_outcome": {"path": ["Z", "W", "B"], "arrows": ["<-", "->"], "open": [{"node": "W", "type": "fork"}]}}),
        (f"{BOW} A causes C. {IS % 'C'}", {"effect_path": ["A", "C"]}),
        (f"{BOW} D causes B. {IS % 'D'}",
         {"to_treatment": {"from_child": ["D"], "from_parent": ["B"], "ancestors": []}}),
    ])  # fmt: skip
    def test_every_condition_that_fails_proves_a_no(self, text, certificate):
        task, prompt = read(text)
        task.check(prompt, "No", certificate)

    @pytest.mark.parametrize(("text", "certificate", "message"), [
        (f"{FRONT} {SET % 'M'}", {"causal_path": ["A", "M", "B"]}, "passes 'M'"),
        (f"{FRONT} {SET % 'M'}", {"causal_path": ["A", "B"]}, "does not state"),
        (f"{FRONT} {SET % 'M'}", {"to_set": {"path": ["A", "M"], "arrows": ["->"], "open": []}}, "of the treatment"),
        (f"{FRONT} {SET % 'M'}", {"to_outcome": {"path": ["M", "B"], "arrows": ["->"], "open": []}}, "of a member"),
        (f"{FRONT} {SET % 'M'}", {"to_outcome": {"path": ["M", "A", "B"], "arrows": ["<-", "<->"],
                                                 "open": [{"node": "A", "type": "chain"}]}}, "which blocks the path"),
        (f"{FRONT} {SET % 'M'}", {"reached": []}, "must have one of"),
        (f"{BOW} {IS % 'Z'}", {"effect_path": ["A", "B"]}, "does not lead"),
        (f"{BOW} {IS % 'Z'}", {"to_outcome": {"path": ["Z", "A", "B"], "arrows": ["->", "->"],
                                              "open": [{"node": "A", "type": "chain"}]}}, "arrow into the treatment"),
        (f"{BOW} {IS % 'Z'}", {"to_treatment": {"from_child": ["Z"], "from_parent": [], "ancestors": []}}, "an open"),
    ])  # fmt: skip
    def test_what_proves_no_no_is_refused(self, text, certificate, message):
        task, prompt = read(text)
        with pytest.raises(CertificateError, match=message):
            task.check(prompt, "No", certificate)

    @pytest.mark.parametrize("name", NAMES)
    def test_a_yes_lists_exactly_what_is_true(self, name):
        task, prompt = get_task(name), START[name]
        certificate = json.loads(task.prove(prompt).certificate)
        task.check(prompt, "Yes", certificate)
        for changed in shorter_and_longer(certificate):
            with pytest.raises((CertificateError, KeyError)):
                task.check(prompt, "Yes", changed)


def shorter_and_longer(certificate):
    """Yields certificates with a list of nodes that has one less or one more."""
    for key, value in certificate.items():
        if isinstance(value, dict):
            yield from ({**certificate, key: changed} for changed in shorter_and_longer(value))
        else:
            yield {**certificate, key: [*value, "A"]}
            if value:
                yield {**certificate, key: value[1:]}


class TestText:
    @pytest.mark.parametrize("question", [
        "Does {M} satisfy the front-door criterion for the effect of A on B?",
        "Does M satisfy the front door criterion relative to (A, B)?",
        "does the set ['M'] satisfy the frontdoor criterion with respect to the ordered pair (A,B)?",
        "Is {'M'} a valid frontdoor adjustment set for treatment A and outcome B?",
        "Is M a front-door set for the causal effect of A on B?",
    ])  # fmt: skip
    @pytest.mark.parametrize("premise", [FRONT, "A -> M -> B, A <-> B."])
    def test_front_door_questions_as_people_and_papers_write_them(self, premise, question):
        task, prompt = read(f"{premise} {question}")
        assert (task.name, str(prompt)) == ("front_door", f"{FRONT} {SET % 'M'}")

    @pytest.mark.parametrize("question", [
        "Is Z an instrument for the effect of A on B given {W}?",
        "Is Z a valid instrumental variable for treatment A and outcome B conditional on W?",
        "is Z an IV relative to (A, B) conditioning on {'W'}?",
        "Is Z a conditional instrument for the total effect of A on B given W?",
    ])  # fmt: skip
    def test_questions_about_instruments_as_people_and_papers_write_them(self, question):
        task, prompt = read(f"{BOW} {question}")
        assert (task.name, str(prompt)) == ("instrument", f"{BOW} {IS[:-1] % 'Z'} given {{W}}?")

    def test_without_a_set_and_with_the_empty_one(self):
        for end in ("?", " given {}?", " given the empty set?"):
            assert str(read(f"{BOW} {IS[:-1] % 'Z'}{end}")[1]) == f"{BOW} {IS % 'Z'}"
        assert read(f"{FRONT} {SET % ''}")[1].given == ()

    @pytest.mark.parametrize("text", [
        f"{FRONT} Does {{M}} satisfy the back-door and the front-door criterion for the effect of A on B?",
        f"{FRONT} Does {{M}} almost satisfy the front-door criterion for the effect of A on B?",
        f"{FRONT} Which set satisfies the front-door criterion for the effect of A on B?",
        f"{FRONT} M might cause B. {SET % 'M'}",
        f"{BOW} Is Z a weak instrument for the effect of A on B?",
        f"{BOW} Is Z an instrument for the effect of A?",
        f"{BOW} Is Z or W an instrument for the effect of A on B?",
        f"{BOW} Is Z an instrument for the effect of A on B given {{W}} or nothing?",
    ])  # fmt: skip
    def test_what_is_not_understood_is_refused(self, text):
        with pytest.raises(ValueError, match=r"cannot read|name"):
            read(text)

    @pytest.mark.parametrize(("text", "message"), [
        (f"{FRONT} {SET % 'A'}", "treatment or the outcome"), (f"{FRONT} {SET % 'Q'}", "no statement mentions"),
        (f"{FRONT} {SET % 'M, M'}", "twice"), (f"B causes A. A causes B. M causes A. {SET % 'M'}", "cycle"),
        (f"{BOW} {IS % 'A'}", "another node"), (f"{BOW} {IS % 'Q'}", "no statement mentions"),
        (f"{BOW} {IS[:-1] % 'Z'} given {{Z}}?", "another node"), (f"{BOW} {IS[:-1] % 'Z'} given {{B}}?", "outcome"),
    ])  # fmt: skip
    def test_questions_without_an_answer_are_refused(self, text, message):
        task, prompt = read(text)
        with pytest.raises(ValueError, match=message):
            task.prove(prompt)


@pytest.mark.parametrize("name", NAMES)
class TestRows:
    def test_rows_are_canonical_right_and_paired(self, name, rows):
        pairs: dict[tuple, list] = {}
        for row in rows[name]:
            prompt = get_task(name).parse(row["prompt"])
            assert str(prompt) == row["prompt"] == f"{row['premise']} {row['question']}"
            assert row["label"] == (not any(TRUTH[name](prompt).values()))
            assert row["num_hidden"] == len(prompt.hidden) and row["set_size"] == len(prompt.given)
            assert nx.has_path(nx.DiGraph(prompt.edges), *prompt.question)
            pairs.setdefault((row["graph_id"], prompt.question, len(prompt.given)), []).append(row["label"])
        assert all(sum(labels) == 1 and len(labels) == 2 for labels in pairs.values())
        assert len({row["reason"] for row in rows[name]}) == 4

    def test_no_shortcut_solves_the_task(self, name, rows):
        task = get_task(name)
        prompts, labels = [task.parse(row["prompt"]) for row in rows[name]], [row["label"] for row in rows[name]]
        for rule in task.shortcuts.values():
            assert np.mean(np.equal(rule(prompts, labels), labels)) < 0.85

    def test_the_axes_are_what_they_say(self, name):
        task = get_task(name)
        config = task.configs[f"{name}_generalization"](rows_per_cell=2, nodes=(9,))
        splits = {split: task.generate_shard(config, split, 0).to_pylist() for split in ("hidden", "set_size", "size")}
        assert {row["num_hidden"] for row in splits["hidden"]} == {4}
        assert {row["set_size"] for row in splits["set_size"]} <= {3, 4}
        for made in splits.values():
            for row in made:
                assert len(task.parse(row["prompt"]).statements) == row["num_edges"] + row["num_hidden"]

    def test_changes_leave_the_answer_as_it_is(self, name, rows):
        task, random_numbers = get_task(name), np.random.default_rng(0)
        prompts = [task.parse(row["prompt"]) for row in rows[name][:12]]
        for change in task.invariances.values():
            for prompt, changed in zip(prompts, change(prompts, random_numbers), strict=True):
                assert task.prove(changed).answer == task.prove(prompt).answer
                assert changed != prompt

    @pytest.mark.parametrize("form", ["proof", "trace"])
    def test_the_solver_s_answers_score_one_and_others_do_not(self, name, rows, form):
        shape = get_task(name).forms[form]
        for row, other in zip(rows[name][:24], rows[name][1:25], strict=True):
            prompt, answer = get_task(name).parse(row["prompt"]), write_answer(row, form)
            assert shape.judge(prompt, read_reply(answer, shape.labels)).value == 1.0, (row["prompt"], answer)
            assert put_question(row, form).startswith(row["prompt"])
            wrong = write_answer(other, form)
            if other["label"] != row["label"]:
                with contextlib.suppress(UnreadableReply):
                    assert shape.judge(prompt, read_reply(wrong, shape.labels)).value == 0.0
            lines = answer.split("\n")
            needed = [0, len(lines) - 1, *(n for n, line in enumerate(lines) if line.startswith("Ancestors"))]
            for index in needed if form == "trace" else ():
                shorter = "\n".join(lines[:index] + lines[index + 1 :])
                with contextlib.suppress(UnreadableReply):
                    assert shape.judge(prompt, read_reply(shorter, shape.labels)).value == 0.0, shorter


class TestForms:
    @pytest.mark.parametrize(("text", "reply", "value"), [
        (f"{FRONT} A causes B. {SET % 'M'}", "**No**\n- Causal path: A -> B.", 1.0),
        (f"{FRONT} A causes B. {SET % 'M'}", "No\nCausal path: A -> M -> B", 0.0),
        (f"{FRONT} A causes B. {SET % 'M'}", "No", 0.0),
        (f"{FRONT} {SET % 'M'}", "No\nTo outcome: M <- A <-> B\nTo outcome open: A is a chain", 0.0),
        (f"{FRONT} M <-> B. {SET % 'M'}", "No\nTo outcome: M <-> B\nTo outcome open: none", 1.0),
        (f"{BOW} {IS % 'Z'}", "No\nTo outcome: Z <- W -> B\nTo outcome open: W is a fork", 1.0),
        (f"{BOW} {IS % 'Z'}", "No\nTo outcome: Z -> A -> B\nTo outcome open: A chain", 0.0),
        (f"{BOW} {IS % 'Z'}", "Yes\nAffected: B\nTo treatment: Z -> A\nTo treatment open: none\n"
         "To outcome from child: W, Z\nTo outcome from parent: none", 0.0),
        (f"{BOW} {IS[:-1] % 'Z'} given {{W}}?", "Yes\nAffected: B\nTo treatment: Z -> A\nTo treatment open: none\n"
         "To outcome from child: Z, W\nTo outcome from parent: none\nTo outcome ancestors: W", 1.0),
    ])  # fmt: skip
    def test_proofs_as_models_write_them(self, text, reply, value):
        task, prompt = read(text)
        form = task.forms["proof"]
        assert form.judge(prompt, read_reply(reply, form.labels)).value == value

    @pytest.mark.parametrize("name", NAMES)
    def test_every_explanation_has_words_and_a_drawing(self, name, rows):
        reasons = {row["reason"]: row for row in rows[name]}
        for row in reasons.values():
            explanation = get_task(name).explain(get_task(name).parse(row["prompt"]), json.loads(row["certificate"]))
            assert str(explanation).count("“") >= 1 and len(explanation.drawings) == 1


PUBLIC = Path(__file__).parents[2] / "../shared/benchmarks/public"


def test_the_published_front_door_sets_of_clear():
    path = PUBLIC / "clear/frontdoor_adjustment_set.json"
    if not path.exists():
        pytest.skip("the public files are not here")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    asked = [row for row in rows if row["question_type"] == "YN"]
    for row in asked:
        task, prompt = read(f"{row['description']} {row['question']}")
        assert task.name == "front_door" and f"{task.prove(prompt).answer}." == row["answer"], row
    assert asked
