"""Broken connections, failing servers and rival publishers: nothing half-written, nothing lost, nothing sent twice."""

import shutil
import threading

import pytest
from hub_fixtures import ORG

from hf_causal.cli import main
from hf_causal.hub.errors import PublishError
from hf_causal.hub.publish import publish

DATA = f"{ORG}/axiomatic"
ALWAYS = 1000


@pytest.fixture
def spaces(tmp_path):
    """Two folders that want to be the same Space."""
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
        (folder / "README.md").write_text("---\nsdk: static\n---\n")
        (folder / "index.html").write_text(f"<p>{folder.name}</p>")
    return folders


def files_of(hub, kind, repo_id):
    """What a visitor sees on main, without what the Hub itself puts there."""
    return set(hub.repo(kind, repo_id).files()) - {".gitattributes"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/whoami"),
        ("POST", "/repos/create"),
        ("GET", "/revision/main"),
        ("GET", "/tree/"),
        ("POST", "/preupload/"),
        ("POST", "/objects/batch"),
        ("PUT", "/_lfs/"),
        ("POST", "/verify"),
        ("POST", "/commit/"),
    ],
)
@pytest.mark.parametrize("effect", [{"status": 500}, {"status": 503, "times": 2}, {"cut_upload_after": 10}])
def test_a_server_that_recovers_is_not_noticed(method, path, effect, hub, data):
    fault = hub.faults.add(method, path, **effect)
    published = publish("dataset", data, DATA)
    assert fault.seen > fault.times, "the fault did not befall anything"
    assert len(hub.repo("datasets", DATA).history()) == 2
    assert files_of(hub, "datasets", DATA) == set(published.changed)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/_lfs/"), ("POST", "/commit/")])
@pytest.mark.parametrize("effect", [{"status": 500}, {"cut_upload_after": 10}])
def test_a_server_that_stays_broken_shows_nothing_and_the_next_publish_resumes(method, path, effect, hub, data):
    hub.faults.add(method, path, skip=0 if "commit" in path else 2, times=ALWAYS, **effect)
    with pytest.raises(PublishError, match="nothing was committed"):
        publish("dataset", data, DATA)
    assert files_of(hub, "datasets", DATA) == set()
    arrived = {request.path for request in hub.asked("PUT", "/_lfs/") if request.status == 200}
    assert arrived

    hub.faults.clear()
    before = len(hub.requests)
    published = publish("dataset", data, DATA)
    sent = {request.path for request in hub.requests[before:] if request.method == "PUT"}
    if "commit" in path:
        assert not sent
    assert not sent & arrived
    assert files_of(hub, "datasets", DATA) == set(published.changed)
    assert len(hub.repo("datasets", DATA).history()) == 2


def test_an_update_that_breaks_leaves_the_old_version_complete(hub, data):
    publish("dataset", data, DATA)
    before = dict(hub.repo("datasets", DATA).files())
    shutil.rmtree(data / "transitivity_generalization")
    hub.faults.add("POST", "/commit/", times=ALWAYS, cut_upload_after=100)
    with pytest.raises(PublishError):
        publish("dataset", data, DATA)
    assert hub.repo("datasets", DATA).files() == before


@pytest.mark.parametrize("path", ["/commit/", "/repos/create"])
def test_an_answer_that_is_lost_makes_no_second_commit(path, hub, data):
    """The server has done it, but the client does not know."""
    fault = hub.faults.add("POST", path, cut_answer=True)
    published = publish("dataset", data, DATA)
    assert fault.seen >= 1 and published.is_new
    repo = hub.repo("datasets", DATA)
    assert len(repo.history()) == 2 and repo.branches["main"] == published.commit


def test_an_update_whose_answer_is_lost_is_made_once(hub, data):
    """One that removes something, which cannot be removed twice."""
    publish("dataset", data, DATA)
    shutil.rmtree(data / "transitivity_generalization")
    hub.faults.add("POST", "/commit/", cut_answer=True)
    published = publish("dataset", data, DATA)
    repo = hub.repo("datasets", DATA)
    assert repo.branches["main"] == published.commit and len(repo.history()) == 3
    assert published.removed and not [path for path in repo.files() if "generalization" in path]


def test_a_server_that_dies_in_the_commit_leaves_no_doubt_to_the_next_publish(hub, data):
    hub.faults.add("POST", "/commit/", cut_answer=True)
    hub.faults.add("GET", "/revision/main", skip=1, times=ALWAYS, status=500)
    with pytest.raises(PublishError, match="failed while .* was committed"):
        publish("dataset", data, DATA)
    hub.faults.clear()
    assert not publish("dataset", data, DATA).is_new
    assert len(hub.repo("datasets", DATA).history()) == 2


def test_a_lost_answer_to_a_pull_request_opens_no_second_one(hub, spaces):
    publish("space", spaces[0], f"{ORG}/demo")
    hub.faults.add("POST", "/commit/", cut_answer=True)
    with pytest.raises(PublishError, match="spaces/causal-lab/demo/discussions"):
        publish("space", spaces[1], f"{ORG}/demo", create_pr=True)
    assert len(hub.repo("spaces", f"{ORG}/demo").pull_requests) == 1


def test_of_two_publishers_one_wins_and_the_other_gets_an_error(hub, spaces):
    publish("space", spaces[0], f"{ORG}/demo")
    for folder in spaces:
        (folder / "index.html").write_text(f"<p>{folder.name}, changed</p>")
    # The first commit is held until the second publisher has made its own.
    gate = threading.Event()
    hub.faults.add("POST", "/commit/", wait_for=gate)
    outcome = {}

    def first():
        try:
            outcome["first"] = publish("space", spaces[0], f"{ORG}/demo")
        except PublishError as error:
            outcome["first"] = error

    thread = threading.Thread(target=first)
    thread.start()
    while not any(fault.seen for fault in hub.faults._faults):
        threading.Event().wait(0.01)
    won = publish("space", spaces[1], f"{ORG}/demo")
    gate.set()
    thread.join()
    assert isinstance(outcome["first"], PublishError)
    assert f"changed while it was published (commit {won.commit[:7]})" in str(outcome["first"])
    repo = hub.repo("spaces", f"{ORG}/demo")
    assert repo.branches["main"] == won.commit and len(repo.history()) == 3
    assert hub.store.text("spaces", f"{ORG}/demo", "index.html") == "<p>other, changed</p>"


def test_two_publishers_of_the_same_content_agree(hub, spaces):
    """Also when both make the repository."""
    results, start = [], threading.Barrier(4)

    def publish_space():
        start.wait()
        results.append(publish("space", spaces[0], f"{ORG}/demo"))

    threads = [threading.Thread(target=publish_space) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({result.commit for result in results}) == 1 and len(results) == 4
    assert len(hub.repo("spaces", f"{ORG}/demo").history()) == 2


def test_a_server_that_is_not_there_is_one_line(hub, spaces, monkeypatch, capsys):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert main(["publish", "space", str(spaces[0]), "--repo-id", f"{ORG}/demo"]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error: http://127.0.0.1:9 failed") and shown.count("\n") == 1


def test_offline_is_one_line(hub, spaces, monkeypatch, capsys):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert main(["publish", "space", str(spaces[0]), "--repo-id", f"{ORG}/demo"]) == 2
    assert capsys.readouterr().err == "error: `HF_HUB_OFFLINE` is set: unset it to publish\n"
