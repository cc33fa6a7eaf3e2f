"""How often something may be tried: a token bucket a key, in the database, shared by every process."""

import ipaddress
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from clinic.core import clock, encryption
from clinic.core.models import RateBucket

KEPT = timedelta(days=2)
CLOCKS_APART = timedelta(minutes=5)
"""So far the clocks of two machines may differ."""


def allow(key: str, *, rate: int, per_seconds: int) -> bool:
    """Take one token; False when the bucket is empty. It holds `rate` tokens and refills in `per_seconds`.

    The bucket's row is locked, so simultaneous callers never share a token. Inside a transaction that is
    rolled back the token comes back: call it before the work, not within it.
    """
    digest = encryption.blind_index_unguarded(key, purpose="limit")
    with transaction.atomic():
        now = clock.now()
        RateBucket.objects.bulk_create([RateBucket(key=digest, tokens=rate, at=now)], ignore_conflicts=True)
        bucket = RateBucket.objects.select_for_update().get(key=digest)
        elapsed = max(0.0, (now - bucket.at).total_seconds())
        tokens = min(float(rate), bucket.tokens + elapsed * rate / per_seconds)
        allowed = tokens >= 1
        bucket.tokens = tokens - 1 if allowed else tokens
        # Far ahead, it was noted before the clock was put back, and would hold everybody until that time came again.
        bucket.at = max(now, bucket.at) if bucket.at < now + CLOCKS_APART else now
        bucket.save(update_fields=["tokens", "at"])
    return allowed


def hold(key: str) -> None:
    """Make callers with the same key go one after another, each until its transaction ends."""
    digest = encryption.blind_index(key, purpose="limit")
    RateBucket.objects.bulk_create([RateBucket(key=digest, tokens=0, at=clock.now())], ignore_conflicts=True)
    RateBucket.objects.select_for_update().get(key=digest)


def forget_old() -> int:
    """Remove buckets that nobody touched for two days; they are full again."""
    return RateBucket.objects.filter(at__lt=clock.now() - KEPT).delete()[0]


def client_address(request: HttpRequest) -> str:
    """The client's address as our own proxies saw it: PROXY_COUNT entries from the right of X-Forwarded-For.

    With no proxy the header is ignored, because anyone can send it.
    """
    peer: str = request.META.get("REMOTE_ADDR", "")
    if not settings.PROXY_COUNT:
        return peer
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    seen: str = hops[-settings.PROXY_COUNT] if len(hops) >= settings.PROXY_COUNT else peer
    return seen


def client_network(request: HttpRequest) -> str:
    """The client's /24 (IPv4) or /64 (IPv6): what one household or one clinic Wi-Fi shares."""
    try:
        address = ipaddress.ip_address(client_address(request))
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else 64}", strict=False))
