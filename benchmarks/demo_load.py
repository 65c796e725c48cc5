"""How fast the page starts and answers, for one person and for 100 at once while 20 others verify files.

    python benchmarks/demo_load.py --people 100 --questions 5 --files 20 --cores 2

It serves the page on some cores and asks from all. Every question is another one, with 20 sentences. A person thinks
for some seconds between two questions, and has an address of the network of this machine; so has everybody who
verifies a file of 2,000 rows, one after the other until the questions are answered.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np

SENTENCES = 20
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def serve(cores: int) -> tuple[subprocess.Popen[bytes], str, float]:
    """Returns the page in another process on some cores, its address, and the seconds until it answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "hf_causal.cli", "demo", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
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
    """What a process and its children have used of a processor so far, whatever else the machine is doing."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    children += [
        child
        for task in Path(f"/proc/{process.pid}/task").iterdir()
        if task.name != str(process.pid)
        for child in (task / "children").read_text().split()
    ]
    return sum(_seconds_of(pid) for pid in (process.pid, *children))


def _seconds_of(pid: int | str) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def question(draw: random.Random) -> tuple[str, str]:
    """A chain of 20 statements about names that no earlier question had."""
    names = [f"{draw.choice(('gene', 'pump', 'storm', 'loan'))} {draw.randrange(10**9)}" for _ in range(SENTENCES + 1)]
    pairs = list(zip(names, names[1:], strict=False))
    draw.shuffle(pairs)
    return "\n".join(f"{cause} causes {effect}" for cause, effect in pairs), f"Does {names[0]} cause {names[-1]}?"


def ask(client: httpx.Client, draw: random.Random) -> float:
    """Seconds from sending a question to having its answer, through the queue of the page."""
    premises, text = question(draw)
    started = time.perf_counter()
    event = client.post("/gradio_api/call/answer", json={"data": [premises, text, "axiom-looped"]}).json()["event_id"]
    shown = client.get(f"/gradio_api/call/answer/{event}").text
    if '"model_answer": "Yes"' not in shown.replace('":"', '": "'):
        raise RuntimeError(f"no right answer: {shown[:300]}")
    return time.perf_counter() - started


def connect(url: str, number: int) -> httpx.Client:
    """Returns a client with a separate address."""
    address = f"127.0.{1 + number // 200}.{1 + number % 200}"
    return httpx.Client(base_url=url, timeout=300, transport=httpx.HTTPTransport(local_address=address))


def person(url: str, questions: int, seed: int, pause: float = 0.0) -> tuple[list[float], int]:
    """Returns the seconds that a person waits for each of some questions, and how many were refused."""
    draw, waits, refused = random.Random(seed), [], 0
    with connect(url, seed) as client:
        time.sleep(draw.random() * pause)
        for _ in range(questions):
            try:
                waits.append(ask(client, draw))
            except (RuntimeError, KeyError, httpx.HTTPError) as error:
                print(repr(error), file=sys.stderr)
                refused += 1
            time.sleep(draw.uniform(0.5, 1.5) * pause)
    return waits, refused


def verify_files(url: str, seed: int, is_over: threading.Event) -> tuple[list[float], int]:
    """Returns the seconds that somebody waits for each file while others ask, and how many were refused."""
    prompts = (f"A causes B. B causes C{number}. Does A cause C{number}?" for number in range(2000))
    rows = "\n".join(json.dumps({"prompt": prompt, "completion": "Yes"}) for prompt in prompts)
    waits, refused = [], 0
    with connect(url, seed) as client:
        while not is_over.is_set():
            started = time.perf_counter()
            event = client.post("/gradio_api/call/verify", json={"data": [rows, "jsonl"]}).json()["event_id"]
            if '"num_rows"' in client.get(f"/gradio_api/call/verify/{event}").text:
                waits.append(time.perf_counter() - started)
            else:
                refused += 1
    return waits, refused


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
            premises, text = question(draw)
            page.get_by_label("Premises").fill(premises)
            page.get_by_label("Question").fill(text)
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


def row(what: str, seconds: list[float], refused: int = 0, wall: float | None = None) -> None:
    """Prints a row of the table."""
    cells = [f"{1000 * value:,.0f}" for value in (*np.percentile(seconds, [50, 90, 99]), max(seconds))]
    rate = f"{len(seconds) / wall:,.1f}" if wall else ""
    print(f"| {what} | {len(seconds)} | {refused} | {' | '.join(cells)} | {rate} |", flush=True)


def measure_crowd(url: str, people: int, questions: int, files: int, pause: float) -> None:
    """Prints the waits of many people at once, and of those who verify files in the meantime."""
    is_over = threading.Event()
    with ThreadPoolExecutor(max(files, 1)) as others, ThreadPoolExecutor(people) as crowd:
        verified = [others.submit(verify_files, url, 1000 + number, is_over) for number in range(files)]
        began = time.perf_counter()
        answers = list(crowd.map(lambda seed: person(url, questions, seed, pause), range(2, people + 2)))
        wall = time.perf_counter() - began
        is_over.set()
        results = [each.result() for each in verified]
    meanwhile = f" while {files} verify files" if files else ""
    row(f"{people} people at once, {pause:g} s between questions{meanwhile}", *_sum(answers), wall)
    if any(waits for waits, _ in results):
        row(f"files of {files} people", *_sum(results), wall)


def _sum(results: list[tuple[list[float], int]]) -> tuple[list[float], int]:
    return sum((waits for waits, _ in results), []), sum(refused for _, refused in results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--questions", type=int, default=5, help="of each person")
    parser.add_argument("--pause", type=float, default=10.0, help="mean seconds between two questions of a person")
    parser.add_argument("--files", type=int, default=20, help="people who verify files in the meantime")
    parser.add_argument("--cores", type=int, default=2, help="of the page")
    arguments = parser.parse_args()
    process, url, start = serve(arguments.cores)
    try:
        used = processor_seconds(process)
        print(f"Start to first page: {start:.1f} s, of which {used:.1f} s on the processor\n")
        person(url, 3, seed=0)
        print("| who | answers | refused | median ms | p90 ms | p99 ms | max ms | answers per second |")
        print("|---|---|---|---|---|---|---|---|")
        row("one person, API", *person(url, 30, seed=1))
        if CHROMIUM:
            row("one person, click to answer in Chromium", click(url, 20))
        used = processor_seconds(process)
        measure_crowd(url, 20, arguments.questions, 0, 0.0)
        used = processor_seconds(process) - used
        measure_crowd(url, arguments.people, arguments.questions, 0, arguments.pause)
        measure_crowd(url, arguments.people, arguments.questions, arguments.files, arguments.pause)
        print(f"\nAn answer takes {1000 * used / (20 * arguments.questions):.0f} ms of a processor.")
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
