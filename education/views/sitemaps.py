"""Every public page for search engines, with the day its words last changed."""

import datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap

from education.fixed_pages import FIXED_PAGES
from education.models import Page


class PageSitemap(Sitemap):
    """Addresses begin with SITE_URL, whatever name the request came under."""

    def items(self) -> list[tuple[str, datetime.datetime | None]]:
        public = Page.objects.public().only("path", "live__published_at")
        return [(page.path, page.live.published_at) for page in public if page.live] + [
            (path, None) for path in FIXED_PAGES
        ]

    def location(self, item: tuple[str, datetime.datetime | None]) -> str:
        return item[0]

    def lastmod(self, item: tuple[str, datetime.datetime | None]) -> datetime.datetime | None:
        return item[1]

    def get_domain(self, site: object = None) -> str:
        return urlsplit(settings.SITE_URL).netloc

    def get_protocol(self, protocol: str | None = None) -> str:
        return urlsplit(settings.SITE_URL).scheme


SITEMAPS: Final = {"pages": PageSitemap}
