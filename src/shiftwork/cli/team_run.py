"""What each verb for teams does with its options."""

from __future__ import annotations

from typing import Any

from shiftwork.cli import team_commands
from shiftwork.cli.settings_file import seeded, seeds_and_workers


def learn(options: Any) -> None:
    """Learn a team by experience."""
    if many := seeds_and_workers(options):
        from shiftwork.cli.progress import do_jobs
        from shiftwork.cli.seed_jobs import team_jobs

        jobs = team_jobs(
            options.plant,
            options.algo,
            options.config,
            steps=options.steps,
            seeds=many[0],
            gpus=options.gpus,
        )
        title = f"learning ({options.algo}), {len(jobs)} seeds"
        do_jobs(jobs, options.out, many[1], title).check()
        return
    from shiftwork.cli.team_verbs import learn_on_plant

    learn_on_plant(
        options.plant,
        options.algo,
        options.config,
        steps=options.steps,
        seed=seeded(options.seed),
        out=options.out,
    )


def from_records(options: Any) -> None:
    """Learn a team from people's records."""
    from shiftwork.cli.team_record_verbs import learn_from_team_records

    learn_from_team_records(
        options.records,
        options.out,
        method=options.method,
        config=options.config,
        plant=options.plant,
        seed=seeded(options.seed),
    )


def improve(options: Any) -> None:
    """Let a team go on by experience."""
    from shiftwork.cli.team_verbs import improve_team_at

    options.online.check()
    # Whoever changes a setting of the gradient means the gradient.
    usual = options.by == "auto" and options.online == type(options.online)()
    improve_team_at(
        options.agent,
        options.out,
        None if usual else options.online,
        plant=options.plant,
        steps=options.steps,
        seed=seeded(options.seed),
    )


def tune_rules(options: Any) -> None:
    """Tune the people's rules."""
    many = seeds_and_workers(options)
    options.config.check()
    from shiftwork.cli.rules_verb import tune_rules_at, tune_rules_of_seeds

    if not many:
        tune_rules_at(options.plant, options.out, options.config, seed=options.seed)
        return
    seeds, workers = many
    tune_rules_of_seeds(
        options.plant,
        options.out,
        options.config,
        seeds=seeds,
        workers=workers,
        gpus=options.gpus,
    )


def rest(options: team_commands.Team) -> None:
    """Carry out the verbs whose options depend on nothing."""
    if isinstance(options.verb, team_commands.TeamWatch):
        from shiftwork.cli.team_verbs import watch_team

        watch_team(options.verb.team, options.verb.out, seeded(options.verb.seed))
    elif isinstance(options.verb, team_commands.TeamDraw):
        from shiftwork.cli.team_verbs import draw_scenario

        draw_scenario(options.verb.plant, options.verb.out, seeded(options.verb.seed))
    elif isinstance(options.verb, team_commands.TeamPeople):
        from shiftwork.cli.team_record_verbs import record_people

        asked = options.verb
        record_people(
            asked.plant, asked.out, asked.episodes, seeded(asked.seed), asked.operator,
            asked.yardsticks,
        )  # fmt: skip
    elif isinstance(options.verb, team_commands.TeamImport):
        from shiftwork.cli.team_record_verbs import import_team_records

        asked_of = options.verb
        import_team_records(
            asked_of.exports, asked_of.tags, asked_of.out, asked_of.plant, asked_of.keep
        )
    elif isinstance(options.verb, team_commands.TeamRebuild):
        from shiftwork.cli.team_record_verbs import rebuild_records

        rebuild_records(
            options.verb.export, options.verb.plant, options.verb.out, options.verb.days
        )
