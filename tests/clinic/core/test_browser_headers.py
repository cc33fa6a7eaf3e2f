"""What our Referrer-Policy and CSP do in a real browser: forms post, and other sites learn nothing."""

import http.server
import threading

import pytest
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import path

from clinic.urls import urlpatterns as product_urls

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]


def form(request):
    body = (
        f'<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
        f'<button>Send</button></form><a href="{request.GET.get("away", "")}">Away</a>'
        "<script>document.title = 'inline script ran'</script>"
    )
    if request.method == "POST":
        body = f"<p>origin {request.headers.get('Origin')}</p>"
    response = HttpResponse(f"<!doctype html><title>form</title>{body}")
    if "policy" in request.GET:
        response["Referrer-Policy"] = request.GET["policy"]
    return response


urlpatterns = [path("form/", form), *product_urls]


@pytest.fixture
def other_site():
    """A site on another port that notes the Referer of each visitor."""
    seen: list[str | None] = []

    class Notes(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                seen.append(self.headers.get("Referer"))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<p>other site</p>")

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Notes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", seen
    server.shutdown()
    server.server_close()


def test_a_form_posts_with_our_origin(page, live_server):
    page.goto("/form/")
    page.get_by_role("button").click()
    assert page.locator("p").text_content() == f"origin {live_server.url}"


def test_no_referrer_would_have_broken_the_form(page):
    page.goto("/form/?policy=no-referrer")
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.get_by_role("button").click()
    assert answer.value.status == 403


def test_another_site_is_told_nothing(page, other_site):
    address, seen = other_site
    page.goto(f"/form/?away={address}")
    page.get_by_role("link").click()
    page.get_by_text("other site").wait_for()
    assert seen == [None]


def test_an_inline_script_does_not_run(page):
    page.goto("/form/")
    assert page.title() == "form"


def test_no_script_writes_markup_from_text(page):
    page.goto("/form/")
    written = page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return 'written' } catch (error) { return error.name } }"
    )
    assert written == "TypeError"
