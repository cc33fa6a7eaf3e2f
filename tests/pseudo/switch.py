"""Switches the site to the pseudo language for one test, and lets nothing of it stay behind. A plugin of conftest."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from clinic.core import page_cache
from tests.pseudo.language import LANGUAGE, write_catalogue

PACKAGES = ("clinic", "education", "consultations", "crispy_forms")
"""Whose functions remember: crispy-forms keeps the templates of its fields."""


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the messages of the language."""
    folder = tmp_path_factory.mktemp("pseudo")
    write_catalogue(folder)
    return folder


@contextmanager
def pseudo_language(catalogue: Path) -> Iterator[None]:
    templates: dict[str, Any] = settings.TEMPLATES[0]
    loaders = [("django.template.loaders.cached.Loader", ["tests.pseudo.templates.Loader"])]
    longer_templates = {**templates, "APP_DIRS": False, "OPTIONS": {**templates["OPTIONS"], "loaders": loaders}}
    forget()
    with override_settings(LANGUAGE_CODE=LANGUAGE, LOCALE_PATHS=[catalogue], TEMPLATES=[longer_templates]):
        yield
    forget()


def forget() -> None:
    """What was worked out once and kept may hold words of the other language."""
    page_cache.PAGES.clear()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in PACKAGES:
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
