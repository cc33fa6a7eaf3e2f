"""The product's own settings. Only its style sheets are not collected first: nobody looks at a page here."""

from clinic.settings import *  # noqa: F403

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
SECOND_FACTOR_REQUIRED = False  # staff sign in by a password alone: no phone is at hand
