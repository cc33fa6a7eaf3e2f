"""What staff read: models in, words out. Nothing here writes, and one bad record never takes the others down."""
