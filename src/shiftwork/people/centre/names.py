"""What people call a centre's tags, in English and Korean; the assistant knows these names."""

from __future__ import annotations

import re

PARTS = {
    "furnace": {
        "cot_set": ("outlet temperature set-point", "출구 온도 설정값"),
        "feed_set": ("feed set-point", "원료 유량 설정값"),
        "feed": ("feed", "원료 유량"),
        "cot": ("outlet temperature", "출구 온도"),
        "steam": ("dilution steam", "희석 스팀"),
        "tube": ("tube temperature", "튜브 온도"),
        "run": ("hours since the decoke", "디코킹 후 운전 시간"),
        "mode": ("mode", "운전 상태"),
    },
    "tank": {
        "level": ("level", "레벨"),
        "share": ("share of the feed", "공급 비율"),
        "status": ("status", "상태"),
        "n_paraffins": ("n-paraffins", "노말파라핀"),
        "isoparaffins": ("isoparaffins", "이소파라핀"),
        "naphthenes": ("naphthenes", "나프텐"),
        "aromatics": ("aromatics", "방향족"),
    },
    "berth": {"cargo": ("cargo aboard", "남은 화물"), "state": ("state", "상태")},
}
"""Of each numbered unit, by the rest of the key."""
UNITS = {
    "furnace": ("furnace {}", "{}호 가열로"),
    "tank": ("tank {}", "{}번 탱크"),
    "berth": ("berth {}", "{}번 부두"),
}
WHOLE = {
    "feed_n_paraffins": ("n-paraffins of the feed", "원료 노말파라핀"),
    "feed_isoparaffins": ("isoparaffins of the feed", "원료 이소파라핀"),
    "feed_naphthenes": ("naphthenes of the feed", "원료 나프텐"),
    "feed_aromatics": ("aromatics of the feed", "원료 방향족"),
    "recipe": ("recipe", "배합"),
    "compressor_load": ("compressor load", "압축기 부하"),
    "steam_load": ("steam load", "스팀 부하"),
    "ethane_drum": ("ethane in the drum", "에탄 드럼 재고"),
    "ethylene": ("ethylene made", "에틸렌 생산량"),
    "ships_at_anchor": ("ships at anchor", "대기 선박 수"),
    "next_ship": ("hours until the next ship", "다음 선박까지 시간"),
    "naphtha_price": ("price of naphtha", "나프타 가격"),
    "ethylene_price": ("price of ethylene", "에틸렌 가격"),
    "propylene_price": ("price of propylene", "프로필렌 가격"),
    "butadiene_price": ("price of butadiene", "부타디엔 가격"),
    "fuel_price": ("price of fuel", "연료 가격"),
    "demurrage": ("demurrage paid", "체선료"),
}


def names_of(key: str) -> tuple[str, str] | None:
    """What a tag is called in English and in Korean; None where its key says it."""
    match = re.fullmatch(r"(furnace|tank|berth)_(\d+)_(\w+)", key)
    if match is None:
        return WHOLE.get(key)
    unit, number, part = match.groups()
    if part not in PARTS[unit]:
        return None
    (english, korean), (of_english, of_korean) = PARTS[unit][part], UNITS[unit]
    return f"{english} of {of_english.format(number)}", f"{of_korean.format(number)} {korean}"
