"""The reader of labelled lines, on what models write around an answer, and on what it must not read."""

import pytest

from hf_causal.tasks.shared.reply_values import read_chain, read_directed_paths, read_nodes, read_path
from hf_causal.tasks.shared.structured_replies import LONGEST, UnreadableReply, read_reply

LABELS = ("Path", "Reached")
NAMES = frozenset(("A", "B", "C", "AB"))

READABLE = [
    "Yes\nPath: A -> B -> C",
    "Path: A -> B -> C\nYes",
    "Yes. Path: A -> B -> C",
    "Yes Path: A -> B -> C",
    "Answer: Yes\nPath: A -> B -> C",
    "Path: A -> B -> C\nFinal answer: Yes.",
    "YES\npath : A->B->C.",
    "Ja.\nPath: A -> B -> C",
    "是的。\nPath:A→B→C",
    "Oui\nPath: A ⟶ B ⇒ C",
    # Arrows and statements
    "Yes\nPath: A --> B => C",
    "Yes\nPath: A causes B causes C",
    "Yes\nPath: A causes B, B causes C",
    "Yes\nPath: A causes B, which causes C.",
    "Yes\nPath: A causes B. B causes C.",
    "Yes\nPath: A -> B; B -> C",
    "Yes\nPath: A -> B and B -> C",
    r"Yes\nPath: $A \to B \rightarrow C$".replace(r"\n", "\n"),
    "Yes\nPath: A –> B —> C",
    "Yes\nPath: A -&gt; B -&gt; C",
    # Markdown
    "**Yes**\n\n**Path:** A -> B -> C",
    "**Yes**\n\n**Path**: `A -> B -> C`",
    "## Answer\n\nYes\n\n- Path: A -> B -> C",
    "1. Yes\n2. Path: A -> B -> C",
    "> Yes\n> Path: A -> B -> C",
    "__Answer:__ Yes\n* __Path:__ A -> B -> C",
    "Yes\n\nPath:\n1. A -> B\n2. B -> C",
    "Yes\nPath:\n- A causes B\n- B causes C\n\nThis proves it.",
    "```\nYes\nPath: A -> B -> C\n```",
    "```text\nYes\nPath: A -> B -> C\n```\nDone.",
    "| Answer | Path |\n|---|:---:|\n| Yes | A -> B -> C |",
    "| Answer | Yes |\n| --- | --- |\n| Path | A -> B -> C |",
    "| Yes | Path: A -> B -> C |",
    # LaTeX and HTML
    r"\boxed{Yes}" + "\nPath: A -> B -> C",
    r"\boxed{\text{Yes}}" + "\n" + r"\text{Path: } A \to B \to C",
    r"\boxed{\text{Yes}\\ \text{Path: } A \to B \to C}",
    "<answer>Yes<br>Path: A -> B -> C</answer>",
    "<b>Yes</b>\n<b>Path:</b> A -> B -> C",
    # JSON and dictionaries
    '{"answer": "Yes", "path": ["A", "B", "C"]}',
    '{"Answer": true, "PATH": "A -> B -> C"}',
    '{"final_answer": "yes", "path": [["A", "B", "C"]]}',
    '{"answer": "Yes", "path": ["A -> B", "B -> C"]}',
    "{'answer': 'Yes', 'path': ['A', 'B', 'C']}",
    'Here it is:\n```json\n{\n  "answer": "Yes",\n  "path": ["A", "B", "C"]\n}\n```\nIt holds.',
    'I write {A, B} and {"a": 1} first. {"reasoning": "Path: A -> C?", "answer": "Yes", "path": ["A", "B", "C"]}',
    '{"result": {"answer": "Yes", "path": ["A", "B", "C"]}}',
    '{"answer": "Yes\\nPath: A -> B -> C"}',
    # Reasoning and first tries
    "<think>No\nReached: B</think>Yes\nPath: A -> B -> C",
    "Path: A -> C? No.\n</think>\nYes\nPath: A -> B -> C",
    "I try Path: A -> C first.\n\nYes\nPath: A -> B -> C",
    "Yes\nPath: A -> C\n\nThat is not stated.\n\nYes\nPath: A -> B -> C",
    "No\nReached: B\n\nI forgot C.\n\nYes\nPath: A -> B -> C",
    "Yes\nPath: A -> B -> C\n\nTo sum up: Path: A -> B -> C",
    # Text after the block
    "Yes\nPath: A -> B -> C\n\nThe chain leads from A to C.",
    "Yes\nPath: A -> B -> C\n\nNo other chain does.",
    "Yes\nPath: A -> B -> C\n\nSo the answer is yes.",
    "Yes\nPath: A -> B -> C<|im_end|>",
    "Yes\nPath: A -> B -> C\n\nB causes D. Does D cause B?\nNo\nReached: none",
    "Yes\nPath: A -> B -> C\n\nQuestion: Does D cause B?\nNo\nReached: none",
    "\ufeffYes\r\nPath:\u00a0A -> B -> C\r\n",
    "Yes\nPath：A -> B -> C",
]

UNREADABLE = [
    None,
    "",
    "   ",
    "Path: A -> B -> C",
    "Yes or No\nPath: A -> B -> C",
    "Yes\nNo\nPath: A -> B -> C",
    "Answer: maybe\nPath: A -> B -> C",
    "Yes\nPath: A -> B -> C\nNo",
    "Yes\nPath: A -> B -> C\n\nThe answer is no.",
    "Yes\nPath: A -> B -> C\n\nWait, this is wrong.",
    "<think>Yes\nPath: A -> B -> C",
    "<think>Yes\nPath: A -> B -> C</think>",
    "<!-- Yes\nPath: A -> B -> C -->",
    '{"answer": "Yes", "answer": "No", "path": ["A", "B", "C"]}',
    "{'answer': 'Yes', 'Answer': 'No', 'path': ['A', 'B', 'C']}",
    '{"answer": "Yes", "path": ["A", "B", "C"]} {"path": ["A", "B"]}',
    '{"answer": "Yes", "path": {"A": "B"}}',
    '{"answer": "Yes", "path": [null, "B", "C"]}',
    '{"answer": "Yes", "path": [["A", ["B", "C"]]]}',
    "Yes\nPath:",
    "Yes\nPath: ",
    "Yes\nPath: none",
    "Yes\nPath: A -> B -> C\n\nPath: A -> C",
    "Yes\nPath: A -> B, C",
    "Yes\nPath: A, B, C",
    "Yes\nPath: A - B - C",
    "Yes\nPath: A <-> B -> C",
    "Yes\nPath: A -> B -> C, and so on",
    "Yes\nPath: A -> B -> C because it is stated",
    "Yes\nPath: A -> (B -> C)",
    "Yes\nPath: A -> -> B -> C",
    "Yes\nPath: A -> B -> ...",
    "Yes\nPath: C <- B <- A",
    "Yes\nPath: a -> b -> c",
    # Look-alikes of A and C, and characters that join or mark names
    "Yes\nPath: А -> B -> C",
    "Yes\nPath: Α -> B -> C",
    "Yes\nPath: Ａ -> B -> C",
    "Yes\nPath: A² -> B -> C",
    "Yes\nPath: A\u200bB -> C",
    "Yes\nPath: A_B -> C",
    "Yes\nPath: A*B -> C",
    "Yes\nPath: A** -> B -> C",
    "Yes\nPath: A' -> B -> C",
    r"Yes\nPath: \text{A}B -> C".replace(r"\n", "\n"),
    "Yes\nPath: A<b>B</b> -> C",
    "Yes\nРath: A -> B -> C",
]


def read(text):
    """What judges do with a reply: the answer, and the path of a Yes."""
    reply = read_reply(text, LABELS)
    if reply.answer is None:
        raise UnreadableReply("no answer")
    reply.require_only(("Path",), "a Yes")
    return reply.answer, reply.path("Path", NAMES)


@pytest.mark.parametrize("text", READABLE)
def test_what_models_write_is_read(text):
    assert read(text) == ("Yes", ["A", "B", "C"])


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(UnreadableReply, match=r"\w{3}"):
        read(text)


def test_a_label_of_another_answer_is_refused():
    with pytest.raises(UnreadableReply, match="'Reached'"):
        read("Yes\nPath: A -> B -> C\nReached: B, C")


@pytest.mark.parametrize(
    "text",
    [
        "{" * 3000,
        '{"a": ' * 3000,
        '{"answer": ' + "[" * 5000,
        "{'answer': " + "[" * 5000 + "]" * 5000 + "}",
        "Yes\nPath: " + "A -> " * 3000,
        "Yes\nPath: " + "(" * 5000,
        "|" * 15_000,
        "| a " * 4000 + "|",
        "*" * 15_000,
        "\\text{" * 2500,
        "Path: " * 3000,
        "1. " * 5000,
        "a" * (LONGEST + 1),
        "Yes\nPath: A -> B -> C" + " " * 100_000 + ".",
        "<think>" * 10_000,
        "x. " * 6000 + "?",
    ],
)
def test_hostile_text_is_refused_at_once(text):
    with pytest.raises(UnreadableReply):
        read(text)


def test_reasoning_does_not_count_as_length():
    assert read("<think>" + "hm. " * 50_000 + "</think>Yes\nPath: A -> B -> C")[0] == "Yes"


def test_names_that_are_words_of_the_layout_are_names():
    names = frozenset(("none", "Path", "Answer", "and", "causes", "which", "A"))
    reply = read_reply("No\nReached: none, Path, Answer", LABELS)
    assert reply.nodes("Reached", names) == ["none", "Path", "Answer"]
    assert read_nodes("none", names, "Reached") == ["none"]
    assert read_nodes("{}", names, "Reached") == []
    assert read_nodes("A, and, Path", names, "Reached") == ["A", "and", "Path"]
    assert read_path("causes -> which -> and", names, "Path") == ["causes", "which", "and"]
    assert read_reply("Yes\nPath: Path -> Answer -> A", LABELS).path("Path", names) == ["Path", "Answer", "A"]
    assert read_reply("From Answer: A\nAnswer: No", ()).answer == "No"
    for text in ("None", "NONE"):
        with pytest.raises(UnreadableReply, match="the name or the empty set"):
            read_nodes(text, names, "Reached")


@pytest.mark.parametrize("text", ["none", "None.", "{}", "∅", "nothing", "the empty set", "[]"])
def test_the_empty_set_has_several_spellings(text):
    assert read_nodes(text, NAMES, "Reached") == []


@pytest.mark.parametrize(
    "text", ["A, B and C", "{A, B, C}", "[A; B; C]", '["A", "B", "C"]', "(A, B, C).", "A,B, and C"]
)
def test_lists_have_several_spellings(text):
    assert read_nodes(text, NAMES, "Reached") == ["A", "B", "C"]


@pytest.mark.parametrize("text", ["A -> B <- C", "A → B ← C", r"A \to B \gets C", "A causes B is caused by C"])
def test_arrows_have_two_directions(text):
    assert read_chain(text, NAMES, "Path") == (["A", "B", "C"], [True, False])


@pytest.mark.parametrize(
    "text", ["C -> A; C -> B", "A <- C -> B", "C causes A, C causes B", '[["C", "A"], ["C", "B"]]']
)
def test_two_paths_from_one_node(text):
    assert sorted(read_directed_paths(text, NAMES, "Together")) == [["C", "A"], ["C", "B"]]


def test_arrows_that_meet_are_no_directed_paths():
    with pytest.raises(UnreadableReply, match="meet"):
        read_directed_paths("A -> B <- C", NAMES, "Together")


def test_lines_are_numbered_as_the_reply_was_written():
    reply = read_reply("<think>\nhm\n</think>\n\nYes\n```json\nx\n```\nPath: A -> B\n", LABELS)
    assert reply.line_of == {"Path": 9}
    reply = read_reply('Yes:\n\n{"answer": "Yes",\n "path": ["A", "B"]}\n', LABELS)
    assert reply.line_of["Path"] == 3
