"""check, schema, init and render, as they are called from a shell."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deployer.config.schema import json_schema
from typed import typed

ROOT = Path(__file__).parents[2]
GOOD = """\
sites:
  rogs.me: {kind: hugo, repository: https://git.rogs.me/roger/rogs.me.git, aliases: [www.rogs.me]}
  app.example.org: {kind: proxy, port: 3000}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sites.yaml").write_text(GOOD)
    return tmp_path


def deploy(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder."""
    return typed(arguments, folder, {**os.environ, "NO_COLOR": "1"})


def test_check_of_a_file_that_is_fine(folder: Path) -> None:
    done = deploy(folder, "check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "sites.yaml is fine: 2 sites.\n", "")
    (folder / "one.yaml").write_text("sites: {rogs.me: {kind: proxy, port: 1}}\n")
    assert deploy(folder, "check", "-c", "one.yaml").stdout == "one.yaml is fine: 1 site.\n"


def test_check_warns_of_what_must_not_get_into_git(folder: Path) -> None:
    (folder / "private-key.asc").write_text("-----BEGIN PGP PRIVATE KEY BLOCK-----\n")
    (folder / "private-key.asc").chmod(0o644)
    done = deploy(folder, "check")
    assert done.returncode == 0
    assert done.stderr == (
        "! private-key.asc is a private key: others on this machine can read it (chmod 600); "
        "git add would take it: name it in .gitignore, or keep it elsewhere\n"
    )
    (folder / "sites.yaml").unlink()
    assert deploy(folder, "init").returncode == 0
    assert "private*.asc" in (folder / ".gitignore").read_text()
    (warning,) = json.loads(deploy(folder, "check", "--json").stdout)["warnings"]
    assert "git" not in warning
    (folder / "sites.yaml").unlink()
    (folder / ".gitignore").write_text("mine\n")
    assert deploy(folder, "init").returncode == 0
    assert (folder / ".gitignore").read_text() == "mine\n"


def test_check_prints_the_problems_in_the_order_of_the_file(folder: Path) -> None:
    (folder / "sites.yaml").write_text(GOOD.replace("3000", "0").replace("kind: hugo", "kind: hugi"))
    done = deploy(folder, "check")
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith(
        "sites.yaml:2:19: sites.rogs.me.kind: unknown kind 'hugi' (did you mean 'hugo'?)"
    )
    assert lines[1] == "sites.yaml:3:40: sites.app.example.org.port: 0 is not between 1 and 65535"


def test_check_as_json(folder: Path) -> None:
    done = deploy(folder, "check", "--json")
    assert done.returncode == 0
    told = {"problems": [], "sites": ["rogs.me", "app.example.org"], "backup_keys": [], "warnings": []}
    assert json.loads(done.stdout) == told
    (folder / "sites.yaml").write_text("emial: x\n")
    done = deploy(folder, "check", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["problems"] == [
        {
            "file": "sites.yaml",
            "line": 1,
            "column": 1,
            "message": "unknown key 'emial' (did you mean 'email'?)",
        }
    ]


def test_check_without_a_file_says_how_to_get_one(tmp_path: Path) -> None:
    done = deploy(tmp_path, "check")
    assert done.returncode == 2
    assert "sites.yaml: no such file" in done.stderr
    assert "deploy init" in done.stderr


def test_check_loads_nothing_that_talks_to_a_server() -> None:
    code = (
        "import sys; sys.argv = ['deploy', 'check']\n"
        "from deployer.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'fabric', 'paramiko', 'cryptography', 'docker', 'rich', 'jinja2'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_schema_prints_the_json_schema(tmp_path: Path) -> None:
    done = deploy(tmp_path, "schema")
    assert done.returncode == 0
    assert json.loads(done.stdout) == json_schema()


def test_init_writes_a_file_that_is_fine_and_never_overwrites(tmp_path: Path) -> None:
    assert deploy(tmp_path, "init").returncode == 0
    assert deploy(tmp_path, "check").stdout == "sites.yaml is fine: 1 site.\n"
    (tmp_path / "sites.yaml").write_text("mine\n")
    done = deploy(tmp_path, "init")
    assert done.returncode == 1
    assert "sites.yaml is already there and stays as it is" in done.stderr
    assert (tmp_path / "sites.yaml").read_text() == "mine\n"
    done = deploy(tmp_path, "init", "-c", "no/where.yaml")
    assert done.returncode == 1
    assert "no/where.yaml cannot be written: No such file or directory" in done.stderr


def headings(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("==> ")]


def test_render_prints_every_file_with_its_mode(folder: Path) -> None:
    done = deploy(folder, "render")
    assert done.returncode == 0
    found = headings(done.stdout)
    assert "==> /etc/nginx/conf.d/rogs.me.conf 0644 root:root <==" in found
    assert "==> /usr/local/lib/deploy/bin/push 0755 root:root <==" in found
    assert "==> /var/lib/deploy/manifest 0600 root:root <==" in found
    assert deploy(folder, "render").stdout == done.stdout


def test_render_of_a_site_prints_its_files_only(folder: Path) -> None:
    found = headings(deploy(folder, "render", "app.example.org").stdout)
    assert found == ["==> /etc/nginx/conf.d/app.example.org.conf 0644 root:root <=="]
    done = deploy(folder, "render", "ap.example.org")
    assert done.returncode == 2
    assert "no site 'ap.example.org' in sites.yaml (did you mean 'app.example.org'?)" in done.stderr


def test_render_knows_the_releases_apart(folder: Path) -> None:
    new = deploy(folder, "render", "rogs.me").stdout
    old = deploy(folder, "render", "rogs.me", "--os", "debian-12").stdout
    assert "listen 443 ssl;" in new
    assert "listen 443 ssl http2;" in old
    assert deploy(folder, "render", "--os", "windows").returncode == 2


def test_render_writes_a_tree_into_an_empty_folder_only(folder: Path) -> None:
    assert deploy(folder, "render", "--out", "tree").returncode == 0
    push = folder / "tree/usr/local/lib/deploy/bin/push"
    assert stat.S_IMODE(push.stat().st_mode) == 0o755
    assert (folder / "tree/etc/nginx/conf.d/rogs.me.conf").is_file()
    before = sorted((folder / "tree").rglob("*"))
    done = deploy(folder, "render", "--out", "tree")
    assert done.returncode == 1
    assert "tree is not empty and stays as it is" in done.stderr
    assert sorted((folder / "tree").rglob("*")) == before
    done = deploy(folder, "render", "--out", "sites.yaml")
    assert done.returncode == 1
    assert (folder / "sites.yaml").read_text() == GOOD


RUNS = {"update": "in containers", **dict.fromkeys(("services", "restart", "logs"), "in containers or units")}


@pytest.mark.parametrize("command", RUNS)
def test_commands_for_containers_say_what_runs_in_none(folder: Path, command: str) -> None:
    wrong = deploy(folder, command, "rogs.me")
    assert wrong.returncode == 2
    assert f"rogs.me is of kind hugo: it does not run {RUNS[command]}.\n" in wrong.stderr
    assert "Its visitors are in /var/log/nginx/rogs.me.access.log on the server." in wrong.stderr
    unknown = deploy(folder, command, "no.example.org")
    assert unknown.returncode == 2
    assert "no.example.org" in unknown.stderr


def test_what_can_have_no_preview_is_not_told_to_write_one(folder: Path) -> None:
    shop = "{kind: app, repository: git@git.example.org:shop.git, port: 3000}"
    (folder / "sites.yaml").write_text(f"server: {{host: vps.example.org}}\nsites: {{shop.test: {shop}}}\n")
    wrong = deploy(folder, "push", "shop.test", "--as", "new")
    assert wrong.returncode == 2
    assert wrong.stderr == "✗ shop.test is of kind app: --as is for static and hugo.\n"


@pytest.mark.parametrize("command", ["update", "services"])
def test_commands_for_all_containers_say_when_there_are_none(folder: Path, command: str) -> None:
    none = deploy(folder, command)
    assert none.returncode == 2
    assert none.stderr.startswith(f"✗ nothing in sites.yaml runs {RUNS[command]}.\n")


def test_what_is_still_as_init_wrote_it_is_told(tmp_path: Path) -> None:
    deploy(tmp_path, "init")
    written = (tmp_path / "sites.yaml").read_text()
    (tmp_path / "sites.yaml").write_text(written.replace("# email:", "email:"))
    left = "server.host, email, sites.www.example.org.repository"
    told = f"! Still as deploy init wrote it: {left}. Put what is yours there.\n"
    done = deploy(tmp_path, "check")
    assert (done.returncode, done.stderr) == (0, told)
    (tmp_path / "sites.yaml").write_text("server: {host: vps.example.org, port: 9}\nsites: {}\n")
    assert "server.host is still as deploy init wrote it" in deploy(tmp_path, "plan").stderr


@pytest.mark.parametrize("arguments", [("check",), ("render",), ("--help",)])
def test_output_for_which_there_is_no_room_is_told(folder: Path, arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "deployer", *arguments],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    told = "✗ what this prints could not be written: no space is left where it goes.\n"
    assert (done.returncode, done.stderr) == (1, told)


def test_the_exit_code_is_right_where_nothing_can_be_said(folder: Path) -> None:
    with open("/dev/full", "w") as full:
        for arguments, code in ((["nonsense"], 2), (["check", "-c", "nowhere.yaml"], 2)):
            argv = [sys.executable, "-m", "deployer", *arguments]
            assert subprocess.run(argv, cwd=folder, stderr=full, check=False).returncode == code


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_any_text_can_be_printed_in_any_encoding(folder: Path, encoding: str) -> None:
    words = "from deployer.commands._letters import print_any_letter as f; f(); print('✓ Grüße – 東京 → …')"
    argv, call = [sys.executable, "-c", words], [sys.executable, "-m", "deployer", "workflow", "a.test"]
    plain = {"PYTHONIOENCODING": encoding, "PATH": os.environ["PATH"]}
    done = subprocess.run(argv, cwd=folder, capture_output=True, env=plain, check=True, encoding=encoding)
    greeting = {"ascii": "Gr\\xfc\\xdfe", "latin-1": "Grüße"}[encoding]
    assert done.stdout == f"+ {greeting} - \\u6771\\u4eac -> ...\n"
    site = "sites: {a.test: {kind: static, repository: https://git.example.org/me/a.git}}\n"
    (folder / "sites.yaml").write_text(site)
    done = subprocess.run(call, cwd=folder, capture_output=True, env=plain, check=False, encoding=encoding)
    assert (done.returncode, 'echo "x SSH could not log in' in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("option", ["--publish", "--html"])
def test_an_option_of_the_page_without_its_value_is_told_as_that(folder: Path, option: str) -> None:
    done = deploy(folder, "status", option, "-c", "sites.yaml")
    wanted = {"--publish": "a domain", "--html": "a file"}[option]
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2,
        f"✗ {option} wants {wanted} behind it, not -c.",
    )
