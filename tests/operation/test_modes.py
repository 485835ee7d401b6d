import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shiftwork.errors import UserError
from shiftwork.operation import modes
from shiftwork.operation.modes import ActionState, Mode, Person, Refused, Run, State

KEYS = ("feed", "heat")
KIM, LEE, EVE = Person("Kim", "operator"), Person("Lee", "engineer"), Person("Eve", "viewer")
PEOPLE = st.sampled_from([KIM, LEE, EVE])


def closed(*on):
    state = State.begin(KEYS, Mode.CLOSED, Mode.CLOSED)
    for mode in (Mode.ADVISORY, Mode.CLOSED):
        state = modes.request_mode(state, mode, KIM)
    for key in on:
        state = modes.switch(state, key, True, KIM)
    return state


def test_the_way_up_is_one_step_at_a_time_and_nothing_is_on_by_itself():
    state = State.begin(KEYS, Mode.CLOSED, Mode.CLOSED)
    assert state.mode == Mode.SHADOW
    with pytest.raises(Refused, match="more than one step; go to advisory first"):
        modes.request_mode(state, Mode.CLOSED, KIM)
    assert closed().written == ()
    assert closed("feed").written == ("feed",)


def test_the_highest_mode_caps_and_only_an_engineer_sets_it():
    state = State.begin(KEYS, Mode.SHADOW, Mode.CLOSED)
    with pytest.raises(Refused, match="above the highest mode, shadow; an engineer can raise that"):
        modes.request_mode(state, Mode.ADVISORY, KIM)
    with pytest.raises(Refused, match="Kim is operator; only an engineer may"):
        modes.set_highest(state, Mode.CLOSED, KIM)
    state = modes.set_highest(closed("feed"), Mode.ADVISORY, LEE)
    assert (state.mode, state.written) == (Mode.ADVISORY, ())
    assert State.begin(KEYS, Mode.OFF, Mode.CLOSED).mode == Mode.OFF


def test_a_viewer_changes_nothing_and_nobody_acts_without_a_name():
    with pytest.raises(Refused, match="Eve is viewer"):
        modes.request_mode(closed(), Mode.OFF, EVE)
    with pytest.raises(Refused, match="only an operator may switch"):
        modes.switch(closed(), "feed", False, EVE)
    with pytest.raises(UserError, match="needs the name"):
        Person(" ", "engineer")


def test_an_unknown_action_is_named():
    with pytest.raises(UserError, match="unknown action 'fed'; did you mean 'feed'"):
        modes.switch(closed(), "fed", True, KIM)


def test_a_hold_ends_after_two_good_cycles_in_a_row():
    state = modes.hold(closed("feed"), "link lost")
    assert state.written == ()
    state = modes.good_cycle(state)
    state = modes.hold(state, "link lost again")
    state = modes.good_cycle(state)
    assert state.run == Run.HOLD
    state = modes.good_cycle(state)
    assert (state.run, state.written) == (Run.RUN, ("feed",))


def test_a_shed_is_latched_until_an_operator_resets_it_and_then_begins_in_shadow():
    state = modes.shed(closed("feed", "heat"), "three errors")
    for _ in range(9):
        state = modes.good_cycle(modes.hold(state, "x"))
    assert (state.run, state.reason) == (Run.SHED, "three errors")
    with pytest.raises(Refused, match="wait or reset it first"):
        modes.switch(state, "feed", True, KIM)
    with pytest.raises(Refused, match="only an operator may reset"):
        modes.reset(state, EVE)
    state = modes.reset(state, KIM)
    assert (state.run, state.mode, state.written) == (Run.RUN, Mode.SHADOW, ())
    with pytest.raises(Refused, match="nothing is shed"):
        modes.reset(state, KIM)


def test_a_rejected_action_stays_off_and_a_moved_one_tracks():
    state = modes.latch_off(closed("feed", "heat"), "feed", "rejected")
    assert modes.track(state, "feed", "moved").actions["feed"] == ActionState.OFF
    assert state.written == ("heat",)
    state = modes.track(state, "heat", "an operator moved it")
    assert state.actions["heat"] == ActionState.TRACKING
    assert modes.limited(state, "heat", "high").actions["heat"] == ActionState.TRACKING


def test_limits_show_their_side_and_count_as_on():
    state = modes.limited(closed("feed"), "feed", "high")
    assert (state.actions["feed"], state.written) == (ActionState.HIGH, ("feed",))
    assert modes.limited(state, "feed", "").actions["feed"] == ActionState.ON


class Anything(RuleBasedStateMachine):
    """People and software in any order; what must hold after each of their steps."""

    def __init__(self):
        super().__init__()
        self.state = State.begin(KEYS, Mode.CLOSED, Mode.SHADOW)

    def by_person(self, change, person, *given):
        before = self.state
        try:
            self.state = change(before, *given, person)
        except Refused:
            assert self.state is before
        else:
            assert person.role != "viewer"
            assert self.state.highest == before.highest or person.role == "engineer"
            assert self.state.cap == before.cap or person.role == "engineer"
            assert self.state.mode <= before.mode + 1

    def by_software(self, change, *given):
        before, self.state = self.state, change(self.state, *given)
        assert self.state.mode <= before.mode
        assert (self.state.highest, self.state.cap) == (before.highest, before.cap)
        if before.run == Run.SHED:
            assert self.state.run == Run.SHED
        for key in KEYS:
            assert not (self.state.actions[key].written and not before.actions[key].written)

    @rule(mode=st.sampled_from(Mode), person=PEOPLE)
    def ask(self, mode, person):
        self.by_person(modes.request_mode, person, mode)

    @rule(mode=st.sampled_from(Mode), person=PEOPLE)
    def highest(self, mode, person):
        self.by_person(modes.set_highest, person, mode)

    @rule(person=PEOPLE)
    def override(self, person):
        self.by_person(modes.override, person)

    @rule(key=st.sampled_from(KEYS), on=st.booleans(), person=PEOPLE)
    def switch(self, key, on, person):
        self.by_person(modes.switch, person, key, on)

    @rule(person=PEOPLE)
    def reset(self, person):
        self.by_person(modes.reset, person)

    @rule(mode=st.sampled_from(Mode))
    def demote(self, mode):
        self.by_software(modes.demote, mode, "why")

    @rule(which=st.sampled_from([modes.hold, modes.shed]))
    def stop(self, which):
        self.by_software(which, "why")

    @rule()
    def good(self):
        self.by_software(modes.good_cycle)

    @rule(key=st.sampled_from(KEYS), which=st.sampled_from([modes.track, modes.latch_off]))
    def lose(self, key, which):
        self.by_software(which, key, "why")

    @rule(key=st.sampled_from(KEYS), side=st.sampled_from(["", "low", "high"]))
    def limit(self, key, side):
        self.by_software(modes.limited, key, side)

    @invariant()
    def nothing_is_written_below_closed_or_while_held(self):
        state = self.state
        assert state.mode <= state.highest <= state.cap
        if state.mode < Mode.CLOSED or state.run != Run.RUN:
            assert state.written == ()
        if state.mode < Mode.CLOSED or state.run == Run.SHED:
            assert not any(action.written for action in state.actions.values())


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
