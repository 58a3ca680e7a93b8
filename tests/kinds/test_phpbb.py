"""phpBB: in containers, or with its archive on PHP; mistakes are told as those of the one that is meant."""

from pathlib import Path
from typing import Any

import pytest

from deployer.config.loader import load
from deployer.config.reference import reference
from deployer.errors import ConfigError
from deployer.kinds.phpbb import Phpbb
from deployer.kinds.phpbb_on_php import PhpbbOnPhp
from deployer.seen.by_hand import ByHand
from deployer.seen.facts import Facts

FACTS = Facts(os="debian", release="13")
NAME = "forum.example.org"
CONTAINERS = "kind: phpbb, https: false, email: me@example.org"
ON_PHP = f"{CONTAINERS}, archive: /root/phpbb.zip, sha256: {'0' * 64}"


def loaded(folder: Path, site: str) -> Any:
    """What these keys are."""
    (folder / "sites.yaml").write_text(f"sites:\n  {NAME}: {{{site}}}\n")
    return load(folder / "sites.yaml").sites[NAME]


def test_the_archive_says_which_of_both_is_meant(tmp_path: Path) -> None:
    assert type(loaded(tmp_path, CONTAINERS)) is Phpbb
    site = loaded(tmp_path, ON_PHP)
    assert type(site) is PhpbbOnPhp
    assert site.runner(NAME) == "pool"
    assert f"/opt/{NAME}/docker-compose.yml" not in site.files(NAME, FACTS)


@pytest.mark.parametrize(
    ("site", "message"),
    [
        (f"{CONTAINERS}, titel: Tea", "unknown key 'titel' (did you mean 'title'?)"),
        (f"{ON_PHP}, titel: Tea", "unknown key 'titel' (did you mean 'title'?)"),
        (f"{CONTAINERS}, sha256: {'0' * 64}", "'sha256' is only for kind: phpbb with archive:"),
        (f"{ON_PHP}, port: 8090", "'port' is only for kind: phpbb without archive:"),
        (
            "kind: phpbb, email: me@example.org, archive: /a.zip",
            "'sha256' is missing (SHA-256 of the archive",
        ),
        ("kind: phpbb", "'email' is missing (e-mail address of the forum, at its first start)"),
        (f"{ON_PHP}, user: me", "me is no name for phpBB, whose users have 3 to 20 letters"),
        (ON_PHP.replace("/root/phpbb.zip", "''"), "sha256: is nothing without the archive: that it is of"),
    ],
)
def test_a_mistake_is_told_in_the_words_of_the_one_that_is_meant(
    tmp_path: Path, site: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, site)
    told = [each.message for each in caught.value.problems]
    assert any(message in each for each in told), told
    assert not any("the key" in each for each in told), told


def test_both_are_in_the_reference() -> None:
    page = reference()
    assert "### kind: phpbb\n" in page
    assert "### kind: phpbb, with `archive`\n" in page


@pytest.mark.parametrize(
    ("archive", "tool"), [("a.zip", {"unzip"}), ("a.tar.bz2", {"bzip2"}), ("a.tar.gz", set())]
)
def test_it_brings_what_unpacks_its_archive(tmp_path: Path, archive: str, tool: set[str]) -> None:
    packages = loaded(tmp_path, ON_PHP.replace("phpbb.zip", archive)).packages()
    assert {"unzip", "bzip2"} & packages == tool
    assert "curl" in packages


def test_no_secret_is_in_a_file_and_phpbb_takes_the_password(tmp_path: Path) -> None:
    site = loaded(tmp_path, ON_PHP)
    assert site.secrets()["PASSWORD"].length <= 30
    assert loaded(tmp_path, CONTAINERS).secrets()["ADMIN_PASSWORD"].length <= 30
    assert b"$dbpasswd = '';" in site.files(NAME, FACTS)[f"/etc/phpbb/deploy-{NAME}.php"].content


def test_a_forum_that_was_set_up_by_hand_is_told(tmp_path: Path) -> None:
    site = loaded(tmp_path, ON_PHP)
    root = "/var/www/html/forum"
    found = ByHand(php_roots=(("/etc/nginx/sites-enabled/forum", root, (NAME,)),))
    assert list(site.by_hand(NAME, Facts("debian", "13", by_hand=found))) == [
        f"/etc/nginx/sites-enabled/forum has the forum of {NAME} in {root}, and ours begins empty, in"
        f" /var/www/{NAME}. Yours stays: docs/moving-in.md says how it is copied"
    ]
    assert list(site.by_hand(NAME, FACTS)) == []
