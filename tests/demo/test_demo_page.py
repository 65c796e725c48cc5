"""The page as people use it, in Chromium.

Without Chromium the tests of the page are skipped; `make browser` installs it.
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_causal.verification import fix, verify

pytest.importorskip("gradio", reason="the page needs gradio: pip install -e '.[dev]'")


def test_the_page_opens_with_a_worked_example(visit):
    page = visit()
    page.wait_for("#hc-answer", "Exact answer")
    assert "tar deposits → lung cancer" in page.text("#hc-answer")
    assert page.page.get_by_label("Question").first.input_value() == "Does smoking cause lung cancer?"
    assert page.page.locator("#hc-answer .hc-read-name").all_inner_texts()[:2] == ["Smoking", "tar deposits"]
    assert "premises=" not in page.page.url


def test_a_hidden_cause_is_drawn_and_the_question_restated(visit):
    page = visit()
    page.page.get_by_role("button", name="Hidden cause").click()
    page.wait_for("#hc-answer", "share a hidden cause")
    assert page.page.locator("#hc-answer .hc-wide .hc-edge-hidden").count() == 1
    assert "be computed from observations alone?" in page.text("#hc-answer .hc-restated")


def test_a_question_in_chinese_and_a_feedback_loop(visit):
    page = visit()
    page.page.get_by_role("button", name="中文").click()
    page.wait_for("#hc-answer", "准确答案")
    page.page.get_by_role("button", name="Feedback loop").click()
    page.wait_for("#hc-answer", "form a feedback loop")
    assert page.page.locator("#hc-answer .hc-wide .hc-edge-loop").count() == 3


def test_a_question_in_everyday_words(visit):
    page = visit()
    shown = page.ask(
        "Smoking leads to tar deposits, and tar deposits cause lung cancer", "Does smoking cause lung cancer?"
    )
    assert "Exact answer\nYes" in shown and "axiom-reasoner\nYes" in shown and "tar deposits → lung cancer" in shown
    page.page.get_by_text("What the model reads").click()
    assert "A causes B. B causes C. Does A cause C?" in page.text("#hc-answer .hc-prompt")
    assert "tar deposits\tB" in page.text("#hc-answer table")


def test_examples_the_slider_and_the_attention(visit):
    page = visit()
    page.page.get_by_role("button", name="Branching").click()
    page.wait_for("#hc-answer", "in 3 steps")
    slider = page.page.locator("#hc-loop input[type=range]")
    slider.fill("0")
    page.wait_for("#hc-view", "0 of 9 statements")
    slider.fill("3")
    page.wait_for("#hc-view", "After 3 of")
    page.page.get_by_label("Model", exact=True).click()
    page.page.get_by_role("option", name="axiom-cpu").click()
    page.page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for("#hc-view", "attends most to")
    before = page.page.locator("#hc-view").inner_html()
    page.page.locator("#hc-head input[type=range]").fill("2")
    page.page.wait_for_function("before => document.querySelector('#hc-view').innerHTML !== before", arg=before)
    page.page.locator("#hc-layer input[type=range]").fill("1")
    page.wait_for("#hc-view", "attends most to")


def test_what_cannot_be_read_is_marked_and_the_text_stays(visit):
    page = visit()
    premises = "rain is wet\nrain causes mud\nit does not cause joy"
    shown = page.ask(premises, "Does rain cause mud?")
    assert "could not be read" in shown and "leave the sentence out" in shown
    marked = page.page.locator("#hc-answer mark").all_inner_texts()
    assert marked == ["rain is wet", "it", "not"]
    assert page.page.get_by_label("Premises").first.input_value() == premises


def test_other_grammars_and_names_that_are_not_stated(visit):
    page = visit()
    page.page.get_by_role("button", name="d-separation").click()
    page.wait_for("#hc-answer", "“wet grass” is a collider and a cause of “slippery shoes”")
    page.page.get_by_role("button", name="Corr2Cause").click()
    page.wait_for("#hc-answer", "holds in the one graph")
    assert "did you mean “accidents”?" in page.ask("rain causes accidents", "Does rain cause acidents?")


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "${alert(1)}", "{{alert(1)}}", "<script>alert(1)</script>"]
)
def test_nothing_that_is_typed_is_run(visit, name):
    page = visit()
    shown = page.ask(f"“{name}” causes **mud**", f"Does “{name}” cause **mud**?")
    assert f"{name} → " in shown and page.page.locator("#hc-answer img, #hc-answer script").count() == 0
    page.ask(f"{name} {name}", name)
    page.wait_for("#hc-answer", name)
    assert page.page.locator("#hc-answer img, #hc-answer script").count() == 0


def test_a_link_opens_the_question_again(visit):
    page = visit()
    page.ask("a → b & c", "a → c?")
    page.page.get_by_role("button", name="Take it with you").click()
    filled = "document.querySelector('#hc-link textarea, #hc-link input')?.value.includes('premises=')"
    page.page.wait_for_function(filled)
    link = page.page.locator("#hc-link textarea, #hc-link input").first.input_value()
    assert page.page.url == link
    assert "read(premises, question)" in page.text("#hc-code")
    again = visit(query="?" + link.split("?", 1)[1])
    again.wait_for("#hc-answer", "Exact answer")
    again.wait_for_value("Premises", "a → b & c")


def test_the_keyboard_is_enough(visit):
    page = visit()
    page.page.get_by_label("Premises").first.focus()
    page.page.keyboard.press("Control+a")
    page.page.keyboard.type("rain causes mud")
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Control+a")
    page.page.keyboard.type("Does rain cause mud?")
    page.page.keyboard.press("Enter")
    page.wait_for("#hc-answer", "rain → mud")
    for _ in range(3):  # the model, the button, the first example
        page.page.keyboard.press("Tab")
    assert page.page.evaluate("document.activeElement.innerText") == "Chain"
    page.page.keyboard.press("Enter")
    page.wait_for("#hc-answer", "tar deposits → lung cancer")
    page.page.locator("#hc-loop input[type=range]").focus()
    page.page.keyboard.press("Home")
    page.wait_for("#hc-view", "After 0 of")
    page.page.get_by_role("tab", name="Ask").focus()
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Enter")
    page.page.get_by_role("button", name="Check", exact=True).wait_for(timeout=10_000)


def test_a_reply_is_checked_line_by_line(visit):
    page = visit()
    page.open_tab("Check an answer")
    page.wait_for("#hc-score .hc-line-wrong", "From B: C, E")
    assert page.page.locator("#hc-score .hc-line-right").count() == 2
    assert page.page.locator("#hc-score .hc-wide .hc-edge-faulty").count() == 1
    assert "Answer step by step" in page.page.locator("#hc-asked-text textarea").input_value()
    page.page.get_by_label("Reply of the model").fill("From A: B, D\nFrom B: C\nFrom C: E\nAnswer: Yes")
    page.page.get_by_role("button", name="Check", exact=True).click()
    page.wait_for("#hc-score .hc-note", "Every step holds")
    assert page.page.locator("#hc-score .hc-line-right").count() == 4
    page.page.get_by_label("Premises of the question").fill("A hates B")
    page.page.get_by_role("button", name="Check", exact=True).click()
    page.wait_for("#hc-score mark", "hates")
    page.page.get_by_role("button", name="PC, step by step").click()
    page.wait_for("#hc-score .hc-line-wrong", "so D -> B")
    page.page.get_by_text("Draw a question").click()
    page.page.get_by_role("button", name="Draw", exact=True).click()
    page.page.wait_for_function("document.querySelector('#hc-reply textarea').value === ''", timeout=30_000)
    assert "causes" in page.page.get_by_label("Premises of the question").input_value()


def test_a_file_is_verified_and_its_twin_given_back(visit, tmp_path):
    rows = [
        {"prompt": "A causes B. Does A cause B?", "completion": "Yes"},
        {"prompt": "A causes B. Does B cause A?", "completion": "Yes"},
    ]
    path = tmp_path / "<b>mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    page = visit()
    page.page.get_by_role("tab", name="Verify a file").click()
    page.page.get_by_role("button", name="Verify", exact=True).click()
    page.wait_for("#hc-report", "Choose a file first")
    page.page.locator("#hc-file input[type=file]").set_input_files(path)
    page.page.locator("#hc-file", has_text="mine").wait_for()
    page.page.get_by_role("button", name="Verify", exact=True).click()
    page.wait_for("#hc-report", "1 of 2 rows have defects")
    with page.page.expect_download() as download:
        page.page.locator("#hc-twin a").first.click()
    corrected = [json.loads(line) for line in Path(download.value.path()).read_text().splitlines()]
    assert [row["completion"] for row in corrected] == ["Yes", "No"]


WORLD = (
    "Imagine a self-contained, hypothetical world with only the following conditions, and without any unmentioned "
    "factors or causal relationships:"
)
PUBLISHED = {
    "clear.json": [{
        "description": "Given a DAG (directed acyclic graph) with nodes A, B, C and directed edges A->B, B->C.",
        "graph_type": "DAG", "question": "Are node A and node C d-separated by nodeset {'B'}?", "answer": "No.",
        "question_type": "YN", "task_type": "d-separation",
    }],
    "caugym.json": [{
        "problem": f"Input Info: {WORLD} Rain has a direct effect on mud.\nFor those with rain being high, the "
        "probability of mud being high is 0.7. For those with rain being low, the probability of mud being high is "
        "0.2.\nInstruction: Consider the average treatment effect (ATE) of rain on mud.\nQuestion: If rain is changed "
        "to be high, will mud be more likely to be high?\nProvide the calculation result to four decimal places and a "
        'final "yes" or "no" answer in JSON format, like {"ANSWER": "Yes", "PROB": "0.1234"}:',
        "answer": '{"ANSWER": "No", "PROB": "0.5000"}', "Type": "ATE",
    }],
    "corr2cause.csv": [{
        "input": "Premise: Suppose there is a closed system of 2 variables, A and B. All the statistical relations "
        "among these 2 variables are as follows: A correlates with B.\nHypothesis: A directly causes B.", "label": 1,
    }],
    "calm-min-BAS.parquet": [{
        "vertices": ["A", "B", "C"], "edges": "A causes B, A causes C, B causes C", "treatment": "B", "outcome": "C",
        "option1": "A", "option2": "C", "option3": "", "gt_answer": 3,
    }],
}  # fmt: skip
"""A row with a wrong answer in each of four published formats."""


def test_published_files_are_corrected_as_by_the_command(visit, tmp_path):
    page = visit()
    page.page.get_by_role("tab", name="Verify a file").click()
    for name, rows in PUBLISHED.items():
        path = tmp_path / name
        if path.suffix == ".parquet":
            pq.write_table(pa.Table.from_pylist(rows), path)
        elif path.suffix == ".csv":
            (row,) = rows
            path.write_text("input,label\n" + f'"{row["input"]}",{row["label"]}\n')
        else:
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        page.page.locator("#hc-file input[type=file]").set_input_files(path)
        page.page.locator("#hc-file", has_text=path.stem[:8]).wait_for()
        page.page.get_by_role("button", name="Verify", exact=True).click()
        page.page.locator("#hc-report h3", has_text=name).first.wait_for(timeout=60_000)
        shown = page.text("#hc-report")
        assert "1 of 1 rows have defects" in shown and "proves" in shown and "rows changed: 1" in shown
        page.page.locator("#hc-twin", has_text=f"corrected-{path.stem}").first.wait_for()
        with page.page.expect_download() as download:
            page.page.locator("#hc-twin a").first.click()
        fix(path, tmp_path / f"twin-{name}")
        assert Path(download.value.path()).read_bytes() == (tmp_path / f"twin-{name}").read_bytes()
        assert verify(tmp_path / f"twin-{name}").is_clean


def test_a_file_that_cannot_be_read_is_an_error_in_words(visit, tmp_path):
    path = tmp_path / "mine.parquet"
    path.write_bytes(b"PAR1 and nothing else")
    page = visit()
    page.page.get_by_role("tab", name="Verify a file").click()
    page.page.locator("#hc-file input[type=file]").set_input_files(path)
    page.page.locator("#hc-file", has_text="mine").wait_for()
    page.page.get_by_role("button", name="Verify", exact=True).click()
    page.wait_for("#hc-report", "cannot be read as Parquet")


def test_the_reports_and_the_hardest_questions(visit):
    page = visit()
    page.page.get_by_role("tab", name="Explore").click()
    assert "GPT-4 (published)" in page.text("#hc-curves")
    page.page.get_by_label("Axis").click()
    page.page.get_by_role("option", name="Completely reversed chains").click()
    page.wait_for("#hc-curves", "axiom-cpu, 15 nodes: 0.622")
    page.page.get_by_label("axiom-cpu").uncheck()
    page.page.locator("#hc-curves .hc-legend li", has_text="axiom-cpu").first.wait_for(state="detached")
    page.page.get_by_role("button", name="Show its hardest questions").click()
    page.wait_for("#hc-questions", "to which it gives")
    assert page.page.locator("#hc-questions li").count() == 5


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_tab_fits_and_can_be_read(visit, width, theme):
    page = visit(width=width, theme=theme)
    page.page.get_by_role("button", name="Branching").click()
    page.wait_for("#hc-answer", "in 3 steps")
    for tab in page.tab_names():
        page.open_tab(tab)
        page.page.wait_for_timeout(200)
        assert page.page.evaluate("document.documentElement.scrollWidth") <= width, tab
        assert not page.page.evaluate(POOR_CONTRAST), tab
        assert page.page.evaluate(UNNAMED) == [], tab
    drawn = page.page.locator("#hc-answer svg:visible")
    page.open_tab("Ask")
    assert drawn.count() == 1 and "caffeine" in drawn.locator("title").first.text_content()


# Text of the page's own parts whose contrast with the colour behind it is under 4.5, as WCAG 2.2 asks for.
POOR_CONTRAST = """() => {
    const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d');
    const rgba = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
    const channel = value => { value /= 255;
        return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; };
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const behind = element => { const layers = [];
        for (let one = element; one; one = one.parentElement) {
            layers.push(rgba(getComputedStyle(one).backgroundColor));
            if (layers.at(-1)[3] === 1) break; }
        return layers.reverse().reduce(
            (under, over) => under.map((value, i) => value * (1 - over[3]) + over[i] * over[3]),
            [255, 255, 255]); };
    return [...document.querySelectorAll('.html-container *, label span, .gradio-container button')]
        .filter(one => one.checkVisibility() && !one.closest('svg') && [...one.childNodes].some(
            node => node.nodeType === 3 && node.textContent.trim()))
        .map(one => { const pair = [light(rgba(getComputedStyle(one).color)), light(behind(one))].sort((a,
        b) => b - a);
            return [one.innerText.slice(0, 40), (pair[0] + 0.05) / (pair[1] + 0.05)]; })
        .filter(([, contrast]) => contrast < 4.5).map(([text,
        contrast]) => `${text}: ${contrast.toFixed(2)}`).join('; ');
}"""
# Fields and buttons without a name for a screen reader.
UNNAMED = """() => [...document.querySelectorAll('textarea, input:not([type=file]), button, svg[role=img]')]
    .filter(one => one.checkVisibility() && !(one.innerText || one.getAttribute('aria-label') || one.title
        || one.placeholder || one.getAttribute('aria-labelledby') || (one.labels && one.labels.length)
        || one.closest('label') || one.querySelector('title')))
    .map(one => one.outerHTML.slice(0, 120))"""
