"""Proofs about closed systems of 6, 7 and 8 variables: against every member of their classes, and their speed.

    python benchmarks/large_classes.py oracle --classes 300      # some minutes a size on one core
    python benchmarks/large_classes.py speed                     # 2 minutes

The oracle shares no code with the proofs. It finds the members of a class by directing a skeleton along every order
of the nodes, the premise by the d-separations of networkx, and the answer by the paths of every member. `speed`
verifies files with one question about each premise, which is the slowest case, as Corr2Cause and as Corr2Cause++
state them; each file is read in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, permutations
from pathlib import Path

import networkx as nx
import numpy as np
from corr2cause_oracle import HYPOTHESES as CLAIMS
from corr2cause_oracle import Edge, Question
from verify_speed import run

from hf_causal.graphs.class_search import MOST_LISTED
from hf_causal.graphs.equivalence import cpdags, independences
from hf_causal.tasks.corr2cause.text import HYPOTHESES, ClosedSystem, join
from hf_causal.tasks.proving import check, prove
from hf_causal.utils.hardware import describe_hardware
from hf_causal.verification import verify

NAMES = "ABCDEFGH"
DENSITIES = (0.15, 0.3, 0.5, 0.7, 0.9, 1.0)
PATHS_UP_TO = 30
"""Members of a class in which every path is looked at; in larger ones the descendants."""


def random_dag(size: int, generator: random.Random) -> np.ndarray:
    """Draws a DAG along a random order, with one of the `DENSITIES`."""
    order, density = generator.sample(range(size), size), generator.choice(DENSITIES)
    dag = np.zeros((size, size), dtype=bool)
    for cause, effect in combinations(order, 2):
        dag[cause, effect] = generator.random() < density
    return dag


def equivalent_dags(dag: np.ndarray) -> np.ndarray:
    """Returns every DAG with the skeleton and the v-structures of one, by trying all orders of its nodes."""
    size, skeleton = len(dag), dag | dag.T
    ranks = np.array(list(permutations(range(size))), dtype=np.int8)
    directed = skeleton & (ranks[:, :, None] < ranks[:, None, :])
    _, first = np.unique(np.packbits(directed.reshape(len(directed), -1), axis=1), axis=0, return_index=True)
    apart = ~skeleton & ~np.eye(size, dtype=bool)

    def colliders(graphs: np.ndarray) -> np.ndarray:
        return np.einsum("gik,gjk,ij->gikj", graphs, graphs, apart) > 0

    true = colliders(dag[None])
    batches = np.array_split(directed[first], max(len(first) // 2048, 1))
    return np.concatenate([batch[(colliders(batch) == true).all(axis=(1, 2, 3))] for batch in batches])


def question_about(dag: np.ndarray, generator: random.Random) -> Question:
    """Returns a random hypothesis about the class of a DAG."""
    variables = tuple(NAMES[: len(dag)])
    graph = nx.DiGraph()
    graph.add_nodes_from(variables)
    graph.add_edges_from(named(dag))
    listed = frozenset(
        (frozenset(pair), frozenset(given))
        for pair in combinations(variables, 2)
        for size in range(len(variables) - 1)
        for given in combinations([name for name in variables if name not in pair], size)
        if nx.is_d_separator(graph, {pair[0]}, {pair[1]}, set(given))
    )
    dags = tuple(map(named, equivalent_dags(dag)))
    pair = tuple(generator.sample(variables, 2))
    return Question(dags, listed, variables, generator.choice(list(CLAIMS)), pair)


def named(dag: np.ndarray) -> frozenset[Edge]:
    return frozenset((NAMES[i], NAMES[j]) for i, j in np.argwhere(dag))


def holds(question: Question, dag: frozenset[Edge]) -> bool:
    """Returns whether a hypothesis holds in a member: by its paths, or by descendants where members are many."""
    if len(question.dags) <= PATHS_UP_TO:
        return question.holds(dag)
    first, second = question.pair
    graph = nx.DiGraph(list(dag))
    graph.add_nodes_from(question.variables)
    below = nx.descendants(graph, first)
    if question.hypothesis == "{} directly causes {}.":
        return (first, second) in dag
    if question.hypothesis == "{} causes something else which causes {}.":
        return any(second in nx.descendants(graph, child) for child in graph.successors(first))
    if "confounder" in question.hypothesis:
        graph = graph.reverse()
    ways = [graph.subgraph(set(graph) - {other}) for other in (second, first)]
    below, others = (nx.descendants(way, node) for way, node in zip(ways, question.pair, strict=True))
    return bool(below & others)


def compare(question: Question) -> str:
    """Raises `AssertionError` unless the proof is right in every part; returns the verdict."""
    held = [holds(question, dag) for dag in question.dags]
    verdict = "entailment" if all(held) else "neutral" if any(held) else "contradiction"
    proof = prove(question.row["prompt"])
    certificate = json.loads(proof.certificate)
    stated = {key: frozenset(map(tuple, value)) for key, value in certificate.items() if isinstance(value, list)}
    assert (proof.answer == "Yes") == all(held) and certificate["verdict"] == verdict, question
    if verdict == "neutral":
        assert held[question.dags.index(stated["model"])], question
    else:
        both = {frozenset(edge) for edge in stated["undirected"]}
        assert certificate["members"] == len(held) and stated["directed"] == question.directed, question
        assert both == question.skeleton - set(map(frozenset, question.directed)), question
    assert verdict == "entailment" or not held[question.dags.index(stated["counter_model"])], question
    check({**question.row, "completion": proof.answer, "certificate": proof.certificate})
    return verdict


def oracle(sizes: list[int], classes: int, seed: int) -> None:
    """Compares proofs about random classes with the oracle, and prints how many there were."""
    print(
        "| variables | classes | largest | of more than 720 members | entailment | neutral | contradiction | seconds |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for size in sizes:
        generator, started = random.Random(seed), time.perf_counter()
        verdicts, members = Counter[str](), []
        for _ in range(classes):
            question = question_about(random_dag(size, generator), generator)
            verdicts[compare(question)] += 1
            members.append(len(question.dags))
        counts = " | ".join(str(verdicts[name]) for name in ("entailment", "neutral", "contradiction"))
        many = sum(count > MOST_LISTED for count in members)
        seconds = time.perf_counter() - started
        print(f"| {size} | {classes} | {max(members):,} | {many} | {counts} | {seconds:.0f} |", flush=True)


def rows(size: int, count: int, seed: int, plus: bool) -> Iterator[dict]:
    """Yields rows with one question about each premise, in the words of Corr2Cause or of Corr2Cause++."""
    generator, names = random.Random(seed), NAMES[:size]
    for _ in range(count):
        dag = random_dag(size, generator)
        system = ClosedSystem.of_table(names, independences(dag))
        first, second = generator.sample(names, 2)
        if not plus:
            relation = generator.choice(list(HYPOTHESES))
            prompt = join(system.text, HYPOTHESES[relation].format(i=first, j=second))
            yield {"prompt": prompt, "completion": prove(prompt).answer}
            continue
        listed = "; ".join(
            f"{a} indep {b}" + f" | {', '.join(given)}" * bool(given) for a, b, given in system.independences
        )
        if not listed:  # then the format has no statement at all
            continue
        premise = (
            f"Premise:\nSuppose there is a closed system of {size} variables, {', '.join(names[:-1])}, and "
            f"{names[-1]}, whose causal structure forms a directed acyclic graph and satisfies faithfulness. "
            f"All the conditional independence relations are: {listed}."
        )
        graph = cpdags(dag)
        forced = [[names[i], names[j]] for i, j in np.argwhere(graph & ~graph.T)]
        yield {
            "label": int([first, second] in forced),
            "relation_type": "direct",
            "forced_edges": forced,
            "query": f"{premise}\n\nHypothesis: {first} directly affects {second}.",
        }


def measure(path: str) -> dict[str, float]:
    """Verifies a file in this process, whose premises it has not seen; called in a fresh interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first.jsonl"
        first.write_text(Path(path).read_text().partition("\n")[0] + "\n")
        verify(first)  # imports are not what is measured
    started = time.process_time()
    count = verify(path).num_rows
    seconds = time.process_time() - started
    return {"rows": count, "seconds": seconds, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def speed(sizes: list[int], count: int, seed: int, repeats: int) -> None:
    """Prints rows per second of processor time and peak memory of `verify`, for each size and format."""
    print(f"{describe_hardware()}, {time.strftime('%Y-%m-%d')}, one process, seed {seed}\n")
    print("| data | rows | CPU seconds | rows per CPU second | peak MB |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for plus, name in ((False, "Corr2Cause"), (True, "Corr2Cause++")):
            for size in sizes:
                path = Path(folder) / f"{name}_{size}.jsonl"
                path.write_text("".join(json.dumps(row) + "\n" for row in rows(size, count, seed, plus)))
                runs = [json.loads(run(str(Path(__file__)), "speed", "--measure", str(path))) for _ in range(repeats)]
                best = min(runs, key=lambda run: run["seconds"])
                figures = f"{best['rows']:,} | {best['seconds']:.2f} | {best['rows'] / best['seconds']:,.0f}"
                print(f"| {name}, {size} variables | {figures} | {best['peak']:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("oracle", "speed"))
    parser.add_argument("--sizes", type=int, nargs="+", default=[6, 7, 8])
    parser.add_argument("--classes", type=int, default=300, help="of each size, for the oracle")
    parser.add_argument("--rows", type=int, default=2000, help="of each file, for the speed")
    parser.add_argument("--repeats", type=int, default=1, help="of each measurement of speed; the fastest counts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
    elif options.what == "oracle":
        oracle(options.sizes, options.classes, options.seed)
    else:
        speed(options.sizes, options.rows, options.seed, options.repeats)


if __name__ == "__main__":
    main()
