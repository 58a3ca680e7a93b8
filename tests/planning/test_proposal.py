"""What `deploy init --host` proposes of a server that somebody set up by hand."""

import yaml

from deployer.config.starter import starter
from deployer.files import File, Link
from deployer.planning.proposal import entries_there, proposals
from deployer.seen.stacks import Stack

NGINX = """\
# server { server_name commented.example.org; }
server {
    listen 80; server_name www.example.org example.org _;
    return 301 https://$host$request_uri;
}
server { listen 443 ssl; server_name www.example.org example.org;
    root /var/www/html; location / { try_files $uri =404; } }
server { server_name wiki.example.org; location / { proxy_pass http://127.0.0.1:3000/; } }
server { server_name chat.example.org; location / { proxy_pass "http://localhost:8080"; } }
server { server_name old.example.org; return 301 https://www.example.org$request_uri; }
server { server_name ~^(.*)\\.example\\.org$ localhost; root /x; }
"""
STACKS = [
    Stack("chat", "/opt/chat", running=True, ports=frozenset({"8080/tcp"})),
    Stack("bot", "/opt/bot", running=True),
    Stack("gone", "/opt/gone"),
]


def test_what_runs_is_proposed_as_what_it_is() -> None:
    files = {"/etc/nginx/conf.d/all.conf": File(NGINX.encode()), "/etc/nginx/sites-enabled/a": Link("/x")}
    lines = list(proposals(files, STACKS))
    assert yaml.safe_load("\n".join(lines)) == {
        "www.example.org": {"kind": "static", "repository": "…", "aliases": ["example.org"]},
        "wiki.example.org": {"kind": "proxy", "port": 3000},
        "chat.example.org": {
            "kind": "compose",
            "file": "chat.yml",
            "port": 8080,
            "directory": "/opt/chat",
            "project": "chat",
        },
        "old.example.org": {"kind": "redirect", "to": "https://www.example.org"},
    }
    assert lines[-1] == "# the Compose project bot in /opt/bot (no ports) is for `kind: compose`"


def proposed(*texts: str) -> tuple[dict[str, object], str]:
    """The entries for NGINX files with these texts, and all lines of them."""
    files = {f"/etc/nginx/sites-enabled/{number}": File(text.encode()) for number, text in enumerate(texts)}
    lines = "\n".join(proposals(files, []))
    return yaml.safe_load(lines), lines


def test_what_answers_at_the_root_is_the_site() -> None:
    """As people write a program with an API of its own beside it, and pages with one."""
    api = "location /api/ { proxy_pass http://localhost:8002/; } location /health { return 200; }"
    found, lines = proposed(
        f"server {{ server_name a.example.org; {api} location / {{ proxy_pass http://0.0.0.0:3000; }} }}",
        f"server {{ server_name b.example.org; location / {{ root /srv/b; index index.html; }} {api} }}",
        f"server {{ server_name c.example.org; root /srv/c; {api} }}",
        "server { server_name d.example.org; root /srv/d; location / { try_files $uri @node; }"
        " location @node { proxy_pass http://localhost:4000; } }",
        "server { server_name e.example.org; location /git { proxy_pass http://127.0.0.1:5000; } }",
    )
    assert found == {
        "a.example.org": {"kind": "proxy", "port": 3000},
        "b.example.org": {"kind": "static", "repository": "…"},
        "c.example.org": {"kind": "static", "repository": "…"},
        "d.example.org": {"kind": "proxy", "port": 4000},
        "e.example.org": {"kind": "proxy", "port": 5000},
    }
    told = "  # /api/ goes to port 8002: a location of its own, below `nginx: |`"
    assert lines.splitlines().count(told) == 3
    assert "repository: …  # what is in /srv/b now" in lines


def test_an_upstream_is_followed_to_its_port() -> None:
    found, _ = proposed(
        "upstream app { least_conn; server 127.0.0.1:8000 max_fails=3; server 127.0.0.1:8001; }\n"
        "upstream sock { server unix:/run/app.sock; }\n"
        "server { server_name a.example.org; location / { proxy_pass http://app/; } }\n"
        "server { server_name b.example.org; location / { proxy_pass http://sock; } }\n",
        "server { server_name c.example.org; location / { proxy_pass http://app; } }",
    )
    assert found == {
        "a.example.org": {"kind": "proxy", "port": 8000},
        "b.example.org": {"kind": "…"},
        "c.example.org": {"kind": "proxy", "port": 8000},
    }


def test_names_of_one_site_are_one_entry_in_whatever_order() -> None:
    """As Certbot writes it: a server for http:// with the names in another order, or with one of them."""
    found, _ = proposed(
        "server { if ($host = www.example.org) { return 301 https://$host$request_uri; } # by Certbot\n"
        " listen 80; server_name www.example.org Example.org; return 404; # managed by Certbot\n}\n"
        "server { server_name example.org www.example.org; location / { proxy_pass http://localhost:3000; }\n"
        " listen 443 ssl; # managed by Certbot\n}\n"
        "server { server_name m.example.org www.example.org; return 301 https://example.org$request_uri; }"
    )
    assert found == {
        "example.org": {"kind": "proxy", "port": 3000, "aliases": ["www.example.org", "m.example.org"]}
    }


def test_php_is_no_static_site() -> None:
    found, lines = proposed(
        "server { server_name a.example.org; root /var/www/wordpress; location / { try_files $uri =404; }"
        " location ~ \\.php$ { fastcgi_pass unix:/run/php/php8.2-fpm.sock; } }"
    )
    assert found == {"a.example.org": {"kind": "…"}}
    assert "PHP" in lines
    assert "`kind: wordpress` with `takes_over: /var/www/wordpress`" in lines


def test_the_file_has_the_server_and_the_proposals_as_comments() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4"
    text = starter("vps.example.org", "alma", 2222, "~/.ssh/vps", key, ["wiki.example.org:", "  kind: proxy"])
    assert yaml.safe_load(text)["server"] == {
        "host": "vps.example.org",
        "user": "alma",
        "port": 2222,
        "key": "~/.ssh/vps",
        "host_key": key,
    }
    assert "\n  # wiki.example.org:\n  #   kind: proxy\n" in text
    assert "host_key" not in yaml.safe_load(starter())["server"]


def test_a_server_that_another_sites_yaml_runs_is_known_by_what_it_wrote() -> None:
    written = [
        "/etc/deploy/sites/worker.conf",
        "/etc/deploy/sites/www.example.org.conf",
        "/etc/nginx/conf.d/www.example.org.conf",
        "/etc/nginx/conf.d/old.example.org.conf",
        "/etc/nginx/conf.d/00-deploy.conf",
        "/etc/nginx/deploy/tls.conf",
    ]
    assert entries_there(written) == ["old.example.org", "worker", "www.example.org"]
    assert entries_there([]) == []
