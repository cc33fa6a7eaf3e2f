"""Renews the row that public pages are served from, and what search finds."""

from education import library
from education.models import Snapshot
from education.search import index


def refresh_snapshot() -> None:
    """Call inside the transaction of the change.

    The row is locked before the records are read: of two changes at once, the later one sees the earlier.
    """
    Snapshot.objects.get_or_create(pk=1, defaults={"revision": ""})
    snapshot = Snapshot.objects.select_for_update().get(pk=1)
    snapshot.revision, snapshot.data = library.new_revision(), library.snapshot_data()
    snapshot.save()
    index.refresh(snapshot.data)
