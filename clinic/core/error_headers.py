"""The headers that every error page carries, whoever answers: Django, gunicorn or nginx."""

from django.conf import settings

from clinic.core.middleware import PERMISSIONS_POLICY, policy


def of_errors() -> dict[str, str]:
    """As the middleware puts them on an error page of our own (`tests/clinic/core/test_error_headers.py`)."""
    headers = {
        "Content-Security-Policy": policy(settings.SECURE_CSP),
        "Reporting-Endpoints": settings.REPORTING_ENDPOINTS,
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS_POLICY,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "Cache-Control": "no-store",
    }
    if settings.HTTPS:
        preload = "; preload" if settings.SECURE_HSTS_PRELOAD else ""
        headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains{preload}"
    return headers
