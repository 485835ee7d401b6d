"""From records to agents: settings, training, and the folder that an agent lives in."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from shiftwork.agents.agent import Agent
from shiftwork.agents.card import model_card
from shiftwork.agents.critic import Critic as AgentCritic
from shiftwork.errors import UserError
from shiftwork.files import VERSION
from shiftwork.learning.checkpoint import load_tree, save_tree
from shiftwork.learning.critic import Critic
from shiftwork.learning.learner import Learner, Sizes, Values
from shiftwork.learning.loop import History, create_members, member, train
from shiftwork.learning.nets import Actor
from shiftwork.learning.offline.algorithms import algorithm
from shiftwork.learning.offline.from_outside import find_jumps
from shiftwork.learning.offline.outside_rewards import what_actions_earn
from shiftwork.learning.offline.rare_events import with_expected_rewards
from shiftwork.learning.offline.settings import settle, value_range
from shiftwork.learning.outside import Outside
from shiftwork.learning.progress import Advance
from shiftwork.learning.replay import Replay, Scaling
from shiftwork.records.episodes import Episodes
from shiftwork.records.held_out import remember


@dataclass(frozen=True)
class Learned:
    """What learning from records gave.

    Attributes:
        algorithm: Its name.
        configs: One for each member, with everything settled.
        members: The learners, stacked along a leading axis.
        seeds: One for each member.
        scaling: Between plant units and the learner's.
        records: What it learned from.
        history: Metrics along the way.
    """

    algorithm: str
    configs: tuple[Any, ...]
    members: Learner
    seeds: tuple[int, ...]
    scaling: Scaling
    records: Episodes
    history: History

    def agent(self, number: int = 0) -> Agent:
        """Make one member an agent."""
        learner = member(self.members, number)
        return make_agent(
            learner,
            self.scaling,
            self.records,
            {
                "algorithm": self.algorithm,
                "seed": self.seeds[number],
                "config": dataclasses.asdict(self.configs[number]),
                "updates": int(self.history.updates[-1]),
                "online_steps": 0,
            },
        )

    def save(self, folder: Path, number: int = 0) -> Agent:
        """Write one member as an agent's folder, with all that is needed to go on learning."""
        agent = self.agent(number)
        metrics = {name: rows[:, number] for name, rows in self.history.metrics.items()}
        save_agent(
            agent,
            member(self.members, number),
            folder,
            {"updates": self.history.updates, **metrics},
            self.records,
        )
        return agent


def learn(
    records: Episodes,
    name: str = "pars",
    config: Any | Sequence[Any] | None = None,
    *,
    updates: int = 40_000,
    seeds: Sequence[int] = (0,),
    tail: float = 0.005,
    advance: Advance | None = None,
    checkpoint: Path | None = None,
) -> Learned:
    """Learn from records.

    Rare, large rewards count by their expectation, row by row, and what follows from outside is taken
    off rewards.

    Args:
        records: What people did.
        name: The algorithm.
        config: Its configuration, or one for each seed (they may differ in floats only); what
            it leaves open is settled from the records.
        updates: Critic updates of each member.
        seeds: One member for each; they learn side by side in one compiled program.
        tail: Share of the recorded actions, at either end of each, beyond which agents never go.
            At 0 they may do all that somebody ever did: right where test runs are rare, but meant.
        advance: Told of progress.
        checkpoint: Where to keep what is learned while learning, and to go on from.

    Raises:
        UserError: Records or settings cannot be learned from.
        Stopped: Ctrl-C was pressed; the checkpoint is written.
    """
    chosen = algorithm(name)
    if updates < 1 or not seeds:
        raise UserError(
            f"updates is {updates} and seeds are {list(seeds)}; give at least one of each"
        )
    given = (
        list(config)
        if isinstance(config, (list, tuple))
        else [config or chosen.config()] * len(seeds)
    )
    check_members(name, given, seeds)
    taught, outside = what_actions_earn(records)
    scaling = dataclasses.replace(Scaling.of(taught, tail), outside=outside)
    settled: dict[Any, Any] = dict.fromkeys(given)
    settled = {one: settle(one, records) for one in settled}
    configs = tuple(settled[one] for one in given)
    values = [value_range(taught, c.discount, scaling.reward_unit) for c in configs]
    sizes = Sizes(records.observation.shape[1], records.action.shape[1])
    members, history = train(
        create_members(chosen.learner, sizes, configs, values, seeds),
        replay_of(records, scaling),
        seeds,
        updates,
        advance=advance,
        checkpoint=checkpoint,
        identity={
            "algorithm": name,
            "configs": [dataclasses.asdict(c) for c in configs],
            "records": records.hash,
            "tail": tail,
        },
    )
    broken = [s for s, ok in zip(seeds, _finite(members.actor), strict=True) if not ok]
    if broken:
        raise UserError(
            f"{name}: learning diverged for seeds {broken} (weights are no numbers any more); "
            "lower --critic-rate or raise --cloning"
        )
    return Learned(name, configs, members, tuple(seeds), scaling, records, history)


def replay_of(records: Episodes, scaling: Scaling) -> Replay:
    """Make records ready to learn from.

    Rare, large rewards count by their expectation (``rare_events.py``), and what is moved from outside
    is drawn again in each batch (``from_outside.py``).
    """
    expected, _ = with_expected_rewards(records)
    return Replay.of(expected.transitions, scaling, find_jumps(records))


POSITIVE = ("width", "actor_width", "depth", "critics", "subset", "batch", "penalty_batch", "actor_delay",
            "critic_rate", "actor_rate", "reward_scale", "distance")  # fmt: skip


def check_members(name: str, configs: Sequence[Any], seeds: Sequence[int]) -> None:
    """Refuse configurations that cannot learn side by side.

    Raises:
        UserError: One is bad or of another algorithm, there is not one for each seed, or they
            differ in more than floats.
    """
    wanted = algorithm(name).config
    if len(configs) != len(seeds):
        raise UserError(
            f"{len(configs)} configs are given for {len(seeds)} seeds; give one for each"
        )
    for one in configs:
        if type(one) is not wanted:
            raise UserError(
                f"config is of {type(one).__module__}; {name} needs {wanted.__module__}"
            )
        check_config(one)
    structure = [f.name for f in dataclasses.fields(wanted) if not str(f.type).startswith("float")]
    for key in structure:
        values = {getattr(one, key) for one in configs}
        if len(values) > 1:
            raise UserError(
                f"config '{key}' differs between members ({', '.join(map(str, sorted(values)))}); "
                "only floats may, so learn these one after the other"
            )


def check_config(config: Any) -> None:
    """Refuse settings under which nothing can be learned.

    Raises:
        UserError: A value is out of its range; the message names it.
    """
    for name, value in dataclasses.asdict(config).items():
        if value is None or isinstance(value, bool):
            continue
        if not np.isfinite(value):
            raise UserError(f"config '{name}' is {value}; give a finite number")
        if name in POSITIVE and value <= 0:
            raise UserError(f"config '{name}' is {value}; it must be above 0")
        if value < 0:
            raise UserError(f"config '{name}' is {value}; it must not be below 0")
        if name == "discount" and not value < 1:
            raise UserError(
                f"config 'discount' is {value}; it must be below 1 (0.9 to 0.995 is usual)"
            )
        if name in ("target_rate", "expectile") and not 0 < value <= 1:
            raise UserError(f"config '{name}' is {value}; it must be above 0 and at most 1")
    pairs = (("subset", "critics"), ("penalty_batch", "batch"))
    for small, large in pairs:
        if hasattr(config, small) and getattr(config, small) > getattr(config, large):
            raise UserError(f"config '{small}' is larger than '{large}'; it must not be")


def make_agent(
    learner: Learner, scaling: Scaling, records: Episodes, about: dict[str, Any]
) -> Agent:
    """Take out of a learner what is needed to act."""
    mlp = learner.policy.mlp
    return Agent(
        tuple(np.asarray(w[0]) for w in mlp.weights),
        tuple(np.asarray(b[0, 0]) for b in mlp.biases),
        scaling.observation_mean,
        scaling.observation_std,
        scaling.action_low,
        scaling.action_high,
        records.observation_tags,
        records.action_tags,
        about
        | {
            "reward_unit": scaling.reward_unit,
            "outside": None if scaling.outside is None else scaling.outside.about(),
            "shiftwork": VERSION,
            "jax": jax.__version__,
            "records": {
                "source": Path(records.source).name,
                "hash": records.hash,
                **dataclasses.asdict(records.statistics),
            },
        },
    )


def critics_of(learner: Learner, reward_unit: float) -> AgentCritic | None:
    """Take out of a learner what is needed to explain; None if it has no critics.

    Args:
        learner: What learned.
        reward_unit: Plant reward that counts as 1 to the learner.
    """
    critic = getattr(learner, "critic", None)
    if not isinstance(critic, Critic):
        return None
    scale = getattr(learner.config, "reward_scale", 1.0)  # PARS learns values of scaled rewards
    return AgentCritic(
        tuple(np.asarray(w) for w in critic.mlp.weights),
        tuple(np.asarray(b) for b in critic.mlp.biases),
        critic.mlp.layer_norm,
        float(critic.offset),
        np.zeros(0, np.float32) if critic.support is None else np.asarray(critic.support),
        float(reward_unit / scale),
    )


def save_agent(
    agent: Agent,
    learner: Learner,
    folder: Path,
    history: dict[str, np.ndarray],
    records: Episodes,
    before: Path | None = None,
) -> None:
    """Write an agent's folder with all that is needed to go on learning, judge and explain it.

    Args:
        agent: What acts.
        learner: What learns.
        folder: Where.
        history: Metrics along the way.
        records: What it learned from: nobody may judge it by these rows.
        before: The folder of the agent that it was improved from.
    """

    def attach(temporary: Path) -> None:
        remember(records, temporary, before)
        save_tree(temporary / "learner.npz", learner, {"algorithm": agent.about["algorithm"]})
        np.savez_compressed(temporary / "history.npz", **history)  # type: ignore[arg-type]
        if critics := critics_of(learner, agent.about["reward_unit"]):
            critics.save(temporary)

    agent.save(folder, card=model_card(agent), attach=attach)


def load_learner(folder: Path) -> tuple[Agent, Learner, Scaling, Any]:
    """Read an agent's folder to go on learning: agent, learner, scaling, configuration.

    Raises:
        UserError: It holds no learner, or one of another version.
    """
    agent = Agent.load(folder)
    chosen = algorithm(str(agent.about.get("algorithm")))
    try:
        config = chosen.config(**agent.about["config"])
        unit = float(agent.about["reward_unit"])
        taken = agent.about.get("outside")
        outside = None if taken is None else Outside.of(taken)
    except (KeyError, TypeError, ValueError):
        raise UserError(
            f"{folder}: its configuration is of another version; learn the agent again"
        ) from None
    sizes = Sizes(len(agent.observation_tags), len(agent.action_tags))
    like = member(
        create_members(chosen.learner, sizes, [config], [Values(0.0, -1.0, 1.0, 1.0)], [0]), 0
    )
    learner = load_tree(folder / "learner.npz", like)
    scaling = Scaling(
        agent.observation_mean,
        agent.observation_std,
        agent.action_low,
        agent.action_high,
        unit,
        agent.limits,
        outside,
    )
    return agent, learner, scaling, config


def _finite(actors: Actor) -> np.ndarray:
    """Whether each member's weights are all numbers, (members,)."""
    return np.all(
        [
            np.isfinite(np.asarray(w)).all(axis=tuple(range(1, w.ndim)))
            for w in jax.tree.leaves(actors)
        ],
        axis=0,
    )
