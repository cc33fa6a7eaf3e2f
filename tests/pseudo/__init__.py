"""A language that nobody speaks: English with longer, accented words. What stays plain was glued or is not marked."""
