"""The axiom tokenizer: a stable closed vocabulary, words by place, and a lossless round trip."""

import re
from string import ascii_letters, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from hf_causal.models.axiom import AxiomTokenizer
from hf_causal.models.registry import GRAMMARS, make_tokenizer
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.transitivity.text import Prompt

TOKENIZER = AxiomTokenizer()
SPELLED_WORDS = ("causes", "cause", "Does", "Yes", "No", "no")
D_SEPARATION_WORDS = ("Are", "and", "d-separated", "given", "{", "}", ",")

names = st.sampled_from(SPELLED_WORDS) | st.text(ascii_letters + digits, min_size=1, max_size=40)
pairs = st.tuples(names, names)
prompts = st.builds(Prompt, st.lists(pairs, min_size=1, max_size=6).map(tuple), pairs)
answers = st.sampled_from(("Yes", "No"))


def ids(text: str) -> list[int]:
    """Ids without the opening `<bos>`."""
    return TOKENIZER(text, add_special_tokens=False).input_ids


def expected_tokens(prompt: Prompt) -> list[str]:
    """The tokens of a prompt by its structure alone, without looking at the spelling of a name."""
    statements = [[*cause, "causes", *effect, "."] for cause, effect in prompt.edges]
    cause, effect = prompt.question
    return [*sum(statements, []), "Does", *cause, "cause", *effect, "?"]


class TestVocabulary:
    def test_ids_are_stable(self):
        ordered = sorted(TOKENIZER.get_vocab(), key=TOKENIZER.get_vocab().get)
        words = ["causes", "cause", "Does", "Yes", "No", ".", "?"]
        assert ordered == ["<pad>", "<bos>", "<eos>", "<unk>", *ascii_letters, *digits, *words]
        assert sorted(TOKENIZER.get_vocab().values()) == list(range(73))

    def test_size_is_the_closed_vocabulary_and_four_special_tokens(self):
        assert len(TOKENIZER) == TOKENIZER.vocab_size == 69 + 4

    def test_special_ids(self):
        special = (TOKENIZER.pad_token_id, TOKENIZER.bos_token_id, TOKENIZER.eos_token_id, TOKENIZER.unk_token_id)
        assert special == (0, 1, 2, 3)

    def test_a_text_opens_with_bos_once(self):
        encoded = TOKENIZER("A causes B. Does A cause B?").input_ids
        assert encoded[0] == 1
        assert encoded.count(1) == 1
        assert 2 not in encoded

    def test_a_pair_opens_with_bos_once(self):
        assert (
            TOKENIZER("A causes B.", "Does A cause B?").input_ids == TOKENIZER("A causes B. Does A cause B?").input_ids
        )


class TestWordsByPlace:
    @pytest.mark.parametrize("name", SPELLED_WORDS)
    @pytest.mark.parametrize("place", range(4))
    def test_a_node_may_be_called_like_a_word_in_every_position(self, name, place):
        four = ["A", "B", "C", "D"]
        four[place] = name
        prompt = Prompt(((four[0], four[1]),), (four[2], four[3]))
        assert TOKENIZER.tokenize(str(prompt)) == expected_tokens(prompt)

    @pytest.mark.parametrize("name", SPELLED_WORDS)
    def test_all_nodes_may_be_called_like_one_word(self, name):
        prompt = Prompt(((name, name), (name, name)), (name, name))
        assert TOKENIZER.tokenize(f"{prompt} Yes") == [*expected_tokens(prompt), "Yes"]

    @pytest.mark.parametrize("answer", ["Yes", "No"])
    def test_an_answer_is_one_token(self, answer):
        assert TOKENIZER.tokenize(answer) == [answer]
        assert TOKENIZER.tokenize(f" {answer}") == [answer]
        assert TOKENIZER.tokenize(f"{answer}.") == [answer, "."]

    def test_words_are_read_without_a_final_mark(self):
        assert TOKENIZER.tokenize("A causes B") == ["A", "causes", "B"]
        assert TOKENIZER.tokenize("Does A cause B") == ["Does", "A", "cause", "B"]

    @settings(max_examples=200, deadline=None)
    @given(prompts)
    def test_tokens_follow_from_the_structure_of_the_prompt(self, prompt):
        assert TOKENIZER.tokenize(str(prompt)) == expected_tokens(prompt)


class TestRoundTrip:
    @settings(max_examples=200, deadline=None)
    @given(prompts)
    def test_a_prompt_survives(self, prompt):
        assert TOKENIZER.decode(TOKENIZER(str(prompt)).input_ids, skip_special_tokens=True) == str(prompt)

    @settings(max_examples=200, deadline=None)
    @given(prompts, answers)
    def test_a_prompt_with_its_answer_survives(self, prompt, answer):
        text = f"{prompt} {answer}"
        assert TOKENIZER.decode(TOKENIZER(text).input_ids, skip_special_tokens=True) == text

    @settings(max_examples=100, deadline=None)
    @given(prompts, answers)
    def test_an_answer_is_appended_as_one_token(self, prompt, answer):
        assert ids(f"{prompt} {answer}") == ids(str(prompt)) + ids(answer)

    @settings(max_examples=100, deadline=None)
    @given(prompts)
    def test_premise_and_question_apart_equal_the_prompt(self, prompt):
        question = f"Does {prompt.question[0]} cause {prompt.question[1]}?"
        assert ids(prompt.premise) + ids(question) == ids(str(prompt))

    @settings(max_examples=100, deadline=None)
    @given(prompts)
    def test_no_name_is_unknown(self, prompt):
        assert TOKENIZER.unk_token_id not in ids(str(prompt))

    @settings(max_examples=100, deadline=None)
    @given(prompts, st.data())
    def test_extra_spaces_change_nothing(self, prompt, data):
        spaces = st.sampled_from((" ", "  ", "   ", "\n", " \t "))
        text = str(prompt).replace(".", " .").replace("?", " ?")
        spaced = "".join(data.draw(spaces) if character == " " else character for character in text)
        assert ids(data.draw(spaces) + spaced + data.draw(spaces)) == ids(str(prompt))

    @pytest.mark.parametrize("special_id", [0, 1, 2, 3])
    def test_nothing_but_special_tokens_decodes_to_nothing(self, special_id):
        assert TOKENIZER.decode([special_id], skip_special_tokens=True) == ""

    def test_the_empty_text_decodes_to_nothing(self):
        assert TOKENIZER.decode(TOKENIZER("").input_ids, skip_special_tokens=True) == ""


class TestUnknownNames:
    @pytest.mark.parametrize("sentence", ["{} causes B.", "B causes {}.", "Does {} cause B?", "Does B cause {}?"])
    @pytest.mark.parametrize("name", ["my dog", "a b", "No cause", "Does A", "X causes", "Yes No"])
    def test_a_name_of_two_words_is_not_merged_silently(self, sentence, name):
        assert TOKENIZER.unk_token_id in ids(sentence.format(name))

    @pytest.mark.parametrize("sentence", ["{} causes B.", "B causes {}.", "Does {} cause B?", "Does B cause {}?"])
    @pytest.mark.parametrize("name", ["é", "naïve", "дым", "雨", "ａ", "x²", "A-B", "tar_1", "e\u0301"])
    def test_another_alphabet_is_unknown(self, sentence, name):
        assert TOKENIZER.unk_token_id in ids(sentence.format(name))

    @pytest.mark.parametrize("text", ["A causes.", "causes B.", "cause A Does B?", "A B."])
    def test_misplaced_words_among_others_are_unknown(self, text):
        assert TOKENIZER.unk_token_id in ids(text)


class TestBatches:
    TEXTS = ["A causes B. Does A cause B?", "no causes B2. B2 causes xyz. Does no cause xyz?", "Does A cause A?"]

    def test_a_batch_equals_single_texts(self):
        assert TOKENIZER(self.TEXTS).input_ids == [TOKENIZER(text).input_ids for text in self.TEXTS]

    def test_padding_is_on_the_left_by_default(self):
        assert TOKENIZER.padding_side == "left"
        batch = TOKENIZER(self.TEXTS, padding=True)
        for text, row, mask in zip(self.TEXTS, batch.input_ids, batch.attention_mask, strict=True):
            single = TOKENIZER(text).input_ids
            padding = len(row) - len(single)
            assert row == [0] * padding + single
            assert mask == [0] * padding + [1] * len(single)

    def test_padding_on_the_right(self):
        tokenizer = AxiomTokenizer(padding_side="right")
        batch = tokenizer(self.TEXTS, padding=True)
        for text, row, mask in zip(self.TEXTS, batch.input_ids, batch.attention_mask, strict=True):
            single = TOKENIZER(text).input_ids
            padding = len(row) - len(single)
            assert row == single + [0] * padding
            assert mask == [1] * len(single) + [0] * padding

    def test_padding_disappears_in_decoding(self):
        batch = TOKENIZER(self.TEXTS, padding=True)
        assert TOKENIZER.batch_decode(batch.input_ids, skip_special_tokens=True) == self.TEXTS


class TestSaving:
    TEXT = "no causes B2. cause causes No. Does no cause No? Yes"

    @pytest.mark.parametrize("padding_side", ["left", "right"])
    def test_auto_tokenizer_loads_it_without_remote_code(self, tmp_path, padding_side):
        saved = AxiomTokenizer(padding_side=padding_side)
        saved.save_pretrained(tmp_path)
        loaded = AutoTokenizer.from_pretrained(tmp_path, trust_remote_code=False)
        assert loaded(self.TEXT).input_ids == saved(self.TEXT).input_ids
        assert loaded.decode(saved(self.TEXT).input_ids, skip_special_tokens=True) == self.TEXT
        assert loaded.get_vocab() == saved.get_vocab()
        assert loaded.padding_side == padding_side
        for name in ("pad_token_id", "bos_token_id", "eos_token_id", "unk_token_id"):
            assert getattr(loaded, name) == getattr(saved, name)

    def test_its_class_loads_it(self, tmp_path):
        TOKENIZER.save_pretrained(tmp_path)
        loaded = AxiomTokenizer.from_pretrained(tmp_path)
        assert isinstance(loaded, AxiomTokenizer)
        assert loaded(self.TEXT).input_ids == TOKENIZER(self.TEXT).input_ids

    def test_extra_words_are_saved(self, tmp_path):
        saved = AxiomTokenizer(extra_words=D_SEPARATION_WORDS)
        saved.save_pretrained(tmp_path)
        text = "A causes B. Are A and B d-separated given {C}?"
        for loaded in (AutoTokenizer.from_pretrained(tmp_path), AxiomTokenizer.from_pretrained(tmp_path)):
            assert loaded.get_vocab() == saved.get_vocab()
            assert loaded(text).input_ids == saved(text).input_ids
            assert loaded.decode(saved(text).input_ids, skip_special_tokens=True) == text


class TestExtraWords:
    tokenizer = AxiomTokenizer(extra_words=D_SEPARATION_WORDS)

    def test_they_follow_the_closed_vocabulary(self):
        vocabulary = self.tokenizer.get_vocab()
        assert [vocabulary[word] for word in D_SEPARATION_WORDS] == list(range(73, 80))
        assert {token: vocabulary[token] for token in TOKENIZER.get_vocab()} == TOKENIZER.get_vocab()

    def test_a_d_separation_question_is_read_word_by_word(self):
        tokens = self.tokenizer.tokenize("Are 0DZ and Mk0 d-separated given {d, p, uHo}?")
        assert tokens == [
            *["Are", *"0DZ", "and", *"Mk0", "d-separated", "given"],
            *["{", "d", ",", "p", ",", *"uHo", "}", "?"],
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "Are 0DZ and Mk0 d-separated given {d, p, uHo}?",
            "Are a and b d-separated given {}?",
            "Are a and b d-separated?",
            "A causes B. B causes Andy. Are A and Andy d-separated given {B}? Yes",
            "Area causes given1. Are Area and given1 d-separated given {sand, forgiven}? No",
        ],
    )
    def test_a_d_separation_prompt_survives_the_round_trip(self, text):
        encoded = self.tokenizer(text).input_ids
        assert self.tokenizer.unk_token_id not in encoded
        assert self.tokenizer.decode(encoded, skip_special_tokens=True) == text

    @pytest.mark.parametrize("name", ["causes", "cause", "Does", "Yes", "No"])
    @pytest.mark.parametrize(
        "question",
        [
            "Are {} and b d-separated given {{c}}?",
            "Are a and {} d-separated given {{c}}?",
            "Are a and b d-separated given {{c, {}, d}}?",
            "Are a and b d-separated given {{{}, c}}?",
            "Are a and b d-separated given {{{}}}?",
        ],
    )
    def test_names_that_spell_words_of_the_grammar_stay_names(self, question, name):
        text = question.format(name)
        assert name not in self.tokenizer.tokenize(text)
        encoded = self.tokenizer(text).input_ids
        assert self.tokenizer.unk_token_id not in encoded
        assert self.tokenizer.decode(encoded, skip_special_tokens=True) == text

    @settings(max_examples=50, deadline=None)
    @given(prompts)
    def test_the_first_grammar_reads_as_before(self, prompt):
        spelled = {name for pair in (*prompt.edges, prompt.question) for name in pair} & set(D_SEPARATION_WORDS)
        if not spelled:
            assert self.tokenizer(str(prompt)).input_ids == TOKENIZER(str(prompt)).input_ids

    @pytest.mark.parametrize(("sign", "written"), [(". ", ". "), (", ", ","), ("{", "{ ")])
    @pytest.mark.parametrize("grammar", GRAMMARS)
    def test_two_words_are_never_read_as_one_name(self, grammar, sign, written):
        tokenizer, text = make_tokenizer("axiom_looped", grammar), get_task(grammar).example.replace(sign, written)
        for word in re.finditer(r"[A-Za-z0-9]+", text):
            before, after = text[: word.end()], text[word.end() :]
            assert tokenizer.tokenize(f"{before} Q7{after}") != tokenizer.tokenize(f"{before}Q7{after}"), before

    @pytest.mark.parametrize("word", ["", " ", "two  words", "tab\tbed", "causes", "A", "7", "?", "<pad>"])
    def test_a_word_that_cannot_be_one_is_refused_by_name(self, word):
        with pytest.raises(ValueError, match="`extra_words`") as error:
            AxiomTokenizer(extra_words=["Are", word])
        assert repr(word) in str(error.value)

    def test_a_word_given_twice_is_refused(self):
        with pytest.raises(ValueError, match="`extra_words`.*'Are'"):
            AxiomTokenizer(extra_words=["Are", "Are"])
