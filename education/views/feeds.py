"""New and changed pages as a feed: one entry for each version that was published."""

import datetime

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _

from education.models import Page, PageVersion

LATEST = 50


class Updates(Feed):
    """Versions of pages that readers can open now. A page taken back leaves with all its versions."""

    feed_type = Atom1Feed
    description_template = None

    def title(self) -> str:
        return _("%(clinic_name)s: new and changed pages") % {"clinic_name": settings.CLINIC_NAME}

    def subtitle(self) -> str:
        return _("What was published on this site, the newest first.")

    def link(self) -> str:
        return f"{settings.SITE_URL}/"

    def feed_url(self) -> str:
        return f"{settings.SITE_URL}/updates.atom"

    def feed_guid(self) -> str:
        return self.feed_url()

    def items(self) -> QuerySet[PageVersion]:
        public = PageVersion.objects.filter(page__live__isnull=False).select_related("page")
        return public.order_by("-published_at", "-pk")[:LATEST]

    def item_title(self, item: PageVersion) -> str:
        return str(item.words["title"])

    def item_description(self, item: PageVersion) -> str:
        """What changed and why, where readers of the page are told that too; else what the page says."""
        if item.page.kind == Page.Kind.EVIDENCE and item.change_note:
            return _("What changed and why: %(change_note)s") % {"change_note": item.change_note}
        return str(item.words["summary"])

    def item_link(self, item: PageVersion) -> str:
        return f"{settings.SITE_URL}{item.page.path}"

    def item_guid(self, item: PageVersion) -> str:
        return f"{self.item_link(item)}#version-{item.number}"

    def item_pubdate(self, item: PageVersion) -> datetime.datetime:
        return item.published_at

    def item_updateddate(self, item: PageVersion) -> datetime.datetime:
        return item.published_at

    def item_author_name(self, item: PageVersion) -> str:
        return str(item.words["author"])
