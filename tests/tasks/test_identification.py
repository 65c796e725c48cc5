"""The identification task: verdicts and proofs against exact models with hidden variables, texts and forms."""

import contextlib
import json
import random
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path

import networkx as nx
import pytest

from hf_causal.tasks.answering import put_question, write_answer
from hf_causal.tasks.identification.proof import check, prove
from hf_causal.tasks.identification.rows import CONFIGS, generate_shard
from hf_causal.tasks.identification.shortcuts import SHORTCUTS
from hf_causal.tasks.identification.text import Prompt, parse_prompt, recognizes
from hf_causal.tasks.registry import get_task, task_of_prompt
from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.shared.structured_replies import UnreadableReply, read_reply

FRONT_DOOR = "A causes M. M causes B. A and B share a hidden cause."
BOW = "A causes B. A and B share a hidden cause."
QUESTION = "Can the effect of A on B be computed from observations alone?"


def random_prompt(rng: random.Random, size: int) -> Prompt:
    names = rng.sample("ABCDEFGH", size)
    statements = [(a, b, True) for a, b in combinations(names, 2) if rng.random() < 0.6]
    statements += [(a, b, False) for a, b in combinations(names, 2) if rng.random() < 0.3]
    stated = sorted({name for statement in statements for name in statement[:2]})
    return Prompt(tuple(statements), tuple(rng.sample(stated, 2))) if len(stated) > 1 else random_prompt(rng, size)


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    config = CONFIGS["identifiable"](rows=240, validation_rows=120)
    return generate_shard(config, "train", 0).to_pylist()


def parity_tables(hedge: dict, hidden: list[tuple[str, str]], second: bool, do: dict[str, int]) -> dict:
    """Returns the distribution of the nodes of a hedge in a model of parities, all hidden causes being fair coins.

    Each node is the parity of its parents in the larger forest and of its hidden causes. In the second model the nodes
    of the smaller forest do not listen to what is only in the larger one. The two models agree on all observations and
    not under the intervention, as in the proof of theorem 4 of Shpitser and Pearl (2006).
    """
    inner = set(hedge["inner"])

    def listens(node: str, *others: str) -> bool:
        return not second or node not in inner or inner.issuperset(others)

    parents = {node: [c for c, e in hedge["edges"] if e == node and listens(node, c)] for node in hedge["outer"]}
    coins = {node: [pair for pair in hidden if node in pair and listens(node, *pair)] for node in hedge["outer"]}
    forest = nx.DiGraph(map(tuple, hedge["edges"]))
    forest.add_nodes_from(hedge["outer"])
    order = list(nx.topological_sort(forest))
    table: dict[tuple[int, ...], Fraction] = {}
    for values in product((0, 1), repeat=len(hidden)):
        coin, state = dict(zip(hidden, values, strict=True)), dict[str, int]()
        for node in order:
            parity = sum(state[parent] for parent in parents[node]) + sum(coin[pair] for pair in coins[node])
            state[node] = do.get(node, parity % 2)
        key = tuple(state[node] for node in hedge["outer"])
        table[key] = table.get(key, Fraction(0)) + Fraction(1, 2 ** len(hidden))
    return table


def spanning_tree(nodes: list[str], pairs: list[tuple[str, str]], start: list[str]) -> list[tuple[str, str]]:
    """Returns pairs that connect nodes to a start set, one for each further node."""
    reached, tree = set(start), []
    while reached < set(nodes):
        pair = next(p for p in pairs if len(reached & set(p)) == 1 and set(p) <= set(nodes))
        reached |= set(pair)
        tree.append(pair)
    return tree


class TestProofs:
    def test_every_verdict_is_proved_and_no_certificate_proves_the_other_one(self):
        rng, answers = random.Random(0), {"Yes": 0, "No": 0}
        for _ in range(300):
            prompt, other = random_prompt(rng, rng.randint(3, 6)), random_prompt(rng, 5)
            proof, foreign = prove(prompt), prove(other)
            check(prompt, proof.answer, json.loads(proof.certificate))
            answers[proof.answer] += 1
            if foreign.answer != proof.answer:
                with pytest.raises(CertificateError):
                    check(prompt, foreign.answer, json.loads(foreign.certificate))
        assert min(answers.values()) > 40

    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            (FRONT_DOOR, "Yes"),
            (BOW, "No"),
            ("A causes B. C causes A. C causes B.", "Yes"),
            ("A causes M. M causes B. A and M share a hidden cause.", "No"),
            ("Z causes A. A causes B. A and B share a hidden cause.", "No"),
            ("W causes A. A causes B. W and A share a hidden cause. W and B share a hidden cause.", "No"),
            ("W causes Z. Z causes A. A causes B. W and A share a hidden cause. W and B share a hidden cause.", "Yes"),
        ],
    )
    def test_the_examples_of_the_literature(self, text, answer):
        assert prove(parse_prompt(f"{text} {QUESTION}")).answer == answer

    def test_a_hedge_gives_two_models_that_agree_on_observations_and_not_on_the_effect(self):
        rng, checked = random.Random(3), 0
        while checked < 25:
            prompt = random_prompt(rng, rng.randint(3, 5))
            proof = prove(prompt)
            if proof.answer == "Yes":
                continue
            hedge = json.loads(proof.certificate)
            hidden = spanning_tree(hedge["inner"], list(prompt.hidden), hedge["inner"][:1])
            hidden += spanning_tree(hedge["outer"], list(prompt.hidden), hedge["inner"])
            assert parity_tables(hedge, hidden, False, {}) == parity_tables(hedge, hidden, True, {})
            odd = [
                self.odd_roots(hedge, parity_tables(hedge, hidden, second, {prompt.question[0]: 1}))
                for second in (0, 1)
            ]
            assert odd == [Fraction(1, 2), 0]
            checked += 1

    @staticmethod
    def odd_roots(hedge: dict, table: dict) -> Fraction:
        """Returns the probability that an odd number of roots is 1."""
        roots = [index for index, node in enumerate(hedge["outer"]) if node in hedge["roots"]]
        return sum((p for key, p in table.items() if sum(key[root] for root in roots) % 2), Fraction(0))

    @pytest.mark.parametrize(
        ("answer", "certificate", "message"),
        [
            ("Yes", {"factors": []}, "must be the districts"),
            ("Yes", {"factors": [{"district": ["B"], "fixed": ["A", "M"]}]}, "must be the districts"),
            ("Yes", {"factors": [{"district": ["X"], "fixed": []}]}, "no statement mentions"),
            ("Yes", {"factors": None}, "must be JSON"),
            ("No", {"outer": ["A", "B"], "inner": ["B"], "roots": ["B"], "edges": [["A", "B"]]}, "edges of the graph"),
            ("No", {"outer": ["A"], "inner": [], "roots": [], "edges": []}, "must connect"),
            ("No", {"outer": ["A", "B"], "inner": ["B"], "roots": ["B"], "edges": None}, "must be a list of pairs"),
            ("No", [], "must be JSON"),
        ],
    )
    def test_certificates_that_prove_nothing_are_refused(self, answer, certificate, message):
        with pytest.raises(CertificateError, match=message):
            check(parse_prompt(f"{FRONT_DOOR} {QUESTION}"), answer, certificate)

    @pytest.mark.parametrize("text", ["A causes B. B causes A.", "A causes C."])
    def test_questions_without_an_answer_are_refused(self, text):
        with pytest.raises(ValueError, match=r"cycle|no statement mentions"):
            prove(parse_prompt(f"{text} {QUESTION}"))


class TestText:
    @pytest.mark.parametrize(
        "text",
        [
            "A -> M -> B, A <-> B. Is the effect of A on B identifiable?",
            "A → M, M → B; A ↔ B. Can the causal effect of A on B be identified from observational data?",
            "Given an ADMG (acyclic directed mixed graph) with nodes A, M, B and directed edges A->M, M->B, "
            "and bi-directed edges A<->B. Is P(B|do(A)) identifiable?",
            "a causes M. A causes M. M causes B. A and B have an unobserved common cause. Is P(B | do(A)) identified?",
        ],
    )
    def test_texts_as_people_write_them(self, text):
        prompt = parse_prompt(text)
        assert prompt.question == ("A", "B") and prompt.hidden == (("A", "B"),)
        assert parse_prompt(str(prompt)) == prompt
        assert prove(prompt).answer == "Yes"
        assert recognizes(text) and task_of_prompt(text).name == "identification"

    @pytest.mark.parametrize(
        "text",
        [
            f"A causes B. Nothing is hidden. {QUESTION}",
            "A causes B. Can the effect of A on B be computed from observations and experiments?",
            "A causes B. Is the effect of A identifiable?",
            f"A causes B. A and B do not share a hidden cause. {QUESTION}",
        ],
    )
    def test_what_is_not_understood_is_refused(self, text):
        with pytest.raises(ValueError, match="cannot read"):
            parse_prompt(text)


class TestRows:
    def test_rows_are_canonical_balanced_and_about_causes(self, rows):
        for row in rows:
            prompt = parse_prompt(row["prompt"])
            assert str(prompt) == row["prompt"]
            assert row["num_hidden"] == len(prompt.hidden) and row["set_size"] == 0
            check(prompt, row["completion"], json.loads(row["certificate"]))
        for graph in {row["graph_id"] for row in rows}:
            labels = [row["label"] for row in rows if row["graph_id"] == graph]
            assert 2 * sum(labels) == len(labels)

    def test_no_shortcut_solves_the_task(self, rows):
        prompts, labels = [parse_prompt(row["prompt"]) for row in rows], [row["label"] for row in rows]
        for rule in SHORTCUTS.values():
            right = sum(answer == label for answer, label in zip(rule(prompts, labels), labels, strict=True))
            assert right < 0.85 * len(rows)


FORMS = get_task("identification").forms


class TestForms:
    @pytest.mark.parametrize("form", FORMS)
    def test_the_solver_s_answers_score_one_and_others_do_not(self, rows, form):
        shape = FORMS[form]
        for row, other in zip(rows[:80], rows[1:81], strict=True):
            prompt, answer = parse_prompt(row["prompt"]), write_answer(row, form)
            assert shape.judge(prompt, read_reply(answer, shape.labels)).value == 1.0, (row["prompt"], answer)
            assert put_question(row, form).startswith(row["premise"] if shape.question else row["prompt"])
            # Front-door sets and instruments of another row, or that there are none, may be right here too.
            if other["label"] != row["label"] and not shape.question:
                with contextlib.suppress(UnreadableReply):
                    wrong = read_reply(write_answer(other, form), shape.labels)
                    assert shape.judge(prompt, wrong).value == 0.0

    def test_a_trace_needs_its_first_and_last_lines_and_whole_sets(self, rows):
        form = FORMS["trace"]
        for row in rows[:20]:
            prompt, lines = parse_prompt(row["prompt"]), write_answer(row, "trace").split("\n")
            wrong = [lines[1:], lines[:-1], [line for line in lines if not line.startswith("Reach")]]
            for index, line in enumerate(lines[:-1]):
                wrong += [[*lines[:index], line.rpartition(", ")[0], *lines[index + 1 :]]] if ", " in line else []
            for changed in wrong:
                reply = read_reply("\n".join(changed), form.labels)
                assert form.judge(prompt, reply).value == 0.0, changed

    @pytest.mark.parametrize(
        ("reply", "value"),
        [
            ("Yes\nFactors: {M} after B, A; {B} after M, A", 1.0),
            ("**Yes**\n- Factors: {M} after fixing B and A, and {B} after M, A.", 1.0),
            ("Yes\nFactors: {M} after A, B; {B} after M, A", 0.0),
            ("Yes\nFactors: {M} after B, A", 0.0),
            ("No\nOuter: A, B\nInner: B\nRoots: B\nEdges: A -> B", 0.0),
        ],
    )
    def test_proofs_as_models_write_them(self, reply, value):
        prompt = parse_prompt(f"{FRONT_DOOR} {QUESTION}")
        assert FORMS["proof"].judge(prompt, read_reply(reply, FORMS["proof"].labels)).value == value


PUBLIC = Path(__file__).parents[2] / "../shared/benchmarks/public"


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def test_the_published_answers_of_clear():
    rows = lines_of(PUBLIC / "clear/identification.json")
    if not rows:
        pytest.skip("the public files are not here")
    for row in rows:
        prompt = parse_prompt(f"{row['description']} {row['question']}")
        assert f"{prove(prompt).answer}." == row["answer"], row


@pytest.mark.parametrize("share", ["0.2", "0.4", "0.6", "0.8"])
def test_the_published_answers_of_calm_lite(share):
    rows = lines_of(PUBLIC / f"calm_lite/CEI-B_{share}-UC_EN.json")
    if not rows:
        pytest.skip("the public files are not here")
    different = []
    for row in rows:
        x, y = row["treatment"], row["outcome"]
        if x == y:
            continue
        pairs = row["bi_edges"].replace(", and ", ", ").split(", ") if row["bi_edges"] else []
        hidden = "".join(f"{pair} share a hidden cause. " for pair in pairs)
        prompt = parse_prompt(f"{row['di_edges']}. {hidden}Is the effect of {x} on {y} identifiable?")
        if (prove(prompt).answer == "Yes") != bool(row["gt_answer"]):
            different.append((row["index"], prove(prompt).answer, row["gt_answer"]))
    assert not different
