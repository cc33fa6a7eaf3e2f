"""Static files as the application serves them: the files, not the list of them."""

from typing import Any, Final

from django.contrib.staticfiles.storage import ManifestFilesMixin
from whitenoise.middleware import WhiteNoiseMiddleware

MANIFEST: Final = ManifestFilesMixin.manifest_name


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        """The manifest names every file of the staff area, the current ones and the older."""
        if not url.endswith(f"/{MANIFEST}"):
            super().add_file_to_dictionary(url, path, stat_cache=stat_cache)
