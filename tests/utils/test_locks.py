import signal
import subprocess
import sys
import threading

import pytest

from hf_causal.utils.locks import InUse, lock

HOLD = """
import sys
from hf_causal.utils.locks import lock
with lock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds a lock until its input ends."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "new" / ".lock")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_of_two_processes_one_is_refused(holder, tmp_path):
    with pytest.raises(InUse, match="somebody builds"), lock(tmp_path / "new" / ".lock", "somebody builds"):
        pytest.fail("held twice")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_lock_dies_with_its_process(holder, tmp_path, number):
    holder.send_signal(number)
    holder.wait()
    with lock(tmp_path / "new" / ".lock", "somebody builds"):
        pass


def test_without_a_message_the_second_process_waits(holder, tmp_path):
    events = []

    def release():
        events.append("waiting")
        holder.stdin.close()

    with lock(tmp_path / "new" / ".lock", waiting=release):
        events.append("held")
    assert events == ["waiting", "held"]


def test_two_threads_of_a_process_exclude_each_other(tmp_path):
    refused = []

    def second():
        try:
            with lock(tmp_path / ".lock", "busy"):
                pass
        except InUse as error:
            refused.append(str(error))

    with lock(tmp_path / ".lock"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert refused == ["busy"]
    with lock(tmp_path / ".lock", "busy"):
        pass


def test_many_threads_take_turns_and_leave_no_file(tmp_path):
    inside, most = [], []

    def work():
        for _ in range(20):
            with lock(tmp_path / ".lock"):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 80 and list(tmp_path.iterdir()) == []
