"""A process that operates in closed loop until it is killed, and says what it was promised.

It prints "ack NUMBER HASH" after each record that ``append`` has returned from, "write NUMBER"
before the plant hears of the last record's intent, "broken" when the audit says so, and at the end
of a broken disk's life "end STATE" ("never closed" if it broke before the loop was).
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

from shiftwork.operation.audit import Audit, AuditBroken
from shiftwork.operation.plant_side import PlantSide
from support.memory_plant import FakeTime, MemoryPlant, bench


def say(*words):
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


def acknowledged(append):
    def told(audit, kind, **body):
        try:
            number = append(audit, kind, **body)
        except AuditBroken:
            say("broken")
            raise
        say("ack", *audit.head)
        return number

    return told


def main(folder, seed):
    Audit.append = acknowledged(Audit.append)
    random, now = np.random.default_rng(seed), FakeTime(s=time.monotonic())
    side = PlantSide({"power": 5.0, "flow": 3.0}, {"power": 0.0, "flow": 0.0},
                     {"power": 9.0, "flow": 10.0}, shed_s=30.0, tick=time.time_ns() // 1000)  # fmt: skip
    plant = MemoryPlant(side, now)
    real = plant.stage
    with bench(folder, lambda _: random.uniform(3, 6, 2), plant, now) as at:

        async def stage(values):
            say("write", at.cycle.audit.head[0])
            return await real(values)

        plant.stage = stage
        at.run()
        try:
            at.close_loop()
        except AuditBroken:
            say("end", "never closed")
            return
        while not at.cycle.audit.broken:
            at.run()
        at.run(3)
        say("end", at.cycle.state.run.value, "plant-shed" if side.shed else "plant-remote")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
