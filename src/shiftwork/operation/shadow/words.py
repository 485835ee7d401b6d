# ruff: noqa: E501  (tables of words and sentences)
"""The words of the daily page, English and Korean."""

from __future__ import annotations

TEXT = {
    "title": ("Daily page of shadow and advisory: {plant}", "관찰·제안 일일 보고: {plant}"),
    "day": ("{day} (UTC)", "{day} (UTC)"),
    "lead_pass": (
        "Had it acted, we believe that it would have earned more than people did. {gain}",
        "에이전트가 직접 조작했다면 사람보다 더 벌었을 것으로 판단합니다. {gain}",
    ),
    "lead_not proven": (
        "Whether it would have earned more than people did is not proven. {gain}",
        "에이전트가 사람보다 더 벌었을지는 입증되지 않았습니다. {gain}",
    ),
    "lead_worse": (
        "Had it acted, we believe that it would have earned less than people did. {gain}",
        "에이전트가 직접 조작했다면 사람보다 덜 벌었을 것으로 판단합니다. {gain}",
    ),
    "lead_none": (
        "What it would have earned is not known yet: {why}",
        "에이전트가 얼마나 벌었을지는 아직 알 수 없습니다: {why}",
    ),
    "gain_day": (
        "On this day {gain} {unit} (90 % interval {low} to {high}).",
        "이날 {gain} {unit} (90 % 구간 {low} ~ {high}).",
    ),
    "gain_step": (
        "In each step {gain} {unit} (90 % interval {low} to {high}).",
        "단계마다 {gain} {unit} (90 % 구간 {low} ~ {high}).",
    ),
    "too_few": (
        "too few steps to judge by: {rows} of the {need_rows} that are needed, blocks of time {blocks} of {need_blocks} (a block is an episode, or a piece of 100 steps of a long one). Leave it in shadow.",
        "판정할 단계가 부족합니다: 필요한 {need_rows}개 중 {rows}개, 시간 구역 {need_blocks}개 중 {blocks}개(구역은 에피소드 하나 또는 긴 에피소드의 100단계 조각입니다). 관찰 모드로 두십시오.",
    ),
    "no_reward": (
        "the plant file's objective is the same in every step, so it does not say what is earned. Write what counts in its table [objective].",
        "플랜트 파일의 목적 함수가 모든 단계에서 같아서 무엇을 벌었는지 알 수 없습니다. [objective] 표에 중요한 값을 적으십시오.",
    ),
    "team": (
        "no method here says honestly what a team would earn from what people did. Its decisions last for hours, overlap, and each changes what the others see; the gate takes a single agent's steps. What can be counted is below; what it earns is known from a simulator (evaluate), or after it has acted.",
        "사람이 한 일만으로 팀의 수익을 정직하게 말할 방법이 아직 없습니다. 팀의 결정은 여러 시간 이어지고 서로 겹치며 서로가 보는 것을 바꾸는데, 판정기는 에이전트 하나의 단계만 다룹니다. 셀 수 있는 것은 아래에 있습니다. 수익은 시뮬레이터(evaluate)나 실제 조작 뒤에 알 수 있습니다.",
    ),
    "team_lead": (
        "For each decision of each agent, where its own macro-action had ended: what the envelope left of its choice, and the macro-action in force one period later. Each is compared in the state to which people had brought the plant; what would have followed from the team's own choices is not seen.",
        "에이전트마다 자신의 매크로 행동이 끝나 결정할 때, 안전 한계를 거친 선택과 한 주기 뒤의 매크로 행동을 비교합니다. 모두 사람이 만든 상태에서의 비교이며, 팀이 직접 선택했을 때 이어졌을 일은 알 수 없습니다.",
    ),
    "role": ("Role", "역할"),
    "compared": ("Decisions compared", "비교한 결정"),
    "only_one": ("Only one choice permitted", "허용된 선택이 하나뿐"),
    "same": (
        "Same choice as people, where several were permitted",
        "여럿이 허용될 때 사람과 같은 선택",
    ),
    "even": ("An even draw would agree in", "고르게 뽑을 때의 일치"),
    "binding": ("Macro-actions permitted, of all", "전체 중 허용된 매크로 행동"),
    "outside": ("People chose what was not permitted", "허용되지 않은 사람의 선택"),
    "macro": ("Macro-action", "매크로 행동"),
    "state": ("In force before", "그 전의 매크로 행동"),
    "several": ("Decisions with several permitted", "여럿이 허용된 결정"),
    "people_else": ("People chose something else", "사람이 다른 것을 선택"),
    "team_else": ("It would have chosen something else", "에이전트가 다른 것을 선택"),
    "permitted": ("Permitted", "허용"),
    "chose": ("People chose", "사람의 선택"),
    "would_choose": ("It would have chosen", "에이전트의 선택"),
    "both": ("Both", "둘 다"),
    "by_choice": ("By macro-action", "매크로 행동별"),
    "by_state": ("By state: the macro-action that had just ended", "상태별: 방금 끝난 매크로 행동"),
    "team_what": (
        "What people earned is read from the history, step by step, without the steps in closed loop. Nothing on this page says what the team would have earned: agreeing with people is neither good nor bad by itself. This page changes no verdict.",
        "사람이 번 값은 자동 제어 단계를 뺀 운전 기록에서 단계별로 읽은 것입니다. 이 보고의 어떤 값도 팀의 수익을 뜻하지 않으며, 사람과 같다는 것 자체는 좋고 나쁨이 아닙니다. 이 보고는 판정을 바꾸지 않습니다.",
    ),
    "source_team": (
        "No gate judges teams (docs/gate.md). Shiftwork {version}, weights {weights}, plant file {plant}.",
        "팀을 판정하는 판정기는 없습니다 (docs/gate.md). Shiftwork {version}, 가중치 {weights}, 플랜트 파일 {plant}.",
    ),
    "did": ("What it would have done, and what people did", "에이전트가 했을 일과 사람이 한 일"),
    "did_lead": (
        "For each decision: what the envelope left of the agent's wish, and the set-point in force one period later, before the next decision.",
        "결정마다 안전 한계를 거친 에이전트의 제안과, 한 주기 뒤 다음 결정 직전의 설정값을 비교합니다.",
    ),
    "action": ("Action", "조작 변수"),
    "n": ("Decisions compared", "비교한 결정"),
    "would": ("It would have set, mean", "에이전트 평균"),
    "people": ("People set, mean", "사람 평균"),
    "difference": ("Difference, mean", "차이 평균"),
    "apart": ("Distance, mean", "거리 평균"),
    "held": ("Changed or stopped by the envelope", "안전 한계가 바꾸거나 막음"),
    "answers": ("Accepted / rejected", "수락 / 거절"),
    "picture": (
        "{action}: what people had in force (grey) and what the agent would have set (blue), over the hours of the day, UTC.{thinned}",
        "{action}: 사람의 설정값(회색)과 에이전트가 했을 설정값(파랑), UTC 시각 기준.{thinned}",
    ),
    "thinned": (" Every {step}th decision is drawn.", " {step}번째 결정마다 그렸습니다."),
    "hours": ("hour of the day, UTC", "시각 (UTC)"),
    "agent": ("agent", "에이전트"),
    "by_people": ("people", "사람"),
    "said": ("What people said to its proposals", "제안에 대한 사람의 응답"),
    "nothing_said": ("No proposal was answered on this day.", "이날 응답한 제안이 없습니다."),
    "when": ("When (UTC)", "시각 (UTC)"),
    "proposal": ("Proposal", "제안"),
    "reason": ("Reason, as given", "이유 (그대로)"),
    "accepted": ("accepted", "수락"),
    "rejected": ("rejected", "거절"),
    "earned": (
        "What we believe it would have earned, and how sure",
        "에이전트의 예상 수익과 확실성",
    ),
    "figure": ("Figure", "항목"),
    "value": ("Value", "값"),
    "people_day": ("People earned on this day", "이날 사람이 번 값"),
    "people_step": (
        "People earned in a step of this day, mean",
        "이날 사람이 단계마다 번 값, 평균",
    ),
    "steps_day": ("Steps of people on this day", "이날 사람의 단계 수"),
    "agent_day": (
        "It would have earned beyond that, on this day",
        "이날 에이전트의 추가 예상 수익",
    ),
    "agent_step": (
        "It would have earned beyond people, in a step",
        "단계마다 에이전트의 추가 예상 수익",
    ),
    "interval": ("{gain} (90 % interval {low} to {high})", "{gain} (90 % 구간 {low} ~ {high})"),
    "verdict": ("Verdict by the live rows", "실제 운전 기록에 의한 판정"),
    "pass": ("pass", "통과"),
    "not proven": ("not proven", "입증되지 않음"),
    "worse": ("worse", "나쁨"),
    "rows": ("Live steps that judge, and blocks of time", "판정에 쓴 실제 단계와 시간 구역"),
    "support": (
        "Of what it would do, done before in a like state",
        "비슷한 상태에서 사람이 해 본 비율",
    ),
    "replay": (
        "What the models promise too much for people's own actions, in a step",
        "사람의 실제 조작에 대해 모델이 단계마다 더 약속한 값",
    ),
    "turned": (
        "The agent with its moves turned round (must not pass)",
        "거꾸로 움직이는 에이전트 (통과하면 안 됨)",
    ),
    "clone": ("A second clone of people (about zero)", "사람을 모방한 두 번째 모델 (0에 가까움)"),
    "before": (
        "Verdict in the agent's folder, which limits its mode",
        "에이전트 폴더의 판정 (모드를 제한함)",
    ),
    "why": ("Why", "이유"),
    "settle": ("What would settle it", "판정에 필요한 것"),
    "mean_what": (
        "The gain of a step is a mean over all live steps that judge; this day's figure is that mean times the steps of the day. It says what acting always would have brought, not what this one day held. Proposals that people accepted count as what people did. The gate judges what the agent wants: what the envelope holds back earns less. This page changes no verdict: shiftwork judge does.",
        "단계별 수익은 판정에 쓴 모든 실제 단계의 평균이고, 이날의 값은 그 평균에 이날의 단계 수를 곱한 것입니다. 이 하루의 사건이 아니라 늘 직접 조작했을 때의 기대값입니다. 사람이 수락한 제안은 사람이 한 일로 셉니다. 판정은 에이전트가 원하는 조작을 대상으로 하며, 안전 한계가 막은 만큼은 덜 법니다. 이 보고는 판정을 바꾸지 않습니다. 판정은 shiftwork judge 가 합니다.",
    ),
    "faults": ("What went wrong", "고장"),
    "no_faults": ("No fault stands in the audit of this day.", "이날 감사 기록에 고장이 없습니다."),
    "times": ("Times", "횟수"),
    "fault": ("Fault, as recorded", "고장 (기록 그대로)"),
    "more_faults": ("{n} faults in all.", "고장은 모두 {n}건입니다."),
    "sources": ("Sources", "출처"),
    "source_audit": (
        "Audit {file}, records {first} to {last}; SHA-256 of the last: {hash}; the chain verifies. Decisions in each mode: {modes}.{other}",
        "감사 기록 {file}, {first}~{last}번; 마지막 기록의 SHA-256: {hash}; 해시 사슬 확인됨. 모드별 결정: {modes}.{other}",
    ),
    "source_other": (
        " {n} decisions by other weights are left out.",
        " 다른 가중치의 결정 {n}건은 제외했습니다.",
    ),
    "source_history": (
        "History up to this day's end: {files} (SHA-256 of what was read). Steps in closed loop, which are left out: {closed}.{taught}",
        "이날 끝까지의 운전 기록: {files} (읽은 내용의 SHA-256). 제외한 자동 제어 단계: {closed}.{taught}",
    ),
    "source_taught": (
        " Days left out because they taught the agent: {days}.",
        " 에이전트가 배운 날이라 제외: {days}.",
    ),
    "source_gate": (
        "The gate (docs/gate.md) of Shiftwork {version}, seed {seed}, weights {weights}, plant file {plant}.",
        "Shiftwork {version}의 판정기 (docs/gate.md), 시드 {seed}, 가중치 {weights}, 플랜트 파일 {plant}.",
    ),
}


def words(name: str, language: str, **given: object) -> str:
    """A word or sentence of the page.

    Args:
        name: Of the entry.
        language: "en" or "ko".
        **given: What stands in its braces.
    """
    return TEXT[name][language == "ko"].format(**given)
