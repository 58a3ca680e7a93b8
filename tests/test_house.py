"""The rules of the house: which way imports run, where each library lives, how long things may get."""

import ast
import importlib
import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from deployer.cli import AIMS, deploy
from deployer.config.narrowed import SELDOM

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "deployer").rglob("*.py"))
PURE = (
    *("values", "documents", "composefile", "config", "kinds", "parts", "seen", "shares", "planning"),
    *("backups", "audit", "doctor", "watching", "templates", "files", "errors", "workflow", "suggested"),
)
IMPURE = ("server", "outside", "tasks", "home", "commands", "cli", "report", "rehearsal")
BELOW = {
    "outside": ("server", "tasks", "home", "commands", "cli", "report", "rehearsal"),
    "server": ("tasks", "home", "commands", "cli", "report", "rehearsal"),
    "tasks": ("home", "commands", "cli", "report", "rehearsal"),
    "home": ("tasks", "commands", "cli", "report", "rehearsal"),
    "commands": ("cli",),
    "report": ("commands", "cli", "tasks", "home", "server", "outside", "rehearsal"),
}
HOMES = {
    "yaml": ("documents", "config"),
    "jinja2": ("templates",),
    "fabric": ("server",),
    "paramiko": ("server",),
    "docker": ("server",),
    "apprise": ("home",),
    "boto3": ("home",),
    "botocore": ("home",),
    "httpx": ("outside",),
    "click": ("cli", "commands"),
    "rich": ("report", "cli"),
}


def part(path: Path) -> str:
    return path.relative_to(ROOT / "deployer").with_suffix("").parts[0]


@cache
def nodes(path: Path) -> tuple[ast.Import | ast.ImportFrom | ast.FunctionDef, ...]:
    """What the rules ask of a module."""
    wanted = (ast.Import, ast.ImportFrom, ast.FunctionDef)
    return tuple(node for node in statements(ast.parse(path.read_text())) if isinstance(node, wanted))


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement below, and what holds some; no expressions, which are most of it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
            yield child
            yield from statements(child)


def imports(path: Path) -> set[str]:
    """Every module that a file imports, also inside functions."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_imports_run_one_way() -> None:
    wrong = []
    for path in MODULES:
        forbidden = IMPURE if part(path) in PURE else BELOW.get(part(path), ())
        for name in imports(path):
            words = name.split(".")
            if words[0] == "deployer" and len(words) > 1 and words[1] in forbidden:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_the_top_has_few_modules() -> None:
    top = {path.stem for path in (ROOT / "deployer").glob("*.py")} - {"__init__", "__main__"}
    assert len(top) <= 8


def test_no_two_packages_import_each_other() -> None:
    packages = {path.name for path in (ROOT / "deployer").iterdir() if (path / "__init__.py").exists()}
    pairs = {
        (part(path), name.split(".")[1])
        for path in MODULES
        for name in imports(path)
        if name.startswith("deployer.")
    }
    pairs = {pair for pair in pairs if {*pair} <= packages and len({*pair}) == 2}
    assert not {(one, two) for one, two in pairs if one < two and (two, one) in pairs}


def test_each_library_has_one_home() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in MODULES
        for name in imports(path)
        if name.split(".")[0] in HOMES and part(path) not in HOMES[name.split(".")[0]]
    ]
    assert not wrong


def test_modules_and_functions_stay_small() -> None:
    rule = "No module has more than (\\d+) lines, no function more than (\\d+)"
    said = re.search(rule, (ROOT / "CONTRIBUTING.md").read_text())
    assert said
    lines, of_a_function = map(int, said.groups())
    assert not [path for path in MODULES if len(path.read_text().splitlines()) > lines]
    functions = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno > of_a_function
    ]
    assert not functions


def commands(group: click.Group, prefix: str = "") -> list[tuple[str, click.Command]]:
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found.append((f"{prefix}{name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{prefix}{name} ")
    return found


@pytest.mark.parametrize(("name", "command"), commands(deploy))
def test_every_command_explains_itself_with_an_example(name: str, command: click.Command) -> None:
    assert "Example:" in command.help
    assert f"deploy {name}" in command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))


@pytest.mark.parametrize(("name", "command"), [("", deploy), *commands(deploy)])
def test_every_help_fits_a_terminal_of_80_columns(name: str, command: click.Command) -> None:
    text = click.Context(command, info_name=f"deploy {name}".strip(), terminal_width=80).get_help()
    assert [line for line in text.splitlines() if len(line) > 80] == []


def test_every_example_is_of_one_family() -> None:
    text = "".join(command.help or "" for _, command in commands(deploy))
    text += "".join(path.read_text() for path in [*ROOT.glob("docs/*.md"), ROOT / "README.md"])
    named = set(re.findall(r"deploy (?:[a-z]+ )+([a-z0-9-]+(?:\.[a-z0-9-]+)+)", text))
    files = {name for name in named if name.endswith((".yaml", ".txt"))}
    assert {name for name in named - files if not name.endswith(".example.org")} == set()


def test_every_command_has_its_line_below_what_it_is_for() -> None:
    program = [sys.executable, "-m", "deployer", "--help"]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    listed = done.stdout.partition(f"{next(iter(AIMS.values()))}:")[2].splitlines()
    names = [line.split()[0] for line in listed if line.startswith("  ")]
    assert sorted(names) == deploy.list_commands(click.Context(deploy))
    assert [title for title in AIMS.values() if f"{title}:" not in listed] == ["Begin"]
    assert not [line for line in listed if len(line) > 79 or "..." in line]


def test_heavy_libraries_are_loaded_only_where_they_are_used() -> None:
    heavy = ("fabric", "httpx", "paramiko", "docker", "pydantic", "jinja2", "rich")
    program = "import sys; from deployer.cli import deploy; deploy.main(['--help'], standalone_mode=False);"
    program += f"print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_model_is_built_where_it_is_first_used() -> None:
    """Most of them are only parts of others, with which they are built once more."""
    program = "from deployer.config.model import Config; print(Config.__pydantic_complete__)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_kinds_and_sections_that_a_file_has_not_are_not_loaded(tmp_path: Path) -> None:
    """Each is a model that takes its time to make, and parts, checks and plans look at all that there is."""
    (tmp_path / "sites.yaml").write_text(
        "sites: {www.example.org: {kind: static, repository: https://git.example.org/w.git}}"
    )
    program = """if True:
        import sys
        from pathlib import Path
        from deployer.config.loader import load
        from deployer.tasks import converge
        config = load(Path(sys.argv[1]))
        _ = converge.Asking(config).later
        packages = "deployer.kinds.", "deployer.composefile.", *sys.argv[2:]
        print(*[name for name in sys.modules if name.startswith(packages)])
        """
    sections = [f"deployer.config.{name}" for name in SELDOM]
    ran = [sys.executable, "-c", program, str(tmp_path / "sites.yaml"), *sections]
    said = subprocess.run(ran, capture_output=True, text=True, check=True).stdout.split()
    needed = {"base", "composition", "entry", "pages", "proxied", "publication", "static"}
    needed |= {"virtual_host"}
    loaded = {f"deployer.kinds.{name}" for name in needed}
    assert set(said) == loaded | {
        f"deployer.composefile.{name}" for name in ("file_names", "interpolation", "ports")
    }


def test_the_version_is_told() -> None:
    from importlib.metadata import version

    done = subprocess.run(
        [sys.executable, "-m", "deployer", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"deploy, version {version('vps-deployer')}\n"


def test_fabric_lists_the_tasks() -> None:
    fab = Path(sys.executable).parent / "fab"
    done = subprocess.run([fab, "--list"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in ("plan", "apply", "push", "rollback", "status"):
        assert f"  {name} " in done.stdout
    assert importlib.util.find_spec("deployer")


AT_WORK = {
    *(f"deployer.tasks.push.{name}" for name in ("call_script", "run_script", "push", "rollback")),
    *("deployer.server.attached.attach", "deployer.tasks.mirrors.mirrors", "deployer.tasks.shield.Switch"),
}
"""By these a command has the server do something that goes on, or ends, when the command is interrupted."""


def test_a_command_that_is_interrupted_says_what_becomes_of_it_on_the_server() -> None:
    tells = "deployer.commands._interrupted"
    silent = [
        path.stem
        for path in sorted((ROOT / "deployer/commands").glob("*.py"))
        if imports(path) & AT_WORK and tells not in imports(path) and path.stem != "_interrupted"
    ]
    assert silent == ["logs"], "which changes nothing"


FOLDERS = (
    *("deployer/server/sent/**/*", "deployer/server/installed/**/*"),
    *("deployer/parts/*.sh", "deployer/kinds/*.sh"),
)
SCRIPTS = [path for each in FOLDERS for path in ROOT.glob(each) if path.is_file()]


def test_apply_can_be_read_one_part_at_a_time() -> None:
    main = next(path for path in SCRIPTS if path.name == "apply.sh")
    parts = [path for path in SCRIPTS if path.parent.name == "apply"]
    assert parts
    assert not [path.name for path in (main, *parts) if len(path.read_text().splitlines()) > 200]
    assert "() {" not in main.read_text(), "it tells the steps; how each is done, its part does"


def test_what_is_installed_cleans_up_in_its_own_shell_only() -> None:
    wrong = [
        f"{path.name}: {line.strip()}"
        for path in SCRIPTS
        if "installed" in path.parts and path.name != "program"
        for line in path.read_text().splitlines()
        if re.search(r"trap (?!- ).*\bEXIT\b", line)
    ]
    assert not wrong, "at_exit: a child that is killed before it has begun would clean up for its parent"


def test_no_lock_is_opened_before_only_root_can_open_it() -> None:
    wrong = [
        f"{path.name}: {line.strip()}"
        for path in SCRIPTS
        for before, line in itertools.pairwise(path.read_text().splitlines())
        if re.search(r"exec [^>]*>>.*(lock\b|\$2)", line)
        and not re.search("private_lock|chmod 600", before + line)
    ]
    assert not wrong, "who can open it can hold it"


def test_no_script_asks_grep_quietly_behind_a_pipe() -> None:
    wrong = [
        f"{path.name}:{number}: {line.strip()}"
        for path in SCRIPTS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"(?<!\|)\| *grep -[a-zA-Z]*q", line)
    ]
    assert not wrong, "it ends at the first match, and what it reads from fails by the closed pipe"


def test_what_a_server_says_is_read_line_by_line_as_it_was_written() -> None:
    """`splitlines` ends a line at nine characters more, which anybody may have written there."""
    reading = [
        module for each in ("seen", "audit", "tasks") for module in (ROOT / "deployer" / each).rglob("*.py")
    ]
    assert [module.name for module in reading if ".splitlines(" in module.read_text()] == []


ALIKE = re.compile(
    r"""
    \$\{?(NAME|DOMAIN|PROJECT|HOST|ENTRY|name|domain|project|site|1)\}?"?-"?\*  # shop-* is shop-api, too
    | \$\{?(NAME|DOMAIN|PROJECT|HOST|ENTRY|name|domain|project|site)\}?"?\."?\*
    | --filter\ "?name=                                                         # any part of a name will do
    """,
    re.VERBOSE,
)


def test_no_script_takes_for_an_entry_s_own_what_only_begins_with_its_name() -> None:
    wrong = [
        f"{path.name}:{number}: {line.strip()}"
        for path in SCRIPTS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if ALIKE.search(line)
    ]
    assert not wrong, "ask for a label or for each by its whole name, or join by what no name has: / or _"
