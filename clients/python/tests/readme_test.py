"""The lines of the README do what they say."""

from __future__ import annotations

import re

from conftest import ROOT


def test_the_ten_lines_work(server, monkeypatch, capsys):
    text = (ROOT / "clients/python/README.md").read_text()
    [lines] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(compile(lines.replace("127.0.0.1:8001", server), "README.md", "exec"), {})
    first, second = capsys.readouterr().out.split("\n", 1)
    assert first.startswith("a picture of 3 with 1")
    assert "float32[32, 10]" in second
