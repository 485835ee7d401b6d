import jax
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import load_scenario
from shiftwork.yardsticks.centre.bound import bound
from shiftwork.yardsticks.centre.episode import future_of, run_stepwise
from shiftwork.yardsticks.centre.scheduler.furnaces import furnace_at
from shiftwork.yardsticks.centre.scheduler.horizon import PlanSettings
from shiftwork.yardsticks.centre.scheduler.scheduler import RollingMilp
from shiftwork.yardsticks.centre.scheduler.set_points import Room, set_points
from shiftwork.yardsticks.centre.scheduler.tanks import awkward_usd_per_t
from shiftwork.yardsticks.simple import RandomLegal

SMALL = load_scenario("centre-small")
DAYS = Centre(SMALL.model_copy(update={"horizon_d": 3}))
QUICK = PlanSettings(slot_h=4, seconds=0.3, firm_h=32)
EPISODES = 2


@pytest.fixture(scope="module")
def runs():
    """Episodes of three days: what was chosen against the masks, the MILP's run, chance's, the bound."""
    found = []
    for episode in range(EPISODES):
        key = jax.random.key(40 + episode)
        allowed = []

        class Checked(RollingMilp):
            def act(self, memory, step, key, allowed=allowed):
                memory, macro = super().act(memory, step, key)
                decided, mask = np.asarray(step.decided), np.asarray(step.mask)
                if decided.any():
                    allowed.append(mask[np.arange(len(macro)), macro][decided].all())
                return memory, macro

        milp = run_stepwise(DAYS, Checked(DAYS, QUICK), key)
        found.append(
            {
                "milp": milp,
                "allowed": allowed,
                "chance": run_stepwise(DAYS, RandomLegal(), key),
                "bound": bound(DAYS.scenario, future_of(DAYS, key)),
                "scheduler": milp.memory,
            }
        )
    return found


@pytest.mark.slow
def test_the_scheduler_obeys_every_mask(runs):
    for run in runs:
        assert len(run["allowed"]) > 12
        assert all(run["allowed"])


@pytest.mark.slow
def test_the_scheduler_earns_more_than_chance_and_never_more_than_the_bound(runs):
    for run in runs:
        milp, chance = run["milp"].profit_per_h, run["chance"].profit_per_h
        assert chance < milp <= run["bound"].profit_per_h
        # Far from chance, and not far from what can be known to be possible.
        assert milp > 0.5 * run["bound"].profit_per_h
        assert run["milp"].account["forced_decoke"] == 0


@pytest.mark.slow
def test_plans_are_found_within_their_time(runs):
    for run in runs:
        assert run["scheduler"].fallbacks == 0
        # Once past its time the solver still ends the step that it is in.
        assert max(run["scheduler"].solve_s) < 10 * QUICK.seconds


def test_one_agent_for_all_furnaces_is_refused():
    together = Centre(SMALL.model_copy(update={"furnace_agents": "all"}))
    with pytest.raises(UserError, match="set furnace_agents to 'each'"):
        RollingMilp(together)


def room_of(feed, gas, steam, may_stop=0):
    room = Room.__new__(Room)
    room.feed_t_per_h, room.gas_t_per_h, room.steam_t_per_h = feed, gas, steam
    room.may_stop = may_stop
    return room


def test_set_points_share_what_there_is():
    piona = np.array([0.56, 0.16, 0.005, 0.195, 0.08])
    furnace = furnace_at(SMALL, piona, piona[None])
    feed, gas = furnace.feed_t_per_h, furnace.feed_t_per_h * furnace.gas_t
    worth = np.tile(furnace.earns(np.array([632.0, 860.0, 980.0, 1050.0, 7.0])), (3, 1))
    able = np.ones(worth.shape, bool)
    free = set_points(SMALL, furnace, worth, able, room_of(1e3, 1e3, 1e3))
    assert (free == worth[0].argmax()).all()
    # The plan's feed is kept to the nearest step; what little is beyond the compressor's limit is cut.
    fewer = set_points(SMALL, furnace, worth, able, room_of(123.0, 1e3, 1e3))
    assert feed[fewer].sum() == 124.0
    tight = 0.96 * gas[free].sum()
    cut = set_points(SMALL, furnace, worth, able, room_of(1e3, tight, 1e3))
    assert gas[cut].sum() <= 1.005 * tight
    assert worth[0][cut].sum() > 0.94 * worth[0][free].sum()
    # Far too little naphtha: one stands by, if it may.
    for may_stop in (0, 1):
        few = set_points(SMALL, furnace, worth, able, room_of(80.0, 1e3, 1e3, may_stop))
        assert (few == len(feed)).sum() == may_stop
    # A furnace whose tubes allow one set-point has that one.
    able[1] = np.arange(able.shape[1]) == 0
    assert set_points(SMALL, furnace, worth, able, room_of(1e3, 1e3, 1e3))[1] == 0


def test_only_naphtha_that_needs_others_is_awkward():
    open_spec, heavy = [0.56, 0.16, 0.005, 0.195, 0.08], [0.38, 0.22, 0.005, 0.26, 0.135]
    at_the_limit = [0.42, 0.20, 0.005, 0.25, 0.125]
    sight = np.array([open_spec, heavy, at_the_limit])
    hour = SMALL.costs.off_spec_usd_per_h / DAYS.layout.most_feed_t_per_h
    usd = awkward_usd_per_t(SMALL, DAYS.layout, sight, sight)
    np.testing.assert_allclose(usd, [0.0, 0.5 * hour, 0.25 * hour], atol=1e-9)
    alone = awkward_usd_per_t(SMALL, DAYS.layout, sight[:1], sight[:1])
    np.testing.assert_array_equal(alone, [0.0])
