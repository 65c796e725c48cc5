import os
import signal
import subprocess
import sys
import time

import pytest
from small import needs_ray

from hf_causal.corpora.executors import ENGINES, Engine

JOBS = [("train", shard) for shard in range(5)] + [("validation", 0)]


def double(split, shard):
    return split, 2 * shard


def refuse(split, shard):
    if split == "validation":
        raise ValueError("`shard` is refused")
    return shard


@pytest.mark.parametrize(("name", "num_proc"), [("local", 1), ("local", 2), pytest.param("ray", 2, marks=needs_ray)])
class TestEveryEngine:
    @pytest.fixture(autouse=True)
    def by_value(self, name):
        """The workers of Ray know the package and not this file."""
        if name != "ray":
            yield
            return
        from ray import cloudpickle

        cloudpickle.register_pickle_by_value(sys.modules[__name__])
        yield
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])

    def test_every_job_is_run_once(self, name, num_proc):
        results = list(Engine(name, num_proc).run(double, JOBS))
        assert sorted(results) == [(job, (job[0], 2 * job[1])) for job in JOBS]
        assert list(Engine(name, num_proc).run(double, [])) == []

    def test_an_error_arrives_as_it_was_raised(self, name, num_proc):
        with pytest.raises(ValueError, match="^`shard` is refused$"):
            list(Engine(name, num_proc).run(refuse, JOBS))


@needs_ray
def test_the_tasks_spread_over_the_machines_of_a_cluster():
    import ray
    from ray.cluster_utils import Cluster

    def where(split, shard):
        time.sleep(0.2)
        return ray.get_runtime_context().get_node_id()

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=1)
        nodes = {node for _, node in Engine("ray", ray_address=cluster.address).run(where, JOBS)}
        assert len(nodes) == 2
        assert not ray.is_initialized()
    finally:
        cluster.shutdown()


def test_a_worker_ends_with_its_parent(tmp_path):
    code = (
        "import os, sys, time; from pathlib import Path; from hf_causal.corpora.executors import Engine\n"
        "def wait(split, shard):\n    Path(split, str(os.getpid())).touch()\n    time.sleep(60)\n"
        "if __name__ == '__main__':\n    list(Engine(num_proc=2).run(wait, [(sys.argv[1], 0), (sys.argv[1], 1)]))\n"
    )
    (tmp_path / "script.py").write_text(code)
    (tmp_path / "workers").mkdir()
    parent = subprocess.Popen([sys.executable, str(tmp_path / "script.py"), str(tmp_path / "workers")])
    workers = eventually(lambda: [int(path.name) for path in (tmp_path / "workers").iterdir()], 2)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert eventually(lambda: [worker for worker in workers if not running(worker)], 2) == workers


def eventually(look, count):
    deadline = time.monotonic() + 50
    while len(found := look()) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def running(process):
    """Whether a process is at work; one that has ended may wait for its parent to take notice."""
    try:
        os.kill(process, 0)
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "spark"}, f"`engine` must be one of {', '.join(ENGINES)}, got 'spark'"),
        ({"num_proc": 0}, "`num_proc` must be at least 1, got 0"),
        ({"ray_address": "auto"}, "`ray_address` 'auto' needs `engine` 'ray', got 'local'"),
    ],
)
def test_wrong_engines_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Engine(**arguments)


def test_ray_that_is_not_installed_is_said_to_be(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install 'hf-causal\\[ray\\]'"):
        Engine("ray")


@needs_ray
def test_a_cluster_that_does_not_run_is_said_not_to():
    with pytest.raises(ValueError, match="'auto' is no running Ray cluster"):
        list(Engine("ray", ray_address="auto").run(double, JOBS))
