"""The model card: what an agent is, in words that an engineer can check."""

from __future__ import annotations

from shiftwork.agents.agent import Agent


def model_card(agent: Agent) -> str:
    """Write an agent's card in Markdown."""
    about, records = agent.about, agent.about["records"]
    inputs = "\n".join(
        f"| {tag.label} | {mean:.4g} | {std:.4g} |"
        for tag, mean, std in zip(
            agent.observation_tags, agent.observation_mean, agent.observation_std, strict=True
        )
    )
    outputs = "\n".join(
        f"| {tag.label} | {tag.low:.4g} to {tag.high:.4g} | "
        + (
            f"{100 * low:.0f} to {100 * high:.0f} % of the way from {tag.low_tag} to {tag.high_tag} |"
            if moving
            else f"{low:.4g} to {high:.4g} |"
        )
        for tag, low, high, moving in zip(
            agent.action_tags,
            agent.action_low,
            agent.action_high,
            agent.limits.moving,
            strict=True,
        )
    )
    outside = ""
    if taken := about.get("outside"):
        names = ", ".join(agent.observation_tags[column].name for column in taken["columns"])
        outside = (
            f"\nWhat follows from {names}, which no action moves, was taken off its rewards.\n"
        )
    settings = "\n".join(f"| {name} | {value} |" for name, value in about["config"].items())
    online = (
        f"and {about['online_steps']:,} steps on the plant itself"
        if about["online_steps"]
        else "alone; it has never acted on the plant"
    )
    return f"""# Agent learned by {about["algorithm"].upper()}

Learned from {records["episodes"]:,} recorded episodes ({records["steps"]:,} steps, {records["source"]}),
{online}. Shiftwork {about["shiftwork"]}, seed {about["seed"]}, {about["updates"]:,} updates.

## What it sees
| tag | mean in the records | deviation |
| --- | --- | --- |
{inputs}

## What it moves
It never proposes anything outside the last column, which spans what people did (all but the rarest
half per cent at either end).

| tag | limits | range it uses |
| --- | --- | --- |
{outputs}

## The records
Mean return {records["mean_return"]:.4g} (from {records["worst_return"]:.4g} to {records["best_return"]:.4g});
{records["terminal_episodes"]} of {records["episodes"]} episodes were ended by the plant.
SHA-256 of the records: `{records["hash"]}`
{outside}
## Settings
| name | value |
| --- | --- |
{settings}

## Limits
The agent knows what the records show and nothing else. Where the plant leaves the ranges above, its
proposals are guesses. Evaluate it on records that it has not seen, or in shadow beside the
operators, before it acts. Expect a small steady offset from set-points.
"""
