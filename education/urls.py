from django.contrib.sitemaps.views import sitemap
from django.urls import path, re_path

from education.views import decision_aid, feedback, pages, search
from education.views.feeds import Updates
from education.views.sitemaps import SITEMAPS

app_name = "education"

urlpatterns = [
    path("", pages.home, name="home"),
    path("conditions/", pages.conditions, name="conditions"),
    path("stem-cells/evidence/", pages.evidence, name="evidence"),
    path("back-pain/when-to-get-help/", pages.help_page, name="help"),
    path("faq/", pages.faq, name="faq"),
    path("glossary/", pages.glossary, name="glossary"),
    path("sources/", pages.sources, name="sources"),
    path("tools/decision-aid/", decision_aid.decision_aid, name="decision_aid"),
    path("feedback/<slug:key>/", feedback.feedback, name="feedback"),
    path("search/", search.search_page, name="search"),
    path("sitemap.xml", pages.until_published(sitemap), {"sitemaps": SITEMAPS}, name="sitemap"),
    path("updates.atom", pages.until_published(Updates()), name="updates"),
    re_path(r"^(?P<path>[a-z0-9-]+(?:/[a-z0-9-]+)*)/$", pages.content_page, name="page"),
]
