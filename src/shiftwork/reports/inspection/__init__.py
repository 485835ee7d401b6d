"""The page that an engineer reads before learning: can an agent learn from these records?"""
