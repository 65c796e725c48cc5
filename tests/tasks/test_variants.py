"""Variants of rows: the same question in other words, or with another answer that is proved anew."""

import re

import pytest

import hf_causal
from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import tasks
from hf_causal.tasks.shared.sentences import Sentence, Sentences
from hf_causal.tasks.shared.stories.topics import LANGUAGES, NONSENSE, draw_variables, topics
from hf_causal.tasks.shared.stories.wordings import Wording
from hf_causal.tasks.varying import VARIANTS
from hf_causal.utils.randomness import Draws

ROW = {"prompt": "A causes B. B causes C. Does A cause C?"}
OTHER_ANSWER = ("omitted", "insufficient")
SAME_ANSWER = [variant for variant in VARIANTS if variant not in OTHER_ANSWER]


CLAIMS = (
    "Changing C cannot affect D if B is held fixed. Changing C cannot affect B if A and D are held fixed. "
    "Changing B cannot affect D if A is held fixed. Does it follow that changing C cannot affect"
)
SYSTEM = (
    "Premise: Suppose there is a closed system of 3 variables, A, B and C. All the statistical relations among these "
    "3 variables are as follows: A correlates with C. B correlates with C. However, A is independent of B.\n"
    "Hypothesis:"
)
HIDDEN = "X1 causes M. M causes Y. X1 and Y share a hidden cause. W causes Y. X1 causes D."
CHANCES = (
    "C is 1 with probability 0.5. A is 1 with probability 1/3 if C is 0. A is 1 with probability 0.6 if C is 1. B is "
    "1 with probability 0.2 if A is 0 and C is 0. B is 1 with probability 0.3 if A is 0 and C is 1. B is 1 with "
    "probability 0.45 if A is 1 and C is 0. B is 1 with probability 0.9 if A is 1 and C is 1. There are no hidden "
    "common causes. Responses to different causes are independent."
)
TABLES = (
    "u is a fair coin. v is a fair coin. A depends on u: it is 1 for 1. M depends on A and v: it is 1 for 01 and 10. "
    "D is always 1. E depends on D: it is never 1. B depends on M and v: it is 1 for 00, 01 and 10."
)
QUANTITIES = [
    "the probability that B is 1 if A is observed to be 1 and C is observed to be 0",
    "the probability that B is 0 if A is set to 1",
    "the controlled direct effect of C on B with A set to 1",
    "the natural indirect effect of C on B through A",
    "the probability of necessity and sufficiency of A for B",
    "the probability that B would have been 0 had A been 1 for an individual with C at 1 and B at 0",
    "the average treatment effect of A on B",
]
DIGITS = "1 is 1 with probability 0.5. 0b is 1 with probability 0.2 if 1 is 0. 0b is 1 with probability 0.6 if 1 is 1."
"""Names that begin with digits."""
PROMPTS = {
    "transitivity": ["A causes B. B causes C. A causes D. Does A cause C?", "A causes B. C causes B. Does A cause C?"],
    "d_separation": [
        "A causes B. C causes B. B causes D. Are A and C d-separated given {D}?",
        "A causes B. C causes B. B causes D. Are A and C d-separated?",
        "A causes B. B causes C. C causes D. A causes D. Are A and D d-separated given {B, C}?",
    ],
    "corr2cause": [
        f"{SYSTEM} {hypothesis}"
        for hypothesis in (
            "A directly causes C.",
            "C directly causes A.",
            "A influences B through some mediator(s).",
            "There exists at least one collider (i.e., common effect) of A and B.",
            "There exists at least one confounder (i.e., common cause) of A and B.",
        )
    ],
    "co_occurrence": [
        "A and B often appear together. C causes A. C causes B. B causes D. Does A cause B?",
        "A and B often appear together. A causes C. C causes B. Does A cause B?",
    ],
    "relevance": [
        "A causes B. B causes C. A causes D. D causes C. Can changing A affect C if B is held fixed?",
        "A causes B. B causes C. A causes D. E causes D. Can changing A or E affect C or F if B and D are held fixed?",
        "A causes B. B causes C. C causes A. Can changing A affect C?",
    ],
    "relevance_axioms": [f"{CLAIMS} D?", f"{CLAIMS} A if D is held fixed?"],
    "adjustment": [
        f"{HIDDEN} Is {{{given}}} a valid adjustment set for the effect of {x} on Y?"
        for given, x in (("", "W"), ("W", "X1"), ("M", "X1"), ("X1, W", "M"))
    ],
    "identification": [
        f"{HIDDEN} Can the effect of X1 on {y} be computed from observations alone?" for y in ("Y", "M")
    ],
    "front_door": [
        f"{HIDDEN} Does {{{given}}} satisfy the front-door criterion for the effect of {x} on Y?"
        for given, x in (("", "W"), ("M", "X1"), ("D, M", "X1"), ("W", "X1"))
    ],
    "instrument": [
        "Z causes X1. V causes Z. V causes Y. X1 causes M. M causes Y. X1 and Y share a hidden cause. "
        f"Is {z} an instrument for the effect of X1 on Y{given}?"
        for z, given in (("Z", " given {V}"), ("Z", ""), ("V", ""), ("M", " given {V, Z}"))
    ],
    "quantities": [
        *(f"{CHANCES} What is {quantity}?" for quantity in QUANTITIES),
        f"{DIGITS} There are no hidden common causes. What is the average treatment effect of 1 on 0b?",
    ],
    "comparisons": [
        f"{CHANCES} Is {first} larger than {second}?"
        for first, second in (*zip(QUANTITIES[::2], QUANTITIES[1::2], strict=False), (QUANTITIES[2], "-1/8"))
    ],
    "relevance_semantics": [
        f"{TABLES} Is there a causal path from A to B if M and D are held fixed?",
        f"{TABLES} Can setting A change the probability of B?",
        f"{TABLES} Can setting A ever change B if D and perhaps further variables are held fixed?",
    ],
}


@pytest.fixture(scope="module")
def rows():
    """A few rows of every task."""
    return {name: [_row(prompt) for prompt in prompts] for name, prompts in PROMPTS.items()}


def _row(prompt):
    proof = hf_causal.prove(prompt)
    return {"prompt": prompt, "completion": proof.answer, "label": {"No": 0, "Yes": 1}.get(proof.answer)}


@pytest.mark.parametrize("task", PROMPTS)
class TestEveryTask:
    @pytest.mark.parametrize("variant", SAME_ANSWER)
    def test_the_answer_stays_and_is_proved(self, rows, task, variant):
        for row in rows[task]:
            varied = hf_causal.vary(row, variant, seed=5)
            assert (varied["completion"], varied["label"]) == (row["completion"], row["label"])
            assert varied["prompt"] != row["prompt"]
            hf_causal.check(varied)
            assert varied == hf_causal.vary(row, variant, seed=5)

    def test_another_answer_is_proved(self, rows, task):
        made = 0
        for row in rows[task]:
            for variant in OTHER_ANSWER:
                try:
                    varied = hf_causal.vary(row, variant, seed=5)
                except ValueError:
                    continue
                made += 1
                hf_causal.check(varied)
                assert varied["completion"] != row["completion"]
                assert len(varied["prompt"]) < len(row["prompt"]) + len("One statement is missing. ")
        assert made or tasks()[task].composition.complete

    def test_a_story_is_read_as_it_was_written(self, rows, task):
        composition = tasks()[task].composition
        for row in rows[task]:
            original = composition.take_apart(read(row["prompt"])[1])
            stories = {}
            for prefix in ("", "chinese-"):
                for plot in ("story", "contrary-story", "nonsense-story"):
                    read_task, prompt = read(hf_causal.vary(row, prefix + plot, seed=2)["prompt"])
                    stories[prefix + plot] = composition.take_apart(prompt)
                    assert read_task.name == task or task == "co_occurrence"
            for story in stories.values():
                assert original.rename(dict(zip(original.names, story.names, strict=True))) == story
            for plot in ("story", "nonsense-story"):
                english, chinese = (_numbers(stories[prefix + plot].names) for prefix in ("", "chinese-"))
                assert english == chinese, "the same seed gives the parallel row"

    def test_what_is_left_in_chinese_is_the_row(self, rows, task):
        for row in rows[task]:
            prompt = read(hf_causal.vary(row, "chinese")["prompt"])[1]
            expected = read(row["prompt"])[1]
            composition = tasks()[task].composition
            assert composition.take_apart(prompt) == composition.take_apart(expected)

    def test_renamed_rows_have_other_names_and_the_same_structure(self, rows, task):
        composition = tasks()[task].composition
        for row in rows[task]:
            before, after = (
                composition.take_apart(read(one["prompt"])[1]) for one in (row, hf_causal.vary(row, "renamed"))
            )
            assert before.names != after.names
            assert before.rename(dict(zip(before.names, after.names, strict=True))) == after

    def test_shuffled_and_redundant_rows_keep_every_statement(self, rows, task):
        composition = tasks()[task].composition
        for row in rows[task]:
            before = composition.take_apart(read(row["prompt"])[1])
            shuffled, redundant = (
                composition.take_apart(read(hf_causal.vary(row, variant)["prompt"])[1])
                for variant in ("shuffled", "redundant")
            )
            assert sorted(shuffled.statements) == sorted(before.statements) and shuffled != before
            assert set(before.statements) <= set(redundant.statements)
            assert len(redundant.statements) > len(before.statements)
            assert shuffled.question == redundant.question == before.question

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_template_is_read_back_as_what_it_was_written_for(self, task, language):
        wording = tasks()[task].wordings[language]
        for templates in (wording.statements, wording.questions):
            for kind, variety in templates.items():
                for template in variety:
                    for topic in (*topics(), NONSENSE):
                        for size in (1, 2, 3) if ":and}" in template or "#" in template else (1,):
                            sentence = _sentence_for(kind, template, size, topic, language)
                            _round_trip(wording, templates, sentence, template, topic)


def _sentence_for(kind, template, size, topic, language):
    """Returns a sentence with names and parameters for each slot; lists have `size` of them."""
    slots = re.findall(r"\{(\d)?(?:#(\d))?(?::(\w+))?\}", template)
    sizes = {int(group): 1 for group, *_ in slots if group}
    sizes |= {int(group): size for group, parameter, words in slots if group and words in ("and", "or")}
    # A value of the outcome or of what is set is that of one name; what is observed may be several.
    sizes |= {int(group): size for group, parameter, _ in slots if group and parameter and int(group) == max(sizes)}
    names = iter(draw_variables(topic, sum(sizes.values()), Draws(size))[language])
    groups = tuple(tuple(next(names) for _ in range(sizes[group])) for group in sorted(sizes))
    parameters = {
        parameter: "011"[: sizes[int(group)]] if group else ",".join(("01", "10", "11")[:size]) if words else "1/3"
        for group, parameter, words in slots
        if parameter
    }
    return Sentence("#".join([kind, *(parameters[key] for key in sorted(parameters))]), groups)


def _round_trip(wording, templates, sentence, template, topic):
    one = Wording(wording.language, {}, {sentence.head: (template,)})
    _, written = one.write(Sentences((), sentence), topic, Draws(0))
    assert wording.read_sentence(templates, written[:-1], topic) == sentence


def _numbers(names):
    """Returns the topic of a story and the numbers of its variables."""
    for topic in topics():
        for language in LANGUAGES:
            if set(names) <= set(topic.variables[language]):
                return topic.title["en"], [topic.variables[language].index(name) for name in names]
    return len(names)


class TestTopics:
    def test_there_are_thirty_with_ten_variables_each(self):
        assert len(topics()) >= 30
        for language in LANGUAGES:
            names = [name for topic in topics() for name in topic.variables[language]]
            assert len(set(names)) == len(names) == 10 * len(topics())
            assert len({topic.title[language] for topic in topics()}) == len(topics())

    def test_languages_have_as_many_templates(self):
        for task in map(tasks().get, PROMPTS):
            english, chinese = (task.wordings[language] for language in LANGUAGES)
            for templates in ("statements", "questions"):
                sizes = [{kind: len(v) for kind, v in getattr(w, templates).items()} for w in (english, chinese)]
                assert sizes[0] == sizes[1]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_name_is_read_in_every_position(self, language):
        wording = tasks()["co_occurrence"].wordings[language]
        for topic in topics():
            names = topic.variables[language]
            for kind, variety in wording.statements.items():
                for template in variety:
                    for first, second in zip(names, (*names[1:], names[0]), strict=True):
                        sentence = Sentence(kind, ((first,), (second,)))
                        _round_trip(wording, wording.statements, sentence, template, topic)

    def test_words_without_a_meaning_are_all_different(self):
        words = draw_variables(NONSENSE, 200, Draws(3))
        assert all(len(set(words[language])) == 200 for language in LANGUAGES)

    def test_causes_come_first_in_a_sensible_story_and_last_in_a_contrary_one(self):
        for plot, step in (("story", 1), ("contrary-story", -1)):
            edges = read(hf_causal.vary(ROW, plot, seed=4)["prompt"])[1].edges
            _, numbers = _numbers([edges[0][0], edges[0][1], edges[1][1]])
            assert numbers == sorted(numbers)[::step]


class TestRefusals:
    @pytest.mark.parametrize("before, after", [
        ("leads to", "never leads to"), ("a large", "no large"), ("Does", "Why does"), (".", ","),
        ("This is about", "Nothing is about"), ("leads", "LEADS"),
    ])  # fmt: skip
    def test_a_story_with_another_word_is_not_read(self, before, after):
        text = "This is about a garden. Sunny weather leads to warm soil. Does sunny weather lead to a large harvest?"
        assert read(text)[0].name == "transitivity"
        with pytest.raises(ValueError):
            read(text.replace(before, after, 1))

    @pytest.mark.parametrize("text", [
        "这是关于花园的故事。晴天不导致温暖的土壤。晴天是否导致大丰收？",
        "A导致B。A是否不导致B？", "A导致B。A是否导致B", "A不导致B。A是否导致B？",
    ])  # fmt: skip
    def test_a_chinese_text_with_another_word_is_not_read(self, text):
        with pytest.raises(ValueError):
            read(text)

    def test_the_sentence_that_cannot_be_read_is_named(self):
        with pytest.raises(ValueError, match="Rain leads to mud"):
            read("This is about a garden. Rain leads to mud. Does sunny weather lead to warm soil?")

    @pytest.mark.parametrize("row, variant, message", [
        (ROW, "polite", "`variant` must be one of renamed, "),
        ({"prompt": "A导致B。A是否导致B？"}, "renamed", "usual words"),
        ({"prompt": "Hello?"}, "renamed", "cannot read"),
        ({"prompt": "A causes B. Does B cause A?"}, "omitted", "does not depend"),
        ({"prompt": "".join(f"n{i} causes n{i + 1}. " for i in range(12)) + "Does n1 cause n5?"}, "story", "at most"),
    ])  # fmt: skip
    def test_what_has_no_variant_says_why(self, row, variant, message):
        with pytest.raises(ValueError, match=message):
            hf_causal.vary(row, variant)


class TestCreate:
    def test_rows_without_the_variant_are_replaced(self):
        rows = hf_causal.create("transitivity", rows=8, seed=7, variant="omitted", level=1)
        assert len(rows) == 8 and set(rows["completion"]) == {"No"}
        assert rows.features["label"].names == ["No", "Yes"]
        for row in rows:
            hf_causal.check(row)

    def test_an_open_answer_has_no_label(self):
        rows = hf_causal.create("transitivity", rows=3, seed=7, variant="insufficient", level=1)
        assert rows["label"] == [None] * 3

    def test_a_variant_that_no_row_has_says_why(self):
        with pytest.raises(ValueError, match="states all that holds"):
            hf_causal.vary({"prompt": PROMPTS["corr2cause"][0]}, "omitted")
        with pytest.raises(ValueError, match="of 8 rows have the variant 'story': a story has at most 10"):
            hf_causal.create("transitivity_generalization", rows=1, split="sequential", nodes=(12,), variant="story")
        with pytest.raises(ValueError, match="streaming"):
            hf_causal.create("transitivity", variant="story", streaming=True)
