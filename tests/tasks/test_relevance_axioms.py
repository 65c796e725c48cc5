"""What follows from statements of irrelevance: text, derivations, counter-models and rows."""

import json
import random
from collections import Counter
from itertools import permutations

import networkx as nx
import pytest

from hf_causal import score
from hf_causal.corpora.build import build
from hf_causal.evaluation.evaluate import score_predictor
from hf_causal.evaluation.report import render_report
from hf_causal.graphs.relevance import AXIOMS, digraph
from hf_causal.tasks.answering import write_answer
from hf_causal.tasks.proving import check, prove, read
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.relevance_axioms.problems import premise_sets, problems, renamings, transitivity_quadruples
from hf_causal.tasks.relevance_axioms.rows import STRUCTURES
from hf_causal.tasks.relevance_axioms.text import parse_prompt
from hf_causal.tasks.shared.proofs import CertificateError

TASK = get_task("relevance_axioms")
CASES = TASK.example
"""Follows by cases alone."""


def cannot(claim, graph):
    """Decides a statement with networkx."""
    kept = graph.subgraph(set(graph) - set(claim.held))
    return not any(nx.has_path(kept, x, y) for x in claim.changed for y in claim.targets)


def is_counter_model(prompt, graph):
    return all(cannot(claim, graph) for claim in prompt.statements) and not cannot(prompt.question, graph)


def random_graphs(names, count, seed):
    chance = random.Random(seed)
    for _ in range(count):
        graph = nx.DiGraph(chance.sample(list(permutations(names, 2)), chance.randint(0, 6)))
        graph.add_nodes_from(names)
        yield graph


@pytest.fixture(scope="module")
def rows():
    config = TASK.configs["relevance_axioms"](rows=240, validation_rows=60, rows_per_cell=20)
    return {split: TASK.generate_shard(config, split, 0).to_pylist() for split in config.splits}


class TestText:
    @pytest.mark.parametrize(
        ("text", "canonical"),
        [
            ("changing A can't affect B", "Changing A cannot affect B."),
            (
                "While C and D are held fixed, changing A can not affect B",
                "Changing A cannot affect B if C and D are held fixed.",
            ),
            ("Changing A, B, or C cannot affect D", "Changing A, B or C cannot affect D."),
        ],
    )
    def test_other_wordings_are_read(self, text, canonical):
        task, prompt = read(f"{text}. Does it follow that changing B cannot affect C?")
        assert task is TASK and str(prompt).startswith(f"{canonical} Does it follow")

    @pytest.mark.parametrize(
        "statement",
        [
            "Changing A does not affect B",
            "Changing A and B cannot affect C",
            "Changing A cannot affect B and C",
            "Changing A cannot affect B if C or D is held fixed",
            "Changing A cannot affect A",
            "Changing A cannot affect B if B is held fixed",
            "A cannot affect B",
            "Changing A cannot affect B unless C is held fixed",
        ],
    )
    def test_what_is_not_understood_is_refused(self, statement):
        asked = f"Changing B cannot affect C. Does it follow that {statement[0].lower()}{statement[1:]}?"
        for text in (f"{statement}. Does it follow that changing B cannot affect C?", asked):
            with pytest.raises(ValueError, match="cannot read"):
                read(text)

    def test_more_than_four_nodes_are_not_decided(self):
        with pytest.raises(ValueError, match="5 nodes; at most 4"):
            prove("Changing A cannot affect B, C or D. Does it follow that changing A cannot affect E?")


class TestProofs:
    def test_answers_agree_with_enumeration_by_networkx(self):
        """All 64 digraphs of three nodes, for random statements."""
        graphs = []
        for code in range(64):
            graph = nx.DiGraph()
            graph.add_nodes_from("ABC")
            children = digraph(3, code)
            graph.add_edges_from(("ABC"[i], "ABC"[j]) for i in range(3) for j in range(3) if children[i] >> j & 1)
            graphs.append(graph)
        chance, answers = random.Random(0), Counter()
        for _ in range(150):
            claims = []
            for _ in range(chance.randint(2, 4)):
                x, y, *z = chance.sample("ABC", chance.choice((2, 3)))
                role = chance.choice(("if {} is held fixed", "or {}")) if z else ""
                claims.append(f"hanging {x} cannot affect {y} {role.format(*z)}".strip())
            prompt = parse_prompt(
                " ".join(f"C{claim}." for claim in claims[1:]) + f" Does it follow that c{claims[0]}?"
            )
            proof = prove(prompt)
            names = set(prompt.names)
            found = any(is_counter_model(prompt, graph) for graph in graphs if names <= set(graph))
            assert proof.answer == ("No" if found else "Yes")
            check({"prompt": str(prompt), "completion": proof.answer, "certificate": proof.certificate})
            answers[proof.answer] += 1
        assert min(answers.values()) > 20

    def test_a_statement_follows_from_itself_and_every_counter_model_is_accepted(self):
        stated = {"prompt": "Changing A cannot affect B. Does it follow that changing A cannot affect B?"}
        assert write_answer(stated, "proof") == "Yes\nDerivation: stated"
        assert score("Yes\nDerivation: stated", stated, form="proof").value == 1
        prompt = "Changing A cannot affect B if C is held fixed. Does it follow that changing A cannot affect B?"
        parsed, accepted = parse_prompt(prompt), 0
        for graph in random_graphs("ABC", 80, seed=1):
            certificate = json.dumps({"graph": sorted(map(list, graph.edges))})
            row = {"prompt": prompt, "completion": "No", "certificate": certificate}
            if is_counter_model(parsed, graph):
                accepted += 1
                check(row)
            else:
                with pytest.raises(CertificateError, match="in the graph"):
                    check(row)
        assert accepted > 3

    def test_cases_are_checked(self):
        proof = prove(CASES)
        lines = json.loads(proof.certificate)["derivation"]
        case, other = (
            next(i for i, line in enumerate(lines) if line.startswith(label)) for label in ("case", "other")
        )
        changed = [
            lines[:-1],
            lines[:other],
            lines[:case] + lines[case + 1 :],
            lines[: other - 1] + lines[other:],
            [*lines[:case], lines[other].removeprefix("other "), *lines[case + 1 :]],
            [*lines[:other], "other case: changing A cannot affect C", *lines[other + 1 :]],
            ["strong-union: changing C cannot affect D", *lines],
            ["magic: changing C cannot affect D"],
            [3],
        ]
        check({"prompt": CASES, "completion": "Yes", "certificate": json.dumps({"derivation": lines})})
        for wrong in changed:
            with pytest.raises(CertificateError):
                check({"prompt": CASES, "completion": "Yes", "certificate": json.dumps({"derivation": wrong})})

    def test_an_assumption_ends_with_its_case(self):
        """What the first case assumes may not be used in the other one."""
        prompt = "Changing A cannot affect B. Does it follow that changing C cannot affect B?"
        assert prove(prompt).answer == "No"
        lines = ["case: changing C cannot affect B", "other case: changing A cannot affect C",
                 "strong-union: changing C cannot affect B if A is held fixed"]  # fmt: skip
        with pytest.raises(CertificateError, match="does not follow by strong-union"):
            check({"prompt": prompt, "completion": "Yes", "certificate": json.dumps({"derivation": lines})})

    def test_another_derivation_is_as_good(self):
        row = {"prompt": "Changing A or B cannot affect C or D. Does it follow that changing A cannot affect C?"}
        right, left = (
            "right-decomposition: changing {} cannot affect C",
            "left-decomposition: changing A cannot affect {}",
        )
        for lines in (
            f"{right.format('A or B')}; {left.format('C')}",
            f"{left.format('C or D')}; {right.format('A')}",
        ):
            assert score(f"Yes\nDerivation: {lines}", row, form="proof").value == 1
            assert score(lines.replace("; ", "\n") + "\nAnswer: Yes", row, form="trace").value == 1
        result = score("left-decomposition: changing A cannot affect C\nAnswer: Yes", row, form="trace")
        assert (result.value, result.first_wrong_line) == (0, 1)


class TestRows:
    def test_every_row_and_every_form_of_answer_is_right(self, rows):
        for row in (row for split in rows.values() for row in split):
            check(row)
            prompt = parse_prompt(row["prompt"])
            assert str(prompt) == row["prompt"] and len(prompt.statements) == row["num_statements"]
            if row["completion"] == "Yes":
                graphs = random_graphs(prompt.names, 25, row["prompt"])
                assert not any(is_counter_model(prompt, graph) for graph in graphs)
            else:
                graph = nx.DiGraph(json.loads(row["certificate"])["graph"])
                graph.add_nodes_from(prompt.names)
                assert is_counter_model(prompt, graph)
        for row in rows["test"]:
            for form in TASK.forms:
                answer = write_answer(row, form)
                assert score(answer, row, form=form).value == 1
                assert (
                    score(
                        answer.replace("Yes", "No") if row["label"] else answer.replace("No", "Yes"), row, form=form
                    ).value
                    == 0
                )

    def test_cells_are_balanced_by_axiom(self, rows):
        for split in rows.values():
            counts = Counter((row["structure"], row["label"]) for row in split)
            assert set(counts) == {(structure, label) for structure in STRUCTURES for label in (0, 1)}
            assert len(set(counts.values())) == 1
            assert len({row["prompt"] for row in split}) == len(split)

    def test_cases_alone_prove_what_needs_transitivity(self, rows):
        for row in rows["test"]:
            if row["label"]:
                assert ("case: " in row["certificate"]) == (row["structure"] == "transitivity")

    def test_no_premise_set_of_a_test_is_in_training_up_to_names(self):
        def classes(split):
            return {
                min(tuple(sorted(numbers[list(premises)])) for numbers in renamings())
                for axiom in AXIOMS
                for found in problems(split, axiom)
                for premises in found.premises[:: 1 + len(found.premises) // 40]
            }

        found = {split: classes(split) for split in ("train", "validation", "test")}
        assert not found["train"] & found["test"] and not found["train"] & found["validation"]
        triples, group = premise_sets()
        assert len(triples) == 9283 and set(group) == set(range(8))
        assert len(transitivity_quadruples()[0]) > 500

    def test_accuracy_of_shortcuts_differs_by_axiom(self, rows):
        parsed = [parse_prompt(row["prompt"]) for row in rows["test"]]
        answers = TASK.shortcuts["no cases"](parsed, [row["label"] for row in rows["test"]])
        right = Counter(
            row["structure"] for row, answer in zip(rows["test"], answers, strict=True) if answer == row["label"]
        )
        assert right["transitivity"] == 10 and all(right[structure] == 20 for structure in STRUCTURES[:-1])


class WithoutCases:
    """Answers as the shortcut does that derives without the cases of transitivity."""

    hardware, prompting = "none", None

    def predict(self, prompts, progress=None):
        return TASK.shortcuts["no cases"]([parse_prompt(prompt) for prompt in prompts], [1] * len(prompts))

    def fingerprint(self):
        return "without cases"

    def require_readable(self, task, prompt):
        assert task == TASK.name


def test_evaluation_reports_the_accuracy_by_axiom(tmp_path):
    build(TASK.dataset.name, tmp_path, [TASK.name], rows=120, validation_rows=36, rows_per_cell=10)
    scores = score_predictor(WithoutCases, "without cases", TASK.dataset.name, TASK.name, tmp_path)
    table = render_report(scores).partition("**test**")[2]
    for structure in STRUCTURES:
        accuracy = "0.500<br>± " if structure == "transitivity" else "1.000<br>± "
        assert f"| {structure.replace('_', ' ')} | {accuracy}" in table
