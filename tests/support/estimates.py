"""What the gate estimates of a good agent, without any work."""

import numpy as np

from shiftwork.evaluation.gate.estimate import Estimate
from shiftwork.evaluation.gate.support import Support

GOOD = Estimate(
    gain=1.0,
    members=np.array([0.95, 1.0, 1.05, 1.0]),
    block_error=0.05,
    beginnings=1.0,
    undiscounted=1.0,
    fitted=0.3,
    fitted_error=0.1,
    replay=0.1,
    replay_error=0.01,
    people=5.0,
    support=Support(0.95, 0.98, ()),
    events=(),
    steps=60,
    discount=0.95,
)
