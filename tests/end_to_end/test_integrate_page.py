"""Every example of docs/integrate.md, run in the page's order against a real server and in process."""

import re
import shutil
import subprocess

from tests.api.conftest import _opened, home, light  # noqa: F401 - a site that answers quickly
from tests.api.served import serving
from tests.architecture.checkout import ROOT
from tests.sites import encode, photograph

PAGE = (ROOT / "docs" / "integrate.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(python|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def generate(prompt):
    """Stand for the generator that a reader has."""
    return encode(photograph("coffee.png" if "red" in prompt else "rocket.jpg", 256), "PNG")


def test_every_example_runs(light, tmp_path, monkeypatch, capsys):  # noqa: F811 - the fixture
    monkeypatch.chdir(tmp_path)
    examples, has_curl = BLOCK.findall(PAGE), shutil.which("curl") is not None
    shell = "\n".join(code for kind, code in examples if kind == "bash")
    with serving() as server:
        monkeypatch.setenv("GATE_KEY", server.make_key("submitter"))
        monkeypatch.setenv("GATE_URL", server.url)
        (tmp_path / "boat-draft.png").write_bytes(generate("a red boat, a draft"))
        for kind, code in examples:
            if kind == "python" and "open_site" not in code:
                exec(compile(code, "integrate.md", "exec"), {"generate": generate})
        if has_curl:
            done = subprocess.run(["bash", "-e", "-c", shell], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            assert '"/v1/files/' in done.stdout
    for kind, code in examples:
        if kind == "python" and "open_site" in code:
            exec(compile(code, "integrate.md", "exec"), {"generate": generate})
    made = {"boat.png", "boat-draft.png", "a red boat.png", "a blue boat.png"}
    assert {path.name for path in tmp_path.glob("*.png")} == made | ({"boat-sealed.png"} if has_curl else set())
    said = capsys.readouterr().out
    assert "released\n" in said
    assert "consistent" in said
