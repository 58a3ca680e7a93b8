"""The documents say what is true: commands, options, files, messages and examples in them exist."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
import yaml

import walkthrough
from deployer import errors
from deployer.cli import deploy
from deployer.config.loader import load
from deployer.parts.certbot import RENEWAL
from deployer.planning.stages import in_the_end
from deployer.seen.facts import Facts
from walkthrough import copied, whole_files, write

ROOT = Path(__file__).parents[1]
HOUSE = ("tests/test_house.py", "tests/parts/test_parts.py", "tests/parts/test_handler_functions.py")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
CALL = re.compile(
    r'(?:^|[\s|(])(?:sudo )?(?:"\$\(command -v deploy\)"|(?:\.venv/bin/)?deploy) ([a-z][^|;#>&\n]*)'
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MESSAGE = re.compile(r"\*\*`(.+?)`\*\*", re.DOTALL)


def text_of(document: Path) -> str:
    return document.read_text("utf-8")


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


def blocks(document: Path) -> Iterator[tuple[str, str]]:
    """Language and text of each fenced block, without its indentation."""
    for indent, language, text in FENCE.findall(text_of(document)):
        yield language, re.sub(f"^{indent}", "", text, flags=re.MULTILINE)


def spans(document: Path) -> list[str]:
    """What stands in backticks, outside of fenced blocks."""
    return SPAN.findall(FENCE.sub("", text_of(document)))


def calls(document: Path) -> list[list[str]]:
    """Every call of deploy: its words without the first."""
    shown = (
        text for language, text in blocks(document) if language not in ("python", "bash", "ini", "jinja")
    )
    code = [*spans(document), *(line for text in shown for line in text.splitlines())]
    found = [match for line in code if not line.startswith("!") for match in CALL.findall(line)]
    return [shlex.split(call.replace("'", "")) for call in found]


def commands(group: click.Group = deploy, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        yield f"{prefix}{name}", command


COMMANDS = dict(commands())


def options(command: click.Command) -> set[str]:
    return {name for option in command.params for name in option.opts} | {"--help", "-h"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_and_option_that_is_mentioned_exists(document: Path) -> None:
    wrong = []
    for words in calls(document):
        name = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
        ours = words[: words.index("--")] if "--" in words else words
        given = {word for word in ours if re.fullmatch(r"--?[a-z][a-z-]*", word)}
        if name not in COMMANDS or not given <= options(COMMANDS[name]):
            wrong.append("deploy " + " ".join(words))
    assert not wrong


def test_calls_are_found() -> None:
    found = [words for document in DOCUMENTS for words in calls(document)]
    assert ["push", "www.example.org"] in found
    assert ["rehearse", "--keep"] in found
    assert len(found) > 100


@pytest.mark.parametrize("name", [name for name, it in COMMANDS.items() if not isinstance(it, click.Group)])
def test_every_command_is_explained_outside_of_the_reference(name: str) -> None:
    words = name.split()
    by_task = [document for document in DOCUMENTS if document.name != "commands.md"]
    assert any(call[: len(words)] == words for document in by_task for call in calls(document))


def test_the_reference_of_commands_is_up_to_date() -> None:
    program = [sys.executable, "-B", str(ROOT / "scripts/commands.py")]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert done.stdout == text_of(ROOT / "docs/commands.md"), "run scripts/reference"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    wrong = []
    for target in LINK.findall(FENCE.sub("", text_of(document))):
        path, _, heading = target.partition("#")
        if "://" in path:
            continue
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or (heading and heading not in headings(file)):
            wrong.append(target)
    assert not wrong


def headings(document: Path) -> set[str]:
    """The anchors of a document's headings, as forges make them."""
    lines = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(document)), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def test_every_document_can_be_found_from_the_readme() -> None:
    linked = set(LINK.findall(text_of(ROOT / "README.md")))
    assert {name_of(document) for document in DOCUMENTS} - {"README.md"} <= linked


EXAMPLES = [
    (name_of(document), text)
    for document in DOCUMENTS
    for language, text in blocks(document)
    if language == "yaml"
]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what examples name beside their sites.yaml."""
    folder = tmp_path_factory.mktemp("beside")
    git = ["git", "-c", "user.name=Alma", "-c", "user.email=alma@example.org", "-C", str(folder)]
    subprocess.run([*git, "init", "-q", "blog"], check=True)
    subprocess.run([*git, "-C", "blog", "commit", "-q", "--allow-empty", "-m", "Begin"], check=True)
    (folder / "backup-key.asc").write_bytes((ROOT / "examples/backup-key.asc").read_bytes())
    return folder


@pytest.mark.parametrize(("document", "text"), EXAMPLES)
def test_every_example_of_sites_yaml_loads(document: str, text: str, beside: Path) -> None:
    (beside / "sites.yaml").write_text(text)
    config = load(beside / "sites.yaml")
    assert in_the_end(config, Facts(os="debian", release="13")).files


def test_the_example_of_a_compose_file_is_one_that_is_taken(tmp_path: Path) -> None:
    texts = [text for _, text in blocks(ROOT / "docs/containers.md")]
    sites = next(index for index, text in enumerate(texts) if "file: chat.yml" in text)
    (tmp_path / "sites.yaml").write_text(texts[sites])
    (tmp_path / "chat.yml").write_text(texts[sites + 1])
    config = load(tmp_path / "sites.yaml")
    files = in_the_end(config, Facts(os="debian", release="13")).files
    assert b"mattermost" in files["/opt/chat.example.org/docker-compose.yml"].content


def test_the_readme_has_one_complete_example() -> None:
    _, text = (text for language, text in blocks(ROOT / "README.md") if language == "yaml")
    keys = yaml.safe_load(text)
    assert {"server", "email", "sites"} == set(keys)
    assert {site["kind"] for site in keys["sites"].values()} >= {"hugo", "static", "proxy", "redirect"}
    assert "host_key" in keys["server"]


PROJECT_PATH = re.compile(r"(?:deployer|templates|tests|scripts|bench|docs|examples)/[\w./-]*")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_file_of_the_project_that_is_mentioned_exists(document: Path) -> None:
    written = [*spans(document), *(text for _, text in blocks(document))]
    paths = {
        path.rstrip("/.")
        for code in written
        for path in re.findall(rf"(?:^|\s)({PROJECT_PATH.pattern})(?=\s|$)", code, flags=re.MULTILINE)
    }
    invented = {path for path in paths if "NAME" in path or path == "scripts/build.sh" or "/gone." in path}
    new = map(Path, whole_files(document))
    invented |= {str(path) for file in new for path in (file, file.parent) if not (ROOT / path).exists()}
    assert not {path for path in paths - invented if not (ROOT / path).exists()}


def test_the_new_kind_that_is_walked_through_works(tmp_path: Path) -> None:
    """All that the page says to write, in a copy, and those of our tests there that look for every kind."""
    copied(tmp_path, "tests", "docs", "examples")
    for file in ("sites.yaml", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    model, template, example, golden, covered, good, *questions = (
        text for language, text in blocks(ROOT / "docs/add-a-kind.md") if language
    )
    write(tmp_path, {"deployer/kinds/gone.py": model, "templates/nginx/sites/gone.conf": template})
    for name, before, text in (
        ("sites.yaml", "\nservices:", example),
        ("tests/golden/sites.yaml", "keys:\n", golden),
        ("tests/golden/server.py", '    ("rogs.me", ', covered),
        ("tests/desired/test_no_escape.py", '    "redirect": {"kind"', good),
    ):
        known = (tmp_path / name).read_text()
        assert known.count(before) == 1
        (tmp_path / name).write_text(known.replace(before, text + before))
    for text in questions:
        compile(text.replace("answers.GoneSite", "object"), "questions", "exec")
    anew = """if True:
        import sys
        from pathlib import Path
        import pytest
        from deployer.config.reference import reference
        Path("docs/sites.md").write_text(reference())
        sys.exit(pytest.main(sys.argv[1:]))
        """
    tests = ["tests/golden", "tests/config/test_example.py", "tests/desired/test_services_no_escape.py"]
    chosen = "reviewed and sites or gixy and sites and 13 or every_kind or example or reference"
    options = ["-q", "--no-vps", "-p", "no:cacheprovider", "--update-golden"]
    called(tmp_path, "-c", anew, *options, *tests, "-k", chosen)
    written = (tmp_path / "tests/golden/debian-13/etc/nginx/conf.d/gone.example.org.conf").read_text()
    assert 'return 410 "Gone \\"for\\" good.";' in written
    (tmp_path / "sites.yaml").write_text("sites: {old.example.org: {kind: gone, text: 5 $}}\n")
    assert "has a $" in called(tmp_path, "-m", "deployer", "check", code=2)


def test_what_else_is_walked_through_is_of_this_house(tmp_path: Path) -> None:
    """Its rules, in a copy with all that the page says to write; vps/test_new_kinds.py runs that."""
    files = whole_files(ROOT / "docs/add-a-service.md")
    assert sorted(path.split("/")[1] for path in files if path.endswith(".py")) == ["kinds", "kinds", "parts"]
    write(copied(tmp_path, "tests"), files)
    for file in ("sites.yaml", "pyproject.toml", "CONTRIBUTING.md"):
        shutil.copy(ROOT / file, tmp_path)
    ruled = "one_way or two_packages or one_home or small or quietly or own_is_named or beside or twice"
    called(tmp_path, "-m", "pytest", "-q", "--no-vps", "-p", "no:cacheprovider", *HOUSE, "-k", ruled)
    sites = "{old.example.org: {kind: radicale, user: 'x; y'}, notes.example.org: {kind: memos, port: 1}}"
    (tmp_path / "sites.yaml").write_text(f"sites: {sites}\n")
    assert "user" in called(tmp_path, "-m", "deployer", "check", code=2)
    bash = [tmp_path / path for path in files if path.endswith(".sh")]
    assert subprocess.run(["shellcheck", *bash], check=False).returncode == 0


def called(folder: Path, *arguments: str, code: int = 0) -> str:
    """What a Python of its own says in the folder."""
    done = walkthrough.called(folder, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + (done.stderr if code else "")


OF_BEFORE = {"/usr/local/lib/deploy/push"}
"""Where scripts were until 0.2, which people may have written down."""
WRITTEN = re.compile(r"/(?:etc/nginx/(?:deploy|conf\.d)|usr/local/lib/deploy|etc/systemd/system)/[\w./-]*\w")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_file_on_the_server_that_is_mentioned_is_written(document: Path) -> None:
    names = set(WRITTEN.findall(text_of(document)))
    by_hand = {name for name in names if name.startswith("/etc/nginx/conf.d/") and "00-" not in name}
    assert names - by_hand - OF_BEFORE <= shared_paths()


@cache
def shared_paths() -> set[str]:
    config = load(ROOT / "sites.yaml")
    paths = set(in_the_end(config, Facts(os="debian", release="13")).files)
    return paths | RENEWAL | {str(Path(path).parent) for path in paths}


def test_exit_codes_are_those_of_the_code() -> None:
    table = re.findall(r"^\| (\d+) \| ", text_of(ROOT / "docs/troubleshooting.md"), flags=re.MULTILINE)
    kinds = (errors.DeployError, errors.UsageError, errors.UnreachableError)
    codes = {0, errors.CHANGES_WAIT, errors.INTERRUPTED, *(kind.exit_code for kind in kinds)}
    assert {int(code) for code in table} == codes


def source() -> str:
    """All that can be said, with strings that go on in the next line joined, and blanks as one."""
    files = [
        path for path in (ROOT / "deployer").rglob("*") if path.is_file() and "__pycache__" not in str(path)
    ]
    text = "\n".join(path.read_text("utf-8") for path in files)
    joined = re.sub(r'"\s*(?:\\\s*)?\n\s*f?"', "", text)
    return re.sub(r"\s+", " ", joined)


def test_every_message_that_is_explained_is_one_that_can_be_met() -> None:
    said = source()
    wrong = []
    for message in MESSAGE.findall(text_of(ROOT / "docs/troubleshooting.md")):
        text = re.sub(r"\s+", " ", message)
        text = re.sub(r"^(fetch|build|gate|switch|pull|up|seen|open): ", "", text)
        pieces = [piece.strip(" :;,.") for piece in re.split(r"…|sites\.yaml:8:5", text)]
        wrong += [message for piece in pieces if piece not in said]
    assert not wrong


def test_who_is_told_to_look_for_host_keys_asks_for_one_kind() -> None:
    """For each other kind, sshd notes somebody who goes away: a few of them are enough to be shut out."""
    there = (ROOT / "deployer").rglob("*")
    sources = [path for path in there if path.is_file() and "__pycache__" not in path.parts]
    told = [(path, line) for path in (*DOCUMENTS, *sources) for line in text_of(path).splitlines()]
    calls = [(name_of(path), line) for path, line in told if re.search("ssh-keyscan (?!does )", line)]
    assert len(calls) >= 5
    assert not [(name, line) for name, line in calls if not re.search("ssh-keyscan -t ed25519 ", line)]


def test_a_private_key_is_written_where_nobody_else_reads_it() -> None:
    """And not beside sites.yaml, which belongs into Git."""
    lines = [line for document in DOCUMENTS for line in text_of(document).splitlines()]
    exports = [line for line in lines if "--export-secret" in line and ">" in line]
    assert exports
    assert all(re.search(r"\(umask 077; [^)]*> ~/", line) for line in exports), exports
