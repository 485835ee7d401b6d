"""What one sees of a cracking centre's episode: a chart, curves, money, a page."""
