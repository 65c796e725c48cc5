"""Measures the reader of people's text: hand-written texts, texts made from a known meaning, and the time it takes.

    python benchmarks/reading.py [--mutations 100000] [--seed 0]

Needs a clone: the texts are data of the tests.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "reading"))

import reading_texts
from reading_scores import load, score, score_effects
from test_reading_limits import PREMISES, QUESTIONS, UNITS

from hf_causal.reading import ReadingError, answer, read
from hf_causal.reading.names import key
from hf_causal.reading.text import MAX_CHARACTERS


def print_scores() -> None:
    """Prints precision and recall on both halves of the hand-written texts."""
    for part in ("develop", "held_out"):
        rows = load(part)
        for language in ("en", "zh"):
            result = score([row for row in rows if row["domain"].startswith("zh") == (language == "zh")])
            counts = result.counts
            print(
                f"{part:9} {language}: {counts['readable'] + counts['refuse']} texts, {counts['readable']} readable, "
                f"{counts['right']} read rightly, {counts['wrong']} read wrongly; "
                f"precision {result.precision:.3f}, recall {result.recall:.3f}"
            )
            for row, reading in result.wrong:
                print("  wrong:", row["premises"], "|", row["question"], "->", reading)


def print_effect_scores() -> None:
    """Prints the same for questions about effects, by form."""
    for part in ("develop", "held_out"):
        rows = load(f"effects_{part}")
        for form in dict.fromkeys(row["form"] for row in rows):
            result = score_effects([row for row in rows if row["form"] == form])
            counts = result.counts
            print(
                f"{part:9} {form}: {counts['readable'] + counts['refuse']} texts, {counts['readable']} readable, "
                f"{counts['right']} read rightly, {counts['wrong']} read wrongly"
            )


def fuzz_effects(mutations: int, seed: int) -> Counter[str]:
    """Counts what becomes of questions about effects in which a word that changes the meaning is put somewhere."""
    draw = random.Random(seed)
    rows = [row for part in ("develop", "held_out") for row in load(f"effects_{part}") if row["prompt"]]
    counts: Counter[str] = Counter()
    for _ in range(mutations):
        row = draw.choice(rows)
        chinese = any("\u4e00" <= letter <= "\u9fff" for letter in row["question"])
        made = reading_texts.Made(row["premises"], row["question"], frozenset(), ("", ""), "")
        try:
            reading = read(*reading_texts.insert_change(draw, made, chinese))
        except ReadingError:
            counts["effects, changed, refused"] += 1
        else:
            counts["effects, changed, " + ("read as before" if reading.prompt == row["prompt"] else "READ")] += 1
    return counts


def print_rate() -> None:
    """Prints how many of the hand-written texts are read in a second of one CPU core, without and with effects."""
    for name, parts in (("texts", ("develop", "held_out")), ("effects", ("effects_develop", "effects_held_out"))):
        rows = [row for part in parts for row in load(part)]
        times = []
        for _ in range(5):
            begin = time.process_time()
            for row in rows:
                with suppress(ReadingError):
                    read(row["premises"], row["question"])
            times.append(time.process_time() - begin)
        print(f"{name}: {len(rows) / min(times):,.0f} read in a second of one core (best of 5 passes)")


def fuzz(mutations: int, seed: int) -> Counter[str]:
    """Counts what becomes of texts that were made from a graph, and of changes to them."""
    draw = random.Random(seed)
    counts: Counter[str] = Counter()
    while counts["changed"] + counts["damaged"] < mutations:
        chinese = draw.random() < 0.25
        made = reading_texts.make(draw, chinese)
        counts["made"] += 1
        if counts["made"] % 5_000 == 0:
            print(dict(counts), file=sys.stderr)
        counts["made, " + _compare(made)] += 1
        counts["changed"] += 1
        counts["changed, " + _outcome(*reading_texts.insert_change(draw, made, chinese))] += 1
        counts["damaged"] += 1
        premises, question = made.premises, made.question
        if draw.random() < 0.7:
            premises = reading_texts.damage(draw, premises)
        else:
            question = reading_texts.damage(draw, question)
        counts["damaged, " + _outcome(premises, question)] += 1
    return counts


def _compare(made: reading_texts.Made) -> str:
    try:
        reading = read(made.premises, made.question)
    except ReadingError:
        return "refused"
    edges = {(key(cause), key(effect)) for cause, effect in reading.edges}
    right = edges == {(key(cause), key(effect)) for cause, effect in made.edges}
    return "read rightly" if right and answer(reading).answer == made.answer else "READ WRONGLY"


def _outcome(premises: str, question: str) -> str:
    try:
        reading = read(premises, question)
    except ReadingError:
        return "refused"
    question = reading.question
    if question.kind not in ("cause", "affect"):
        return "read as another question"
    reached = reading_texts.reached(reading.edges, question.names[0])
    expected = "Yes" if question.names[1] in reached else "No"
    return "read, answer confirmed" if answer(reading).answer == expected else "CONTRADICTED"


def print_times() -> None:
    """Prints the slowest of all rules on texts of 20,000 characters, in seconds of one CPU core."""
    times = []
    for unit in UNITS:
        for form, is_question in [*((form, False) for form in PREMISES), *((form, True) for form in QUESTIONS)]:
            filled = form.format((unit * (MAX_CHARACTERS // len(unit) + 1))[: MAX_CHARACTERS - 40])
            begin = time.process_time()
            with suppress(ReadingError):
                read("a causes b" if is_question else filled, filled if is_question else "Does a cause b?")
            times.append((time.process_time() - begin, unit, form))
    print(f"{len(times)} texts of 20,000 characters; the slowest:")
    for seconds, unit, form in sorted(times, reverse=True)[:5]:
        print(f"  {seconds:.2f} s: {unit!r} in {form!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print_scores()
    print_effect_scores()
    print_rate()
    print_times()
    for outcome, count in sorted(fuzz(arguments.mutations, arguments.seed).items()):
        print(f"{outcome}: {count:,}")
    for outcome, count in sorted(fuzz_effects(arguments.mutations // 10, arguments.seed).items()):
        print(f"{outcome}: {count:,}")


if __name__ == "__main__":
    main()
