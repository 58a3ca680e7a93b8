"""What ignore files leave out, compared with Git itself."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deployer
from deployer.composefile import ignoring
from deployer.composefile.folders import Walk
from deployer.composefile.listed import listed

INSTALLED = Path(deployer.__file__).parent / "server/installed"
PATHS = ("a", "b.log", "dir/a", "dir/b.log", "dir/deep/a", "dir/deep/c.txt", "other/dir/a", "x y")
LINES = st.lists(
    st.sampled_from(
        [
            "a",
            "/a",
            "*.log",
            "!b.log",
            "dir",
            "dir/",
            "/dir/",
            "dir/a",
            "**/a",
            "dir/**/a",
            "**/dir/**/a",
            "dir/**",
            "!dir/a",
            "deep/",
            "d?r",
            "[ab]",
            "[!a]",
            "*",
            "!*/",
            "dir/*/a",
            "/other",
            "**/deep/**",
            "!/dir",
            "d*/a",
            "*/deep/",
            "/*/b.log",
            "!d?r/a",
            "[z-a]",
            "[]",
            "[!]",
            "[",
            "#",
        ]
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with all of the paths, none of them taken in."""
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", folder], check=True)
    for path in PATHS:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    return folder


@given(LINES, LINES)
@settings(max_examples=60)
def test_what_git_leaves_out_is_left_out(repository: Path, top: list[str], below: list[str]) -> None:
    folder = repository
    git = ["git", "-C", str(folder), "-c", "core.excludesFile=/dev/null"]
    (folder / ".gitignore").write_text("\n".join(top) + "\n")
    (folder / "dir/.gitignore").write_text("\n".join(below) + "\n")
    told = subprocess.run(
        [*git, "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, text=True, check=True
    )
    assert set(Walk(folder).paths(".", ignoring.around(folder, "."))) - {"dir/.gitignore", ".gitignore"} == {
        path for path in told.stdout.split("\0") if path and not path.endswith(".gitignore")
    }
    if subprocess.run([*git, "check-ignore", "-q", "dir"], check=False).returncode == 0:
        return  # it is taken all the same when the compose file is there
    beside = folder / "dir"
    inside = set(Walk(beside).paths(".", ignoring.around(beside, "."))) - {".gitignore"}
    told = subprocess.run(
        [*git[:2], str(beside), *git[3:], "ls-files", "-co", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert inside == {path for path in told.stdout.split("\0") if path and path != ".gitignore"}


ODD = "a+b(c){2}|e$^f"
OF_DOCKER = {
    "\ufeffdist\r\n": ("dist/a",),
    "*\n!src\n!package.json\n": ("dist/a", "a.md", "docs/a.md", "docs/in/a.md", ".env", "x y", ODD),
    "**/*.md\n!docs/a.md\n": ("a.md", "docs/in/a.md"),
    "src/**/*.ts\n": ("src/a.ts", "src/in/a.ts"),
    "/dist/\n./docs//in/../a.md\n": ("dist/a", "docs/a.md"),
    "docs\n!  docs/in\n": ("docs/a.md",),
    "# *\n.*\nx ?\n": (".env", "x y"),
    "**/a*\ns[pr]c/*.ts\npackage\\.json\n": (
        *("a.md", "dist/a", "docs/a.md", "docs/in/a.md", "src/a.ts", "src/in/a.ts", "package.json", ODD),
    ),
    "docs/**\n../x y\n.\n": ("docs/a.md", "docs/in/a.md"),
    f"{ODD}\n": (ODD,),
}
"""What Docker leaves out of NAMES (moby/patternmatcher), by the lines of a .dockerignore."""
NAMES = (
    "dist/a",
    "a.md",
    "docs/a.md",
    "docs/in/a.md",
    ".env",
    "x y",
    "src/a.ts",
    "src/in/a.ts",
    "package.json",
    ODD,
)


@pytest.mark.parametrize("lines", OF_DOCKER)
def test_what_docker_leaves_out_is_left_out_here_and_on_the_server(tmp_path: Path, lines: str) -> None:
    out = {*OF_DOCKER[lines]}
    (tmp_path / ".dockerignore").write_bytes(lines.encode())
    rules = ignoring.of_docker(tmp_path, "Dockerfile")
    assert {name for name in NAMES if ignoring.ignored_by_docker(name, rules)} == out
    argv = ["awk", "-f", INSTALLED / "lib/application/ignored.awk", "keep=Dockerfile", "kind=lines"]
    told = subprocess.run(
        [*argv, tmp_path / ".dockerignore", "kind=names", "-"],
        input="".join(f"{name}\n" for name in (*NAMES, "Dockerfile", '"dist/\\n"')),
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {line.partition("\t")[2] for line in told.stdout.splitlines()} == out


def test_outside_a_repository_no_folder_above_counts(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / ".gitignore").write_text("*\n")
    (tmp_path / "shop/a").touch()
    assert list(Walk(tmp_path / "shop").paths(".", ignoring.around(tmp_path / "shop", "."))) == ["a"]


def test_a_pattern_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(ValueError, match=r"'\[z-a\]' matches no file in "):
        listed("[z-a]", tmp_path)


def test_a_pattern_leaves_out_what_deploy_writes_and_no_more(tmp_path: Path) -> None:
    for name in ("docker-compose.yml", "docker-compose.yml.md", ".env", ".envrc"):
        (tmp_path / name).touch()
    assert [file.written for file in listed("*", tmp_path)] == [".envrc", "docker-compose.yml.md"]
