"""Settings of the web server under test: the product's own, without a list of hashed static files."""

from clinic.settings import *  # noqa: F403
from clinic.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# From where they lie: nothing was collected.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
