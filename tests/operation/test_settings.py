from pathlib import Path

import pytest

from shiftwork.errors import UserError
from shiftwork.operation.settings import envelope_of, operation_rules
from shiftwork.records.historian.plant_file.load import parse_plant
from support.memory_plant import PLANT


def rules(old, new):
    assert old in PLANT
    return operation_rules(parse_plant(PLANT.replace(old, new), Path("p.toml")))


def test_rules_are_read_with_their_units():
    found = rules("", "")
    assert (found.shed_after_s, found.tick_s) == (60.0, 0.02)
    assert found.highest_mode.name == "CLOSED"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('highest = "closed"', 'highest = "full"', "p.toml: operation.highest"),
        ('highest = "closed"', 'higest = "closed"', "unknown key 'higest'; did you mean 'highest'"),
        ('shed_after = "60s"', 'shed_after = "soon"', "p.toml: operation.shed_after"),
        ('tick = "20ms"', "least_move = {pwer = 1.0}", "operation.least_move: unknown tag 'pwer'"),
        (
            'tick = "20ms"',
            "limits = {power = [5.0, 1.0]}",
            r"operation.limits.power: must be \[low",
        ),
        ('heat = "50s"', 'heat = "long"', "operation.frozen.heat"),
        ('highest = "closed"', "highest = 3", "p.toml: operation.highest"),
    ],
)
def test_mistakes_in_the_rules_are_named_with_their_key(old, new, words):
    with pytest.raises(UserError, match=words) as caught:
        rules(old, new)
    assert "\n" not in str(caught.value)


def test_the_envelope_holds_what_the_file_says():
    plant = parse_plant(
        PLANT.replace('tick = "20ms"', "limits = {power = [1.0, 8.0]}"), Path("p.toml")
    )
    envelope = envelope_of(plant, operation_rules(plant))
    assert envelope.limits.limits[0].engineer == (1.0, 8.0)
    assert envelope.limits.limits[0].bounds == (0.0, "power_high")
    assert len(envelope.others) == 1
