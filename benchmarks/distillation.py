"""The distillation column: agents in shadow, estimated from records, and run on a model of them.

The column cannot be run here, but its records are those of a simulator without noise: a small
regression foretells the next minute to 99.9 % of its variance and, run for two hours under the
recorded actions, earns what was earned. So the agents are run on it, to check fitted Q evaluation
against something that shares nothing with it but the records.

python -m benchmarks.distillation
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.results import write_rows, write_table
from shiftwork.agents.agent import Agent
from shiftwork.cli.progress import console
from shiftwork.evaluation.fqe import discounted_returns, fitted_q_evaluation
from shiftwork.learning.offline.evidence import gather_evidence
from shiftwork.learning.offline.learn import learn
from shiftwork.records.episodes import Episodes
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.samples import read_samples

FOLDER = Path(__file__).parents[1] / "examples" / "distillation"
SEEDS = (0, 1, 2)
UPDATES = {"bc": 10_000, "pars": 20_000}
COMPOSITIONS = tuple(f"x{tray}" for tray in range(32))


class ColumnModel:
    """Next minute's tray compositions from this minute's, the reflux, and the feed's composition.

    Ridge regression of the standardized changes on the state, its squares at five places, and the
    reflux with its square.
    """

    def __init__(self, records: Episodes, plant: PlantFile) -> None:
        self.records, self.plant = records, plant
        self.names = [tag.name for tag in records.observation_tags]
        self.state = [self.names.index(n) for n in ("feed_composition", *COMPOSITIONS)]
        rows = records.transitions
        self.now = rows.observation.astype(np.float64)
        self.then = rows.next_observation.astype(np.float64)[:, self.state]
        self.reflux = records.action[:, 0].astype(np.float64)
        seen = self.now[:, self.state]
        self.mean, self.deviation = seen.mean(0), seen.std(0)
        inputs = self._inputs(seen, self.reflux, self.then[:, 0])
        change = (self.then - seen) / self.deviation
        odd = records.episode_of_step % 2 == 1
        error = change[odd] - inputs[odd] @ self._fit(inputs[~odd], change[~odd])
        self.r2 = 1 - np.square(error).mean(0) / change[odd].var(0)  # (33,), on held-out episodes
        self.weight = self._fit(inputs, change)

    @staticmethod
    def _fit(inputs: np.ndarray, change: np.ndarray) -> np.ndarray:
        gram = inputs.T @ inputs + 1e-3 * np.eye(inputs.shape[1])
        return np.asarray(np.linalg.solve(gram, inputs.T @ change))

    def _inputs(self, state: np.ndarray, reflux: np.ndarray, feed: np.ndarray) -> np.ndarray:
        z = (state - self.mean) / self.deviation
        moved = (reflux - self.reflux.mean()) / self.reflux.std()
        following = (feed - self.mean[0]) / self.deviation[0]
        return np.c_[np.ones(len(z)), z, z[:, [0, 1, 11, 21, 32]] ** 2, moved, moved**2, following]

    def run(self, agent: Agent | None, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Run the whole episodes side by side; None repeats the recorded actions.

        Returns:
            Rewards and distillate compositions, (steps, E) each.
        """
        begin = self.records.starts[self.records.length >= steps]
        state, setting = self.now[begin][:, self.state], self.now[begin, 0]
        rewards, purity = [], []
        for step in range(steps):
            row = begin + step
            reflux, feed = self.reflux[row], self.then[row, 0]
            if agent is not None:
                reflux = agent.act(self._seen(row, state, setting))[:, 0].astype(np.float64)
            change = self._inputs(state, reflux, feed) @ self.weight
            following = state + self.deviation * change
            following[:, 0] = feed
            rewards.append(self._reward((state + following) / 2, setting))
            purity.append(following[:, 1])
            state, setting = following, reflux
        return np.array(rewards), np.array(purity)

    def _seen(self, row: np.ndarray, state: np.ndarray, setting: np.ndarray) -> np.ndarray:
        seen = self.now[row].copy()
        seen[:, self.state] = state
        seen[:, 0] = setting
        seen[:, self.names.index("rr low")] = np.clip(setting - 0.2, 1, 7)
        seen[:, self.names.index("rr high")] = np.clip(setting + 0.2, 1, 7)
        return seen.astype(np.float32)

    def _reward(self, state: np.ndarray, setting: np.ndarray) -> np.ndarray:
        columns = dict(zip(("feed_composition", *COMPOSITIONS), state.T, strict=True))
        limits = {"x0_lower": 0.8, "x0_upper": 0.87, "head_target": 0.8, "x31_upper": 0.07}
        constant = {name: np.full(len(state), value) for name, value in limits.items()}
        return self.plant.objective.evaluate(columns | constant | {"rr": setting})


def main() -> None:
    """Learn, measure, write CSV and table."""
    plant = load_plant_file(FOLDER / "column.toml")
    grid = to_grid(read_samples([FOLDER / "records.csv"], plant), plant)
    records = cut_episodes(grid, plant).episodes
    model, steps = ColumnModel(records, plant), int(records.length.max())
    console.print(
        f"Model: R2 of the change in a minute, held out: {model.r2[1:].min():.4f} or more"
    )
    discount = gather_evidence(records).discount  # the one that every algorithm settles on
    rows = [_measured("controller", -1, None, discount, model, steps)]
    for name, updates in UPDATES.items():
        begun = time.perf_counter()
        learned = learn(records, name, updates=updates, seeds=SEEDS)
        wall_s = time.perf_counter() - begun
        rows += [
            _measured(name, seed, learned.agent(number), discount, model, steps)
            | {"wall_s": wall_s}
            for number, seed in enumerate(SEEDS)
        ]
    write_rows("distillation", rows)
    header = ("", "moves follow the controller's (correlation)", "proposals outside the box",
              "discounted return by fitted Q evaluation", "on the model",
              "mean reward on the model", "time below purity on the model")  # fmt: skip
    lines = [
        _line(name, [r for r in rows if r["agent"] == name]) for name in ("controller", *UPDATES)
    ]
    console.print(write_table("distillation", header, lines))


def _measured(
    name: str, seed: int, agent: Agent | None, discount: float, model: ColumnModel, steps: int
) -> dict[str, float | str]:
    records = model.records
    seen = records.transitions.observation
    before = seen[:, 0]
    proposed = records.action[:, 0] if agent is None else agent.act(seen)[:, 0]
    outside = (proposed < seen[:, -2]) | (proposed > seen[:, -1])
    rewards, purity = model.run(agent, steps)
    weight = discount ** np.arange(steps)
    rest = discount**steps * float(records.reward.mean()) / (1 - discount)
    if agent is None:  # what was earned in truth
        estimate = float(
            discounted_returns(records.select(records.length >= steps), discount).mean()
        )
    else:
        estimate = fitted_q_evaluation(records, agent, discount, seed=seed).agent.estimate
    return {
        "agent": name,
        "seed": seed,
        "correlation": float(np.corrcoef(proposed - before, records.action[:, 0] - before)[0, 1]),
        "outside": int(outside.sum()),
        "estimate": estimate,
        "model": float((weight @ rewards).mean() + rest),
        "reward": float(rewards.mean()),
        "below": float((purity < 0.8).mean()),
        "wall_s": 0.0,
    }


def _line(name: str, rows: list[dict[str, float | str]]) -> list[str]:
    def column(key: str, digits: int, factor: float = 1.0) -> str:
        values = [factor * float(row[key]) for row in rows]
        low, high = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
        return low if low == high else f"{low} to {high}"

    return [
        "the controller (as recorded)" if name == "controller" else name.upper(),
        column("correlation", 3),
        column("outside", 0),
        column("estimate", 1),
        column("model", 1),
        column("reward", 3),
        column("below", 0, 100) + " %",
    ]


if __name__ == "__main__":
    main()
