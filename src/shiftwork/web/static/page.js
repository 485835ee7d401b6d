"use strict";
// Shows what the server sends; asks for changes. It keeps no state of the plant of its own.
const SILENT_S = 3;   // without an event for so long, the page says that it is frozen
const TREND_MS = 5000;
const $ = (id) => document.getElementById(id);
let language = localStorage.getItem("language") || (navigator.language.startsWith("ko") ? "ko" : "en");
let state = null, heard = performance.now();
const charts = new Map();

const word = (key) => WORDS[language][key] ?? key;
const number = (value) => value === null || value === undefined ? "–" :
  value.toLocaleString("en", { maximumSignificantDigits: 5, useGrouping: false });
const choice = (action, value) => value === null || value === undefined ? "–" :
  `${number(value)}: ${action.choices[value] ?? "?"}`;
const seconds = (s) => s < 100 ? `${s.toFixed(1)} s` : s < 6000 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function setText(node, text) { if (node.textContent !== text) node.textContent = text; }

function speak() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-word]")) setText(node, word(node.dataset.word));
  $("language").textContent = language === "en" ? "한국어" : "English";
  $("language").setAttribute("lang", language === "en" ? "ko" : "en");
  $("actions").replaceChildren();
  if (state) show();
}

function show() {
  const missing = state.missing;
  setText($("plant"), missing ? "–" : state.plant);
  setText($("mode"), missing ? "–" : word(state.mode));
  setText($("run"), missing ? "–" : word(state.run === "run" ? "running" : state.run));
  $("run").classList.toggle("bad", !missing && state.run !== "run");
  setText($("highest"), missing ? "–" : word(state.highest));
  $("highest").title = missing ? "" : state.verdict;
  const all = missing ? [missing] : state.run === "run" ? state.faults : [...new Set([...state.faults, state.reason])];
  const faults = all.filter((fault) => !all.some((other) => other !== fault && other.includes(fault)));
  $("fault").hidden = !faults.length;
  setText($("fault"), faults.map((fault) => `▲ ${fault}`).join("\n"));
  for (const button of document.querySelectorAll("[data-mode]"))
    button.setAttribute("aria-pressed", String(!missing && button.dataset.mode === state.mode));
  $("reset").hidden = missing || state.run !== "shed";
  $("why").parentElement.hidden = missing || state.mode !== "advisory";
  setText($("switch"), word(state.mode === "advisory" ? "answer" : "switch"));
  if (missing) return;
  for (const action of state.actions) showAction(action);
  showAge();
}

function row(key) {
  let found = document.querySelector(`tr[data-key="${CSS.escape(key)}"]`);
  if (found) return found;
  const on = element("button", { type: "button" }, word("on"));
  const off = element("button", { type: "button" }, word("off"));
  on.addEventListener("click", () => ask("on", [key]));
  off.addEventListener("click", () => ask("off", [key]));
  const accept = element("button", { type: "button", "data-answer": "accept" }, word("accept"));
  const reject = element("button", { type: "button", "data-answer": "reject" }, word("reject"));
  for (const button of [accept, reject]) {
    button.setAttribute("aria-label", `${key}: ${button.textContent}`);
    button.addEventListener("click", () => answered(button.dataset.answer, key));
  }
  on.setAttribute("aria-label", `${key}: ${word("on")}`);
  off.setAttribute("aria-label", `${key}: ${word("off")}`);
  found = element("tr", { "data-key": key },
    element("td", { class: "key" }), element("td", { class: "state" }), element("td", { class: "n" }),
    element("td", { class: "n quiet" }), element("td", { class: "n quiet" }), element("td", { class: "range" }),
    element("td", { class: "reason" }), element("td", { class: "switch" }, on, " ", off, accept, " ", reject));
  $("actions").append(found);
  return found;
}

function showAction(action) {
  const cells = row(action.key).children;
  if (!cells[0].firstChild) cells[0].append(element("b", {}, action.source), " ", element("small", {}, action.unit));
  setText(cells[1], word(action.state));
  // A macro-action is shown by name: its number is only how it is written.
  const chooses = action.choices.length > 0;
  for (const [at, value] of [[2, action.in_force], [3, action.proposed], [4, action.allowed]]) {
    setText(cells[at], chooses ? choice(action, value) : number(value));
    cells[at].classList.toggle("choice", chooses);
  }
  cells[5].replaceChildren(chooses ? `${number(action.low)} … ${number(action.high)}` : bar(action));
  setText(cells[6], action.reason);
  // In advisory a person answers what is proposed; in the other modes there is only the switch.
  const proposes = state.proposal > 0 && action.allowed !== null;
  const [on, off, accept, reject] = cells[7].querySelectorAll("button");
  on.hidden = off.hidden = state.mode === "advisory";
  accept.hidden = reject.hidden = state.mode !== "advisory";
  // They keep their place, so that no row moves under a hand when another action proposes.
  for (const button of [accept, reject]) button.classList.toggle("absent", !proposes);
}

// The answer is about the value that stands there when the button is pressed.
function answered(change, key) {
  const reason = $("why").value.trim();
  if (!reason) {
    setText($("answer"), `▲ ${word("why_missing")}`);
    $("why").focus();
    return;
  }
  ask(change, [key, String(state.proposal), reason]);
}

// Where the set-point lies between its limits of now: a filled mark in force, an open one proposed.
function bar(action) {
  const space = "http://www.w3.org/2000/svg", picture = document.createElementNS(space, "svg");
  const add = (name, attributes, text) => {
    const made = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    picture.append(made);
  };
  picture.setAttribute("viewBox", "0 0 220 48");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `${number(action.low)} – ${number(action.high)}`);
  const at = (value) => 10 + 200 * Math.min(Math.max((value - action.low) / (action.high - action.low || 1), -0.04), 1.04);
  add("line", { x1: 10, x2: 210, y1: 12, y2: 12, stroke: "#7d8388", "stroke-width": 2 });
  for (const x of [10, 210]) add("line", { x1: x, x2: x, y1: 5, y2: 19, stroke: "#7d8388", "stroke-width": 2 });
  add("text", { x: 2, y: 43 }, number(action.low));
  add("text", { x: 218, y: 43, "text-anchor": "end" }, number(action.high));
  if (action.low !== null && action.high !== null) {
    if (action.proposed !== null) add("circle", { cx: at(action.proposed), cy: 12, r: 7, fill: "none", stroke: "#2f5d8a", "stroke-width": 3 });
    if (action.in_force !== null) add("rect", { x: at(action.in_force) - 3, y: 2, width: 6, height: 20, fill: "#1d2125" });
  }
  return picture;
}

function showAge() {
  const silent_s = (performance.now() - heard) / 1000;
  const age_s = state && !state.missing ? state.age_s + silent_s : null;
  setText($("age"), age_s === null ? "–" : seconds(age_s));
  const old = age_s !== null && age_s > 2 * state.period_s + 5;
  $("age").classList.toggle("bad", old);
  const frozen = silent_s > SILENT_S;
  $("frozen").hidden = !(frozen || old);
  if (frozen || old) setText($("frozen"), `${word(frozen ? "frozen" : "old")} ${seconds(frozen ? silent_s : age_s)}`);
  document.body.classList.toggle("old", frozen || old);
  setText($("clock"), new Date().toLocaleTimeString("en-GB"));
}

async function fetched(path) {
  const response = await fetch(path);
  const body = await response.json();
  if (!response.ok) throw new Error(body.answer);
  return body.answer;
}

async function trends() {
  if (!state || state.missing) return;
  for (const action of state.actions) {
    try {
      draw(action, await fetched(`/trend/${encodeURIComponent(action.key)}`));
    } catch { /* the banner says that the server is silent */ }
  }
  try { listed(await fetched("/records")); } catch { /* as above */ }
}

function draw(action, found) {
  const data = [found.time_s, found.in_force, found.proposed, found.low, found.high];
  let chart = charts.get(action.key);
  if (!chart) {
    const box = element("div", { class: "trend" }, element("h3", {}, `${action.source}  ${action.unit}`));
    $("trends").append(box);
    const axis = { stroke: "#4c5359", grid: { stroke: "#c3c6c9", width: 1 }, ticks: { stroke: "#a9adb1" }, font: "14px system-ui" };
    // A team's agents propose now and then: single points, which a line would not show.
    const chooses = action.choices.length > 0;
    const limit = { stroke: "#6d7378", width: 1, dash: [8, 5], points: { show: false } };
    chart = new uPlot({
      width: box.clientWidth - 16, height: 190, padding: [8, 40, 0, 0], legend: { show: false }, cursor: { show: false },
      axes: [{ ...axis, values: (_, at) => at.map((s) => new Date(s * 1000).toLocaleTimeString("en-GB")), space: 72 },
        { ...axis, size: 64, values: (_, at) => at.map(number) }],
      series: [{}, { stroke: "#1d2125", width: 2.5, points: { show: false }, paths: uPlot.paths.stepped({ align: 1 }) },
        { stroke: "#2f5d8a", width: 2, dash: [2, 4], points: chooses ? { show: true, size: 8, width: 2 } : { show: false } },
        limit, limit],
    }, data, box);
    charts.set(action.key, chart);
    new ResizeObserver(() => chart.setSize({ width: box.clientWidth - 16, height: 190 })).observe(box);
  } else chart.setData(data);
}

// What a person asked for, as the audit notes it, in the page's words.
function request(body) {
  const modes = ["off", "shadow", "advisory", "closed"], given = body.given ?? [];
  if (body.change === "request_mode") return `${word("mode")}: ${word(modes[given[0]])}`;
  if (body.change === "set_highest") return `${word("highest")}: ${word(modes[given[0]])}`;
  if (body.change === "switch") return `${given[0]}: ${word(given[1] === "True" ? "on" : "off")}`;
  if (body.change === "reset" || body.change === "override") return word(body.change);
  if (body.proposal) return `${body.key}: ${word(body.accepted ? "accept" : "reject")} ${number(body.value)} (${body.proposal})`;
  return `${body.key}: ${word("limits")} ${(body.limits ?? ["–"]).join(" … ")}`;
}

// A fault that stays comes again each cycle: it is listed once, at its last time, with a count.
function listed(records) {
  const shown = [], same = new Map();
  for (const record of records) {
    const body = record.body;
    const text = body.person ? `${body.person} (${body.role}) – ${request(body)}` + (body.reason ? ` – ${body.reason}` : "")
      : record.kind === "mode" ? `${word(body.mode)}, ${word(body.run === "run" ? "running" : body.run)}: ${body.reason}` : body.reason ?? body.verdict ?? body.owner ?? "";
    if (record.kind !== "fault") same.clear();
    const known = same.get(text);
    if (known) known.count += 1;
    else {
      const line = { record, text, count: 1 };
      shown.push(line);
      if (record.kind === "fault") same.set(text, line);
    }
  }
  $("records").replaceChildren(...shown.map(({ record, text, count }) =>
    element("li", {}, element("time", {}, new Date(record.at_s * 1000).toLocaleTimeString("en-GB")),
      element("span", {}, word(record.kind)), element("div", {}, count > 1 ? `${text} (× ${count})` : text))));
}

async function ask(change, given) {
  setText($("answer"), word("asked"));
  try {
    const response = await fetch("/change", {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${$("token").value.trim()}` },
      body: JSON.stringify({ change, given }),
    });
    const { answer } = await response.json();
    setText($("answer"), answer === "done" ? word("done") : `▲ ${answer}`);
    // The next answer needs a reason of its own.
    if (answer === "done" && (change === "accept" || change === "reject")) $("why").value = "";
  } catch { setText($("answer"), `▲ ${word("unreachable")}`); }
}

// Everything that comes back is text to the page, never markup; the newest answer stands in front.
async function askAbout(event) {
  event.preventDefault();
  const question = $("question").value.trim();
  if (!question) return;
  const box = element("article", {}, element("h3", {}, question), element("p", {}, word("asked")));
  $("answers").prepend(box);
  try {
    const response = await fetch("/question", {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${$("token").value.trim()}` },
      body: JSON.stringify({ question }),
    });
    const { answer } = await response.json();
    if (response.ok) {
      box.lastChild.replaceWith(...answerParts(answer, question));
      $("question").value = "";
    } else setText(box.lastChild, `▲ ${answer}`);
  } catch { setText(box.lastChild, `▲ ${word("unreachable")}`); }
  while ($("answers").children.length > 20) $("answers").lastChild.remove();
}

function answerParts(answer, question) {
  const parts = [answerText(answer), ...answer.notes.map((note) => element("p", {}, note))];
  for (const hash of answer.charts)
    parts.push(element("img", { src: `/chart/${encodeURIComponent(hash)}`, alt: question }));
  if (answer.figures.length)
    parts.push(element("details", {}, element("summary", {}, word("sources")), element("ul", {}, ...sources(answer))));
  return parts;
}

// A line that is a figure stands in two columns, what it is and its value; the others are sentences.
function answerText(answer) {
  const figures = new Map(answer.figures.map((figure) => [`${figure.label}: ${figure.value}`, figure]));
  return element("div", { class: "text" }, ...answer.text.split("\n").filter(Boolean).map((line) => {
    const figure = figures.get(line);
    if (!figure) return element("p", {}, line);
    return element("p", { class: "figure" }, element("span", {}, `${figure.label}: `), element("b", {}, figure.value));
  }));
}

// Figures of one source stand together below it.
function sources(answer) {
  const found = new Map();
  for (const figure of answer.figures) {
    const files = figure.hashes.map((hash) => hash.slice(0, 12)).join(", ");
    const source = `${figure.range}; ${figure.rows} ${word("rows")}; ${figure.coverage} ${word("known")}; ` +
      `${figure.tool}(${JSON.stringify(figure.arguments)}); SHA-256 ${files}`;
    found.set(source, [...(found.get(source) ?? []), `${figure.label}: ${figure.value}`]);
  }
  return [...found].map(([source, figures]) => element("li", {}, element("b", {}, source),
    element("ul", {}, ...figures.map((figure) => element("li", {}, figure)))));
}

async function offerQuestions() {
  try { await fetched("/question"); } catch { return; }  // no assistant is open
  $("asking").hidden = false;
  $("asker").addEventListener("submit", askAbout);
}

function main() {
  $("language").addEventListener("click", () => {
    language = language === "en" ? "ko" : "en";
    localStorage.setItem("language", language);
    setText($("answer"), "");
    speak();
  });
  $("person").addEventListener("submit", (event) => event.preventDefault());
  for (const button of document.querySelectorAll("[data-mode]"))
    button.addEventListener("click", () => ask("mode", [button.dataset.mode]));
  $("reset").addEventListener("click", () => ask("reset", []));
  const events = new EventSource("/events");
  events.addEventListener("message", (event) => {
    const first = state === null || state.missing;
    state = JSON.parse(event.data);
    heard = performance.now();
    show();
    if (first) trends();
  });
  setInterval(showAge, 250);
  setInterval(trends, TREND_MS);
  speak();
  offerQuestions();
}

main();
