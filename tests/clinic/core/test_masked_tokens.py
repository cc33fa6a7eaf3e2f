"""No token reaches a log, however its characters are written in an address: our own mask, and that of nginx.

A real nginx is asked for some of these in `tests/deploy/test_web_server.py`.
"""

import re
from pathlib import Path
from urllib.parse import unquote

from hypothesis import example, given
from hypothesis import strategies as st

from clinic.core.log_lines import mask
from tests.depth import made_up

NGINX = (Path(__file__).resolve().parents[3] / "deploy" / "nginx.conf").read_text()
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
TOKEN = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6jK9m_Qz"
LEAK = 16
"""So many characters of a token in a row, plain or decoded, would be a leak."""
MOST_LAYERS = 4


def rules_of_nginx() -> list[tuple[str, str]]:
    """Pattern and outcome of `map $uri $clinic_path`, in its order; the pattern of the last, the default, is empty."""
    (block,) = re.findall(r"map \$uri \$clinic_path \{\n(.*?)\n\}", NGINX, re.DOTALL)
    rules = re.findall(r'^    (?:"~(.*)"|default) +(?:"(.*)"|(\$uri));$', block, re.MULTILINE)
    return [(pattern.replace("(?<", "(?P<"), quoted or plain) for pattern, quoted, plain in rules]


def logged_by_nginx(path: str) -> str:
    """What stands in its log of a path that was asked for. `$uri` is decoded once, with slashes in a row made one."""
    uri = re.sub("/+", "/", unquote(path.partition("?")[0]))
    for pattern, outcome in rules_of_nginx():
        if not pattern:
            break
        if found := re.search(pattern, uri):
            for name, text in found.groupdict().items():
                outcome = outcome.replace(f"${{{name}}}", text or "")
            return outcome
    return uri


@st.composite
def encoded(draw: st.DrawFn, token: str) -> str:
    """Each character plain or percent-encoded, up to four times over, in hex digits of either case."""
    parts = []
    for character in token:
        written = character
        for _ in range(draw(st.integers(0, MOST_LAYERS))):
            form = draw(st.sampled_from(("%{:02x}", "%{:02X}")))
            # The first layer writes the character, each further one the percent sign of the last.
            written = form.format(ord(written)) if len(written) == 1 else written.replace("%", form.format(ord("%")), 1)
        parts.append(written)
    return "".join(parts)


tokens = st.text(ALPHABET, min_size=43, max_size=43)
written = tokens.flatmap(lambda token: st.tuples(st.just(token), encoded(token)))
places = st.sampled_from(
    ("/request/open/{}/", "/request/open/{}", "/calendar/{}.ics", "/a/{}/b/{}/", "//{}//", "/%2F{}%2f/", "/x?next={}")
)


def is_leaked(token: str, line: str) -> bool:
    """Whether a piece of the token can be read in a line, by whoever decodes it as often as it takes."""
    for _ in range(MOST_LAYERS + 2):
        if any(token[start : start + LEAK] in line for start in range(len(token) - LEAK + 1)):
            return True
        line = unquote(line)
    return False


@made_up(150, 20_000)
@given(both=written, place=places)
@example(both=(TOKEN, TOKEN), place="/request/open/{}/")
@example(both=(TOKEN, TOKEN.replace("_", "%255F")), place="/request/open/{}/")
@example(both=(TOKEN, "".join(f"%25%32%35{ord(letter):02x}" for letter in TOKEN)), place="/a/{}/b/{}/")
def test_no_encoding_brings_a_token_into_a_log(both: tuple[str, str], place: str) -> None:
    token, address = both
    path = place.format(address, address)
    for line in (logged_by_nginx(path), mask(f"Not Found: {path}"), mask(f"Not Found: {unquote(path)}")):
        assert not is_leaked(token, line), line


@made_up(100, 10_000)
@given(both=written, glue=st.sampled_from((" ", '"', "'", "=", ":", "/", ",", "\n")))
def test_wherever_it_stands_in_a_line(both: tuple[str, str], glue: str) -> None:
    token, address = both
    assert not is_leaked(token, mask(f"cause{glue}{address}{glue}end"))


def test_addresses_that_hold_none_are_logged_as_they_are() -> None:
    for path in ("/check/0a1b2c3d/q/now/", "/admin/consultations/consultationrequest/17/change/", "/conditions/"):
        assert logged_by_nginx(path) == path
        assert mask(path) == path


def test_a_leak_would_be_seen() -> None:
    assert len(rules_of_nginx()) == 5
    assert is_leaked(TOKEN, f"GET /{TOKEN}/")
    assert is_leaked(TOKEN, "/" + "".join(f"%25{ord(letter):02x}" for letter in TOKEN))
    assert not is_leaked(TOKEN, "/request/open/[masked]/")
