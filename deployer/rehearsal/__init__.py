"""A throwaway VPS: a real Debian with systemd, sshd and its own network, on this Linux machine."""
