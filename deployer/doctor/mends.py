"""What mends a site that does not answer as it should, by its kind; pure."""

from deployer.config.model import Config
from deployer.kinds.base import Site
from deployer.kinds.publication import only_takes_files

NGINX_SAYS = "tail /var/log/nginx/error.log   # says why; deploy plan"


def mend_of(name: str, config: Config) -> str:
    """A command that says more of a name, or mends it: one that the kind of its site has."""
    domain, site = next(
        ((domain, site) for domain, site in config.sites.items() if name in site.names(domain)), (name, None)
    )
    return _of_site(domain, site, config) if site else f"{NGINX_SAYS}, too"


def _of_site(domain: str, site: Site, config: Config) -> str:
    if site.runner(domain):
        return f"deploy logs {domain}   # says why"
    if proxy := config.of_kind("proxy").get(domain):
        return f"ss -ltnp 'sport = :{proxy.port}'   # does anything listen there for {domain}?"
    if site.kind == "status":
        return f"deploy status --publish {domain}   # makes the page anew"
    if only_takes_files(site):
        return f"deploy push {domain} --from FOLDER   # publishes it; deploy status tells what is live"
    if site.pushed:
        return f"deploy push {domain}   # publishes it; deploy status tells what is live"
    return f"{NGINX_SAYS} {domain}, too"
