"""A proxy in a network of its own, at an address of Cloudflare's, that stands in for it before a throwaway VPS."""

from deployer.rehearsal.machine import Machine

EDGE, WAY = "172.64.213.1", "172.64.213.2"
"""Of a range of Cloudflare's: the server's end of the link, and the proxy that stands in for it."""

NETWORK = f"""
set -e
ip route add unreachable 172.64.213.0/24 # whatever becomes of the link, nothing for it leaves the server
ip netns add cdn
ip link add edge type veth peer name eth0 netns cdn
ip address add {EDGE}/30 dev edge
ip link set edge up
ip -n cdn address add {WAY}/30 dev eth0
ip -n cdn link set eth0 up
ip -n cdn link set lo up
ip -n cdn address add 198.51.100.9/32 dev lo # a visitor of the proxy's, who is not the server itself
ip -n cdn route add SERVER via {EDGE}
ip route replace 172.64.213.0/30 dev edge src SERVER
"""

AUTHORITY = """
cd /root
curve='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $curve -days 9 -subj '/CN=An authority' -keyout ca.key -out ca.pem 2>/dev/null
openssl req -x509 -CA ca.pem -CAkey ca.key $curve -days 9 -subj /CN=NAME -addext subjectAltName=DNS:NAME \
    -addext basicConstraints=critical,CA:FALSE -keyout /etc/cdn.key -out /etc/cdn.pem 2>/dev/null
cat ca.pem >>/etc/ssl/certs/ca-certificates.crt # what the proxy shows is what browsers accept
"""
PROXY = """
user root;
pid /run/cdn.pid;
error_log /var/log/cdn.log;
events {}
http {
    access_log off;
    server {
        listen 172.64.213.2:443 ssl;
        listen 172.64.213.2:80;
        server_name _;
        ssl_certificate /etc/cdn.pem;
        ssl_certificate_key /etc/cdn.key;
        location / {
            proxy_pass $scheme://SERVER;
            proxy_ssl_server_name on;
            proxy_ssl_name $host;
            proxy_set_header Host $host;
            proxy_set_header CF-Connecting-IP $remote_addr;
        }
    }
}
"""


def stand_before(vps: Machine, name: str) -> None:
    """A proxy at an address of Cloudflare's, to which the name leads from now on."""
    vps.run(NETWORK.replace("SERVER", vps.address))
    proxy = PROXY.replace("SERVER", vps.address).replace("NAME", name)
    vps.run(f"cat >/etc/cdn.conf <<'END'\n{proxy}\nEND")
    vps.run(AUTHORITY.replace("NAME", name))
    begin_proxy(vps)
    vps.run(f"sed -i '/ {name}$/d' /etc/hosts; echo '{WAY} {name}' >>/etc/hosts")


def begin_proxy(vps: Machine) -> None:
    vps.run("systemd-run --unit cdn ip netns exec cdn nginx -c /etc/cdn.conf -g 'daemon off;'")
    vps.run("until ip netns exec cdn ss -Hltn 'sport = :443' | grep -q .; do sleep 0.05; done")
