"""`hf-causal ask`."""

import json

import pytest

from hf_causal.cli import main


def test_an_answer_in_words(capsys):
    assert main(["ask", "Frost causes cracks. Cracks cause leaks.", "Does frost cause leaks?"]) == 0
    assert capsys.readouterr().out == "Yes. The statements lead from “frost” to “leaks”: frost → cracks → leaks.\n"


def test_a_question_about_an_effect_is_shown_as_it_was_read(capsys):
    told = "Age affects drug use and recovery. Drug use raises recovery."
    assert main(["ask", told, "Is it enough to control for age to estimate the effect of drug use on recovery?"]) == 0
    answer, read_as = capsys.readouterr().out.splitlines()
    assert answer == "Yes. In the stated graph, adjusting for “age” gives the effect of “drug use” on “recovery”."
    assert read_as.endswith("Is {“age”} a valid adjustment set for the effect of “drug use” on “recovery”?")
    assert read_as.startswith("Read as: “age” causes “drug use”.")


def test_an_answer_with_its_proofs_as_json(capsys):
    assert main(["ask", "--json", "霜冻导致裂缝，裂缝导致漏水。什么导致漏水？"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["members"] == ["霜冻", "裂缝"] and found["language"] == "zh" and found["kind"] == "causes"
    assert found["proofs"][0]["certificate"] == {"path": ["A", "B", "C"]}


@pytest.mark.parametrize("premises", ["Frost may cause cracks.", "", "x" * 30_000])
def test_what_is_not_understood_ends_with_status_2_and_one_line(premises, capsys):
    assert main(["ask", premises, "Does frost cause cracks?"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("error: ") and captured.err.count("\n") == 1
