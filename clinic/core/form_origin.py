"""Where a form came from, as far as the browser says so: whose words an answer to it may show, and the way back."""

from urllib.parse import urlsplit

from django.http import HttpRequest


def came_from_here(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this site sent the form. One that says nothing may be lying for another.

    Browsers send Sec-Fetch-Site and Origin with every form; Referer is for old ones.
    """
    said = _said(request)
    return all(said) if said else _origin_of(request.headers.get("Referer", "")) == _here(request)


def came_from_elsewhere(request: HttpRequest) -> bool:
    """Whether the browser says that another site sent the form."""
    return not all(_said(request))


def page_of_form(request: HttpRequest) -> str:
    """The path of the page that the form stood on; where the browser does not say, the address that takes the form."""
    address = request.headers.get("Referer", "")
    if _origin_of(address) != _here(request):
        return request.path
    parts = urlsplit(address)
    path = parts.path if parts.path.startswith("/") and not parts.path.startswith("//") else "/"
    return f"{path}?{parts.query}" if parts.query else path


def _here(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def _said(request: HttpRequest) -> list[bool]:
    rights = {"Sec-Fetch-Site": "same-origin", "Origin": _here(request)}
    return [request.headers[name] == right for name, right in rights.items() if name in request.headers]


def _origin_of(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"
