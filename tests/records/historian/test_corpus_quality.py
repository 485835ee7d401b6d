"""Quality columns in the four conventions, and those of which none can be told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiftwork.records.historian.values.quality import BAD, GOOD, UNCERTAIN, status_of_word
from support.export_builders import lines, plant, read, shown, write
from support.record_builders import refused

DAY = "2025-03-04"
MARKS = {GOOD: "", UNCERTAIN: "?", BAD: "!"}


def convention(name: str, more: str = "") -> str:
    return f'[quality]\nconvention = "{name}"\n{more}'


def export(qualities: list[str]) -> str:
    """A long export with these qualities on x0, and a good value of each of them on SP."""
    rows = [
        f"x0,{DAY} {row // 60:02d}:{row % 60:02d},1,{quality}"
        for row, quality in enumerate(qualities)
    ]
    return lines("tag,time,value,quality", f"SP,{DAY},1,{qualities[0]}", *rows)


# name: (qualities in the order of rows, their statuses), with TOML for the plant if needed
READ = {
    # OPC UA: 32-bit codes by their top two bits.
    "opc": (["0", "1073741824", "2147483648"], "g?!"),
    "opc's own codes": (["0", "2156724224", "1083113472", "2150891520"], "g!?!"),
    "opc with information bits": (["0", "1024", "1025", "2147483648"], "ggg!"),
    "opc in hexadecimals": (["0x00000000", "0x40920000", "0x80340000"], "g?!"),
    "opc as signed numbers": (["0", "-2147483648", "-2143944704"], "g!!"),
    "opc, reserved bits": (["0", "3221225472"], "g!"),
    "opc as floats": (["0.0", "2147483648.0"], "g!"),
    "opc, all good, told": (["0", "0"], "gg", convention("opc")),
    # Sparkplug.
    "sparkplug": (["192", "0", "500"], "g!!"),
    "sparkplug, all good": (["192", "192"], "gg"),
    "sparkplug, only stale": (["500", "500"], "!!"),
    "sparkplug, all bad, told": (["0", "0"], "!!", convention("sparkplug")),
    "sparkplug as floats": (["192.0", "0.0"], "g!"),
    # Words.
    "words": (["Good", "Not Good", "Suspect"], "g!?"),
    "words in small letters": (["good", "bad", "uncertain", "questionable"], "g!??"),
    "words with other separators": (["GOOD", "NOT_GOOD", "not-good", "NotGood"], "g!!!"),
    "names of OPC's codes": (["Good", "GoodClamped", "UncertainLastUsableValue", "BadNoCommunication"],
                             "gg?!"),
    "words of other historians": (["OK", "Valid", "Invalid", "Substituted", "Failed"], "gg!?!"),
    "truths": (["true", "false"], "g!"),
    "words, some of them missing": (["Good", "", "Bad"], "g?!"),
    # Confidence.
    "confidence": (["100", "90", "89", "50", "49", "0"], "gg??!!"),
    "confidence in fractions": (["99.5", "89.999", "49.999"], "g?!"),
    "confidence, all sure": (["100", "100"], "gg"),
    "confidence with other thresholds": (["100", "60", "20"], "gg?",
                                         "[quality]\ngood_confidence = 60\nuncertain_confidence = 20\n"),
    "confidence, all low, told": (["10", "20"], "!!", convention("confidence")),
    "nothing at all": (["", ""], "??"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_reads(name, tmp_path):
    qualities, expected, *told = READ[name]
    samples = read(write(tmp_path, "export.csv", export(qualities)), plant(*told))
    marks = expected.replace("g", " ")
    rows = " | ".join(f"x0 00:{r:02d} 1{m.strip()}" for r, m in enumerate(marks))
    assert shown(samples) == f"rr 00:00 1{marks[0].strip()} | {rows}"


# name: (qualities, what the message says), with TOML for the plant in front of it if needed
WRONG = {
    "only zeros": (["0", "0"], "(0) fits several conventions or none", "set quality.convention"),
    "flags": (["1", "0"], "(0, 1) fits several"),
    "an enumeration": (["0", "1", "2", "3"], "(0, 1, 2, 3) fits several"),
    "only low confidence": (["10", "20"], "(10, 20) fits several"),
    "shares of one": (["0.5", "1.0"], "(0.5, 1) fits several"),
    "sparkplug and more": (["192", "0", "300"], "(0, 192, 300) fits several"),
    "a word nobody knows": (["Good", "Wobbly"], "'wobbly' is not one of the convention 'words'"),
    "a word among numbers": (["192", "Good"], "quality '192' is not one of the convention 'words'"),
    "a number among words, told": (["Good", "7"], "quality '7'", convention("words")),
    "192 told to be opc": (["192", "0"], "quality '192' is not one of the convention 'opc'",
                           convention("opc")),
    "more than 32 bits": (["4294967296", "0"], "'4.29497e+09'", "'opc'"),
    "a half code": (["65536.5", "0"], "'65536.5'", "'opc'"),
    "words told to be opc": (["Good", "Bad"], "'good'", "'opc'", convention("opc")),
    "64 told to be sparkplug": (["192", "64"], "'64'", convention("sparkplug")),
    "192 told to be confidence": (["100", "192"], "'192'", "'confidence'", convention("confidence")),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_refuses(name, tmp_path):
    qualities, *parts = WRONG[name]
    told = [part for part in parts if part.startswith("[")]
    path = write(tmp_path, "export.csv", export(qualities))
    refused(lambda: read(path, plant(*told)), path, *(p for p in parts if p not in told))


def test_a_bad_quality_stays_bad_whatever_the_value_and_the_other_way_round(tmp_path):
    rows = [f"SP,{DAY},1,192", f"x0,{DAY} 00:00,2,0", f"x0,{DAY} 00:01,Bad Input,192"]
    path = write(tmp_path, "export.csv", lines("tag,time,value,quality", *rows))
    assert shown(read(path)) == "rr 00:00 1 | x0 00:00 2! | x0 00:01 'Bad Input'!"


@pytest.mark.parametrize(
    "name", ["x0 quality", "x0.Quality", "x0_status", "x0 [quality]", "x0 Confidence", "x0:qual"]
)
def test_the_wide_form_has_a_column_of_quality_beside_each_tag(name, tmp_path):
    rows = [
        f"{DAY} 00:00,1,2,100",
        f"{DAY} 00:01,1,,60",
        f"{DAY} 00:02,1,3,60",
        f"{DAY} 00:03,1,4,",
    ]
    path = write(tmp_path, "export.csv", lines(f"time,SP,x0,{name}", *rows))
    assert shown(read(path)).partition(" | x0")[2] == (
        " 00:00 2 | x0 00:01 -! | x0 00:02 3? | x0 00:03 4?"
    )


def test_one_convention_holds_for_all_files(tmp_path):
    first = write(tmp_path, "a.csv", export(["0", "0"]))
    second = write(tmp_path, "b.csv", export(["0", "2147483648"]).replace(DAY, "2025-03-05"))
    refused(lambda: read(first), "fits several conventions")
    assert shown(read([first, second])) == (
        "rr 00:00 1 | rr 2025-03-05 00:00 1 | x0 00:00 1 | x0 00:01 1"
        " | x0 2025-03-05 00:00 1 | x0 2025-03-05 00:01 1!"
    )


def test_a_column_of_too_many_qualities_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr("shiftwork.records.historian.values.quality.MOST_VALUES", 100)
    path = write(tmp_path, "export.csv", export([f"word {i}" for i in range(60)] * 2))
    refused(lambda: read(path), "'word 0' is not one of")
    monkeypatch.setattr("shiftwork.records.historian.values.quality.MOST_VALUES", 50)
    refused(lambda: read(path), path, "more than 50 different values", "export.quality")


@given(st.sampled_from(["good", "Good ", "NOT GOOD", "not_good", "bad", "suspect"]))
def test_words_keep_their_meaning_in_any_spelling(word):
    expected = {"g": GOOD, "n": BAD, "b": BAD, "s": UNCERTAIN}[word.strip().lower()[0]]
    assert status_of_word(word) == expected
    assert status_of_word(f"  {word.upper()}\t") == expected
