"""Sites of PHP: what their keys may say together, and where their files are."""

from typing import Any

import pytest
from pydantic import ValidationError

from deployer.errors import UsageError
from deployer.kinds.php import Php, variable_name
from deployer.seen.facts import Facts
from deployer.workflow import workflow

FACTS = Facts(os="debian", release="13")
NAME = "shop.example.org"
REPOSITORY = "https://git.example.org/shop.git"


def shop(**keys: Any) -> Php:
    return Php.model_validate({"kind": "php", "https": False, **keys})


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"branch": "main"}, "branch: is for what comes from a repository"),
        ({"keep": 3, "build": "build.sh"}, "build: is for what comes from a repository"),
        ({"repository": REPOSITORY, "writable": ["a", "a/b"]}, "writable: a/b is inside a"),
        ({"repository": REPOSITORY, "images": {"webp": False}}, "images: is not for PHP"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(keys: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        shop(**keys)


def test_by_hand_nothing_is_pushed_and_what_it_writes_lies_beside_its_files() -> None:
    site = shop(writable=["media", "media/small"])
    assert not site.pushed
    files = site.files(NAME, FACTS)
    assert f"/etc/deploy/sites/{NAME}.conf" not in files
    assert (
        b"d /var/www/shop.example.org/media 0750" in files[f"/etc/tmpfiles.d/deploy-php-{NAME}.conf"].content
    )
    assert site.own_files(NAME) == (f"/var/www/{NAME}",)
    assert "git" not in site.packages()


def test_what_is_pushed_has_what_it_writes_outside_of_its_releases() -> None:
    site = shop(repository=REPOSITORY, writable=["public/media"])
    assert site.pushed
    files = site.files(NAME, FACTS)
    assert b"WRITABLE=(public/media)" in files[f"/etc/deploy/sites/{NAME}.conf"].content
    folders = files[f"/etc/tmpfiles.d/deploy-php-{NAME}.conf"].content
    assert b"/writable/public 0750 root php-shop_example_org" in folders
    assert b"/writable/public/media 0750 php-shop_example_org php-shop_example_org" in folders
    assert b"d /var/www" not in folders
    assert site.own_files(NAME) == (f"/opt/{NAME}/writable",)
    assert "git" in site.packages()


def test_variables_of_nginx_are_never_those_of_another_site() -> None:
    names = ("a-b.org", "a.b.org", "a--b.org", "a.b-.org", "a-.b.org")
    assert len({variable_name(name) for name in names}) == len(names)


def test_a_workflow_tests_the_build_by_the_page_that_php_answers_with() -> None:
    site = shop(repository=REPOSITORY, root="public", build="build.sh")
    assert '"$DEPLOY_OUTPUT/public/index.php"' in workflow(NAME, site, test_build=True)
    with pytest.raises(UsageError, match="has no build"):
        workflow(NAME, shop(repository=REPOSITORY), test_build=True)
