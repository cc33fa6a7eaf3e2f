from django.contrib import admin
from django.urls import include, path

from clinic.core import gallery, views
from clinic.core.csp_reports import csp_report
from clinic.staff import sign_in

handler400 = "clinic.core.error_pages.bad_request"
handler403 = "clinic.core.error_pages.permission_denied"
handler404 = "clinic.core.error_pages.not_found"
handler500 = "clinic.core.error_pages.server_error"

clinic_urls = [
    path("appearance/", views.appearance, name="appearance"),
    path("privacy/", views.privacy, name="privacy"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("complaints/", views.complaints, name="complaints"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("apple-touch-icon.png", views.touch_icon, name="touch_icon"),
    path("apple-touch-icon-precomposed.png", views.touch_icon, name="touch_icon_precomposed"),
    path(".well-known/change-password", views.change_password, name="change_password"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.figures, name="metrics"),
    path("csp-report", csp_report, name="csp_report"),
    path("ui/", gallery.gallery, name="gallery"),
]

urlpatterns = [
    path("admin/", admin.site.urls),
    # Under these names allauth asks for two of the addresses above.
    path("admin/login/", sign_in.sign_in, name="account_login"),
    path("admin/login/code/", sign_in.second_step, name="mfa_authenticate"),
    path("", include((clinic_urls, "clinic"))),
    path("", include("consultations.urls")),
    path("", include("education.urls")),
]
