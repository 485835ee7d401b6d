"""The state of a naphtha cracking centre, in the order in which matter goes through it.

S ships, Q = 4 ships in view, B berths, K tanks, F liquid and G gas furnaces, N agents, of which H
run furnaces. Hours count from the start of the episode.
"""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Array, Bool, Float, Int

CRACKING, DECOKING, STAND_BY, QUEUED = range(4)
"""Modes of a furnace. Queued: its tubes are too hot to crack and it waits until it may be decoked."""


class Ship(NamedTuple):
    """Ships, of all the episode or in view; each (X,) but the last three.

    Attributes:
        arrival_h: When it drops anchor, a whole hour.
        planned_h: When it was planned to.
        free_until_h: From here on it costs demurrage, a whole hour.
        cargo_t: What it brings.
        revision_h: By how much each notice corrects the announced arrival, (X, 3).
        piona: What it really brings, mass fractions, (X, 5).
        declared: What its certificate says, (X, 5).
    """

    arrival_h: Float[Array, "*X"]
    planned_h: Float[Array, "*X"]
    free_until_h: Float[Array, "*X"]
    cargo_t: Float[Array, "*X"]
    revision_h: Float[Array, "*X 3"]
    piona: Float[Array, "*X 5"]
    declared: Float[Array, "*X 5"]


class Harbour(NamedTuple):
    """Ships and berths.

    Attributes:
        table: All ships by arrival, as rows of the columns of ``Ship``, (S, 17); constant.
        called: The ship has been called to a berth, (S,).
        view: Rows of the first ships at anchor, then of the next to arrive, (Q, 17).
        number: Which ships these are; S if there is none, (Q,).
        berthed: The ship at each berth; its cargo is what is left, 0 if there is none, (B, 17).
        tank: Into which the berth unloads, or -1, (B,).
        left_h: Hours until unloading begins, or until waiting ends, (B,).
    """

    table: Float[Array, "S 17"]
    called: Bool[Array, " S"]
    view: Float[Array, "Q 17"]
    number: Int[Array, " Q"]
    berthed: Float[Array, "B 17"]
    tank: Int[Array, " B"]
    left_h: Int[Array, " B"]


class Tanks(NamedTuple):
    """Naphtha in stock.

    Attributes:
        mass_t: Of each class, (K, 5).
        known: Composition as far as it is known: by the certificates, from release by the
            laboratory, (K, 5).
        rest_h: Hours until the tank is released, (K,).
    """

    mass_t: Float[Array, "K 5"]
    known: Float[Array, "K 5"]
    rest_h: Int[Array, " K"]


class Blend(NamedTuple):
    """The feed.

    Attributes:
        recipe: In force, ().
        share: Of each tank, (K,).
        left_h: Hours until the recipe is reconsidered, ().
        piona: Of the blend, or of the last one, (5,).
    """

    recipe: Int[Array, ""]
    share: Float[Array, " K"]
    left_h: Int[Array, ""]
    piona: Float[Array, " 5"]


class Furnaces(NamedTuple):
    """Liquid furnaces, each (F,), and who runs them.

    Attributes:
        mode: ``CRACKING``, ``DECOKING``, ``STAND_BY`` or ``QUEUED``.
        feed_t_per_h: As it is.
        cot_c: As it is.
        feed_set_t_per_h: As it is wanted.
        cot_set_c: As it is wanted.
        coke_mm: Layer on the tubes.
        clean_h: Hours of cracking since the last decoke.
        tube_c: Tube metal temperature.
        decoke_left_h: Hours of the decoke still to do.
        hold_left_h: Hours that the furnace agents' macro-actions still last, (H,).
    """

    mode: Int[Array, " F"]
    feed_t_per_h: Float[Array, " F"]
    cot_c: Float[Array, " F"]
    feed_set_t_per_h: Float[Array, " F"]
    cot_set_c: Float[Array, " F"]
    coke_mm: Float[Array, " F"]
    clean_h: Float[Array, " F"]
    tube_c: Float[Array, " F"]
    decoke_left_h: Int[Array, " F"]
    hold_left_h: Int[Array, " H"]


class GasFurnaces(NamedTuple):
    """Ethane furnaces, run by a rule, each (G,), and the ethane drum.

    Attributes:
        coke_mm: Layer on the tubes.
        clean_h: Hours of cracking since the last decoke.
        tube_c: Tube metal temperature.
        decoke_left_h: Hours of the decoke still to do.
        ethane_t: In the drum, ().
    """

    coke_mm: Float[Array, " G"]
    clean_h: Float[Array, " G"]
    tube_c: Float[Array, " G"]
    decoke_left_h: Int[Array, " G"]
    ethane_t: Float[Array, ""]


class Seen(NamedTuple):
    """What the agents saw when they last decided, and what they may do now; by role.

    Attributes:
        berths: Observations, (B, D1).
        blending: Observation, (D2,).
        furnaces: Observations, (H, D3).
        may_berth: Macro-actions allowed, (B, A1).
        may_blend: Macro-actions allowed, (R,).
        may_crack: Macro-actions allowed, (H, A3).
    """

    berths: Float[Array, "B D1"]
    blending: Float[Array, " D2"]
    furnaces: Float[Array, "H D3"]
    may_berth: Bool[Array, "B A1"]
    may_blend: Bool[Array, " R"]
    may_crack: Bool[Array, "H A3"]


class CentreState(NamedTuple):
    """Everything.

    Attributes:
        hour: Since the start, ().
        harbour: Ships and berths.
        tanks: Stock.
        blend: Feed.
        furnaces: Liquid furnaces.
        gas: Ethane furnaces.
        log_price: Of the price leaders, relative to their typical level, (5,).
        load: Share of the compressor's and the steam limit used in the last hour, (2,).
        failed: An hour without feed or a forced decoke has happened, ().
        macro_action: In force, (N,).
        decided: Has ended, so that the agent decides in the next step, (N,).
        seen: Observations and masks.
    """

    hour: Int[Array, ""]
    harbour: Harbour
    tanks: Tanks
    blend: Blend
    furnaces: Furnaces
    gas: GasFurnaces
    log_price: Float[Array, " 5"]
    load: Float[Array, " 2"]
    failed: Bool[Array, ""]
    macro_action: Int[Array, " N"]
    decided: Bool[Array, " N"]
    seen: Seen
