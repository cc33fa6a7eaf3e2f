"""The web server's entrance. It never switches DEBUG on by itself, and refuses to start on unsafe settings."""

import logging
import os

from django.core.checks import ERROR, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

site = get_wsgi_application()

from clinic.core import old_database  # noqa: E402  (needs the apps, which the line above loads)
from clinic.core.warm_pages import WarmPages  # noqa: E402

if refusal := old_database.server_refusal():
    logging.getLogger(__name__).critical("%s", refusal.text)
    raise SystemExit(3)  # to gunicorn: do not start another worker, stop

# Only `manage.py` runs the checks by itself; a web server would otherwise serve with what they forbid.
problems = [message for message in run_checks(tags=["clinic"]) if message.level >= ERROR]
if problems:
    raise ImproperlyConfigured("\n".join(str(problem) for problem in problems))

application = WarmPages(site)
