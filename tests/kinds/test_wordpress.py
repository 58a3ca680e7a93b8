"""WordPress: one that was set up by hand is gone on with where it is, and what to write for that."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from deployer.kinds.wordpress import Wordpress
from deployer.seen.by_hand import ByHand, OldWordpress, read_by_hand
from deployer.seen.facts import Facts

NAME = "blog.example.org"
FOLDER = "/var/www/html/blog"
OLD = OldWordpress(FOLDER, "6.8.2", "Blog-1", "tea_", ("robots.txt",))
ROOTS = (("/etc/nginx/sites-enabled/blog", FOLDER, (NAME, "www.example.org")),)
FACTS = Facts(os="debian", release="13", by_hand=ByHand(php_roots=ROOTS, wordpress=(OLD,)))
TAKEN = {"takes_over": FOLDER, "database": "Blog-1", "table_prefix": "tea_"}


def blog(**keys: Any) -> Wordpress:
    return Wordpress.model_validate({"kind": "wordpress", "https": False, **keys})


def told(site: Wordpress, facts: Facts = FACTS) -> list[str]:
    return [text for _, text in site.share(NAME, facts).remarks]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"database": "blog"}, "database: is that of a WordPress which takes_over: names"),
        ({"takes_over": FOLDER, "database": "mariadb"}, "mariadb is no database that has been made"),
        ({"takes_over": FOLDER, "database": "MySQL"}, "what MariaDB keeps for itself"),
        ({"takes_over": FOLDER, "database": "a`b"}, "is not the name of a database"),
        ({"table_prefix": "a'b"}, "is not what names of tables begin with"),
        ({"takes_over": "/var/www/../etc"}, "is not a path"),
    ],
)
def test_what_cannot_be_taken_over_is_refused(keys: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        blog(**keys)


def test_what_is_there_is_told_with_what_to_write() -> None:
    assert told(blog()) == [
        f"{FOLDER} has a WordPress 6.8.2 that was set up by hand, its database is Blog-1. To go on with it,"
        f" write `takes_over: {FOLDER}`, `database: Blog-1`, `table_prefix: tea_`"
    ]
    said = told(blog(**TAKEN))
    assert len(said) == 1
    assert "it is taken over with its data where it is" in said[0]
    assert said[0].endswith("Nor is this served: robots.txt.")
    assert told(blog(), replace(FACTS, by_hand=ByHand(wordpress=(OLD,)))) == []
    assert told(blog(**TAKEN), Facts(os="debian", release="13")) == []


def test_what_a_server_says_of_it_is_understood() -> None:
    said = {"old_wordpress": [f"{FOLDER} 6.8.2 Blog-1 tea_ robots.txt", "/srv/b 6.1 b wp_ "]}
    assert read_by_hand(said, ()).wordpress == (OLD, OldWordpress("/srv/b", "6.1", "b", "wp_"))


def test_its_data_stays_where_it_is() -> None:
    site = blog(**TAKEN)
    files = site.files(NAME, FACTS)
    configuration = files[f"/etc/wordpress/config-{NAME}.php"].content.decode()
    assert "define('DB_NAME', 'Blog-1');" in configuration
    assert "$table_prefix = 'tea_';" in configuration
    assert f"define('WP_CONTENT_DIR', '{FOLDER}/wp-content');" in configuration
    assert b"DATABASE=Blog-1" in files[f"/etc/deploy/databases/{NAME}"].content
    folders = files[f"/etc/tmpfiles.d/deploy-php-{NAME}.conf"].content
    assert FOLDER.encode() not in folders
    assert (
        f"$reach = [\n    '{FOLDER}/wp-content',"
        in files[f"/etc/wordpress/before-{NAME}.php"].content.decode()
    )
    kept = site.wanted_backup(NAME)
    assert kept
    assert f"{FOLDER}/wp-content" in kept.paths
    assert kept.dump.endswith("mariadb dump --here php-blog_example_org Blog-1")
