"""A fixed grammar of questions in Korean and English: intents, times, tags, limits."""
