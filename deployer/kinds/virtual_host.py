"""The NGINX file of one site: which names answer, which lead elsewhere."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.templates import rendered
from deployer.values.directives import keeping_headers, settings

if TYPE_CHECKING:
    from deployer.kinds.base import Site
    from deployer.seen.facts import Facts


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
    **values: object,
) -> dict[str, File]:
    """The site's file in conf.d, by path.

    Aliases, and http:// where there is HTTPS, lead to `home` (default: the site itself) with `code`.
    With `aliases_too` the main server answers for the aliases as well. Over HTTPS only the names that
    the certificate covers answer. `policies` have the headers of its answers: where a location among its
    own lines would lose them, it gets them back.
    """
    headers = [f"/etc/nginx/deploy/{policy}.conf" for policy in policies]
    aliases = [name for name in site.aliases if not site.https or facts.certificates[domain].covers(name)]
    file = rendered(
        f"nginx/sites/{template}.conf",
        site=site,
        domain=domain,
        facts=facts,
        home=home or f"{'https' if site.https else 'http'}://{domain}",
        code=code,
        keep_path=keep_path,
        all_names=[domain, *site.aliases],
        own_lines=keeping_headers(site.nginx, headers),
        own_settings=settings(site.nginx),
        main_names=[domain, *aliases] if aliases_too else [domain],
        other_names=[] if aliases_too else aliases,
        **values,
    )
    return {f"/etc/nginx/conf.d/{domain}.conf": file}
