"""What people type when they look for one place of this site."""

from urllib.parse import urlencode

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from education.admin.records import SmallRecordAdmin, waits
from education.models import BestBet


@admin.register(BestBet)
class BestBetAdmin(SmallRecordAdmin):
    """What people type, and the one place it leads to. Nobody is shown the phrases, so no claims rule reads them."""

    list_display = ("target", "asked", "is_waiting")
    search_fields = ("target", "phrases", "spanish")
    readonly_fields = ("state_words", "search_for")

    @admin.display(description=_("Phrases"))
    def asked(self, bet: BestBet) -> int:
        return len(bet.phrases) + len(bet.spanish)

    @admin.display(description=_("A change waits"), boolean=True)
    def is_waiting(self, bet: BestBet) -> bool:
        return waits(bet)

    @admin.display(description=_("Try it"))
    def search_for(self, bet: BestBet) -> str:
        """Searches as visitors make them, with what is published now."""
        search_url = reverse("education:search")
        links = ((f"{search_url}?{urlencode({'q': phrase})}", phrase) for phrase in (*bet.phrases, *bet.spanish))
        return format_html_join(", ", '<a href="{}">{}</a>', links) or gettext("Nothing to try yet.")
