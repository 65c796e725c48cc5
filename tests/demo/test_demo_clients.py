"""The page as programs and agents use it: through gradio_client, an MCP client, and plain requests."""

import asyncio
import json
import urllib.request
from pathlib import Path

import pytest
from demo_server import served_page

pytest.importorskip("gradio", reason="the page needs gradio: pip install -e '.[dev]'")


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with served_page(tmp_path_factory.mktemp("page")) as address:
        yield address


def test_the_client_of_gradio(url):
    from gradio_client import Client

    client = Client(url, verbose=False)
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(named) == {"/answer", "/prove", "/score", "/models", "/verify"}
    answer = client.predict("smoking causes tar. tar causes cancer", "Does smoking cause cancer?", api_name="/answer")
    assert (answer["answer"], answer["model_answer"], answer["certificate"]) == (
        "Yes",
        "Yes",
        {"path": ["A", "B", "C"]},
    )
    assert client.predict(api_name="/models")[0] == "axiom-reasoner"
    proof = client.predict("a → b", "Are a and b d-separated?", api_name="/prove")
    assert proof["answer"] == "No" and proof["task"] == "d_separation"
    rows = json.dumps({"prompt": "A causes B. Does B cause A?", "completion": "Yes"})
    assert client.predict(rows, "jsonl", api_name="/verify")["findings"]["wrong_label"]["rows"] == [0]
    asked = ("A causes B. B causes C.", "Does A cause C?")
    scored = client.predict(*asked, "Yes\nPath: A -> C", "proof", api_name="/score")
    assert (scored["value"], scored["first_wrong_line"], scored["answer_right"]) == (0, 2, True)
    assert scored["right_answer"] == "Yes\nPath: A -> B -> C" and "Path: " in scored["model_prompt"]
    with pytest.raises(Exception, match="`form` must be one of yes-no, proof, trace"):
        client.predict(*asked, "Yes", "poem", api_name="/score")
    with pytest.raises(Exception, match="says nothing of the form"):
        client.predict("hello", "Does a cause b?", api_name="/prove")
    with pytest.raises(Exception, match="`model` must be one of"):
        client.predict("a → b", "a → b?", "/etc/passwd", api_name="/answer")


def test_a_client_of_the_model_context_protocol(url):
    mcp = pytest.importorskip("mcp")
    from mcp.client.streamable_http import streamablehttp_client

    async def talk():
        async with (
            streamablehttp_client(f"{url}gradio_api/mcp/") as (read, write, _),
            mcp.ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            told = await session.call_tool("answer", {"premises": "a → b → c", "question": "Does a cause c?"})
            scored = await session.call_tool(
                "score", {"premises": "A causes B.", "question": "Does A cause B?", "reply": "Yes\nPath: A -> B"}
            )
            wrong = await session.call_tool("prove", {"premises": "hello", "question": "Does a cause c?"})
            return tools, told, scored, wrong

    tools, told, scored, wrong = asyncio.run(talk())
    assert set(tools) == {"answer", "prove", "score", "models", "verify"}
    for tool in tools.values():
        assert tool.description
        assert all(described.get("description") for described in tool.inputSchema["properties"].values())
    assert not told.isError and json.loads(told.content[0].text)["answer"] == "Yes"
    assert not scored.isError and json.loads(scored.content[0].text)["value"] == 1
    assert wrong.isError and "says nothing of the form" in wrong.content[0].text


def test_a_path_in_a_request_does_not_reach_the_file_system(url):
    config = json.loads(urllib.request.urlopen(f"{url}config", timeout=30).read())
    (button,) = [one["id"] for one in config["components"] if one["props"].get("elem_id") == "hc-verify"]
    (number,) = [one["id"] for one in config["dependencies"] if [button, "click"] in [list(t) for t in one["targets"]]]
    body = {
        "data": [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}],
        "fn_index": number,
        "session_hash": "x",
    }
    request = urllib.request.Request(
        f"{url}gradio_api/queue/join", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=30).close()
    with urllib.request.urlopen(f"{url}gradio_api/queue/data?session_hash=x", timeout=60) as events:
        told = events.read().decode()
    assert '"success":false' in told and "root:" not in told
    assert Path("/etc/passwd").exists()
