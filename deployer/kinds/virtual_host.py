"""The NGINX file of one site: which names answer, which lead elsewhere."""

from typing import TYPE_CHECKING

from deployer.files import File
from deployer.templates import render

if TYPE_CHECKING:
    from deployer.desired.facts import Facts
    from deployer.kinds.base import Site


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
    **values: object,
) -> dict[str, File]:
    """The site's file in conf.d, by path.

    Aliases, and http:// where there is HTTPS, lead to `home` (default: the site itself) with `code`.
    With `aliases_too` the main server answers for the aliases as well. Over HTTPS only the names that
    the certificate covers answer.
    """
    aliases = [name for name in site.aliases if not site.https or facts.certificates[domain].covers(name)]
    text = render(
        f"nginx/sites/{template}.conf",
        site=site,
        domain=domain,
        facts=facts,
        home=home or f"{'https' if site.https else 'http'}://{domain}",
        code=code,
        keep_path=keep_path,
        all_names=[domain, *site.aliases],
        main_names=[domain, *aliases] if aliases_too else [domain],
        other_names=[] if aliases_too else aliases,
        **values,
    )
    return {f"/etc/nginx/conf.d/{domain}.conf": File(text.encode())}
