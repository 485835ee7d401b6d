"""The glucose-insulin model behind the Simglucose plant, written for speed.

This is the 13-state UVA/Padova (2008) patient of the PyPI package
`simglucose`, with the package's parameter file and meal rules. The package
integrates it with an adaptive solver, one minute at a time, through pandas
look-ups; here the right-hand side is plain arithmetic that works the same on
Python floats (one patient) and on NumPy arrays (many patients in lockstep),
and a fixed-step Runge-Kutta 4 advances it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

# A float for one patient, an array for many: every formula serves both.
Number = Any

EAT_RATE = 5.0  # g of carbohydrate per minute
SUBSTEPS = 4  # Runge-Kutta steps per minute; the fastest rate is about 1.2 per minute


class Patient(NamedTuple):
    """Parameters of one virtual patient, under the names of the package's file."""

    BW: Number
    Fsnc: Number
    Ib: Number
    Km0: Number
    Vi: Number
    Vm0: Number
    Vmx: Number
    b: Number
    d: Number
    f: Number
    k1: Number
    k2: Number
    ka1: Number
    ka2: Number
    kabs: Number
    kd: Number
    ke1: Number
    ke2: Number
    ki: Number
    kmax: Number
    kp1: Number
    kp2: Number
    kp3: Number
    ksc: Number
    m1: Number
    m2: Number
    m30: Number
    m4: Number
    p2u: Number
    u2ss: Number
    # The first thirty are also what an agent observes; these two are not.
    kmin: Number
    Vg: Number


OBSERVED_PARAMETERS = Patient._fields[:30]


def parameter_file() -> Path:
    """Finds the patient table inside the installed `simglucose` package.

    Only the file is wanted: importing the package would pull in an old gym.

    Returns:
        The path of `vpatient_params.csv`.

    Raises:
        ModuleNotFoundError: If `simglucose` is not installed.
    """
    spec = find_spec("simglucose")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("simglucose is not installed; run setup.sh first")
    return Path(spec.submodule_search_locations[0]) / "params" / "vpatient_params.csv"


def load_patients() -> dict[str, tuple[Patient, list[float]]]:
    """Reads all thirty virtual patients.

    Returns:
        For each patient name, its parameters and its 13 initial states.
    """
    with parameter_file().open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    patients = {}
    for row in rows:
        states = [float(v) for k, v in row.items() if k.startswith("x0_")]
        parameters = Patient(*(float(row[name]) for name in Patient._fields))
        patients[row["Name"]] = (parameters, states)
    return patients


def stack_patients(patients: Sequence[Patient]) -> Patient:
    """Joins patients into one whose parameters are arrays, one entry each."""
    return Patient(*(np.array(column) for column in zip(*patients, strict=True)))


def derivative(
    x: Sequence[Number],
    insulin: Number,
    meal: Number,
    gut: tuple[Number, ...],
    p: Patient,
    tanh: Callable[[Number], Number],
) -> list[Number]:
    """Right-hand side of the patient model, per minute.

    Comparisons stand in for branches (they multiply as 0 or 1), so that the
    same lines serve floats and arrays.

    Args:
        x: The 13 states.
        insulin: Insulin infusion, pmol/kg/min.
        meal: Carbohydrate eaten, mg/min.
        gut: What `gut_constants` made of the current meal.
        p: Patient parameters.
        tanh: `math.tanh` for floats, `np.tanh` for arrays.

    Returns:
        The 13 time derivatives.
    """
    solid, liquid, intestine, plasma, tissue, insulin_plasma, action = x[:7]
    delay1, delay2, insulin_liver, depot1, depot2, subcutaneous = x[7:]
    slope_b, half_b, slope_d, half_d, fed = gut
    stomach = solid + liquid
    grind = p.kmax * solid
    # How fast the stomach empties depends on how full it is of the last meal.
    sigmoids = tanh(slope_b * (stomach - half_b)) - tanh(slope_d * (stomach - half_d))
    kgut = p.kmax + fed * (p.kmin - p.kmax + (p.kmax - p.kmin) / 2 * (sigmoids + 2))
    emptying = kgut * liquid
    absorbed = p.kabs * intestine
    production = p.kp1 - p.kp2 * plasma - p.kp3 * delay2
    excess = plasma - p.ke2
    exchange = p.k1 * plasma - p.k2 * tissue
    uptake = (p.Vm0 + p.Vmx * action) * tissue / (p.Km0 + tissue)
    concentration = insulin_plasma / p.Vi
    out1 = p.ka1 * depot1
    out2 = p.ka2 * depot2
    shift = p.kd * depot1
    to_liver = p.m2 * insulin_plasma
    # The `>= 0` factors hold a state that has gone below zero, as the package does.
    return [
        meal - grind,
        grind - emptying,
        emptying - absorbed,
        (plasma >= 0)
        * (
            production * (production > 0)
            + p.f * absorbed / p.BW
            - p.Fsnc
            - p.ke1 * excess * (excess > 0)
            - exchange
        ),
        (tissue >= 0) * (exchange - uptake),
        (insulin_plasma >= 0)
        * (p.m1 * insulin_liver + out1 + out2 - to_liver - p.m4 * insulin_plasma),
        p.p2u * (concentration - p.Ib - action),
        p.ki * (concentration - delay1),
        p.ki * (delay1 - delay2),
        (insulin_liver >= 0) * (to_liver - (p.m1 + p.m30) * insulin_liver),
        (depot1 >= 0) * (insulin - out1 - shift),
        (depot2 >= 0) * (shift - out2),
        (subcutaneous >= 0) * p.ksc * (plasma - subcutaneous),
    ]


def gut_constants(dose: Number, p: Patient) -> tuple[Number, ...]:
    """Slopes and midpoints of stomach emptying for a meal of `dose` mg."""
    fed = dose > 0
    safe = dose + (dose <= 0)  # avoids 0/0 for a patient that has not eaten yet
    return 2.5 / (1 - p.b) / safe, p.b * safe, 2.5 / p.d / safe, p.d * safe, fed


class Body:
    """One patient, or many in lockstep, together with the meal being eaten."""

    def __init__(self, patient: Patient, states: Sequence[Number]) -> None:
        """Starts at rest, with nothing eaten.

        Args:
            patient: Parameters, floats or equally long arrays.
            states: The 13 initial states, of the same kind.
        """
        self.patient = patient
        self.x = list(states)
        self._tanh = np.tanh if isinstance(patient.BW, np.ndarray) else math.tanh
        zero = 0.0 * patient.BW
        self._planned = zero  # g announced and not yet eaten
        self._eating_before = zero > 1
        self._left_over = self.x[0] + self.x[1]  # mg in the stomach as the meal began
        self._taken = zero  # g eaten of the current meal

    @property
    def glucose(self) -> Number:
        """Subcutaneous glucose, mg/dL."""
        return self.x[12] / self.patient.Vg

    def minute(self, insulin: Number, announced: Number) -> None:
        """Lives through one minute.

        Args:
            insulin: Pump rate, U/min.
            announced: Carbohydrate of a meal that starts now, g (else 0).
        """
        p = self.patient
        planned = self._planned + announced
        bite = planned - (planned - EAT_RATE) * (planned > EAT_RATE)
        self._planned = planned - bite
        eating = bite > 0
        begins = eating > self._eating_before  # True only as a meal starts
        stomach = self.x[0] + self.x[1]
        self._left_over = self._left_over + begins * (stomach - self._left_over)
        # A bite of zero adds nothing, so the sum stops by itself after the meal.
        self._taken = self._taken - begins * self._taken + bite
        self._eating_before = eating
        gut = gut_constants(self._left_over + 1000 * self._taken, p)
        self._integrate(insulin * 6000 / p.BW, 1000 * bite, gut)

    def _integrate(self, insulin: Number, meal: Number, gut: tuple[Number, ...]) -> None:
        h = 1.0 / SUBSTEPS
        p, tanh, x = self.patient, self._tanh, self.x
        for _ in range(SUBSTEPS):
            a = derivative(x, insulin, meal, gut, p, tanh)
            y = [s + h / 2 * r for s, r in zip(x, a, strict=True)]
            b = derivative(y, insulin, meal, gut, p, tanh)
            y = [s + h / 2 * r for s, r in zip(x, b, strict=True)]
            c = derivative(y, insulin, meal, gut, p, tanh)
            y = [s + h * r for s, r in zip(x, c, strict=True)]
            d = derivative(y, insulin, meal, gut, p, tanh)
            x = [
                s + h / 6 * (k1 + 2 * (k2 + k3) + k4)
                for s, k1, k2, k3, k4 in zip(x, a, b, c, d, strict=True)
            ]
        self.x = x
