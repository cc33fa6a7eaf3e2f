"""Storms: very many people at once for few times, over every path on which a time is taken."""
