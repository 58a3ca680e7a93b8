"""The NGINX file of one site: which names answer, which lead elsewhere."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from deployer.files import File
from deployer.templates import rendered
from deployer.values.directives import keeping_headers, settings
from deployer.values.names import variable_name

if TYPE_CHECKING:
    from deployer.kinds.base import Site
    from deployer.seen.facts import Facts


def by_path(site: "Site", domain: str) -> dict[str, Any]:
    """What it says of paths and of all its answers: maps, and headers with their values."""
    said = site.auth or site.redirects or site.headers or site.cors or site.robots == "none"
    if not said and not getattr(site, "previews", None):
        none: dict[str, Any] = dict.fromkeys(("redirects", "cors", "private", "previewed"))
        return {**none, "headers": (), "added": ()}
    from deployer.kinds import by_path

    return by_path.values(site, domain)


def more_headers(site: "Site", facts: "Facts") -> Iterator[tuple[str, str]]:
    """What goes along with all its answers besides, with the values."""
    if site.https and site.http3 and facts.http3:
        yield "Alt-Svc", "'h3=\":443\"; ma=86400'"
    if getattr(site, "languages", ()):
        yield "Vary", "$deploy_language_vary"


def wildcard_of_previews(site: "Site") -> str:
    """The one of its names that is that of its previews; empty without them."""
    previews = getattr(site, "previews", None)
    return previews.wildcard if previews else ""


def names(site: "Site", domain: str, facts: "Facts", aliases_too: bool) -> dict[str, Any]:
    """Which names answer with the site, which lead there, and that of its previews: what is covered."""
    covered = [name for name in site.aliases if not site.https or facts.certificates[domain].covers(name)]
    previews = wildcard_of_previews(site)
    aliases = [name for name in covered if name != previews]
    return {
        "all_names": [domain, *(name for name in site.aliases if name != previews)],
        "main_names": [domain, *aliases] if aliases_too else [domain],
        "other_names": [] if aliases_too else aliases,
        "previews": previews if previews in covered else "",
    }


def virtual_host(
    site: "Site",
    domain: str,
    facts: "Facts",
    template: str,
    *,
    home: str = "",
    code: int = 301,
    keep_path: bool = True,
    aliases_too: bool = False,
    policies: Sequence[str] = ("headers",),
    rules: Sequence[str] = (),
    **values: object,
) -> dict[str, File]:
    """The site's file in conf.d, by path.

    Aliases, and http:// where there is HTTPS, lead to `home` (default: the site itself) with `code`.
    With `aliases_too` the main server answers for the aliases as well. Over HTTPS only the names that
    the certificate covers answer. `policies` have the headers of its answers: where a location among its
    own lines would lose them, it gets them back, and those of `rules`, files that each push writes.
    """
    files = [*rules, *(f"/etc/nginx/deploy/{policy}.conf" for policy in policies)]
    said = by_path(site, domain)
    said["added"] = [*said["added"], *more_headers(site, facts)]
    file = rendered(
        f"nginx/sites/{template}.conf",
        site=site,
        domain=domain,
        variable=variable_name(domain),
        facts=facts,
        home=home or f"{'https' if site.https else 'http'}://{domain}",
        code=code,
        keep_path=keep_path,
        own_lines=keeping_headers(site.nginx, files, said["added"]),
        rule_files=rules,
        own_settings=settings(site.nginx),
        **names(site, domain, facts, aliases_too),
        **said,
        **values,
    )
    return {f"/etc/nginx/conf.d/{domain}.conf": file}
