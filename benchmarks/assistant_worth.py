"""Has "better than what was in force", by the agent's own estimate, the sign of simulated futures?

python -m benchmarks.assistant_worth

People run the simulated furnace, an agent learns from their records, and people run it again to 200
states; three times, with seeds of their own. In each state the agent's critics compare its proposal with the action
in force, and so do rollouts from the same state: that action for one step, then the agent, 24 futures
that are the same for both, until what is left counts a hundredth. A state counts as told apart if the
rollouts' mean difference lies two standard errors from 0. Rules by which the critics might be said
to tell are compared: by their mean, where all agree, where the mean lies three of their standard
deviations from 0. Rows are in ``results/assistant_worth.csv``, one for each state.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from benchmarks.results import FIRST_SEED, write_rows, write_table
from shiftwork.agents.agent import Agent
from shiftwork.agents.critic import Critic
from shiftwork.cli.agent_verbs import learn_agent
from shiftwork.evaluation.rollout import AgentOperator, rollout
from shiftwork.people.furnace.people import People
from shiftwork.plants.cracker.furnace_plant import Furnace

STATES, FUTURES, BEFORE = 200, 24, 300
EPISODES, UPDATES = 16, 12_000
SEEDS = (FIRST_SEED, FIRST_SEED + 10, FIRST_SEED + 20)


def states(
    plant: Furnace, key: PRNGKeyArray
) -> tuple[Any, Float[Array, "S O"], Float[Array, "S A"]]:
    """States that people came to, with what is seen there and the action in force."""
    people = People(plant.design)

    def one(key: PRNGKeyArray) -> tuple[Any, Array, Array]:
        first, begin, run = jax.random.split(key, 3)
        state, seen = plant.reset(first)

        def step(carry: Any, key: PRNGKeyArray) -> tuple[Any, Array]:
            state, seen, memory = carry
            memory, action = people.act(memory, seen, jax.random.fold_in(key, 1))
            after = plant.step(state, action, key)
            return (after.state, after.observation, memory), action

        (state, seen, _), actions = jax.lax.scan(
            step, (state, seen, people.begin(begin)), jax.random.split(run, BEFORE)
        )
        return state, seen, actions[-1]

    return jax.jit(jax.vmap(one))(jax.random.split(key, STATES))


def futures(
    plant: Furnace, agent: Agent, state: Any, action: Float[Array, "S A"], key: PRNGKeyArray
) -> Float[Array, "S F"]:
    """Discounted returns from states: an action for one step, then the agent."""
    acting = AgentOperator.of(agent)
    discount = float(agent.about["config"]["discount"])
    steps = int(np.ceil(np.log(0.01) / np.log(discount)))

    def one(state: Any, action: Array, key: PRNGKeyArray) -> Array:
        keys = jax.random.split(key, steps)
        first = plant.step(state, action, keys[0])

        def step(carry: Any, key: PRNGKeyArray) -> tuple[Any, Array]:
            state, seen = carry
            after = plant.step(state, acting.decide(seen[None])[0], key)
            return (after.state, after.observation), after.reward

        _, later = jax.lax.scan(step, (first.state, first.observation), keys[1:])
        return first.reward + (later * discount ** jnp.arange(1, steps)).sum()

    of_all = jax.vmap(jax.vmap(one, (None, None, 0)), (0, 0, None))
    return jax.jit(of_all)(state, action, jax.random.split(key, FUTURES))


def compared(seed: int) -> list[dict[str, Any]]:
    """Let one agent learn, and compare its estimates with rollouts in every state."""
    plant = Furnace()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "agent"
        records = rollout(plant, People(plant.design), episodes=EPISODES, seed=seed)
        agent = learn_agent(records, "pars", updates=UPDATES, seed=seed, out=out, all_rows=True)
        critic = Critic.load(out, agent)
    assert critic is not None
    state, seen, before = states(plant, jax.random.key(seed + 1))
    # The critics know the range that the agent uses, and nothing beyond it.
    low, high = agent.ranges
    before, row = jnp.clip(before, low, high), np.asarray(seen)
    proposed = agent.act(row)
    own = critic.values(agent, row, proposed) - critic.values(agent, row, np.asarray(before))
    key = jax.random.key(seed + 2)
    gain = np.asarray(
        futures(plant, agent, state, jnp.asarray(proposed), key)
        - futures(plant, agent, state, before, key)
    )
    mean, error = gain.mean(1), gain.std(1) / np.sqrt(FUTURES)
    return [
        {
            "seed": seed,
            "state": n,
            "own estimate": float(own[:, n].mean()),
            "critics' deviation": float(own[:, n].std(ddof=1)),
            "critics agree": bool((np.sign(own[:, n]) == np.sign(own[0, n])).all()),
            "rollouts": float(mean[n]),
            "standard error": float(error[n]),
        }
        for n in range(STATES)
    ]


def right_of(own: np.ndarray, mean: np.ndarray) -> str:
    """Share of equal signs with its 95 % interval (Wilson 1927)."""
    count = len(own)
    if not count:
        return "-"
    share, z = float((np.sign(own) == np.sign(mean)).mean()), 1.96
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return f"{100 * share:.0f} % [{100 * (middle - half):.0f}, {100 * (middle + half):.0f}]"


def main() -> None:
    """Compare the estimates of three agents with rollouts, write CSV and table."""
    rows = [row for seed in SEEDS for row in compared(seed)]
    write_rows("assistant_worth", rows)
    own, deviation, agree, mean, error = (
        np.array([row[name] for row in rows])
        for name in (
            "own estimate",
            "critics' deviation",
            "critics agree",
            "rollouts",
            "standard error",
        )
    )
    apart = np.abs(mean) > 2 * error
    table = []
    for name, told in (
        ("all", np.ones(len(rows), bool)),
        ("where all critics agree", agree),
        ("where the mean is above 3 deviations", np.abs(own) > 3 * deviation),
    ):
        both = told & apart
        better = f"{100 * (own[both] > 0).mean():.0f} %" if both.any() else "-"
        shares = (f"{100 * told.mean():.0f} %", f"{both.sum()}", right_of(own[both], mean[both]))
        table.append((name, *shares, better))
    head = (
        "sign of the own estimate",
        "told",
        "and told apart by rollouts",
        "right",
        "says better",
    )
    print(write_table("assistant_worth", head, table))
    correlation = np.corrcoef(own, mean)[0, 1]
    print(
        f"median size: own {np.median(np.abs(own)):.2g}, rollouts {np.median(np.abs(mean)):.2g}; "
        f"correlation {correlation:.2f}; rollouts better {100 * (mean[apart] > 0).mean():.0f} %"
    )


if __name__ == "__main__":
    main()
