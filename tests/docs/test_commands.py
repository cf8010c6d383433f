"""Commands that pages on data and evaluation show are run as they stand there."""

import re
import shlex
from pathlib import Path

import pytest

from router.cli import main
from tests.docs.pages import DOCS

PAGES = {name: (DOCS / name).read_text("utf-8") for name in ("data.md", "evaluating.md")}


def indented(page: str, start: str) -> list[str]:
    """Indented blocks whose first line starts so, without their indent."""
    blocks = re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)
    lines = [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in blocks]
    return [block for block in lines if block.startswith(start)]


def test_the_commands_of_the_page_on_evaluating_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = indented(PAGES["data.md"], "prompt,model,score")
    head, *rows = example.splitlines()
    told = [row.replace("Peru", f"Peru, case {n}") for n in range(30) for row in rows]
    told = [row.replace("prime", f"prime, case {at}") for at, row in enumerate(told)]
    more = [row.replace("8b,1", "8b,0") for row in told]
    (tmp_path / "answers.csv").write_text("\n".join([head, *told, *more]))
    monkeypatch.chdir(tmp_path)

    commands = indented(PAGES["evaluating.md"], "slm-router evaluate")
    assert len(commands) == 2

    for command in commands:
        assert main([*shlex.split(command)[1:], "--bootstrap", "20"]) == 0
        assert (tmp_path / "evaluation" / "report.html").is_file()
    assert "llama-3.1-8b or gpt-4o" in capsys.readouterr().out


@pytest.mark.parametrize("name", PAGES)
def test_links_between_pages_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", PAGES[name])

    assert links and [link for link in links if not (DOCS / link).exists()] == []


def test_every_option_of_evaluate_and_classify_is_on_a_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in ("evaluate", "classify"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
        pages = "".join(PAGES.values())
        assert {option for option in options if option not in pages} == set()
