"""Which encoding a text is in, by the bytes beyond ASCII and by the names that are looked for."""

from __future__ import annotations

from collections.abc import Iterable

from shiftwork.errors import UserError

LEGACY = ("cp949", "gbk", "cp932", "cp1252")
"""Encodings that are tried where a text is not UTF-8."""

LEAST_LEAD = 0.15
"""Lead of the likeliest encoding over the next one, 0 to 1, that is enough to be sure."""

SCORED_BYTES = 2**14
"""Text that is scored character by character."""

LEAST_SCORE = 0.2
"""Likelihood of an encoding below which it is not taken."""

_KOREAN = frozenset(
    "온도압력유량시간일시태그값품질상태밸브액위양호불량정상이상평균입구출구반응기급기배기냉각수증기가열개방운전정지자동수동설정계측측정번호이름단위날짜펌프탱크년월분초전후"
)
_CHINESE = frozenset(
    "温度压力流量时间日期阀门液位开关状态质量好坏值名称点位号标签反应器进出口蒸汽水泵塔罐换热加自动手设定测报警正常异运行停止平均数据单瞬累计年月分秒"
)
_JAPANESE = frozenset(
    "温度圧力流量時間日時弁液位開閉状態品質良否値名称点番号反応器入出口蒸気水槽塔熱自動手設定測運転停止平均年月分秒"
)
_WESTERN = frozenset("äöüÄÖÜßéèêëàâçñáíóúÉÈÀÇÑÁÍÓÚôûîïåæøÅÆØãõìòù°µ²³·±×€–—‘’“”§½¼\u00a0")


def encoding_of(raw: bytes, name: str, expected: Iterable[str] = ()) -> str:
    """Decide the encoding of text that is not ASCII.

    Args:
        raw: Some of it, whole lines.
        name: The file, for the error.
        expected: Names that the text should hold, such as those of tags.

    Returns:
        A codec's name.

    Raises:
        UserError: The bytes fit several encodings equally well, or none.
    """
    broken = _broken_utf8(raw)
    if broken is None:
        return "utf-8"
    if broken > 0:
        raise UserError(
            f"{name}: is UTF-8 but for line {broken}; fix the line, or set export.encoding"
        )
    fitting = [codec for codec in LEGACY if decodes(raw, codec)]
    if not fitting:
        raise UserError(
            f"{name}: its text is neither UTF-8 nor CP949, GBK, Shift-JIS or Windows-1252; set "
            "export.encoding, or save it as UTF-8"
        )
    wanted = [text for text in expected if not text.isascii()]
    holding = {c: sum(_encoded(text, c) in raw for text in wanted) for c in fitting if wanted}
    most = max(holding.values(), default=0)
    if most and sum(count == most for count in holding.values()) == 1:
        return max(holding, key=lambda codec: holding[codec])
    # Only lines beyond ASCII say anything, wherever in the file they stand.
    raw = b"\n".join(line for line in raw.split(b"\n") if not line.isascii())[:SCORED_BYTES]
    scores = sorted(((_score(raw, codec), codec) for codec in fitting), reverse=True)
    if scores[0][0] < LEAST_SCORE:
        raise UserError(
            f"{name}: its text is neither UTF-8 nor likely CP949, GBK, Shift-JIS or Windows-1252; set "
            "export.encoding, or save it as UTF-8"
        )
    if len(scores) > 1 and scores[0][0] - scores[1][0] < LEAST_LEAD:
        names = " or ".join(codec for _, codec in scores[:2])
        raise UserError(
            f"{name}: its text may be {names}, or another encoding; set export.encoding to the right one"
        )
    return scores[0][1]


def _broken_utf8(raw: bytes) -> int | None:
    """None if it is UTF-8; the number of the one bad line if nearly all is; else 0."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end == len(raw) and error.reason == "unexpected end of data":
            return None
    else:
        return None
    whole, broken, line_broken = 0, 0, 0
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            whole += 1
        except UnicodeDecodeError:
            broken += 1
            line_broken = line_broken or number
    return line_broken if whole > 10 * broken else 0


def decodes(raw: bytes, codec: str) -> bool:
    """Whether text is in an encoding, but for a last character that is cut."""
    try:
        raw.decode(codec)
    except UnicodeDecodeError as error:
        return error.end >= len(raw) - 1 and "incomplete" in error.reason
    return True


def _encoded(text: str, codec: str) -> bytes:
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return b"\0"  # which stands in no text


def _score(raw: bytes, codec: str) -> float:
    """How likely the characters beyond ASCII are in this encoding, about 0 to 1."""
    text = raw.decode(codec, "ignore")
    found = [character for character in text if ord(character) > 127]
    if not found:
        return 0.0
    if codec == "cp1252":
        # In the West these letters stand alone between others; in the East they come in runs.
        lone = [i for i, c in enumerate(text) if ord(c) > 127]
        runs = sum(
            1
            for i in lone
            if i + 2 < len(text) and ord(text[i + 1]) > 127 and ord(text[i + 2]) > 127
        )
        return sum(c in _WESTERN for c in found) / len(found) - runs / len(found)
    return sum(_likely(character, codec) for character in found) / len(found)


def _likely(character: str, codec: str) -> float:
    code = ord(character)
    if codec == "cp949":
        if 0xAC00 <= code <= 0xD7A3:
            if _encoded(character, "euc_kr") == b"\0":
                return -1.0  # a syllable that Korean does not use
            return 1.0 if character in _KOREAN else 0.6
        return _mark(character)
    if codec == "gbk":
        if 0x4E00 <= code <= 0x9FFF:
            if character in _CHINESE:
                return 1.0
            lead = _encoded(character, "gb2312")[0]
            return 0.5 if 0xB0 <= lead <= 0xD7 else -0.2
        return _mark(character)
    if 0x3040 <= code <= 0x30FF:
        return 1.0
    if 0x4E00 <= code <= 0x9FFF:
        if character in _JAPANESE:
            return 1.0
        return 0.5 if 0x88 <= _encoded(character, "cp932")[0] <= 0x97 else -0.2
    return -0.3 if 0xFF61 <= code <= 0xFF9F else _mark(character)


def _mark(character: str) -> float:
    """Signs that tables have in every encoding."""
    return 0.6 if character in "℃°㎥㎏％（），：。、±µ·²³" else -0.5
