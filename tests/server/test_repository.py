"""What is sent of a repository of this machine: enough for the server, whatever it has already."""

import secrets
import subprocess
from pathlib import Path

import pytest

from deployer.errors import DeployError
from deployer.server.commits import PIECE, lacking
from deployer.server.repository import checkout_of, git, require_submodules
from deployer.waiting import Waiting

IDENTITY = ("-c", "user.name=Alma", "-c", "user.email=alma@example.org")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A repository with three commits."""
    folder = tmp_path / "mine"
    folder.mkdir()
    git(str(folder), "init", "-q", "-b", "main")
    for text in ("one", "two", "three"):
        (folder / "page").write_text(text)
        git(str(folder), "add", "page")
        git(str(folder), *IDENTITY, "commit", "-qm", text)
    return folder


@pytest.fixture
def servers(tmp_path: Path) -> Path:
    folder = tmp_path / "server.git"
    folder.mkdir()
    git(str(folder), "init", "-q", "--bare")
    return folder


def commit(folder: Path, name: str = "HEAD") -> str:
    return git(str(folder), "rev-parse", name).decode().strip()


def pack(mine: Path, have: list[str], reference: str = "") -> bytes:
    with lacking(str(mine), reference, have) as commits:
        return b"".join(commits.pieces(Waiting("commits")))


def send(mine: Path, servers: Path, reference: str = "") -> str:
    """Send a pack as a push does; the subject of what the server has then."""
    have = git(str(servers), "for-each-ref", "--format=%(objectname)").decode().split()
    argv = ["git", "-C", str(servers), "index-pack", "--stdin", "--fix-thin"]
    subprocess.run(argv, input=pack(mine, have, reference), check=True, capture_output=True)
    git(str(servers), "update-ref", "refs/deploy/pushed", commit(mine, reference or "HEAD"))
    git(str(servers), "fsck", "--connectivity-only")
    return git(str(servers), "log", "-1", "--format=%s", "refs/deploy/pushed").decode().strip()


def test_a_server_gets_what_it_lacks(mine: Path, servers: Path) -> None:
    assert send(mine, servers, "HEAD~2") == "one"
    assert send(mine, servers) == "three"
    assert send(mine, servers) == "three"


def test_a_server_that_has_more_goes_back(mine: Path, servers: Path) -> None:
    assert send(mine, servers) == "three"
    assert send(mine, servers, "HEAD~1") == "two"
    git(str(mine), "reset", "-q", "--hard", "HEAD~2")
    assert send(mine, servers) == "one"


def test_a_history_that_was_rewritten(mine: Path, servers: Path) -> None:
    send(mine, servers)
    git(str(mine), *IDENTITY, "commit", "-q", "--amend", "-m", "three, rewritten")
    assert send(mine, servers) == "three, rewritten"


def test_only_what_is_new_is_sent(mine: Path) -> None:
    (mine / "large").write_bytes(bytes(range(256)) * 400)
    git(str(mine), "add", "large")
    git(str(mine), *IDENTITY, "commit", "-qm", "large")
    (mine / "page").write_text("four")
    git(str(mine), *IDENTITY, "commit", "-qam", "four")
    everything, news = pack(mine, []), pack(mine, [commit(mine, "HEAD~1")])
    assert len(news) < 1000 < len(everything)


def test_a_name_that_means_nothing(mine: Path, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"has no branch, tag or commit nowhere; its branches: main$"):
        pack(mine, [], "nowhere")
    subprocess.run(["git", "init", "-q", tmp_path / "empty"], check=True)
    with pytest.raises(DeployError, match=r"empty has no commit yet$"):
        pack(tmp_path / "empty", [])


def test_a_shallow_clone_says_how_to_get_the_rest(mine: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{mine}", tmp_path / "shallow"], check=True)
    with pytest.raises(DeployError, match="is a shallow clone") as caught:
        pack(tmp_path / "shallow", [commit(mine, "HEAD~2")])
    assert "--unshallow" in caught.value.advice


def test_it_comes_in_pieces_and_is_counted_with_what_is_left(mine: Path) -> None:
    for number in range(3):
        (mine / f"photo{number}").write_bytes(secrets.token_bytes(4 * PIECE))
    git(str(mine), "add", ".")
    git(str(mine), *IDENTITY, "commit", "-qm", "photos")
    wait, sent = Waiting("commits"), 0
    with lacking(str(mine), "", []) as commits:
        for piece in commits.pieces(wait):
            assert wait.done == sent
            assert len(piece) <= PIECE
            sent += len(piece)
    assert wait.done == sent > 12 * PIECE
    assert wait.expected == 0 or sent <= wait.expected < 1.1 * sent, (
        "it may be that Git has not counted them before they are gone"
    )


def test_git_that_cannot_make_it_is_told_in_its_words(mine: Path) -> None:
    name = git(str(mine), "rev-parse", "HEAD~1:page").decode().strip()
    (mine / ".git/objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(DeployError, match=f"mine: .*{name}"):
        pack(mine, [])


@pytest.mark.parametrize("url", ["../theme", "./theme", "/srv/git/theme", "file:///srv/git/theme"])
def test_a_submodule_that_only_this_machine_has_is_told_before_anything_is_sent(mine: Path, url: str) -> None:
    (mine / ".gitmodules").write_text(f'[submodule "the theme"]\n\tpath = themes/a b\n\turl = {url}\n')
    git(str(mine), "add", ".gitmodules")
    git(str(mine), *IDENTITY, "commit", "-qm", "a submodule that is not there any more")
    require_submodules(str(mine), commit(mine))
    git(str(mine), "update-index", "--add", "--cacheinfo", f"160000,{commit(mine)},themes/a b")
    git(str(mine), *IDENTITY, "commit", "-qm", "a submodule")
    with pytest.raises(DeployError) as caught:
        require_submodules(str(mine), commit(mine))
    assert f"the submodule themes/a b has the address {url}, which is of this machine" in caught.value.message
    assert "git submodule set-url 'themes/a b' https://" in caught.value.advice
    require_submodules(str(mine), commit(mine, "HEAD~2"))
    (mine / ".gitmodules").write_text(
        '[submodule "x"]\n\tpath = themes/a b\n\turl = https://git.example.org/a.git\n'
    )
    git(str(mine), *IDENTITY, "commit", "-qam", "a public one")
    require_submodules(str(mine), commit(mine))


def test_a_hook_of_git_does_not_lead_to_its_own_repository(
    mine: Path, servers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(str(other), "init", "-q")
    config = (other / ".git/config").read_bytes()
    with monkeypatch.context() as hook:
        hook.setenv("GIT_DIR", str(other / ".git"))
        hook.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
        hook.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
        whole = pack(mine, [])
        assert checkout_of(mine)[0] == mine
    assert (other / ".git/config").read_bytes() == config
    assert whole == pack(mine, [])


def test_settings_of_the_environment_still_count(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As safe.directory, which a job of CI may set so."""
    for name, value in (("COUNT", "1"), ("KEY_0", "deploy.test"), ("VALUE_0", "told")):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert git(str(mine), "config", "deploy.test") == b"told\n"
