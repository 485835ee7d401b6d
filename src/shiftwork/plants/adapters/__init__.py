"""The ways to and from Gymnasium and PettingZoo; each is imported only by whoever needs it."""
