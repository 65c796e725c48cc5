"""How fast the page starts and answers, for one person and for 20 at once.

    python benchmarks/demo_load.py --people 20 --questions 15

It serves the page on one core and asks from the others. Every question is another one, with 20 sentences.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np

SENTENCES = 20
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def serve() -> tuple[subprocess.Popen[bytes], str, float]:
    """The page in a process of its own on one core, its address, and the seconds until it answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    core = [min(os.sched_getaffinity(0))]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "hf_causal.cli", "demo", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, core),
    )
    url = f"http://127.0.0.1:{port}"
    while True:
        try:
            httpx.get(url, timeout=5).raise_for_status()
            return process, url, time.perf_counter() - started
        except httpx.HTTPError:
            if process.poll() is not None:
                raise RuntimeError("the page did not start") from None
            time.sleep(0.05)


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """What a process has used of a processor so far, whatever else the machine is doing."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def question(draw: random.Random) -> tuple[str, str]:
    """A chain of 20 statements about names that were never asked about before."""
    names = [f"{draw.choice(('gene', 'pump', 'storm', 'loan'))} {draw.randrange(10**9)}" for _ in range(SENTENCES + 1)]
    pairs = list(zip(names, names[1:], strict=False))
    draw.shuffle(pairs)
    return "\n".join(f"{cause} causes {effect}" for cause, effect in pairs), f"Does {names[0]} cause {names[-1]}?"


def ask(client: httpx.Client, draw: random.Random) -> float:
    """Seconds from sending a question to having its answer, through the queue of the page."""
    premises, asked = question(draw)
    started = time.perf_counter()
    event = client.post("/gradio_api/call/answer", json={"data": [premises, asked, "axiom-looped"]}).json()["event_id"]
    told = client.get(f"/gradio_api/call/answer/{event}").text
    if '"model_answer": "Yes"' not in told.replace('":"', '": "'):
        raise RuntimeError(f"no right answer: {told[:300]}")
    return time.perf_counter() - started


def person(url: str, questions: int, seed: int) -> list[float]:
    """The seconds that one person waits for each of some questions, asked one after the other."""
    draw = random.Random(seed)
    with httpx.Client(base_url=url, timeout=120) as client:
        return [ask(client, draw) for _ in range(questions)]


def click(url: str, questions: int) -> list[float]:
    """Seconds from a click in Chromium until the answer is on the page."""
    from playwright.sync_api import sync_playwright

    draw, seconds = random.Random(1), []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector("#hc-ask")
        for _ in range(questions):
            premises, asked = question(draw)
            page.get_by_label("Premises").fill(premises)
            page.get_by_label("Question").fill(asked)
            page.wait_for_timeout(200)
            seconds.append(page.evaluate(_CLICK) / 1000)
        browser.close()
    return seconds


_CLICK = """() => new Promise(resolve => {
    const card = document.querySelector('#hc-answer .hc-card'); card.dataset.old = 'yes';
    const started = performance.now();
    new MutationObserver(() => {
        if (document.querySelector('#hc-answer .hc-card:not([data-old])')) { resolve(performance.now() - started); }
    }).observe(document.querySelector('#hc-answer'), {childList: true, subtree: true});
    document.querySelector('#hc-ask').click();
})"""


def row(what: str, seconds: list[float], wall: float | None = None) -> None:
    """Prints a row of the table."""
    cells = [f"{1000 * value:,.0f}" for value in (*np.percentile(seconds, [50, 90, 99]), max(seconds))]
    rate = f"{len(seconds) / wall:,.1f}" if wall else ""
    print(f"| {what} | {len(seconds)} | {' | '.join(cells)} | {rate} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--questions", type=int, default=15, help="of each person")
    arguments = parser.parse_args()
    process, url, start = serve()
    try:
        used = processor_seconds(process)
        print(f"Start to first page: {start:.1f} s, of which {used:.1f} s on the processor\n")
        person(url, 3, seed=0)
        print("| who | questions | median ms | p90 ms | p99 ms | max ms | answers per second |")
        print("|---|---|---|---|---|---|---|")
        row("one person, API", person(url, 60, seed=1))
        if CHROMIUM:
            row("one person, click to answer in Chromium", click(url, 40))
        seeds = range(2, arguments.people + 2)
        with ThreadPoolExecutor(arguments.people) as crowd:
            began = time.perf_counter()
            waits = list(crowd.map(lambda seed: person(url, arguments.questions, seed), seeds))
        row(f"{arguments.people} people at once, API", sum(waits, []), time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
