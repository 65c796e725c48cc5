"""Questions about holding fixed, adjusting and computing effects: read as one canonical prompt, or refused."""

import json
import random
import re

import networkx as nx
import pytest
import reading_texts
from reading_scores import DATA, score_effects
from test_reading_scores import covered

from hf_causal.reading import ReadingError, answer, read
from hf_causal.reading.effect_words import has_cue
from hf_causal.reading.hidden import project
from hf_causal.reading.lexicon import load
from hf_causal.reading.patterns import expand
from hf_causal.tasks.proving import prove
from hf_causal.tasks.registry import get_task

ROWS = {
    part: [json.loads(line) for line in (DATA / f"effects_{part}.jsonl").read_text(encoding="utf-8").splitlines()]
    for part in ("develop", "held_out")
}
READ = [row for row in ROWS["develop"] if row["prompt"]]
FORMS = {"relevance": 18, "adjustment": 18, "identification": 18, "front_door": 6, "instrument": 6}


@pytest.mark.parametrize("part", ROWS)
def test_wordings_are_read_as_their_prompt_or_refused_with_a_reason(part):
    result = score_effects(ROWS[part])
    assert not result.wrong and not result.missed, (result.wrong or result.missed)[0]
    for row, error in result.refused:
        assert re.search(row.get("reason", ""), str(error)), (row, error)
        for field, start, end in error.spans:
            assert 0 <= start <= end <= len(row[field])


def test_there_are_enough_wordings_of_each_form():
    for form, least in FORMS.items():
        rows = [row for row in ROWS["develop"] if row["form"] == form]
        assert sum(row["prompt"] is not None for row in rows) >= least, form
        assert sum(row["prompt"] is None for row in rows) >= least, form
    assert len(READ) >= 90 and len(ROWS["develop"]) - len(READ) >= 140
    keys = [(row["premises"], row["question"]) for rows in ROWS.values() for row in rows]
    assert len(set(keys)) == len(keys)


def test_each_letter_of_a_text_is_read_once_and_the_prompt_is_the_task_s_own():
    for row in READ[::2]:
        reading = read(row["premises"], row["question"])
        assert "dag {" in row["premises"] or covered(reading, {key: row[key] for key in ("premises", "question")}), row
        assert reading.task == row["form"] and str(get_task(reading.task).parse(reading.prompt)) == reading.prompt
        assert answer(reading).answer == prove(reading.prompt).answer


def test_a_prompt_that_was_read_is_read_as_itself():
    for prompt in sorted({row["prompt"] for row in READ}):
        assert read(prompt).prompt == prompt


NAMES = "blue paint", "oak trees", "tea prices", "HIV", "lung disease", "a", "salt-water", "“x, or y”", "C3"


def renamed(draw, prompt):
    """A prompt with everyday names, and the answer that it has."""
    letters = sorted(set(re.findall(r"\b[A-Z]\b", prompt)))
    names = dict(zip(letters, draw.sample(NAMES, len(letters)), strict=True))
    return re.sub(r"\b[A-Z]\b", lambda letter: names[letter[0]], prompt)


def test_other_names_and_another_order_of_the_statements_change_no_answer():
    draw = random.Random(5)
    for row in READ[::3]:
        *statements, question = re.split(r"(?<=\.) ", row["prompt"])
        draw.shuffle(statements)
        text = renamed(draw, " ".join([*statements, question]))
        assert answer(read(text)).answer == prove(row["prompt"]).answer, text


SAYS_HIDDEN = (
    "Smoking and cancer share a hidden cause.",
    "Smoking and cancer share an unobserved cause.",
    "Cancer and smoking have an unmeasured confounder.",
    "Smoking and cancer have a latent common cause.",
    "Smoking and cancer are confounded by an unobserved variable.",
    "There is an unmeasured confounder of smoking and cancer.",
    "There is a hidden common cause of smoking and cancer.",
    "There is unmeasured confounding between smoking and cancer.",
    "An unobserved factor affects smoking and cancer.",
    "Genes are an unobserved common cause of smoking and cancer.",
    "Genes affect smoking and cancer. Genes are not measured.",
    "Genes affect smoking and cancer. Genes cannot be observed.",
    "Smoking and cancer have correlated errors.",
)


@pytest.mark.parametrize("hidden", SAYS_HIDDEN)
def test_hidden_causes_in_words(hidden):
    reading = read(
        f"Smoking causes tar. Tar causes cancer. {hidden}", "Is the effect of smoking on cancer identifiable?"
    )
    pair = "C and A" if hidden.startswith("Cancer") else "A and C"
    question = "Can the effect of A on C be computed from observations alone?"
    assert reading.prompt == f"A causes B. B causes C. {pair} share a hidden cause. {question}"
    assert answer(reading).answer == "Yes"


def test_an_unobserved_name_leaves_its_paths_behind():
    told = (
        "Smoking causes tar. Tar causes cancer. Tar is unobserved. Genes are unmeasured. Genes affect tar and smoking."
    )
    reading = read(told, "Is the effect of smoking on cancer identifiable?")
    assert reading.prompt.startswith("A causes B. A and B share a hidden cause.") and answer(reading).answer == "No"
    assert "Unobserved: “tar” and “Genes”" in answer(reading).text


def test_projection_keeps_the_edges_among_observed_names():
    edges = [("a", "u"), ("u", "b"), ("u", "c"), ("b", "c")]
    assert project(edges, [("u", "d")], ["u"]) == (
        [("b", "c"), ("a", "b"), ("a", "c")], [("b", "c"), ("d", "b"), ("d", "c")]
    )  # fmt: skip


def is_valid(graph, x, y, z):
    """The adjustment criterion in a graph with its unobserved nodes, by networkx."""
    causal = (nx.descendants(graph, x) & (nx.ancestors(graph, y) | {y})) - {x}
    forbidden = causal.union(*(nx.descendants(graph, node) for node in causal))
    without = nx.DiGraph(graph)
    without.remove_edges_from([(x, node) for node in causal if graph.has_edge(x, node)])
    return not forbidden & z and nx.is_d_separator(without, {x}, {y}, z)


def test_unobserved_names_change_no_answer_about_adjustment():
    draw, answers = random.Random(3), []
    while len(answers) < 60:
        nodes = draw.sample("PQRSTVW", 6)
        edges = [(a, b) for i, a in enumerate(nodes) for b in nodes[i + 1 :] if draw.random() < 0.4]
        graph, latent = nx.DiGraph(edges), set(draw.sample(nodes, 2))
        seen = sorted(set(graph) - latent)
        if len(seen) < 3:
            continue
        x, y, *rest = draw.sample(seen, len(seen))
        z = set(rest[: draw.randint(0, 2)])
        said = [f"{a} causes {b}." for a, b in edges] + [
            f"{node} is unobserved." for node in sorted(latent & set(graph))
        ]
        draw.shuffle(said)
        try:
            reading = read(
                " ".join(said), f"Is {{{', '.join(sorted(z))}}} a valid adjustment set for the effect of {x} on {y}?"
            )
        except ReadingError as error:
            assert "no statement is about" in str(error)  # it has no observed cause or effect
            continue
        answers.append(answer(reading).answer)
        assert answers[-1] == ("Yes" if is_valid(graph, x, y, z) else "No"), (said, x, y, z)
    assert 15 < answers.count("Yes") < 45


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Do smoking and cancer have a common cause?", "Yes: “hidden cause of “smoking” and “cancer””."),
        ("Are smoking and cancer independent given tar?", "No."),
        ("Does cancer cause smoking?", "No."),
        ("Can changing smoking affect cancer if tar is held fixed?", "No, with “tar” held fixed"),
    ],
)
def test_other_questions_have_a_node_for_a_hidden_cause(question, expected):
    told = "Smoking causes tar. Tar causes cancer. Smoking and cancer share a hidden cause."
    assert answer(read(told, question)).text.startswith(expected)


def test_less_of_something_is_not_caused_while_something_is_held():
    told = "Sport lowers tension. Sport raises appetite. Tension causes headaches. Appetite causes headaches."
    assert answer(read(told, "Does sport still cause headaches if tension is held fixed?")).answer == "Yes"
    with pytest.raises(ReadingError, match="Does it reduce"):
        read(told, "Does sport still cause headaches if appetite is held fixed?")


def test_the_back_door_criterion_is_read_only_where_it_asks_the_same():
    told = "X causes Y. X causes W. Z causes X. Z causes Y."
    assert answer(read(told, "Is {Z} a back-door adjustment set for the effect of X on Y?")).answer == "Yes"
    assert answer(read(told, "Is {Z, W} a valid adjustment set for the effect of X on Y?")).answer == "Yes"
    with pytest.raises(ReadingError, match="ask for an adjustment set"):
        read(told, "Does {Z, W} satisfy the back-door criterion for the effect of X on Y?")


def test_names_that_may_be_one_thing_are_refused_where_it_matters():
    told = "Diet affects weight gain. Weight affects health. Diet affects health."
    with pytest.raises(ReadingError, match="one thing or two"):
        read(told, "Is it enough to adjust for weight to estimate the effect of diet on health?")


GRAPHS = [
    ("dag { A -> B ; A <-> B }", "A causes B. A and B share a hidden cause."),
    ("dag { U [latent] ; U -> A ; U -> B ; A -> B }", "A causes B. A and B share a hidden cause."),
    ('dag { A [exposure] ; B [outcome,pos="0,1"] ; A -> B }', "A causes B."),
]


@pytest.mark.parametrize(("graph", "premise"), GRAPHS)
def test_graphs_of_dagitty_have_hidden_causes_and_unobserved_nodes(graph, premise):
    question = "Can the effect of A on B be computed from observations alone?"
    assert read(graph, question).prompt == f"{premise} {question}"
    assert answer(read(graph, "Does A cause B?")).answer == "Yes"


@pytest.mark.parametrize("question", ["Is the effect of A on B identifiable?", "Are A and B independent?"])
@pytest.mark.parametrize("role", ["selected", "adjusted"])
def test_a_graph_that_selects_is_refused(role, question):
    with pytest.raises(ReadingError, match="selects or adjusts for “S”"):
        read(f"dag {{ S [{role}] ; A -> S ; A -> B }}", question)


CLOSED = " There are no hidden common causes."
NUMBERS = "P(smoking=1) = 0.3. P(cancer=1 | smoking=1) = 0.2. P(cancer=1 | smoking=0) = 5%." + CLOSED


@pytest.mark.parametrize(
    ("question", "kind", "expected"),
    [
        ("What is the average treatment effect of smoking on cancer?", "quantities", "0.15"),
        ("What is P(cancer=1 | do(smoking=0))?", "quantities", "0.05"),
        ("Is the average treatment effect of smoking on cancer larger than 0.1?", "comparisons", "Yes"),
    ],
)
def test_models_in_numbers(question, kind, expected):
    found = answer(read(NUMBERS, question))
    assert found.reading.question.kind == found.reading.task == kind and found.answer == expected
    for proof in found.proofs:
        proof.check()
    json.dumps(found.as_dict())


@pytest.mark.parametrize(
    ("premises", "question", "reason"),
    [
        (NUMBERS, "How likely is cancer?", "it should have the form"),
        (NUMBERS, "Does smoking cause cancer?", "it should have the form"),
        (NUMBERS.removesuffix(CLOSED), "What is P(cancer=1)?", "cannot read|does not say"),
        ("Smoking causes cancer with probability 0.2.", "Does smoking cause cancer?", "it should have the form"),
        (NUMBERS.replace("P(cancer=1 | smoking=0)", "P(Cancer=1 | smoking=0)"), "What is P(cancer=1 | do(smoking=0))?",
         "one thing or two"),
        ("30% of people smoke.", "What is the average treatment effect of smoking on cancer?", "says nothing"),
    ],
)  # fmt: skip
def test_numbers_that_no_task_reads_are_refused(premises, question, reason):
    with pytest.raises(ReadingError, match=reason):
        read(premises, question)


def test_a_word_that_changes_the_meaning_is_refused_wherever_it_stands():
    draw = random.Random(8)
    rows = [row for row in READ if not row["premises"].startswith("dag")]
    for _ in range(150):
        row = draw.choice(rows)
        made = reading_texts.Made(row["premises"], row["question"], frozenset(), ("", ""), "")
        chinese = "\u4e00" <= max(row["question"]) <= "\u9fff"
        with pytest.raises(ReadingError):
            read(*reading_texts.insert_change(draw, made, chinese))


@pytest.mark.parametrize("language", ["english", "chinese"])
def test_a_phrase_has_one_kind(language):
    data = load(f"effects_{language}.yaml")
    kinds = {}
    for kind, patterns in data["kinds"].items():
        for phrase in (one for pattern in patterns for one in expand(pattern, data["patterns"])):
            assert kinds.setdefault(phrase, kind) == kind, phrase
    assert has_cue(data["telling"][-1], language, "cues", "telling")


@pytest.mark.parametrize("pattern", ["(a|b", "a)", "[a|b", "(a]"])
def test_brackets_of_a_pattern_are_closed(pattern):
    with pytest.raises(ValueError, match="bracket"):
        expand(pattern)
