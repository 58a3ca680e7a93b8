"""Advice that can be copied, whoever reads it."""

from pathlib import Path

import pytest

from deployer.rehearsal.invocation import command_line


def test_sudo_finds_the_program_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "deploy"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    stop = ("rehearse", "--stop")
    assert command_line(str(program), "/usr/bin/python3", stop, True) == f"sudo {program} rehearse --stop"
    assert command_line(str(program), "/usr/bin/python3", stop, False) == "deploy rehearse --stop"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    assert command_line("./deploy", "/usr/bin/python3", stop, False) == f"{program} rehearse --stop"


def test_a_module_is_called_by_its_python() -> None:
    module = "/usr/lib/deployer/__main__.py"
    assert command_line(module, "/opt/my venv/python", ["-c", "a b"], True) == (
        "sudo '/opt/my venv/python' -m deployer -c 'a b'"
    )
