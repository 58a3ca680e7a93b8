"""Kinds: found by being in the folder, strict about their keys, unchangeable."""

import re

import pytest
from pydantic import ValidationError

from deployer.kinds import kinds, models, service_kinds
from deployer.kinds.base import Site
from deployer.kinds.composition import Composition
from deployer.kinds.proxy import Proxy
from deployer.kinds.publication import user_of
from deployer.kinds.static import Static
from deployer.values.attachments import LocalFile
from deployer.values.section import Section


def test_a_kind_is_a_module_of_the_folder() -> None:
    assert list(kinds()) == sorted(kinds())
    assert {"hugo", "proxy", "redirect", "static"} <= set(kinds())
    assert all(issubclass(model, Site) for model in kinds().values())
    assert all(issubclass(model, Composition) for model in service_kinds().values())
    for name, model in models():
        form = {"archive": "_on_php", "repository": "_pushed"}.get(getattr(model, "chosen_by", ""), "")
        assert model.__module__ == f"deployer.kinds.{name.replace('-', '_')}{form}"


MODELS = [pytest.param(name, model, id=model.__name__) for name, model in models()]


@pytest.mark.parametrize(("kind", "model"), MODELS)
def test_every_key_has_a_description_and_the_kind_a_docstring(kind: str, model: type[Section]) -> None:
    assert model.__doc__
    assert all(field.description for field in model.model_fields.values())


@pytest.mark.parametrize(("kind", "model"), MODELS)
def test_every_default_is_what_the_type_accepts(kind: str, model: type[Section]) -> None:
    needed = {"kind": kind, "repository": ".", "port": 80, "to": "https://rogs.me"}
    needed |= {"file": LocalFile("a.yml", "/a.yml", b""), "instance": "https://git.rogs.me"}
    needed |= {"host": "a.rogs.me", "token": "env:TOKEN", "email": "me@rogs.me"}
    needed |= {"version": "8.4", "sha256": "0" * 64, "archive": "/a.tar.gz"}
    needed |= {"inside": 80}
    if getattr(model, "chosen_by", "") == "repository":
        needed |= {"file": "compose.yaml"}
    fields = model.model_fields
    site = model(**{fields[key].alias or key: value for key, value in needed.items() if key in fields})
    for name, field in model.model_fields.items():
        if not field.is_required() and field.default is not None:
            assert type(getattr(site, name)) in (str, int, bool, tuple, dict, type(field.default)), name


def test_a_site_does_not_change_and_has_no_other_keys() -> None:
    site = Proxy(kind="proxy", port=3000)
    with pytest.raises(ValidationError):
        site.port = 4000
    with pytest.raises(ValidationError):
        Proxy(kind="proxy", port=3000, prot=1)
    with pytest.raises(ValidationError):
        Proxy(kind="static", port=3000)


@pytest.mark.parametrize(
    ("repository", "local"),
    [("https://git.example.org/a", False), ("git@git.example.org:a", False), ("ssh://h/a", False)]
    + [(path, True) for path in ("/srv/a", "./a", "a", "~/a", "a/b:c")],
)
def test_a_local_repository_is_known_by_its_look(repository: str, local: bool) -> None:
    assert Static(kind="static", repository=repository).is_local is local


def test_no_two_domains_share_the_user_of_their_builds() -> None:
    long = "a-very-long-name-of-a-site.example.org"
    domains = [
        "example.org",
        "www.example.org",
        "www-example.org",
        "xn--bcher-kva.example",
        long,
        f"b.{long}",
        f"{long}x",
    ]
    users = [user_of(domain) for domain in domains]
    assert len(set(users)) == len(users)
    assert all(re.fullmatch(r"build-[a-z0-9_-]{1,25}", user) for user in users), users
    assert user_of("www.example.org") == "build-www_example_org"
