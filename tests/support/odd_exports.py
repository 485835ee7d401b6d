"""Exports with all that makes reading depend on what was read before, and the plant that they are of."""

import numpy as np

TAGS = 6
PLANT = """
name = "p"
period = "1min"
time_zone = "Europe/Berlin"
objective.expression = "t1"
tags.t0 = {role = "action", bounds = [0, 9]}
tags.run = {role = "state"}
""" + "\n".join(f'tags.t{i}.role = "observation"' for i in range(1, TAGS))


def exported(folder, seed, files=3, rows=150):
    """Long files with times out of order, doubles, bad quality, texts and the hour that comes twice."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for number in range(files):
        lines = ["time;tag;value;quality"]
        minute = np.sort(rng.integers(0, 300, rows))
        if rng.random() < 0.7:
            rng.shuffle(minute[: rows // 3])
        for m in minute:
            # On the 26th the clocks go back from 3 to 2.
            stamp = f"2025-10-26 {m // 60:02d}:{m % 60:02d}:00"
            tag = rng.choice([f"t{i}" for i in range(TAGS)] + ["run", "other"])
            value = rng.choice(["ON", "OFF"]) if tag == "run" else f"{rng.normal():.3f}"
            value = "Bad Input" if tag != "run" and rng.random() < 0.05 else value
            lines.append(f"{stamp};{tag};{value};{'Good' if rng.random() < 0.9 else 'Bad'}")
        if number == 1:
            lines.insert(60, "# a comment that needs a second look")
        (folder / f"{number}.csv").write_text("\n".join(lines) + "\n")
    return folder
