"""The gate as an agent sees it: tools, under a key of its own, with no way around the gate."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress

import anyio
import httpx
import numpy as np
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

from api.agents import Reach, build_server
from generation.sounding import encode_wav
from tests.api.served import serving
from tests.bad_texts import BAD_TEXTS, REFUSED
from tests.sites import encode, photograph

BAD = (
    "10 MB", "no UTF-8", "UTF-16", "GBK", "NUL inside", "nothing but invisible", "nothing but tags", "empty",
    "forms mixed", "invisible between words", "turned directions", "html with a script",
)  # fmt: skip


@pytest.fixture
def server(light):
    with serving() as server:
        yield server


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "agent"
    folder.mkdir()
    (folder / "cup.jpg").write_bytes(encode(photograph(side=256)))
    return folder


def use(reach, *calls):
    """Return what each call of a tool answered: its document, or the text of its failure."""

    async def run():
        async with Client(build_server(reach)) as agent:
            return [await agent.call_tool(name, arguments) for name, arguments in calls]

    return [read(result) for result in anyio.run(run)]


def read(result):
    text = result.content[0].text
    return text if result.is_error else json.loads(text)


def test_an_agent_is_told_what_it_can_do(folder):
    async def run():
        async with Client(build_server(Reach("http://127.0.0.1:1", "k", folder))) as agent:
            return await agent.list_tools()

    tools = {tool.name: tool for tool in anyio.run(run).tools}
    assert set(tools) == {"release", "status", "verify", "match", "register", "explain"}
    assert all(tool.description for tool in tools.values())
    assert [name for name, tool in tools.items() if tool.annotations.read_only_hint] == ["verify", "match", "explain"]
    assert "context" not in tools["release"].input_schema["properties"]


def test_what_is_released_comes_back_into_the_folder(server, folder):
    reach = Reach(server.url, server.make_key("submitter"), folder)
    given = {"file": "cup.jpg", "prompt": "a cup", "model_name": "drawer"}
    (first,) = use(reach, ("release", given))
    assert (first["status"], first["publish"]) == ("released", {"file": "cup-released.jpg"})
    again, verified, explained = use(
        reach,
        ("status", {"release_id": first["id"]}),
        ("verify", {"file": "cup-released.jpg"}),
        ("explain", {"asset_id": first["id"]}),
    )
    assert again["publish"] == {"file": "cup-released-1.jpg"}, "nothing is overwritten"
    assert (verified["state"], verified["asset_id"]) == ("consistent", first["id"])
    assert "policies" in explained, "a submitter's key does not read policies"
    assert (folder / "cup.jpg").read_bytes() == encode(photograph(side=256))


def test_what_is_held_is_told_and_not_given(server, folder):
    (folder / "red.png").write_bytes(encode(Image.new("RGB", (300, 300), "red"), "PNG"))
    reach = Reach(server.url, server.make_key("submitter"), folder)
    (held,) = use(reach, ("release", {"file": "red.png", "prompt": "people in a casino"}))
    assert held["status"] == "held"
    assert "publish" not in held
    assert held["decision"]["reasons"][0]["clause"]
    assert {path.name for path in folder.iterdir()} == {"cup.jpg", "red.png"}


def test_originals_are_registered_and_matched_by_who_may(server, folder):
    registrar = Reach(server.url, server.make_key("registrar"), folder)
    made, matched = use(
        registrar, ("register", {"title": "Cup", "owner": "Ann", "file": "cup.jpg"}), ("match", {"file": "cup.jpg"})
    )
    assert [one["work_id"] for one in matched["matches"]] == [made["work"]["id"]]
    (refused,) = use(
        Reach(server.url, server.make_key("submitter"), folder), ("register", {"title": "Cup", "file": "cup.jpg"})
    )
    assert "403" in refused


@pytest.mark.parametrize("file", ["../secret", "/etc/passwd", "link", "nonesuch", "", "a\x00b", "."])
def test_nothing_outside_of_the_folder_is_read(folder, file):
    (folder.parent / "secret").write_text("s3cret")
    (folder / "link").symlink_to(folder.parent / "secret")
    (told,) = use(Reach("http://127.0.0.1:1", "k", folder), ("verify", {"file": file}))
    assert "s3cret" not in told
    assert "folder" in told or "cannot be read" in told or "expected a file" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"data_base64": "@@"}, "no base64"),
        ({"data_base64": "aGk=", "file": "cup.jpg"}, "got both"),
    ],
)
def test_failures_teach(folder, arguments, said):
    (told,) = use(Reach("http://127.0.0.1:1", "k", folder), ("match", arguments))
    assert said in told


def test_texts_of_strangers_are_tamed(monkeypatch, folder):
    odd = {"summary": "a\x1b[2J\u202eb" + "x" * 9_000, "layers": [{"text": "\u200b"}] * 900}
    monkeypatch.setattr("api.agents.Client.match", lambda *_: odd)
    (told,) = use(Reach("http://127.0.0.1:1", "k", folder), ("match", {"file": "cup.jpg"}))
    assert "\x1b" not in told["summary"]
    assert "\u202e" not in told["summary"]
    assert len(told["summary"]) == 2_000
    assert len(told["layers"]) == 200


def test_over_http_each_call_brings_its_own_key(server):
    """Without a folder nothing of this machine is read, and a released file is an address."""
    data = base64.b64encode(encode(photograph(side=256))).decode()

    async def run(headers, tool, arguments):
        app = build_server(Reach(server.url)).streamable_http_app(json_response=True, stateless_http=True)
        transport = httpx.ASGITransport(app=app)
        asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        accepted = {"accept": "application/json, text/event-stream", **headers}
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8601", timeout=60) as client,
        ):
            return (await client.post("/mcp", json=asked, headers=accepted)).json()["result"]

    without = anyio.run(run, {}, "verify", {"data_base64": data})
    assert without["isError"]
    assert "Authorization" in without["content"][0]["text"]
    own = {"authorization": f"Bearer {server.make_key('submitter')}"}
    released = anyio.run(run, own, "release", {"data_base64": data, "prompt": "a cup", "name": "cup.jpg"})
    address = released["structuredContent"]["publish"]["url"]
    assert httpx.get(address).headers["content-type"] == "image/jpeg"
    on_disk = anyio.run(run, own, "verify", {"file": "/etc/passwd"})
    assert "reads no files" in on_disk["content"][0]["text"]


def test_an_agents_program_starts_it(server, folder):
    """As a program of an agent does: a process, spoken to over its standard input and output."""
    given = {
        "CHOPMARK_KEY": server.make_key("submitter"),
        "PATH": os.environ["PATH"],
    }
    arguments = ["-m", "chopmark", "mcp", "--url", server.url, "--folder", str(folder)]
    started = StdioServerParameters(command=sys.executable, args=arguments, env=given)

    async def run():
        async with Client(stdio_client(started)) as agent:
            return read(await agent.call_tool("release", {"file": "cup.jpg", "prompt": "a cup"}))

    assert anyio.run(run)["publish"] == {"file": "cup-released.jpg"}


@pytest.fixture
def agents_server(server):
    """`chopmark mcp --http` as a process of its own; it holds no key."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = [sys.executable, "-m", "chopmark", "mcp", "--http", f"127.0.0.1:{port}", "--url", server.url]
    process = subprocess.Popen(arguments, env={"PATH": os.environ["PATH"]}, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            assert process.poll() is None, "it ended"
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.wait(30)


def test_an_agent_elsewhere_speaks_to_the_running_server_under_its_own_key_and_role(server, agents_server):
    """By the protocol's own client, over its own transport."""
    import httpx2

    data = base64.b64encode(encode(photograph(side=256))).decode()

    async def run(role, tool, arguments):
        headers = {"Authorization": f"Bearer {server.make_key(role)}"} if role else {}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=120) as http,
            Client(streamable_http_client(agents_server, http_client=http)) as agent,
        ):
            return read(await agent.call_tool(tool, arguments))

    given = {"data_base64": data, "prompt": "a cup", "name": "cup.jpg"}
    released = anyio.run(run, "submitter", "release", given)
    assert released["status"] == "released"
    assert httpx.get(released["publish"]["url"]).headers["content-type"] == "image/jpeg"
    assert "403" in anyio.run(run, "auditor", "release", given)
    assert "Authorization" in anyio.run(run, "", "release", given)


def test_an_agent_gets_clips_and_sound_as_it_gets_pictures(light, folder, monkeypatch):
    pytest.importorskip("av", reason="the extra video is not installed")
    from tests.clips import clip

    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,video")
    (folder / "walk.mp4").write_bytes(clip(count=36, width=480, height=360, sound="music"))
    with serving() as server:
        reach = Reach(server.url, server.make_key("submitter"), folder)
        (first,) = use(reach, ("release", {"file": "walk.mp4", "prompt": "a walk", "model_name": "a model"}))
        assert (first["status"], first["publish"]) == ("released", {"file": "walk-released.mp4"}), first
        (verified,) = use(reach, ("verify", {"file": "walk-released.mp4"}))
        assert (verified["state"], verified["asset_id"]) == ("consistent", first["id"])
        moving = {"file": "cup.jpg", "prompt": "a cup", "animate": {"seconds": 1, "side": 360}, "wait_s": 120}
        (made,) = use(reach, ("release", moving))
        assert (made["status"], made["publish"]) == ("released", {"file": "cup-released.mp4"}), made
        (verified,) = use(reach, ("verify", {"file": "cup-released.mp4"}))
    assert (verified["state"], verified["asset_id"]) == ("consistent", made["id"])
    # The site takes no sound: that is told, and nothing is given.
    (folder / "hum.wav").write_bytes(encode_wav(np.zeros((2, 48_000), np.float32)).read(1 << 20))
    with serving() as server:
        reach = Reach(server.url, server.make_key("submitter"), folder)
        (refused,) = use(reach, ("release", {"file": "hum.wav", "prompt": "a hum"}))
    assert "415" in refused


def test_bad_texts_of_an_agent_are_told_why_and_nothing_of_them_is_written(light, folder, monkeypatch):
    """From the folder and in base64: 10 MB, no UTF-8, nothing that anybody sees, another encoding, scripts."""
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,text")
    bad_texts = {what: BAD_TEXTS[what] for what in BAD}
    for number, bad in enumerate(bad_texts.values()):
        (folder / f"{number:02}{bad.name}").write_bytes(bad.data)
    names = sorted(path.name for path in folder.iterdir() if path.suffix != ".jpg")
    with serving() as server:
        reach = Reach(server.url, server.make_key("submitter"), folder)
        released = use(reach, *(("release", {"file": name}) for name in names))
        verified = use(reach, *(("verify", {"file": name}) for name in names))
        given = [{"data_base64": base64.b64encode(bad.data).decode(), "name": bad.name} for bad in bad_texts.values()]
        elsewhere = use(Reach(server.url, reach.key), *(("release", one) for one in given))
    written = {path.name for path in folder.iterdir()}
    for name, (what, bad), *answers in zip(names, bad_texts.items(), released, verified, elsewhere, strict=True):
        assert "Traceback" not in str(answers), what
        if bad.ends == REFUSED:
            assert "expected" in answers[0], what
            assert "expected" in answers[2], what
            assert name.replace(".", "-released.") not in written, what
            continue
        assert answers[0]["status"] in {"released", "held", "blocked"}, what
        if answers[0]["status"] == "released":
            shipped = (folder / answers[0]["publish"]["file"]).read_text()
            assert not [gone for gone in bad.gone if gone in shipped], what
