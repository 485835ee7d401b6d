"""The furnace of a naphtha cracking centre: yields, heat, coke, and the plant of one furnace."""
