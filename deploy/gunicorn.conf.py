"""Gunicorn behind nginx: `gunicorn -c deploy/gunicorn.conf.py clinic.wsgi`."""

import os

bind = os.environ.get("BIND", "127.0.0.1:8001")
workers = int(os.environ.get("WEB_CONCURRENCY", "3"))
worker_class = "gthread"
threads = 4
timeout = 30
graceful_timeout = 30
keepalive = 5
max_requests = 10_000
max_requests_jitter = 1_000
limit_request_line = 8190
limit_request_fields = 60
# The proxy's word on http or https counts only when it comes from these addresses.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
# nginx writes the access log, with tokens masked; a second one here would not have them masked.
accesslog = None
errorlog = "-"
