"""The web process. Every value can be overridden on the command line, as in `gunicorn --bind … --workers …`."""

import contextlib
import ipaddress
import os
import time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "community_report.settings")

from django.conf import settings  # reads .env, so it comes before anything else that asks the environment

from community_report.startup import require_settings

# In the master, before a socket is opened: a bad setting is one line and no restart loop of workers.
require_settings()

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 30
graceful_timeout = 30
# Longer than a proxy keeps an idle connection, so that the proxy is the one to close it.
keepalive = 75
max_requests = 5000
max_requests_jitter = 1000
control_socket_disable = True

# Nobody's word on the client's address or scheme is taken unless the operator names the proxy.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "")

# Paths without queries, which hold codes and signatures. The access log joins the others on standard error.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms'
logconfig_dict = {
    **settings.LOGGING,
    "loggers": {
        **settings.LOGGING["loggers"],
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        "gunicorn.access": {"level": "INFO", "handlers": [], "propagate": True},
    },
}


def pre_request(worker: Any, request: Any) -> None:
    """Behind a trusted proxy REMOTE_ADDR is the client's address: the last one in the list, which the proxy wrote."""
    peer = request.peer_addr[0] if isinstance(request.peer_addr, tuple) else ""
    given = [value for name, value in request.headers if name == "X-FORWARDED-FOR"]
    if given and _is_trusted(peer, worker.cfg):
        client = given[-1].rsplit(",", 1)[-1].strip()
        if _is_address(client):
            # What gunicorn itself fills in for the PROXY protocol.
            request.proxy_protocol_info = {
                "proxy_protocol": "HTTP",
                "client_addr": client,
                "client_port": 0,
                "proxy_addr": peer,
                "proxy_port": 0,
            }


#: How much of a body that nobody read is still taken, and for how long.
DRAIN_BYTES, DRAIN_SECONDS = 32 * 1024 * 1024, 3.0


def post_request(worker: Any, request: Any, environ: dict[str, Any], response: Any) -> None:
    """Take the rest of a body that was refused unread: a client that still sends would lose the answer."""
    if response is None:
        return
    end, left = time.monotonic() + DRAIN_SECONDS, DRAIN_BYTES
    with contextlib.suppress(OSError):
        response.sock.settimeout(DRAIN_SECONDS)
        while left > 0 and time.monotonic() < end and (chunk := request.body.read(65536)):
            left -= len(chunk)
        response.sock.settimeout(None)


def _is_trusted(peer: str, config: Any) -> bool:
    if "*" in config.forwarded_allow_ips:
        return True
    return _is_address(peer) and any(ipaddress.ip_address(peer) in net for net in config.forwarded_allow_networks())


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
