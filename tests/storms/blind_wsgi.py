"""The site for gunicorn with its services blind: what still refuses a double booking is the database."""

from clinic.wsgi import application
from tests.storms.guards import blind

_blind = blind()
_blind.__enter__()
__all__ = ["application"]
