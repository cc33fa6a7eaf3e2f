"""When somebody is busy by a calendar kept elsewhere: fetched within limits, expanded, and stripped to spans of time.

What is fetched is hostile until shown otherwise, so it is read in a process of its own (`child.py`) that knows neither
Django nor the database, and that is killed when its time is up. Nothing is ever written to the calendar.
"""
