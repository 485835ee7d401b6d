"""The training loop: reproducible, resumable, compiled once, and honest about bad settings.

All tests share one program: TD3+BC with tiny nets, two members, pieces of 20 updates.
"""

import dataclasses
import os
import signal

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.errors import Stopped, UserError
from shiftwork.learning import loop as loop
from shiftwork.learning.checkpoint import read_about
from shiftwork.learning.offline import bc, iql, pars, rebrac, td3bc
from shiftwork.learning.offline.learn import learn, load_learner
from shiftwork.plants.probes.single import PROBES, probe_records

RECORDS = probe_records(PROBES[4], 64, seed=0)
CONFIG = td3bc.Config(discount=0.9, target_rate=0.005, width=8, actor_width=8, batch=16)
UPDATES = 100


@pytest.fixture(autouse=True)
def _short_pieces(monkeypatch):
    monkeypatch.setattr(loop, "PIECE", 20)


def run(config=CONFIG, seeds=(0, 1), updates=UPDATES, records=RECORDS, **options):
    return learn(records, "td3bc", config, updates=updates, seeds=seeds, **options)


@pytest.fixture(scope="module")
def first_run():
    """Learned in one go, and the number of programs that were compiled for it."""
    jax.clear_caches()  # another file of tests may have compiled the same program
    before = loop.run_piece._cached._cache_size()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "PIECE", 20)
        learned = run()
    return learned, loop.run_piece._cached._cache_size() - before


@pytest.fixture(scope="module")
def whole(first_run):
    return first_run[0]


@pytest.fixture(scope="module")
def programs(first_run):
    return first_run[1]


def leaves(learned, number=None):
    taken = learned.members if number is None else loop.member(learned.members, number)
    return [np.asarray(leaf) for leaf in jax.tree.leaves(taken)]


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def interrupt_after(pieces):
    """Press Ctrl-C while that many pieces are done."""
    calls = []

    def advance(amount, note=""):
        calls.append((amount, note))
        if len(calls) == pieces:
            os.kill(os.getpid(), signal.SIGINT)

    return advance, calls


@pytest.mark.slow
def test_stopped_and_resumed_learning_ends_in_the_very_same_weights(whole, tmp_path):
    checkpoint = tmp_path / "checkpoint.npz"
    before = signal.getsignal(signal.SIGINT)
    for pieces, done in ((2, 40), (2, 60)):  # the second call of the resumed one: 20 more
        advance, _ = interrupt_after(pieces)
        with pytest.raises(Stopped, match=f"stopped after {done} of 100 updates"):
            run(advance=advance, checkpoint=checkpoint)
        assert signal.getsignal(signal.SIGINT) is before
    spent = read_about(checkpoint)
    calls = []
    resumed = run(
        checkpoint=checkpoint, advance=lambda amount, note="": calls.append((amount, note))
    )

    assert same(leaves(resumed), leaves(whole))
    assert calls[0] == (60, "resumed")
    assert sum(amount for amount, _ in calls) == UPDATES  # a bar ends at its end
    # The metrics along the way are whole, too.
    assert resumed.history.updates.tolist() == [20, 40, 60, 80, 100]
    for name, rows in whole.history.metrics.items():
        np.testing.assert_array_equal(resumed.history.metrics[name], rows)
    # So is the time that it took.
    assert resumed.history.compile_s == spent["compile_s"]
    assert resumed.history.wall_s > spent["wall_s"] > spent["compile_s"]


def test_the_pace_of_a_single_piece_is_not_told_as_a_rate():
    one = loop.History(np.array([50_000]), {}, compile_s=6.0, wall_s=6.2)
    assert one.pace("steps") == "6 s with compiling"
    two = loop.History(np.array([50_000, 100_000]), {}, compile_s=6.0, wall_s=8.0)
    assert two.pace("steps") == "8 s, 25,000 steps/s after 6 s of compiling"


def test_without_a_checkpoint_a_stop_is_told_too():
    advance, _ = interrupt_after(1)
    with pytest.raises(Stopped, match="stopped after 20"):
        run(advance=advance)


def test_a_second_press_is_left_to_python():
    def advance(amount, note=""):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    # Whoever runs the tests in the background has had SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(advance=advance)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.slow
def test_the_seed_alone_decides(whole):
    assert same(leaves(run()), leaves(whole))
    other = run(seeds=(2, 3))
    for number in (0, 1):
        for theirs in leaves(whole, 0), leaves(whole, 1):
            assert not same(leaves(other, number), theirs)
    # Seed 0 is a seed as 1 is: not "none", and not the default of something else.
    assert not same(leaves(whole, 0), leaves(whole, 1))


@pytest.mark.slow
def test_a_member_learns_as_if_it_were_alone(whole):
    """Up to float32's last digits: XLA multiplies batches of another shape in another order."""
    for number, seed in enumerate((0, 1)):
        alone = run(seeds=(seed,))
        for a, b in zip(leaves(alone, 0), leaves(whole, number), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)
    swapped = run(seeds=(1, 0))
    for a, b in zip(leaves(swapped, 1), leaves(whole, 0), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_settings_that_differ_in_floats_share_a_program(whole):
    """And give what each gives by itself, although nothing is compiled again."""
    changed = dataclasses.replace(CONFIG, discount=0.5, alpha=1.0, actor_rate=1e-4)
    compiled = loop.run_piece._cached._cache_size()
    both = run([CONFIG, changed], seeds=(0, 1))
    separate = run(changed, seeds=(0, 1))
    assert loop.run_piece._cached._cache_size() == compiled

    for a, b in zip(leaves(both, 0), leaves(whole, 0), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    for a, b in zip(leaves(both, 1), leaves(separate, 1), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    actor = both.members.actor.mlp.weights[0][1]
    assert np.abs(actor - whole.members.actor.mlp.weights[0][1]).max() > 1e-3
    assert both.agent(1).about["config"]["discount"] == 0.5


@pytest.mark.slow
def test_it_compiles_once_for_all_pieces(whole, programs):
    """Five pieces of the first run, and whatever their number later."""
    assert programs == 1
    compiled = loop.run_piece._cached._cache_size()
    run(updates=2 * UPDATES)
    assert loop.run_piece._cached._cache_size() == compiled


@pytest.mark.slow
def test_updates_are_made_in_whole_pieces(whole):
    assert run(updates=81).history.updates[-1] == 100
    assert whole.history.metrics["td_error"].shape == (5, 2)
    assert whole.history.rate > 0
    # Every piece has its own draws, and 50 actor steps of 100 critic steps were made.
    assert int(whole.members.critic_adam.moments.count[0]) == 100
    assert int(whole.members.actor_adam.moments.count[0]) == 50


@pytest.fixture
def stopped(tmp_path):
    """A checkpoint of unfinished work."""
    advance, _ = interrupt_after(2)
    with pytest.raises(Stopped):
        run(advance=advance, checkpoint=tmp_path / "checkpoint.npz")
    return tmp_path / "checkpoint.npz"


OTHERS = {
    "settings": {"config": dataclasses.replace(CONFIG, discount=0.8)},
    "seeds": {"seeds": (0, 2)},
    "updates": {"updates": 200},
    "records": {"records": probe_records(PROBES[4], 64, seed=1)},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_checkpoint_of_other_work_is_refused(stopped, other):
    content = stopped.read_bytes()
    with pytest.raises(UserError, match="belongs to other records, settings or seeds") as error:
        run(checkpoint=stopped, **other)
    assert str(stopped) in str(error.value)
    assert stopped.read_bytes() == content


def test_a_damaged_checkpoint_is_refused(stopped):
    content = stopped.read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"not at all an archive"):
        stopped.write_bytes(damaged)
        with pytest.raises(UserError, match="cannot be read") as error:
            run(checkpoint=stopped)
        assert "\n" not in str(error.value)

    with np.load(_restored(stopped, content)) as file:
        arrays = dict(file)
    for change, told in (
        ({"leaf_005": None}, "other settings or another version"),
        ({"leaf_005": np.zeros(3)}, "other settings or another version"),
        ({"about": np.array("{")}, "is damaged"),
        ({"about": np.array("[1]")}, "is damaged"),
        ({"about": None}, "'about' is missing"),
    ):
        np.savez(stopped, **{k: v for k, v in (arrays | change).items() if v is not None})
        with pytest.raises(UserError, match=told):
            run(checkpoint=stopped)


def _restored(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.slow
def test_a_saved_learner_can_go_on(whole, tmp_path):
    agent = whole.save(tmp_path / "agent", 1)
    loaded, learner, scaling, config = load_learner(tmp_path / "agent")
    assert same([np.asarray(x) for x in jax.tree.leaves(learner)], leaves(whole, 1))
    assert config == CONFIG
    assert loaded.about["seed"] == 1
    seen = RECORDS.observation[:5]
    np.testing.assert_array_equal(loaded.act(seen), agent.act(seen))
    np.testing.assert_array_equal(scaling.action_low, whole.scaling.action_low)
    # It acts as the compiled policy of the learner does.
    unit = learner.policy(jnp.asarray(scaling.observe(seen)))
    np.testing.assert_allclose(scaling.act(unit, seen), agent.act(seen), rtol=1e-4)


BAD = {
    "discount": [1.0, 1.5, -0.1, float("nan")],
    "width": [0, -8],
    "batch": [0],
    "actor_delay": [0],
    "critic_rate": [0.0, -1e-3, float("inf")],
    "target_rate": [0.0, 1.5],
    "policy_noise": [-0.2],
    "alpha": [-1.0],
}


@pytest.mark.parametrize("key", BAD)
def test_bad_settings_are_told_by_their_name(key):
    for value in BAD[key]:
        with pytest.raises(UserError, match=f"config '{key}' is ") as error:
            run(dataclasses.replace(CONFIG, **{key: value}))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "config", "key"),
    [
        ("iql", iql.Config(expectile=0.0), "expectile"),
        ("iql", iql.Config(expectile=1.5), "expectile"),
        ("rebrac", rebrac.Config(depth=0), "depth"),
        ("pars", pars.Config(subset=5, critics=4), "subset"),
        ("pars", pars.Config(penalty_batch=300), "penalty_batch"),
        ("pars", pars.Config(reward_scale=0.0), "reward_scale"),
        ("pars", pars.Config(cloning=-1.0), "cloning"),
        ("bc", bc.Config(actor_width=0), "actor_width"),
    ],
)
def test_bad_settings_of_the_others(name, config, key):
    with pytest.raises(UserError, match=f"config '{key}' is "):
        learn(RECORDS, name, config, updates=20)


def test_members_that_cannot_learn_side_by_side():
    wide = dataclasses.replace(CONFIG, width=9)
    with pytest.raises(UserError, match="config 'width' differs between members"):
        run([CONFIG, wide])
    with pytest.raises(UserError, match="1 configs are given for 2 seeds"):
        run([CONFIG])
    with pytest.raises(UserError, match=r"td3bc needs shiftwork\.learning\.offline\.td3bc"):
        run(bc.Config())
    with pytest.raises(UserError, match="updates is 0"):
        run(updates=0)
    with pytest.raises(UserError, match="at least one of each"):
        run(seeds=())
    with pytest.raises(UserError, match="unknown algorithm 'pras'; did you mean 'pars'"):
        learn(RECORDS, "pras")
