"""The pyinfra deployment: a folder and an NGINX file for each site, a check and a reload when one changed."""

from pyinfra import host
from pyinfra.operations import files, server, systemd
from pyinfra.operations.util import any_changed

written = []
for domain in host.data.domains:
    files.directory(name=f"Folder of {domain}", path=f"/var/www/{domain}", mode="755")
    written.append(
        files.template(
            name=f"NGINX file of {domain}",
            src="site.conf.j2",
            dest=f"/etc/nginx/conf.d/{domain}.conf",
            mode="644",
            domain=domain,
        )
    )

server.shell(name="Check NGINX", commands=["nginx -t"], _if=any_changed(*written))
systemd.service(name="Reload NGINX", service="nginx", reloaded=True, _if=any_changed(*written))
