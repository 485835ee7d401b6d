"use strict";
// The page's words. What the operating process says (reasons, answers) is English.
const WORDS = {
  en: {
    mode: "Mode", run: "Run", highest: "Highest mode", age: "Age of data", clock: "Clock",
    actions: "Actions", action: "Action", state: "State", in_force: "In force", proposed: "Proposed",
    allowed: "Allowed", limits: "Limits", reason: "Reason", switch: "Switch", trends: "Trends",
    records: "Faults and changes", token: "Your token", reset: "Reset the shed", override: "Override of the verdict", on: "On", off: "Off",
    shadow: "Shadow", advisory: "Advisory", closed: "Closed loop", hold: "Hold", shed: "Shed",
    tracking: "Tracking", "limited low": "At low limit", "limited high": "At high limit",
    running: "Running", done: "Done", accept: "Accept", reject: "Reject", answer: "Answer",
    why: "Why (to accept or reject)", why_missing: "Say why first",
    frozen: "This page is frozen: no data from the server for", old: "Nothing new from the operating process for",
    questions: "Questions", question: "About the plant's data and decisions", send: "Ask", sources: "Sources", rows: "rows", known: "known",
    asked: "Asked …", unreachable: "The server cannot be reached",
    fault: "Fault", warning: "Warning", person: "Person", refused: "Refused", start: "Start", stop: "Stop", "audit full": "Audit full",
  },
  ko: {
    mode: "모드", run: "운전 상태", highest: "최고 모드", age: "데이터 경과", clock: "시각",
    actions: "조작 변수", action: "변수", state: "상태", in_force: "현재 설정값", proposed: "제안값",
    allowed: "허용값", limits: "한계", reason: "이유", switch: "전환", trends: "추이",
    records: "고장 및 변경 기록", token: "개인 토큰", reset: "차단 해제", override: "판정 무시", on: "켬", off: "끔",
    shadow: "관찰", advisory: "제안", closed: "자동 제어", hold: "유지", shed: "차단",
    tracking: "추종", "limited low": "하한 도달", "limited high": "상한 도달",
    running: "정상", done: "완료", accept: "수락", reject: "거절", answer: "응답",
    why: "이유 (수락 또는 거절)", why_missing: "먼저 이유를 쓰십시오",
    frozen: "화면이 멈췄습니다. 서버 데이터 없음:", old: "운전 프로세스의 새 데이터 없음:",
    questions: "질문", question: "플랜트 데이터와 결정에 대해", send: "질문하기", sources: "출처", rows: "행", known: "앎",
    asked: "요청 중 …", unreachable: "서버에 연결할 수 없습니다",
    fault: "고장", warning: "경고", person: "사람", refused: "거부", start: "시작", stop: "종료", "audit full": "감사 기록 가득 참",
  },
};
