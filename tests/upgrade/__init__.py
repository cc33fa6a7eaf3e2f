"""From 1.0 on: its migrations are frozen, and a clinic that has rows of 1.0 is carried over, on both engines."""
