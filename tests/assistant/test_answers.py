# ruff: noqa: E501  (tables of questions)
"""Answers against pandas code that imports nothing of the package; saved ones are checked again."""

import json

import numpy as np
import pandas as pd
import pytest

from shiftwork.assistant.answers import load_answer
from shiftwork.assistant.assistant import Assistant
from shiftwork.assistant.check import faults
from shiftwork.assistant.shown import number
from shiftwork.errors import UserError
from support.assistant_builders import NOW, SOURCES, course

YESTERDAY = ("2025-10-28", "2025-10-29")
BEFORE = ("2025-10-27", "2025-10-28")


@pytest.fixture(scope="module")
def assistant(folder):
    return Assistant(folder / "export.csv", folder / "plant.toml", now=NOW)


def truth(folder, tag, span):
    held = tag in ("valve", "income", "fuel_cost")
    source = SOURCES.get(tag, tag)
    oldest = 86_400.0 if held else 36_000.0
    return course(folder / "export.csv", source, *span, not held, oldest)


PAIRS = [
    ("어제 유량 평균", "mean of flow yesterday", "flow", YESTERDAY, np.nanmean),
    ("10월 26일 출구 온도 평균", "mean outlet temperature on October 26", "cot", ("2025-10-26", "2025-10-27"), np.nanmean),
    ("어제 야간조 밸브 평균", "mean of valve in yesterday's night shift", "valve", ("2025-10-28T22:00", "2025-10-29T06:00"), np.nanmean),
    ("지난주 유량 합계", "total flow last week", "flow", ("2025-10-20", "2025-10-27"), lambda x: np.nansum(x) / 3600),
    ("어제 출구온도가 841도 초과인 시간 비율", "how often was cot above 841 C yesterday", "cot", YESTERDAY, lambda x: (x > 841)[x.notna()].mean()),
    ("어제 출구온도가 841도 이하인 시간 비율", "share of time cot was at most 841 C yesterday", "cot", YESTERDAY, lambda x: (x <= 841)[x.notna()].mean()),
]  # fmt: skip


@pytest.mark.parametrize(("korean", "english", "tag", "span", "compute"), PAIRS)
def test_both_languages_give_the_figure_of_pandas(
    folder, assistant, korean, english, tag, span, compute
):
    answers = [assistant.ask(question) for question in (korean, english)]
    assert [a.status for a in answers] == ["answered", "answered"]
    assert answers[0].figures == answers[1].figures
    (figure,) = answers[0].figures
    right = float(compute(truth(folder, tag, span)))
    tolerance = {"abs": 2e-3} if "share" in figure.statistic else {"rel": 1e-6}
    assert figure.value == pytest.approx(right, **tolerance)
    digits = [pd.Series(list(a.shown)).where(lambda c: c.str.isdigit()).dropna() for a in answers]
    assert list(digits[0]) == list(digits[1])
    assistant.recompute(answers[0])


def test_a_comparison_a_relation_and_earnings_are_those_of_pandas(folder, assistant):
    compared = assistant.ask("어제 유량을 그저께와 비교하면?").figures
    means = [truth(folder, "flow", span).mean() for span in (YESTERDAY, BEFORE)]
    assert [f.statistic for f in compared][::3] == ["difference", "mean"]
    assert compared[0].value == pytest.approx(means[0] - means[1], rel=1e-5)

    week = ("2025-10-20", "2025-10-27")
    hourly = {t: truth(folder, t, week) for t in ("flow", "cot", "income", "fuel_cost")}
    hours = np.arange(len(hourly["flow"])) // 3600
    by_hour = pd.DataFrame({t: s.groupby(hours).mean() for t, s in hourly.items()})
    related = {f.statistic: f for f in assistant.ask("relation of flow and cot last week").figures}
    x, y = by_hour["flow"], by_hour["cot"]
    assert related["correlation"].value == pytest.approx(x.corr(y), abs=1e-6)
    lagged = {lag: x.corr(y.shift(-lag)) for lag in range(-24, 25)}
    best = max(lagged, key=lambda lag: abs(lagged[lag]))
    assert related["strongest correlation"].value == pytest.approx(lagged[best], abs=1e-6)
    assert related["lag of the strongest correlation"].value == best

    earned = {(f.tag, f.unit): f.value for f in assistant.ask("지난주 수익은?").figures}
    profit = by_hour["income"] - by_hour["fuel_cost"]
    assert earned["objective", "$/h"] == pytest.approx(profit.mean(), rel=1e-6)
    assert earned["objective", "$"] == pytest.approx(profit.sum(), rel=1e-6)
    assert earned["fuel_cost", "$"] == pytest.approx(-by_hour["fuel_cost"].sum(), rel=1e-6)
    assert earned["income", "$"] + earned["fuel_cost", "$"] == pytest.approx(
        earned["objective", "$"]
    )


def test_a_saved_answer_is_checked_in_every_part(tmp_path, assistant):
    file = tmp_path / "answer.json"
    answer = assistant.ask("plot flow yesterday")
    answer.save(file)
    assert load_answer(file) == answer
    assistant.recompute(load_answer(file))
    about = json.loads(file.read_text(encoding="utf-8"))

    def changed(change):
        again = json.loads(json.dumps(about))
        change(again)
        file.write_text(json.dumps(again), encoding="utf-8")
        assistant.recompute(load_answer(file))

    for change in (
        lambda a: a["figures"][0].update(value=np.nextafter(a["figures"][0]["value"], 99)),
        lambda a: a["figures"][0].update(unit="kg/h"),
        lambda a: a["figures"][0].update(rows=3),
        lambda a: a["charts"][0].update(sha256="0" * 64),
        lambda a: a.update(shown=a["shown"].replace("2", "3", 1)),
        lambda a: a.update(text=a["text"] + " {f9}"),
        lambda a: a.pop("figures"),
        lambda a: a["figures"][0].update(tool="eval"),
    ):
        with pytest.raises(UserError):
            changed(change)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (1234567.0, "1234567"), (0.00012345678, "0.00012346"), (850.0, "850"), (-2.5, "-2.5"), (99999.96, "100000")],
)  # fmt: skip
def test_numbers_have_five_digits_and_no_exponent(value, text):
    assert number(value) == text


HONEST = [
    "The mean of flow was {f1} ({f1.range}).",
    "Here is what the records show: {f1.label}: {f1}.",
    "The flow may be judged by its mean, {f1}; coverage {f1.coverage}.",
    "{f1.label}: {f1}",
    "유량의 평균은 {f1}입니다.",
    "이번 질문에 대한 평균: {f1}. 기록에서 계산했습니다.",
    "조사한 기간의 평균값은 {f1}이고 범위는 {f1.range}입니다.",
    "만일 필요하면 다른 기간도 물어보세요. flow 평균: {f1}",
    "사이의 이상 여부와 상관없이 평균은 {f1}입니다.".replace("상관없이", "함께"),
]
DISHONEST = [
    "The mean was {f1}, about 20 more.", "The mean was {f1}, Ⅻ in all.", "twenty: {f1}", "It was {f1}, or ⑤.",
    "mean {f1} % of it", "mean {f1} kg", "it rose to {f1}", "flow was lower at {f1}", "The maximum was {f1}.",
    "The mean of cot was {f1}.", "cot: {f1}", "The mean is {f9}", "The mean is {f0}", "The mean is {x}",
    "The mean is {f1}{f1}", "The mean is -{f1}", "The mean is - {f1}", "{f1}0 is the mean", "{f1}.5 is the mean",
    "The mean is {f1} million", "The mean is twice {f1}", "half of {f1}", "the mean doubled to {f1}",
    "평균은 {f1}이고 팔백오십입니다", "평균은 {f1}, 이십 정도", "평균은 {f1}으로 상승했습니다", "평균은 두 배인 {f1}",
    "평균은 {f1} 톤", "평균 {f1} 퍼센트", "최댓값은 {f1}", "평균은 {f1}으로 낮습니다", "三 {f1}", "평균 {f1} 스물",
    "The mean is {f1} yesterday", "지난주 평균은 {f1}", "in March it was {f1}", "{f1} because the pump failed",
    "원인은 펌프입니다 {f1}", "no figure at all", "see https://example.org {f1}", "![x](y) {f1}", "<b>{f1}</b>",
    "mean {f1} C", "mean {f1} t/h", "mean {f1} degrees", "\u200b{f1} ４２", "the mean was fourfold, {f1}",
    "ninety-nine {f1}", "{f1} was not higher", "the median was {f1}", "the mean of fl\u043ew is {f1}", "삼점오 {f1}",
    "a dozen times, mean {f1}", "mean {f1} per hour", "stable mean {f1}", "mean of {f1} × {f1}", "일정한 평균 {f1}",
    "mean {f1}\u00b2", "mean one half {f1}", "절반인 {f1}", "mean: ﹣{f1}", "mean {f1}e{f1}",
]  # fmt: skip


@pytest.fixture(scope="module")
def figures(assistant):
    return assistant.ask("mean of flow yesterday").figures


@pytest.mark.parametrize("text", HONEST)
def test_honest_texts_pass(assistant, figures, text):
    assert faults(text, figures, assistant.export.plant.tags) == []


@pytest.mark.parametrize("text", DISHONEST)
def test_texts_that_say_more_than_their_figures_do_not_pass(assistant, figures, text):
    assert faults(text, figures, assistant.export.plant.tags)


def test_directions_must_agree_with_the_sign(assistant):
    figures = assistant.ask("compare flow yesterday with the day before yesterday").figures
    words = ("higher", "lower") if figures[0].value > 0 else ("lower", "higher")
    assert faults(f"The difference is {{f1}}: it was {words[0]}.", figures) == []
    assert faults(f"The difference is {{f1}}: it was {words[1]}.", figures)
    assert faults(f"The difference is {{f1}}: it was not {words[0]}.", figures)
    assert faults(f"The mean was {words[0]}: {{f4}}", figures)
