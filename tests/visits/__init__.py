"""Everything that can happen to a visit, in any order, and what is true of the rows after each of it."""
