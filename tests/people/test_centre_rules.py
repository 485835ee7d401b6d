"""The people's rules without the people: a pure operator, and a file that anyone may change."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.people.centre.crew import RANGES
from shiftwork.people.centre.rules import NAMES, Rules, limits, load_rules, rules_at, save_rules
from shiftwork.plants.run_team import run_team
from support.compile_options import QUICK
from support.people_builders import centre

VALUES = dict(zip(NAMES, np.asarray(limits()[0] + limits()[1]).tolist(), strict=True))
VALUES = {name: value / 2 for name, value in VALUES.items()}


def kept(before, after, memory):
    del memory
    chosen = after.state.macro_action
    allowed = jnp.take_along_axis(before.mask, chosen[:, None], 1)[:, 0]
    return (~before.decided | allowed).all(), after.reward, chosen


def test_rules_choose_what_is_allowed_and_the_same_whatever_is_drawn():
    plant = centre()
    rules = rules_at(plant, VALUES)

    @jax.jit
    def run(key):
        step = plant.reset(jax.random.key(2))._replace(info={})
        return rules.act((), step, key)[1], step.mask

    (one, mask), (other, _) = run(jax.random.key(0)), run(jax.random.key(1))
    assert one.tolist() == other.tolist()
    assert all(mask[agent, macro] for agent, macro in enumerate(one.tolist()))


@pytest.mark.slow
def test_rules_with_people_s_values_earn_at_least_what_people_do_on_the_whole():
    plant = centre()
    low, high = limits()
    values = jnp.stack([low, (low + high) / 2, high])

    def episode(key, values):
        return run_team(plant, Rules(rules_at(plant, VALUES).people, values), key, kept)[1]

    keys = jax.random.split(jax.random.key(5), 8)
    run = jax.vmap(jax.vmap(episode, (0, None)), (None, 0))
    fine, reward, _ = jax.jit(run, compiler_options=QUICK)(keys, values)
    assert np.asarray(fine).all()
    assert float(reward[1].sum(-1).mean()) > 240  # 1,000 $/h; chance earns less


def test_the_file_keeps_the_values(tmp_path):
    path = tmp_path / "rules.toml"
    save_rules(path, VALUES, {"plant": "centre-small", "seed": 3, "plant_hours": 9_216_000})
    assert load_rules(path) == pytest.approx(VALUES, rel=1e-5)
    assert "plant_hours = 9_216_000" in path.read_text()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('format = "shiftwork-rules"', "", "holds no rules"),
        ("[rules]", "[rule]", "holds no rules"),
        ("cot_c =", "cot =", "unknown rule 'cot'; did you mean 'cot_c'?"),
        ("cot_c = 839", "cot_c = nan", "[rules] 'cot_c' is nan; give a number"),
        ("cot_c = 839", "cot_c = true", "[rules] 'cot_c' is True; give a number"),
        ("cot_c = 839\n", "", "[rules] 'cot_c' is None; give a number"),
        ("cot_c = 839", "cot_c = ", "is no valid TOML"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_one_line(old, new, line, tmp_path):
    path = tmp_path / "rules.toml"
    save_rules(path, VALUES, {"plant": "centre-small"})
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(UserError) as error:
        load_rules(path)
    assert line in str(error.value)
    assert "rules.toml" in str(error.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UserError, match="no such file; give the file that team tune-rules wrote"):
        load_rules(tmp_path / "none.toml")


def test_all_that_people_have_is_a_rule_but_what_makes_them_frail():
    assert set(NAMES) == {"skill", *RANGES} - {"attention", "slip"}
    low, high = limits()
    assert (np.asarray(low) < np.asarray(high)).all()
