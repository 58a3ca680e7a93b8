"""`deploy workflow --install-secrets`, and keys in sites.yaml, from the command line without a server."""

import os
import subprocess
from pathlib import Path

import pytest

from server.gitea import TOKEN, running
from typed import typed

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4"
SITES = f"""# mine
server: {{host: vps.example.org, port: 2222, host_key: {HOST_KEY}}}
sites:
  www.example.org: {{kind: static, repository: https://git.example.org/me/a.git}}  # the site
  old.example.org: {{kind: redirect, to: https://www.example.org}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sites.yaml").write_text(SITES)
    return tmp_path


def deploy(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return typed(words, folder, {**os.environ, "HOME": str(folder)} | environment)


def test_a_key_is_made_and_its_secrets_are_installed(folder: Path) -> None:
    asked = deploy(folder, "key", "add", "ci", "--push", "www.example.org")
    assert asked.returncode == 2
    assert "no terminal to ask on" in asked.stderr
    assert (folder / "sites.yaml").read_text() == SITES
    assert not (folder / ".ssh").exists()
    added = deploy(folder, "key", "add", "ci", "--push", "www.example.org", "--no-apply")
    assert added.returncode == 0, added.stderr
    assert "deploy apply" in added.stderr
    private = folder / ".ssh/deploy-ci"
    assert private.stat().st_mode & 0o777 == 0o600
    assert private.parent.stat().st_mode & 0o777 == 0o700
    text = (folder / "sites.yaml").read_text()
    assert text.startswith(SITES)
    public = subprocess.run(["ssh-keygen", "-y", "-f", private], capture_output=True, text=True, check=True)
    assert f"public: {' '.join(public.stdout.split()[:2])}\n" in text

    with running() as gitea:
        address = f"http://127.0.0.1:{gitea.server_port}"
        call = ("workflow", "www.example.org", "--install-secrets", "--gitea", address)
        gitea.secrets["SSH_USER"] = "deploy"
        done = deploy(folder, *call, GITEA_TOKEN=TOKEN)
        assert done.returncode == 0, done.stderr
        assert gitea.secrets == {
            "SSH_HOST": "vps.example.org",
            "SSH_PORT": "2222",
            "SSH_KNOWN_HOSTS": f"[vps.example.org]:2222 {HOST_KEY}",
            "SSH_PRIVATE_KEY": private.read_text(),
        }
        said = done.stdout + done.stderr
        assert TOKEN not in said
        assert not any(line in said for line in private.read_text().splitlines())

        gitea.secrets.clear()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "mine"], check=True)
        mine = deploy(folder, *call, "--key", "mine", GITEA_TOKEN=TOKEN)
        assert mine.returncode == 2
        assert "this key is not one that may push www.example.org" in mine.stderr
        assert deploy(folder, *call, GITEA_TOKEN="").returncode == 2
        assert deploy(folder, *call, "--key", "nowhere", GITEA_TOKEN=TOKEN).returncode == 2
        assert deploy(folder, *call, GITEA_TOKEN="wrong").returncode == 1
        assert gitea.secrets == {}
    for address, words in {
        "http://git.lan:3000": "the token and the private key would cross the network unencrypted",
        "http://git.lan:abc": "--gitea wants an address such as https://git.example.org",
        "git.example.org": "--gitea wants an address such as https://git.example.org",
    }.items():
        refused = deploy(folder, *call[:-1], address, GITEA_TOKEN=TOKEN)
        assert refused.returncode == 2
        assert words in " ".join(refused.stderr.split())
    assert "ssh -L 3000:localhost:3000 git.lan" in deploy(folder, *call[:-1], "http://git.lan:3000").stderr
    assert deploy(folder, *call[:2], "--gitea", "http://git.lan:3000").returncode == 0


def test_the_checkout_is_known_by_another_address_of_its_repository(folder: Path) -> None:
    (folder / "sites.yaml").write_text(
        SITES.replace("https://git.example.org/me/a.git", "ssh://git@git.example.org:2222/me/a.git")
    )
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    origin = ["remote", "add", "origin", "https://git.example.org:3300/me/a.git"]
    subprocess.run(["git", "-C", folder, *origin], check=True)
    done = deploy(folder, "workflow", "www.example.org")
    assert done.returncode == 0, done.stderr
    assert not done.stdout
    assert "SSH_USER" not in done.stderr
    assert "ssh" in (folder / ".gitea/workflows/deploy.yml").read_text()
    with running() as gitea:
        (folder / ".gitea/workflows/deploy.yml").write_text("older")
        address = f"http://127.0.0.1:{gitea.server_port}"
        call = ("workflow", "www.example.org", "--install-secrets", "--gitea", address)
        assert "stays as it is" in deploy(folder, *call, GITEA_TOKEN=TOKEN).stderr
        assert not gitea.secrets
    asked = deploy(folder, "workflow", "www.example.org", "--install-secrets", "--force", GITEA_TOKEN="")
    assert "https://git.example.org:3300/user/settings/applications" in asked.stderr


def test_a_name_of_ssh_config_has_its_capitals(folder: Path) -> None:
    """OpenSSH tells `Host Forge` and `Host forge` apart."""
    (folder / "sites.yaml").write_text(
        SITES.replace("https://git.example.org/me/a.git", "git@git.example.org:me/a.git")
    )
    (folder / ".ssh").mkdir(mode=0o700)
    (folder / ".ssh/config").write_text("Host Forge\n  HostName git.example.org\n")
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    subprocess.run(["git", "-C", folder, "remote", "add", "origin", "git@Forge:me/a.git"], check=True)
    done = deploy(folder, "workflow", "www.example.org")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert (folder / ".gitea/workflows/deploy.yml").exists()


def test_a_forge_gets_an_address_that_it_can_reach(folder: Path) -> None:
    """What ~/.ssh/config calls the server is known on this machine alone."""
    (folder / "sites.yaml").write_text(SITES.replace("host: vps.example.org", "host: MyVPS"))
    (folder / ".ssh").mkdir(mode=0o700)
    (folder / ".ssh/config").write_text("Host MyVPS\n  HostName 192.0.2.7\n")
    said = " ".join(deploy(folder, "workflow", "www.example.org").stderr.split())
    assert "SSH_HOST 192.0.2.7 " in said
    assert f"SSH_KNOWN_HOSTS [192.0.2.7]:2222 {HOST_KEY} " in said


def test_what_was_looked_for_and_what_was_found_is_said(folder: Path) -> None:
    def said() -> str:
        done = deploy(folder, "workflow", "www.example.org")
        assert done.stdout.startswith("#")
        return done.stderr.splitlines()[0]

    wanted, there = "https://git.example.org/me/a.git", "; put it there, into .gitea/workflows/deploy.yml"
    assert said() == f"This is no checkout of {wanted}{there}"
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    assert said() == f"{folder} has no remote that tells whether it is a checkout of {wanted}{there}"
    origin = ["remote", "add", "origin", "https://me:s3cret@git.example.org/me/b.git"]
    subprocess.run(["git", "-C", folder, *origin], check=True)
    others = "its remotes are https://git.example.org/me/b.git"
    assert said() == f"{folder} is no checkout of {wanted}: {others}{there}"


def test_an_application_from_an_image_is_of_whatever_checkout_it_is_asked_for_in(folder: Path) -> None:
    image = "{kind: app, port: 3000, image: registry.example.org/me/a:1}"
    (folder / "sites.yaml").write_text(SITES.replace("{kind: redirect, to: https://www.example.org}", image))
    call = ("workflow", "old.example.org")
    printed = deploy(folder, *call)
    assert "This is no checkout of a repository; put it there, into .gitea/workflows/" in printed.stderr
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    assert deploy(folder, *call).returncode == 0
    assert " push old.example.org </dev/null" in (folder / ".gitea/workflows/deploy.yml").read_text()


def test_keys_that_cannot_be_are_refused_before_anything_is_written(folder: Path) -> None:
    for words in (
        ("ci", "--push", "nowhere.example.org"),
        ("ci", "--push", "old.example.org"),
        ("ci",),
        ("ci", "--push", "www.example.org", "--pull-backups"),
        ("C I", "--pull-backups"),
        ("ci", "--pull-backups", "--public", "sites.yaml"),
    ):
        done = deploy(folder, "key", "add", *words)
        assert done.returncode == 2, (words, done.stderr)
        assert "Traceback" not in done.stderr
    assert deploy(folder, "key", "revoke", "ci").returncode == 2
    assert (folder / "sites.yaml").read_text() == SITES
    assert sorted(path.name for path in folder.iterdir()) == ["sites.yaml"]


def test_a_section_in_another_shape_is_left_alone(folder: Path) -> None:
    text = SITES + f"keys: {{home: {{public: {HOST_KEY}, pull_backups: true}}}}\n"
    (folder / "sites.yaml").write_text(text)
    done = deploy(folder, "key", "add", "ci", "--push", "www.example.org", "--no-apply")
    assert done.returncode == 1
    assert "cannot be changed here" in done.stderr
    assert "  ci:\n    public: ssh-ed25519 " in done.stderr
    assert deploy(folder, "key", "revoke", "home", "--no-apply").returncode == 1
    assert (folder / "sites.yaml").read_text() == text


def test_a_revoked_private_key_is_not_used_again_by_itself(folder: Path) -> None:
    add = ("key", "add", "ci", "--push", "www.example.org", "--no-apply")
    assert deploy(folder, *add).returncode == 0
    revoked = deploy(folder, "key", "revoke", "ci", "--no-apply")
    private = folder / ".ssh/deploy-ci"
    assert f"stays on this machine, of no use any more: rm {private} {private}.pub" in revoked.stderr.replace(
        "\n", " "
    )
    again = deploy(folder, *add)
    assert again.returncode == 1
    said = " ".join(again.stderr.split())
    assert "--public" not in said
    assert f"rm -f {private} {private}.pub, then: deploy key add ci --push www.example.org" in said
    elsewhere = deploy(folder, *add, "--private", f"{private}-2")
    assert elsewhere.returncode == 0, elsewhere.stderr


def test_a_failed_apply_says_that_sites_yaml_is_changed(folder: Path) -> None:
    unreachable = SITES.replace("vps.example.org", "127.0.0.1").replace("2222", "1")
    (folder / "sites.yaml").write_text(unreachable)
    add = ("key", "add", "ci", "--push", "www.example.org", "--yes")
    failed = deploy(folder, *add)
    assert failed.returncode == 3, failed.stderr
    assert "sites.yaml is changed all the same; it counts after: deploy apply" in failed.stderr
    again = deploy(folder, *add)
    assert again.returncode == 2
    assert "Then: deploy apply" in again.stderr


def test_a_key_needs_a_repository_by_address(folder: Path) -> None:
    subprocess.run(["git", "init", "--quiet", folder / "here"], check=True)
    commit = ["git", "-c", "user.name=me", "-c", "user.email=me@example.org", "commit", "--quiet"]
    subprocess.run([*commit, "--allow-empty", "-m", "One"], cwd=folder / "here", check=True)
    (folder / "sites.yaml").write_text(SITES.replace("https://git.example.org/me/a.git", "./here"))
    done = deploy(folder, "key", "add", "ci", "--push", "www.example.org", "--yes")
    assert done.returncode == 2
    assert "comes from a folder of this machine" in done.stderr
    assert "Its sites are" not in done.stderr
    assert "repository: https://" in done.stderr


def test_a_key_that_may_send_is_the_one_of_a_workflow_that_sends(folder: Path) -> None:
    (folder / "sites.yaml").write_text(
        SITES.partition("  www.example.org:")[0] + "  www.example.org: {kind: static}\n"
    )
    call = ("workflow", "www.example.org", "--send", "public", "--build", "make site")
    without = deploy(folder, *call)
    assert without.returncode == 0, without.stderr
    assert "no key in sites.yaml may send www.example.org yet: deploy key add ci --send www" in without.stderr
    assert deploy(folder, "key", "add", "ci", "--send", "www.example.org", "--no-apply").returncode == 0
    with running() as gitea:
        address = f"http://127.0.0.1:{gitea.server_port}"
        subprocess.run(["git", "init", "--quiet", folder], check=True)
        origin = ["remote", "add", "origin", f"{address}/me/a.git"]
        subprocess.run(["git", "-C", folder, *origin], check=True)
        done = deploy(folder, *call, "--install-secrets", GITEA_TOKEN=TOKEN)
        assert done.returncode == 0, done.stderr
        assert gitea.secrets["SSH_PRIVATE_KEY"] == (folder / ".ssh/deploy-ci").read_text()
    assert "--from public" in (folder / ".gitea/workflows/deploy.yml").read_text()
    for wrong, words in {
        ("--send", "../x"): "--send: '../x' leads out of the repository",
        ("--build", "make"): "--build is for what the runner sends. Say which folder that is: --send public",
        (): "www.example.org has no repository. Let the runner send what it builds: --send public",
    }.items():
        refused = deploy(folder, "workflow", "www.example.org", *wrong)
        assert refused.returncode == 2
        assert words in " ".join(refused.stderr.split()).replace("repository Let", "repository. Let").replace(
            "sends Say", "sends. Say"
        )
