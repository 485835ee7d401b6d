"""The checker: a text is shown only if nothing in it says more than its figures do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from shiftwork.assistant import lexicon
from shiftwork.assistant.figures import Figure
from shiftwork.assistant.shown import SLOT

_CLAUSE = re.compile(
    r"[.;:!?,\n]|\band\b|\bwhile\b|\bbut\b|그리고|하지만|이고|이며|(?<=\})\s*[와과]\s"
)
_HIDDEN = ("Cf", "Co", "Cn", "Cs", "Cc")
"""Classes of characters that hide something: no width, private, none, control."""

LONGEST = 4000


def faults(text: str, figures: Sequence[Figure], tags: Collection[str] = ()) -> list[str]:
    """Say what in a text no figure backs.

    Args:
        text: With slots such as {f1} or {f1.range}.
        figures: Those that the slots may name.
        tags: Names of all tags of the plant; one that no figure is about is a fault.

    Returns:
        One line for each fault; none if the text may be shown.
    """
    if len(text) > LONGEST:
        return [f"longer than {LONGEST} characters"]
    found = _slot_faults(text, figures)
    if found:
        return found
    used = [figures[int(match[1]) - 1] for match in SLOT.finditer(text)]
    if not used:
        return ["no figure is shown"]
    found += _tag_faults(text, used, tags)
    bare = SLOT.sub(" ", _without_names(text, used))
    found += _character_faults(bare)
    # Letters in other shapes are read as what they stand for; digits were looked for before.
    plain = unicodedata.normalize("NFKC", bare).casefold()
    found += _word_faults(plain)
    found += _direction_faults(plain, used)
    for clause in _CLAUSE.split(text):
        found += _clause_faults(clause, used, figures)
    return found


def _slot_faults(text: str, figures: Sequence[Figure]) -> list[str]:
    found = [
        f"{match[0]} names no figure"
        for match in SLOT.finditer(text)
        if int(match[1]) > len(figures)
    ]
    if re.search(r"[{}<>\[\]`|\\]|https?:|www\.|//", SLOT.sub("", text)):
        found.append("braces, markup or links outside of slots")
    # A sign, digit or letter beside a slot would make another number of it.
    bare = re.sub(r"\{f\d+\.\w+\}", "", text)
    for match in SLOT.finditer(bare):
        before, after = bare[: match.start()], bare[match.end() :]
        signs = [*before.rstrip()[-1:], *after.lstrip()[:1]]
        if (
            any(
                unicodedata.category(sign) in ("Sm", "Pd", "Sk", "Sc") or sign in "*/%°"
                for sign in signs
            )
            or re.search(r"[\w.}]$", before)
            or re.match(r"(?![가-힣])\w|\{|[.,:]\w", after)
        ):
            found.append("a character beside a slot would change the number")
    return found


def _names(figure: Figure) -> set[str]:
    return {figure.tag, *(str(v) for k, v in figure.arguments.items() if k in ("tag", "other"))}


def _mentioned(name: str, text: str) -> bool:
    return (
        re.search(rf"(?<![\w.]){re.escape(name)}(?![a-zA-Z0-9_])", text, re.IGNORECASE) is not None
    )


def _without_names(text: str, used: Sequence[Figure]) -> str:
    """The text without the names of tags that figures in it are about."""
    for name in sorted({name for figure in used for name in _names(figure)}, key=len, reverse=True):
        text = re.sub(
            rf"(?<![\w.]){re.escape(name)}(?![a-zA-Z0-9_])", " ", text, flags=re.IGNORECASE
        )
    return text


def _tag_faults(text: str, used: Sequence[Figure], tags: Collection[str]) -> list[str]:
    backed = {name for figure in used for name in _names(figure)}
    rest = _without_names(text, used)
    return [
        f"no figure is about {tag}" for tag in tags if tag not in backed and _mentioned(tag, rest)
    ]


def _character_faults(text: str) -> list[str]:
    for character in text:
        if character in "\n\t":
            continue
        kind = unicodedata.category(character)
        if kind in ("Nd", "Nl", "No") or unicodedata.numeric(character, None) is not None:
            return [f"the digit {character!r} stands outside of slots"]
        if kind in _HIDDEN:
            return [f"the character {character!a} hides something"]
        if character.isalpha() and not _is_known_letter(character):
            return [f"the letter {character!r} is neither Latin nor Korean"]
    return []


def _is_known_letter(character: str) -> bool:
    name = unicodedata.name(character, "")
    return name.startswith(("LATIN ", "HANGUL ")) or character in "°℃℉µΩ㎏"


def _word_faults(plain: str) -> list[str]:
    korean = lexicon.NOT_NUMBERS_KO.sub(" ", plain)
    found = []
    for words, pattern, text in (
        ("number", lexicon.NUMBERS_EN, plain),
        ("number", lexicon.NUMBERS_KO, korean),
        ("unit", lexicon.UNITS, plain),
        ("time", lexicon.TIMES, plain),
        ("cause", lexicon.CAUSES, plain),
        ("sum", lexicon.SUMS, plain),
    ):
        if match := pattern.search(text):
            found.append(f"the {words} '{match[0].strip()}' stands outside of slots")
    if match := re.search(r"(?<!\w)[a-z](?:/[a-z])?(?!\w)", re.sub(r"\b(?:a|i|s)\b", " ", plain)):
        found.append(f"'{match[0]}' may be a unit")
    return found


def _direction_faults(plain: str, used: Sequence[Figure]) -> list[str]:
    up, down = lexicon.UP.search(plain), lexicon.DOWN.search(plain)
    word = up or down
    if word is None:
        return []
    if up and down:
        return ["the text says both up and down"]
    if lexicon.NEGATION.search(plain):
        return [f"'{word[0]}' stands with a negation"]
    signs = {
        (figure.value > 0) - (figure.value < 0)
        for figure in used
        if figure.statistic == "difference"
    }
    if signs != {1 if up else -1}:
        return [f"no figure backs '{word[0]}'"]
    return []


def _clause_faults(clause: str, used: Sequence[Figure], figures: Sequence[Figure]) -> list[str]:
    """What a clause calls its figures must be what they are."""
    shown = [figures[int(match[1]) - 1] for match in SLOT.finditer(clause)]
    plain = unicodedata.normalize("NFKC", SLOT.sub(" ", _without_names(clause, used))).casefold()
    found = []
    for name, pattern in lexicon.STATISTICS.items():
        match = pattern.search(plain)
        if match is None:
            continue
        means = {"mean", "difference", "earned"} if name == "mean" else {name}
        if not any(
            figure.statistic.startswith(tuple(means)) or name in figure.statistic for figure in used
        ):
            found.append(f"no figure is a {match[0]}")
        elif shown and not all(
            figure.statistic.startswith(tuple(means)) or name in figure.statistic
            for figure in shown
        ):
            found.append(f"'{match[0]}' stands beside another statistic")
    for tag in {name for figure in used for name in _names(figure)}:
        if shown and _mentioned(tag, clause) and not any(tag in _names(figure) for figure in shown):
            found.append(f"'{tag}' stands beside a figure of another tag")
    return found
