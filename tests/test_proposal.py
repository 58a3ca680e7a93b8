"""What `deploy init --host` proposes of a server that somebody set up by hand."""

import yaml

from deployer.config.starter import starter
from deployer.desired.stacks import Stack
from deployer.files import File, Link
from deployer.proposal import entries_there, proposals

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
