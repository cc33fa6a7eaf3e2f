"""The pages that belong to no app: notices, the appearance switch, and health checks."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from clinic.core import error_pages, metrics, readiness
from clinic.core.context_processors import THEMES
from clinic.core.logs import note_cause
from clinic.core.notices import PRIVACY_NOTICE_VERSION

ONE_YEAR = 365 * 24 * 60 * 60


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "clinic/privacy.html", {"notice_version": PRIVACY_NOTICE_VERSION})


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "clinic/accessibility.html")


@require_safe
def complaints(request: HttpRequest) -> HttpResponse:
    return render(request, "clinic/complaints.html")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What search engines may ask for: the reading pages and the door of the questions, nothing behind it."""
    return render(request, "clinic/robots.txt", content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers and readers of feeds ask here when they have not read a page that names the icon."""
    return redirect(static("clinic/svg/favicon.svg"))


@require_safe
def touch_icon(request: HttpRequest) -> HttpResponse:
    """Phones ask here when somebody puts the site on the home screen; they want a picture of dots."""
    return redirect(static("clinic/touch-icon.png"))


@require_safe
def change_password(request: HttpRequest) -> HttpResponse:
    """Where password managers send staff (https://w3c.github.io/webappsec-change-password-url/)."""
    return redirect("admin:password_change")


# The form stands on public pages that a cache may share, so it has no token. A forged post could only change a colour.
@csrf_exempt
@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie and go back to the page it was chosen on, on this site only."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=settings.HTTPS):
        target = "/"
    response = HttpResponseRedirect(target)
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie(
            settings.THEME_COOKIE_NAME,
            theme,
            max_age=ONE_YEAR,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is asked, so it says so even with the database away."""
    return _status({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """503 only when no page can be made. Everything else that is wrong is named, and the status stays 200."""
    statuses, is_ready = readiness.report(request)
    return _status(statuses, code=200 if is_ready else 503)


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """For whoever watches the site: this machine, or who has the token. To anybody else there is no such page."""
    if not metrics.may_read(request):
        note_cause(request, "metrics: neither this machine nor the token")
        return error_pages.not_found(request)
    response = HttpResponse(metrics.report(), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


def _status(facts: dict[str, str], *, code: int = 200) -> JsonResponse:
    response = JsonResponse(facts, status=code)
    response["Cache-Control"] = "no-store"
    return response
