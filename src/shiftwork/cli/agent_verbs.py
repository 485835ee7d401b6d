"""The verbs of the command line as functions: each hands the next what it needs.

learn     records, or exports and their plant file -> agent
evaluate  agent, plant -> returns;  agent, records -> estimate
improve   agent, plant, records -> better agent, trace
report    agents, records, plant -> page
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from shiftwork.agents.agent import Agent
from shiftwork.cli.progress import console, progress_bar
from shiftwork.cli.record_verbs import cut_export, held_by
from shiftwork.errors import UserError
from shiftwork.evaluation.fqe import Evaluation, fitted_q_evaluation
from shiftwork.evaluation.rollout import check_fit
from shiftwork.evaluation.selection import Selection, select
from shiftwork.learning.learner import Learner
from shiftwork.learning.loop import member
from shiftwork.learning.offline.algorithms import algorithm
from shiftwork.learning.offline.evidence import gather_evidence
from shiftwork.learning.offline.from_outside import moved_from_outside
from shiftwork.learning.offline.learn import (
    learn,
    load_learner,
    make_agent,
    replay_of,
    save_agent,
)
from shiftwork.learning.offline.outside_rewards import doubtful, what_actions_earn
from shiftwork.learning.offline.rare_events import with_expected_rewards
from shiftwork.learning.offline.settings import explained, settle
from shiftwork.learning.online.compiled import OnlineHistory, improve
from shiftwork.learning.online.gymnasium import improve_foreign
from shiftwork.learning.online.steps import Online
from shiftwork.learning.replay import Scaling
from shiftwork.operation.records_seen import RecordsSeen
from shiftwork.plants.adapters.from_gymnasium import ForeignPlant
from shiftwork.plants.plant import Plant
from shiftwork.plants.run import run
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.load import load_records
from shiftwork.records.held_out import kept_apart, teaching, unseen
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.reports.agent.contents import Trace
from shiftwork.reports.paper.measures import joined

AnyPlant = Plant | ForeignPlant

FEWEST_EPISODES = 10
"""Below it a bootstrap over episodes says little of what others might have shown."""


def open_records(
    paths: str | Sequence[str],
    *,
    tags: PlantFile | None = None,
    plant: AnyPlant | None = None,
    agent: Agent | None = None,
    keep: Path | None = None,
) -> Episodes:
    """Load records, naming columns without names by whoever knows them.

    Args:
        paths: One file or folder of episodes or, with a plant file, the exports of a historian.
        tags: The plant file of exports.
        plant: A plant whose tags name the columns.
        agent: An agent whose tags and limits name the columns, if there is no plant.
        keep: Folder in which what is read of exports is kept, and from which a stopped import goes on.

    Raises:
        Stopped: Ctrl-C was pressed, and what was read of exports is kept.
        UserError: They cannot be read, or several are given that are not exports.
    """
    paths = (paths,) if isinstance(paths, str) else tuple(paths)
    if tags is not None:
        records = cut_export(paths, tags, keep).episodes
    elif keep is not None:
        raise UserError(
            "--keep is for exports, which a --tags file (.toml) describes; leave it out"
        )
    elif len(paths) != 1:
        raise UserError(
            f"{paths[1]}: is one of {len(paths)} records; give one, or the --tags file (.toml) "
            "of exports"
            if paths
            else "records are missing; give a file or a folder"
        )
    elif plant is None and agent is not None:
        records = load_records(paths[0], agent.observation_tags, agent.action_tags)
    else:
        named = (plant.observation, plant.action) if plant else ((), ())
        records = load_records(paths[0], *named)
    console.print(f"Records: {held_by(records)}")
    return records


def learn_agent(
    records: Episodes,
    name: str = "pars",
    config: Any = None,
    *,
    updates: int = 40_000,
    seed: int = 0,
    out: str | Path = Path("runs/agent"),
    choose: bool = False,
    all_rows: bool = False,
) -> Agent:
    """Learn one agent from records and write its folder.

    The last fifth of the records is kept apart, so that ``judge`` can judge the agent by it.

    Args:
        records: What people did.
        name: The algorithm: bc, td3bc, iql, rebrac or pars.
        config: Its configuration; what it leaves open is settled from the records.
        updates: Critic updates.
        seed: Seed for all random draws.
        out: The agent's folder; while learning, ``out`` + ".part" keeps what is learned.
        choose: Whether to choose among candidates by off-policy evaluation first.
        all_rows: Whether to learn from all rows, so that nothing is left to judge the agent by.
    """
    out = Path(out)
    records, config = prepared(
        records, name, config, updates=updates, seed=seed, choose=choose, all_rows=all_rows
    )
    checkpoint = out.with_name(out.name + ".part.npz")
    with progress_bar(f"learning ({name})", updates, "updates") as advance:
        learned = learn(
            records,
            name,
            config,
            updates=updates,
            seeds=(seed,),
            advance=advance,
            checkpoint=checkpoint,
        )
    agent = learned.save(out)
    records_go_with(records, out)
    checkpoint.unlink(missing_ok=True)
    console.print(f"Agent written to {out} ({learned.history.pace('updates')})")
    return agent


def prepared(
    records: Episodes,
    name: str,
    config: Any,
    *,
    updates: int,
    seed: int,
    choose: bool,
    all_rows: bool,
) -> tuple[Episodes, Any]:
    """Find the rows that teach and the settings that go with them, and tell both.

    Args:
        records: What people did.
        name: The algorithm.
        config: Its configuration, or None; what it leaves open is settled from the records.
        updates: Critic updates, for choosing.
        seed: For choosing.
        choose: Whether to choose among candidates by off-policy evaluation first.
        all_rows: Whether all rows teach.

    Returns:
        The rows that teach, and a configuration that leaves nothing open.
    """
    if not all_rows:
        records = _what_teaches(records)
    config = config or algorithm(name).config()
    if choose:
        config = _selected(records, name, updates, seed)
    return records, _settled(config, records)


def records_go_with(records: Episodes, folder: Path) -> None:
    """Write into an agent's folder what holds it to the records at a plant, or say that nothing will."""
    try:
        RecordsSeen.learn(records).save(folder)
    except UserError as error:
        console.print(f"At a plant, nothing will hold it to the records: {error}")


def _what_teaches(records: Episodes) -> Episodes:
    """Keep the last fifth apart, and say so."""
    parts = kept_apart(records)
    if parts.judge is None:
        console.print(
            f"{len(records.reward):,} steps are too few to keep some apart, so all of them teach; "
            "judge the agent by later records"
        )
    else:
        console.print(
            f"The last {len(parts.judge.reward):,} steps are kept apart to judge the agent by "
            f"(shiftwork judge); {parts.gap:,} before them are left out"
        )
    return parts.teach


def _settled(config: Any, records: Episodes) -> Any:
    """Settle a configuration and tell what the records said."""
    for event in with_expected_rewards(records)[1]:
        console.print(f"From the records: {event}")
    if moved := moved_from_outside(records):
        names = joined([f"'{name}'" for name in moved])
        console.print(
            f"From the records: {names} {'is' if len(moved) == 1 else 'are'} moved from outside, not by "
            "what is done; such moves count by how often they come, not one by one"
        )
    for name in doubtful(records):
        console.print(
            f"Caution: '{name}' is declared to come from outside, but the records show that what is done moves "
            "it; where that is so, take 'outside' out of the plant file, or the agent will not count it"
        )
    left, outside = what_actions_earn(records)
    if outside is not None:
        names = joined([f"'{records.observation_tags[column].name}'" for column in outside.columns])
        share = 1.0 - left.reward.var() / with_expected_rewards(records)[0].reward.var()
        console.print(
            f"From the records: {100 * share:.0f} % of how rewards vary follows from {names}, which nothing "
            "that is done moves; it is taken off, so that what actions earn is seen"
        )
    settled = settle(config, records)
    if settled != config:
        console.print(explained(settled, gather_evidence(records)))
    return settled


def _selected(records: Episodes, name: str, updates: int, seed: int) -> Any:
    """Choose settings by off-policy evaluation, and tell why."""
    with progress_bar("choosing settings", updates + 40_000, "updates") as advance:
        selection: Selection = select(records, name, updates=updates, seed=seed, advance=advance)
    for number, (config, found) in enumerate(
        zip(selection.configs, selection.evaluations, strict=True)
    ):
        mark = "*" if number == selection.chosen else " "
        console.print(
            f" {mark} discount {config.discount:.3f}, cloning {getattr(config, 'cloning', float('nan')):.3g}: "
            f"estimated gain {found.gain.estimate:+.1f} [{found.gain.low:+.1f}, {found.gain.high:+.1f}]"
        )
    return selection.configs[selection.chosen]


def not_taught(records: Episodes, folder: Path) -> Episodes:
    """Keep what may judge an agent, and say what was left out.

    Raises:
        UserError: The rows taught the agent, or its folder does not say which rows did.
    """
    judging, left_out = unseen(records, folder)
    if left_out:
        console.print(left_out)
    return judging


def evaluate_on_records(
    agent: Agent, records: Episodes, discount: float | None, seed: int
) -> Evaluation:
    """Estimate from records alone how good an agent is, and tell the result."""
    _check_columns(records, agent)
    if len(records.length) < FEWEST_EPISODES:
        console.print(
            f"Only {len(records.length)} episodes to judge by, so the intervals below are too "
            "narrow; give more, or cut long ones by episodes.length in the plant file"
        )
    discount = agent.about["config"].get("discount") if discount is None else discount
    with progress_bar("fitted Q evaluation", 10_000, "updates") as advance:
        found = fitted_q_evaluation(
            records, agent, float(discount or 0.99), seed=seed, advance=advance
        )
    console.print(
        f"Discounted return ({found.discount:.3f}) from the episodes' beginnings: "
        f"records {found.records}, agent estimated {found.agent}"
    )
    return found


def _check_columns(records: Episodes, agent: Agent) -> None:
    """Refuse records with other columns than an agent's, or the same ones in another order.

    Raises:
        UserError: They are.
    """
    for have, want in (
        (records.observation_tags, agent.observation_tags),
        (records.action_tags, agent.action_tags),
    ):
        names, wanted = [tag.name for tag in have], [tag.name for tag in want]
        # Other names may be mere numbers of unnamed columns; the same ones elsewhere are a mistake.
        if len(have) != len(want) or (names != wanted and sorted(names) == sorted(wanted)):
            raise UserError(
                f"{records.source}: has other columns than the agent; give records of its plant"
            )


def improve_agent(
    folder: str | Path,
    plant: AnyPlant,
    records: Episodes,
    online: Online | None = None,
    *,
    seed: int = 0,
    out: str | Path = Path("runs/improved"),
    watch_episodes: int = 100,
) -> Agent:
    """Let an agent go on learning on a plant, and write the better agent's folder.

    Args:
        folder: The agent to begin with.
        plant: Where it acts.
        records: What it learned from; stays in the batches.
        online: Settings; the usual ones if None.
        seed: Seed for all random draws.
        out: The better agent's folder.
        watch_episodes: Evaluation episodes after each piece, on plants of ours only (they are
            not learned from, and not counted among the steps that are).
    """
    folder, out, online = Path(folder), Path(out), online or Online()
    before, learner, scaling, _ = load_learner(folder)
    check_fit(plant, before)
    records = teaching(records, folder)
    replay = replay_of(records, scaling)
    checkpoint = out.with_name(out.name + ".part.npz")
    identity = {"agent": before.about, "plant": plant.name, "records": records.hash}
    steps, returns = [0], [_watched(plant, learner, scaling, watch_episodes, seed)]

    def watch(done: int, members: Learner) -> None:
        one = members if isinstance(plant, ForeignPlant) else member(members, 0)
        steps.append(done)
        returns.append(_watched(plant, one, scaling, watch_episodes, seed))

    shared: dict[str, Any] = {"watch": watch, "checkpoint": checkpoint, "identity": identity}
    with progress_bar("learning on the plant", online.steps, "steps") as advance:
        if isinstance(plant, ForeignPlant):
            learner, lived = improve_foreign(
                learner, plant, scaling, replay, online, seed, advance=advance, **shared
            )
        else:
            stacked = jax.tree.map(lambda x: x[None], learner)
            stacked, lived = improve(
                stacked, plant, scaling, replay, online, (seed,), advance=advance, **shared
            )
            learner = member(stacked, 0)
    about = before.about | {
        "online_steps": before.about["online_steps"] + lived.steps,
        "plant": plant.name,
    }
    agent = make_agent(learner, scaling, records, about)
    trace = _trace(steps, returns, lived)
    save_agent(agent, learner, out, dataclasses.asdict(trace), records, folder)
    records_go_with(records, out)
    checkpoint.unlink(missing_ok=True)
    console.print(f"Agent written to {out} ({lived.steps:,} plant steps, {lived.wall_s:.0f} s)")
    return agent


def _watched(
    plant: AnyPlant, learner: Learner, scaling: Scaling, episodes: int, seed: int
) -> np.ndarray:
    """Returns of evaluation episodes, (E,); none on foreign plants, whose steps may be dear."""
    if isinstance(plant, ForeignPlant):
        return np.zeros(0)
    return np.asarray(_returns(plant, learner.policy, scaling, jax.random.key(seed + 1), episodes))


_returns = jax.jit(
    lambda plant, policy, scaling, key, episodes: (
        run(plant, scaling.operator(policy), key, episodes).returns
    ),
    static_argnums=(0, 4),
)


def _trace(steps: list[int], returns: Sequence[np.ndarray], lived: OnlineHistory) -> Trace:
    ended = lived.episode_end[0] >= 0
    return Trace(
        np.array(steps),
        np.stack(returns),
        lived.episode_end[0][ended],
        lived.episode_return[0][ended],
    )
