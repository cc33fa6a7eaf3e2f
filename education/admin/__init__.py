"""Where editors, reviewers and managers work. Editing never publishes; every move is a button of its own."""

from education.admin import best_bets, feedback, pages, people, records

__all__ = ["best_bets", "feedback", "pages", "people", "records"]
