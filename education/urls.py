from django.contrib.sitemaps.views import sitemap
from django.urls import path, re_path

from education import decision_views, feedback_views, search_views, views
from education.feeds import Updates
from education.sitemaps import SITEMAPS

app_name = "education"

urlpatterns = [
    path("", views.home, name="home"),
    path("conditions/", views.conditions, name="conditions"),
    path("stem-cells/evidence/", views.evidence, name="evidence"),
    path("back-pain/when-to-get-help/", views.help_page, name="help"),
    path("faq/", views.faq, name="faq"),
    path("glossary/", views.glossary, name="glossary"),
    path("sources/", views.sources, name="sources"),
    path("tools/decision-aid/", decision_views.decision_aid, name="decision_aid"),
    path("feedback/<slug:key>/", feedback_views.feedback, name="feedback"),
    path("search/", search_views.search_page, name="search"),
    path("sitemap.xml", views.until_published(sitemap), {"sitemaps": SITEMAPS}, name="sitemap"),
    path("updates.atom", views.until_published(Updates()), name="updates"),
    re_path(r"^(?P<path>[a-z0-9-]+(?:/[a-z0-9-]+)*)/$", views.content_page, name="page"),
]
