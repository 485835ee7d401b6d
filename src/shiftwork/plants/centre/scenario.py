"""The scenario: what a naphtha cracking centre consists of, in TOML, every mistake told by its key."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _whole_composition(value: tuple[float, ...]) -> tuple[float, ...]:
    if min(value) < 0:
        raise ValueError("has a negative entry; give weight percent of at least 0")
    if abs(sum(value) - 100) > 0.01:
        raise ValueError(f"sums to {sum(value):g}; give weight percent that sum to 100")
    return value


Percents = Annotated[tuple[float, float, float, float, float], BeforeValidator(_listed)]
"""n-paraffins, isoparaffins, olefins, naphthenes, aromatics; wt %."""
Amount = Annotated[float, Field(ge=0, le=1e9)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
Volatility = Annotated[float, Field(ge=0, le=0.2)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Hours = Annotated[int, Field(ge=1)]


class Table(BaseModel):
    """A table of the scenario: nothing in it that is not known, no value of another kind."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Composed(Table):
    """Something with a composition.

    Attributes:
        name: For people.
        piona: n-paraffins, isoparaffins, olefins, naphthenes, aromatics; wt %.
    """

    name: str = Field(min_length=1)
    piona: Percents

    @model_validator(mode="after")
    def _composition_is_whole(self) -> Composed:
        try:
            _whole_composition(self.piona)
        except ValueError as error:
            raise ValueError(f"piona {error}") from None
        return self


class Grade(Composed):
    """A quality of naphtha that ships bring.

    Attributes:
        probability: Relative to the other grades.
    """

    probability: Positive


class Ships(Table):
    """What comes by sea.

    Attributes:
        first_d: The first ship is planned for this day.
        interval_d: Days between planned arrivals.
        cargo_t: The smallest and the largest cargo, uniform between.
        eta_sigma_d: Standard deviation of the arrival about the plan, days.
        nominated_d: A ship is known this long before its planned arrival, days.
        laycan_h: Width of the window about the planned arrival. Laytime does not begin before it.
        laytime_h: Time at anchor and berth that is free; each later hour costs demurrage.
        assay_sigma: Standard deviation of a cargo's composition about its grade, and again of
            what its certificate says, wt % in each class before both are made whole.
        grades: Among which each ship is drawn.
    """

    first_d: Amount
    interval_d: Positive
    cargo_t: Annotated[tuple[Positive, Positive], BeforeValidator(_listed)]
    eta_sigma_d: Amount
    nominated_d: Amount = 14.0
    laycan_h: Amount
    laytime_h: Amount
    assay_sigma: Annotated[float, Field(ge=0, le=5)] = 1.0
    grades: Annotated[tuple[Grade, ...], BeforeValidator(_listed), Field(min_length=1)]


class Berths(Table):
    """Where ships unload.

    Attributes:
        count: At most one ship each.
        unloading_m3_per_h: Of each berth.
        berthing_h: Hours between the decision and the first drop.
        wait_h: How long the macro-action "wait" lasts.
    """

    count: Annotated[int, Field(ge=1, le=4)]
    unloading_m3_per_h: Positive
    berthing_h: Hours = 2
    wait_h: Hours = 6


class Tank(Composed):
    """A naphtha tank; levels as fractions of its capacity.

    Attributes:
        capacity_m3: Volume.
        heel: Below this nothing can be drawn.
        high: Above this nothing may be received.
        level: At the start, of the tank's ``piona``.
    """

    capacity_m3: Positive
    heel: Fraction
    high: Fraction
    level: Fraction

    @model_validator(mode="after")
    def _levels_in_order(self) -> Tank:
        if self.heel >= self.high:
            raise ValueError(
                f"heel {self.heel:g} is not below high {self.high:g}; mend one of them"
            )
        if not self.heel <= self.level <= self.high:
            raise ValueError(
                f"level {self.level:g} is outside heel {self.heel:g} to high {self.high:g}; mend it"
            )
        return self


class Release(Table):
    """What a tank goes through between its last cargo and the furnaces.

    Attributes:
        settling_h: Water settles.
        lab_h: The laboratory samples and releases it; from then on its composition is known.
    """

    settling_h: Hours
    lab_h: Hours

    @property
    def rest_h(self) -> Any:
        """Hours from the last drop of cargo to the release; traced where the scenario is."""
        return self.settling_h + self.lab_h


class Blending(Table):
    """How tanks are mixed into the feed.

    Attributes:
        recipe_parts: The most tanks of a recipe: 1 single tanks; 2 also pairs at 50/50 and 75/25;
            3 also equal triples.
        recipe_h: A recipe is reconsidered after this long.
        spec_low: Of the blend, wt % of each class.
        spec_high: Of the blend, wt % of each class.
    """

    recipe_parts: Annotated[int, Field(ge=1, le=3)]
    recipe_h: Hours = 24
    spec_low: Percents
    spec_high: Percents


class Furnaces(Table):
    """The liquid furnaces.

    Attributes:
        count: How many.
        age_d: Days since each one's last decoke at the start: the youngest and the oldest, evenly
            between, in an order drawn at random.
        cot_levels_c: Coil outlet temperatures among which an agent chooses.
        feed_levels_t_per_h: Feeds among which an agent chooses.
        cot_c: At the start.
        feed_t_per_h: At the start.
        steam_ratio: Dilution steam by feed.
        hold_h: How long set-points or stand-by last.
        cot_ramp_c_per_h: The most that the outlet temperature changes in an hour.
        feed_ramp_t_per_h: The most that the feed changes in an hour, up to 0 and from it too.
        decoke_h: A decoke, after the feed has been taken out.
        decokes_at_once: The most furnaces that are being decoked at the same time.
        cracking_at_least: Furnaces that no choice may take below, lest the compressor run empty.
    """

    count: Annotated[int, Field(ge=1, le=16)]
    age_d: Annotated[tuple[Amount, Amount], BeforeValidator(_listed)]
    cot_levels_c: Annotated[tuple[Positive, ...], BeforeValidator(_listed), Field(min_length=1)]
    feed_levels_t_per_h: Annotated[
        tuple[Positive, ...], BeforeValidator(_listed), Field(min_length=1)
    ]
    cot_c: Positive
    feed_t_per_h: Positive
    steam_ratio: Positive
    hold_h: Hours = 8
    cot_ramp_c_per_h: Positive
    feed_ramp_t_per_h: Positive
    decoke_h: Hours
    decokes_at_once: Annotated[int, Field(ge=1)]
    cracking_at_least: Annotated[int, Field(ge=0)]


class GasFurnaces(Table):
    """The furnaces that crack the recycled ethane, run by a rule.

    Attributes:
        count: How many; 0 burns all ethane.
        age_d: As of the liquid furnaces.
        cot_c: Coil outlet temperature.
        steam_ratio: Dilution steam by feed.
        decoke_h: A decoke.
        ethane_t: What the ethane drum holds; more goes to fuel.
    """

    count: Annotated[int, Field(ge=0, le=4)]
    age_d: Annotated[tuple[Amount, Amount], BeforeValidator(_listed)]
    cot_c: Positive
    steam_ratio: Positive
    decoke_h: Hours
    ethane_t: Positive


class Limits(Table):
    """What all furnaces share; beyond it the feed of all is cut.

    Attributes:
        compressor_t_per_h: Cracked gas, hydrogen to butenes.
        steam_t_per_h: Dilution steam of all furnaces.
    """

    compressor_t_per_h: Positive
    steam_t_per_h: Positive


class PriceRules(Table):
    """Prices as the logarithm's mean reversion; typical levels are the cracker's.

    Attributes:
        reversion_d: Time constant of the return to the typical level, days.
        passed_on: Share of naphtha's movement that the products follow.
        naphtha: Volatility, fraction per square root of a day; so are the following.
        ethylene: Of ethylene's own movement.
        propylene: Of propylene's own movement.
        butadiene: Of butadiene's own movement.
        fuel: Of fuel gas, and with it methane, hydrogen and steam.
    """

    reversion_d: Positive
    passed_on: Fraction
    naphtha: Volatility
    ethylene: Volatility
    propylene: Volatility
    butadiene: Volatility
    fuel: Volatility


class Costs(Table):
    """What is paid beside feed, fuel and steam.

    Attributes:
        demurrage_usd_per_d: Of each ship beyond its laytime.
        switch_usd: Of each change of the recipe.
        quality_step_usd_per_pct: Of each wt % that changes class in the blend.
        shortage_usd_per_h: While no tank feeds.
        off_spec_usd_per_h: While the blend lies outside its specification.
        decoke_usd: Of each decoke.
        forced_decoke_usd: In addition if the tube temperature limit forced it.
        curtailed_usd_per_t: Of feed that the compressor or steam limit cuts.
        standby_usd_per_h: Of each liquid furnace that takes no feed and is not decoked.
    """

    demurrage_usd_per_d: Amount
    switch_usd: Amount
    quality_step_usd_per_pct: Amount
    shortage_usd_per_h: Amount
    off_spec_usd_per_h: Amount
    decoke_usd: Amount
    forced_decoke_usd: Amount
    curtailed_usd_per_t: Amount
    standby_usd_per_h: Amount


class Scenario(Table):
    """A centre; what contradicts itself is refused by ``check_scenario``.

    Attributes:
        name: Of the plant.
        horizon_d: Length of an episode.
        furnace_agents: "each" furnace has an agent, or one agent runs "all".
        ships: What comes by sea.
        berths: Where it is unloaded.
        tanks: Where it is kept.
        release: How long a tank rests before it may feed.
        blending: How tanks are mixed.
        furnaces: Liquid furnaces.
        gas_furnaces: Ethane furnaces.
        limits: What all furnaces share.
        prices: How prices move.
        costs: What mistakes and work cost.
    """

    name: str = Field(min_length=1)
    horizon_d: Annotated[int, Field(ge=1, le=366)]
    furnace_agents: Literal["each", "all"] = "each"
    ships: Ships
    berths: Berths
    tanks: Annotated[tuple[Tank, ...], BeforeValidator(_listed), Field(min_length=1, max_length=12)]
    release: Release
    blending: Blending
    furnaces: Furnaces
    gas_furnaces: GasFurnaces
    limits: Limits
    prices: PriceRules
    costs: Costs
