# ruff: noqa: E501  (tables of notes and queries)
"""Korean search: 25 notes of a plant, 100 queries, is the right note first?

python -m benchmarks.assistant_search

Notes and queries were written by hand: other endings, other word order and synonyms than in the note.
Two other ways to cut the text stand beside it: whole words, and FTS5's own trigrams. Rows are in
``results/assistant_search.csv``, one for each query and way.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.results import write_rows, write_table
from shiftwork.assistant.documents.passages import passages_of
from shiftwork.assistant.documents.search import Documents

NOTES: list[tuple[str, tuple[str, str, str, str]]] = [
    ("가열로 튜브 온도가 1080도를 넘으면 디코킹 일정을 잡고 원료를 줄인다.", ("튜브 온도 몇 도에서 디코킹하나", "코크 제거 일정은 언제 잡나", "디코킹 전 원료를 줄이는 기준", "튜브가 뜨거우면 어떻게 하나")),
    ("디코킹은 스팀과 공기로 코크를 태우며 이틀 걸린다.", ("코크를 태우는 방법", "디코킹에 걸리는 기간", "스팀과 공기로 코크 제거", "코크 제거는 며칠 걸리나")),
    ("나프타 선박은 접안 두 시간 뒤 하역을 시작한다. 하역 속도는 시간당 1,200 입방미터이다.", ("하역 속도", "선박 하역은 접안 후 언제 시작하나", "나프타 하역 시작 시각", "배가 접안한 다음 하역까지 시간")),
    ("정박 시간을 넘긴 선박에는 하루 이만오천 달러의 체선료를 낸다.", ("체선료는 얼마인가", "정박 시간을 넘기면 내는 돈", "체선 비용", "선박 정박 시간 초과")),
    ("탱크를 채운 뒤 24시간 침강시키고 물을 뺀다.", ("탱크 침강 시간", "탱크의 물은 언제 빼나", "채운 탱크를 침강시키는 시간", "물 빼기 전 침강")),
    ("실험실은 매일 오전 6시에 시료를 채취하고 네 시간 뒤 결과를 알린다.", ("시료 채취 시각", "실험실 결과는 언제 나오나", "실험실에서 시료를 언제 채취하는지", "분석 결과를 알리는 시간")),
    ("예비 펌프 P-102B는 매주 월요일에 시운전한다.", ("예비 펌프 시운전 요일", "P-102B 시운전", "펌프를 월요일에 돌리는 이유", "예비기 시운전은 매주 언제")),
    ("펌프 진동이 초당 7밀리미터를 넘으면 예비기로 전환하고 정비를 부른다.", ("진동이 크면 예비기로 전환", "펌프 진동 한계", "진동 때문에 정비를 부르는 기준", "진동 몇 밀리미터에서 전환하나")),
    ("압축기 부하가 98%를 넘으면 원료를 줄인다.", ("압축기 부하 한계", "컴프레서 부하가 높을 때", "압축기가 98%를 넘으면", "부하가 높아서 원료를 줄이는 조건")),
    ("압축기 3단 토출 온도 경보는 105도에 울린다.", ("토출 온도 경보", "컴프레서 토출 온도 알람", "3단 토출 경보 온도", "압축기 경보는 몇 도에 울리나")),
    ("증류탑 환류비는 1분에 0.2까지만 바꿀 수 있다.", ("환류비를 얼마나 빨리 바꿀 수 있나", "환류비 변화율 한계", "증류탑 환류비 제한", "1분에 바꿀 수 있는 환류비")),
    ("탑정 순도는 0.80 이상 0.87 이하를 지킨다.", ("탑정 순도 범위", "순도를 얼마로 지키나", "탑정 순도의 상한과 하한", "순도 0.80 이상")),
    ("냉각수 온도가 32도를 넘는 여름에는 응축기 팬을 모두 켠다.", ("여름 냉각수 온도", "응축기 팬을 켜는 조건", "냉각수가 뜨거울 때 팬", "팬을 모두 켜는 때")),
    ("야간조 인계 때 미해결 경보 목록을 함께 읽는다.", ("인계할 때 읽는 목록", "미해결 경보는 언제 확인하나", "야간조 인계 절차", "교대 인계에서 알람 목록")),
    ("에이전트를 폐루프로 올리려면 엔지니어의 승인이 필요하다.", ("폐루프 승인", "에이전트를 폐루프로 올리는 사람", "누가 에이전트를 승인하나", "엔지니어 승인이 필요한 것")),
    ("에이전트가 이상하면 운전원은 정지 단추를 누르고 수동으로 되돌린다.", ("에이전트를 멈추는 방법", "정지 단추", "수동으로 되돌리기", "에이전트가 이상할 때 운전원이 할 일")),
    ("스팀 보일러 급수의 산소는 7ppb 아래로 유지한다.", ("급수 산소 농도", "보일러 급수 산소 한계", "산소를 몇 ppb로 유지하나", "보일러 급수 관리")),
    ("화재 시 긴급 차단 밸브 XV-301을 닫고 대피한다.", ("화재가 나면 닫는 밸브", "XV-301은 언제 닫나", "긴급 차단 밸브", "불이 나면 대피 전에 할 일")),
    ("출입 허가서는 작업 시작 하루 전에 신청한다.", ("허가서 신청 기한", "출입 허가서는 언제 신청하나", "작업 하루 전에 신청하는 것", "작업 허가 신청")),
    ("에틸렌 수율이 29% 아래로 내려가면 출구 온도를 점검한다.", ("수율이 낮을 때 점검할 것", "에틸렌 수율 기준", "출구 온도를 점검하는 경우", "수율이 29% 아래")),
    ("연료 가스 압력이 낮으면 버너 두 개를 끈다.", ("연료 가스 압력이 낮을 때", "버너를 끄는 조건", "가스 압력 저하와 버너", "버너 두 개를 끄는 이유")),
    ("레벨 계기 LI-101은 겨울에 얼어서 틀린 값을 보일 수 있다.", ("겨울에 어는 계기", "LI-101 값이 틀리는 이유", "레벨 계기 동결", "레벨이 틀린 값을 보일 때")),
    ("플레어 배출량은 매달 환경팀에 보고한다.", ("플레어 보고", "환경팀에 보고하는 것", "배출량은 얼마나 자주 보고하나", "플레어 배출량 월 보고")),
    ("촉매 재생은 6개월마다 하며 수소를 먼저 차단한다.", ("촉매 재생 주기", "재생 전에 차단하는 것", "수소를 차단하는 작업", "촉매는 몇 개월마다 재생하나")),
    ("열교환기 세척 뒤에는 압력 차가 0.4바 아래여야 한다.", ("열교환기 세척 기준", "세척 후 압력 차", "압력 차가 얼마여야 하나", "열교환기를 씻은 다음 확인할 값")),
]  # fmt: skip

Search = Callable[[str], int]
"""From a query to the number of the first note, 0 if none is found."""


def plain_fts(tokenizer: str) -> Search:
    """FTS5 alone, on the text as it is."""
    base = sqlite3.connect(":memory:")
    base.execute(f"CREATE VIRTUAL TABLE notes USING fts5(body, tokenize = '{tokenizer}')")
    for number, (note, _) in enumerate(NOTES, start=1):
        base.execute("INSERT INTO notes (rowid, body) VALUES (?, ?)", (number, note))

    def first(query: str) -> int:
        words = " OR ".join('"' + word.strip("?.,") + '"' for word in query.split())
        row = base.execute(
            "SELECT rowid FROM notes WHERE notes MATCH ? ORDER BY bm25(notes), rowid", (words,)
        ).fetchone()
        return row[0] if row else 0

    return first


def ours(folder: Path) -> Search:
    """As the assistant searches, over one document of all notes."""
    file = folder / "notes.md"
    file.write_text("\n\n".join(note for note, _ in NOTES), encoding="utf-8")
    documents = Documents(passages_of([file], "Asia/Seoul"))
    numbers = {passage.text: n for n, passage in enumerate(documents.passages, start=1)}

    def first(query: str) -> int:
        found = documents.search(query, most=1)
        return numbers[found[0].text] if found else 0

    return first


def main() -> None:
    """Ask all queries of all ways, write CSV and table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        ways = {
            "syllable pairs and words": ours(Path(folder)),
            "whole words": plain_fts("unicode61"),
            "trigrams": plain_fts("trigram"),
        }
        for way, first in ways.items():
            for number, (_, queries) in enumerate(NOTES, start=1):
                for query in queries:
                    begin = time.perf_counter()
                    found = first(query)
                    ms = 1000 * (time.perf_counter() - begin)
                    rows.append(
                        {"way": way, "query": query, "note": number, "first": found, "milliseconds": ms}
                    )  # fmt: skip
    write_rows("assistant_search", rows)
    table = []
    for way in ways:
        mine = [row for row in rows if row["way"] == way]
        right = sum(row["first"] == row["note"] for row in mine)
        slow = float(np.quantile([float(str(row["milliseconds"])) for row in mine], 0.95))
        table.append((way, f"{right} of {len(mine)}", f"{slow:.1f} ms"))
    print(write_table("assistant_search", ("text is cut into", "right note first", "p95"), table))


if __name__ == "__main__":
    main()
