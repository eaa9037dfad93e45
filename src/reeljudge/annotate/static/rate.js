// The rating page: one clip after the other.

import { askSkip, showHelp, showOverview } from "./ask.js";
import { byId, el, number } from "./build.js";
import { Check } from "./check.js";
import { refusal, reveal, stale } from "./conflicts.js";
import { press } from "./keys.js";
import { clearMessages, hint, say, sentence } from "./messages.js";
import { Player } from "./player.js";
import { Scores } from "./scores.js";
import { Failure, actAs, api, enter } from "./server.js";
import { Work } from "./work.js";

const IDLE = 2000;
const AWAY = 60000;

const state = {
  task: null,
  pages: [],
  total: 0,
  here: -1,
  view: null,
  panel: null,
  player: null,
  work: null,
  seconds: 0,
  asking: null,
  ended: null,
};
const seen = new Map();
let idle = null;
let lastActive = Date.now();
let visit = 0;

// Entering

async function start() {
  try {
    if (!(await enter("rater"))) return;
    const task = await api("GET", "/api/task");
    state.task = task;
    actAs(task.me.key);
    state.work = await Work.open(task.task, task.me.key, { onSaved, onFailed, onAdopted, onState: showState, onLeaving: keep });
    take(task);
    byId("title").textContent = task.title;
    document.title = `Rating: ${task.title}`;
    state.player = new Player(byId("player"));
    listen();
    if (!state.pages.some((page) => page.state === "open")) await more();
    state.work.pump();
    const first = state.pages.findIndex((page) => page.state === "open");
    if (first >= 0) await go(first);
    else end();
  } catch (failure) {
    stop(failure);
  }
}

function stop(failure) {
  if (!(failure instanceof Failure)) throw failure;
  byId("main").hidden = true;
  byId("bottom").hidden = true;
  const rest = byId("rest");
  rest.hidden = false;
  const title = failure.status === 401 ? "This page opens by a personal link" : failure.status === 403 ? "Not for you this time" : "Something is in the way";
  const again = failure.passing ? el("button", { type: "button", class: "main", text: "Try again", onclick: () => location.reload() }) : null;
  rest.replaceChildren(el("h1", { text: title }), el("p", { text: sentence(failure.message) }), ...(again ? [again] : []));
}

// The list

function take(list) {
  state.pages = list.pages;
  state.total = list.total;
  showCount();
}

async function more() {
  if (state.asking) return state.asking;
  state.asking = (async () => {
    try {
      const told = await api("POST", "/api/more", {});
      const here = state.pages[state.here];
      const known = new Map(state.pages.map((page) => [page.unit, page]));
      state.pages = told.pages.map((page) => {
        const before = known.get(page.unit);
        // What was saved while the list was on its way is newer than the list.
        return before && before.state !== "open" ? before : page;
      });
      if (here) state.here = state.pages.findIndex((page) => page.unit === here.unit);
      state.total = told.total;
      state.ended = told.message;
      showCount();
      return told.new;
    } finally {
      state.asking = null;
    }
  })();
  return state.asking;
}

function stateOf(page) {
  if (page.state !== "open") return page.state;
  const entry = state.work.of(page.unit);
  if (!entry) return "open";
  return entry.state === "queued" ? (entry.answer.kind === "skip" ? "skipped" : "done") : "draft";
}

function showCount() {
  const done = state.pages.filter((page) => stateOf(page) === "done").length;
  const place = state.here >= 0 ? state.here + 1 : done; // no page is open yet, or none any more
  byId("counter").textContent = `${number(place)} / ${number(state.total)}`;
  byId("overview").title = `${done} done of ${state.total} that may come to you (o)`;
  byId("bar").style.width = `${state.total ? Math.round((100 * done) / state.total) : 0}%`;
}

// Going from page to page

async function load(page) {
  const ready = seen.get(page.unit);
  if (ready) {
    seen.delete(page.unit);
    return ready;
  }
  return api("GET", `/api/page/${page.unit}`);
}

async function go(place) {
  if (place < 0 || place >= state.pages.length) return;
  keep();
  visit += 1;
  const mine = visit;
  const page = state.pages[place];
  let view;
  try {
    view = await load(page);
  } catch (failure) {
    if (mine !== visit) return;
    say(failure.code === "offline" ? "No connection: the next clip comes when it is back." : sentence(failure.message), "warn", [["Try again", () => go(place)]]);
    return;
  }
  if (mine !== visit) return;
  clearMessages();
  state.here = place;
  state.view = view;
  page.version = view.version;
  if (view.state !== "open") page.state = view.state;
  byId("rest").hidden = true;
  byId("main").hidden = false;
  byId("bottom").hidden = false;
  state.player.load(source(view), view.media, view.problem);
  draw();
  scrollTo(0, 0);
  prepare(place + 1);
}

function source(view) {
  return `/api/page/${view.unit}/video?${view.media.tag || ""}`;
}

function draw() {
  const { task, view } = state;
  const entry = state.work.of(view.unit);
  const answer = entry ? entry.answer : view.answer;
  const Panel = task.kind === "check" ? Check : Scores;
  state.seconds = (entry && entry.answer.seconds) || 0;
  state.panel = new Panel(task, view, answer && answer.kind !== "skip" ? answer : null, changed);
  const first = task.dimensions.find((one) => one.name === view.dimensions[0]);
  byId("subtitle").textContent = view.dimensions.length === 1 && first ? first.title : "";
  const skipped = answer && answer.kind === "skip" ? el("p", { class: "note" }, `You skipped this clip: ${task.skip_reasons[answer.reason] || answer.reason}${answer.note ? ` (${answer.note})` : ""}. A score brings it back.`) : null;
  const pilot = view.pilot ? el("p", { class: "note pilot", text: "Practice round: after each clip you see how it should be scored." }) : null;
  byId("panel").replaceChildren(...[pilot, skipped, state.panel.node].filter(Boolean));
  byId("asked").replaceChildren(
    ...[
      view.prompt ? el("div", { class: "prompt" }, el("h3", { text: "Prompt" }), el("p", { dir: "auto", text: view.prompt })) : null,
      view.theme ? el("div", { class: "theme" }, el("h3", { text: "Theme" }), el("p", { dir: "auto", text: view.theme })) : null,
    ].filter(Boolean),
  );
  if (entry && entry.state === "refused") refusal(state, view.unit, entry.failure, go);
  else if (entry && entry.state === "draft" && entry.base !== view.version && !entry.tried.includes(view.version)) {
    entry.failure = { error: "stale", version: view.version, saved_at: view.saved_at, answer: view.answer };
    stale(state, view.unit, entry.failure, go);
  }
  showCount();
  showNext();
  showState();
}

// The next page's texts and the beginning of its video, while this one is being looked at.
async function prepare(place) {
  if (place >= state.pages.length) {
    if (state.task.kind === "rate" && state.view.pilot) return;
    try {
      await more();
    } catch {
      return;
    }
  }
  const page = state.pages[place];
  if (!page || seen.has(page.unit)) return;
  try {
    const view = await api("GET", `/api/page/${page.unit}`);
    seen.clear();
    seen.set(page.unit, view);
    if (view.problem) return;
    const ahead = el("video", { preload: "auto" });
    ahead.muted = true;
    ahead.src = source(view);
    state.ahead = ahead;
  } catch {
    // It is asked for again when it is needed.
  }
}

async function next() {
  const { panel, view } = state;
  if (!panel) return;
  const entry = state.work.of(view.unit);
  const touched = entry && entry.state === "draft" && !panel.empty;
  if (touched && panel.missing) {
    hint(panel.missing);
    if (panel.missing.includes("words")) panel.write();
    return;
  }
  if (touched) submit();
  if (view.pilot && touched) return; // stays for what is right
  await forward();
}

async function forward() {
  if (state.here + 1 < state.pages.length) {
    await go(state.here + 1);
    return;
  }
  await seek();
}

// The first open page after this one, or before it; more pages where there is none.
async function seek() {
  const open = (page) => stateOf(page) === "open" || stateOf(page) === "draft";
  const find = () => {
    const after = state.pages.findIndex((page, place) => place > state.here && open(page));
    return after >= 0 ? after : state.pages.findIndex((page, place) => place !== state.here && open(page));
  };
  let place = find();
  if (place < 0) {
    try {
      // What is still on its way counts for what comes next: pilot rounds, quota.
      await settled();
      await more();
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      say(failure.code === "offline" ? "No connection: more clips come when it is back. What you rated is kept here." : sentence(failure.message), "warn", [["Try again", () => seek()]]);
      return;
    }
    place = find();
  }
  if (place >= 0) await go(place);
  else if (open(state.pages[state.here] || { state: "done" })) hint("this is the last open page");
  else end();
}

async function settled() {
  for (let tries = 0; tries < 40 && (state.work.sending || (state.work.queued.length && !state.work.trouble)); tries += 1) {
    await new Promise((done) => setTimeout(done, 50));
  }
}

function end() {
  keep();
  visit += 1;
  state.panel = null;
  state.player.video.pause();
  byId("main").hidden = true;
  byId("bottom").hidden = true;
  byId("subtitle").textContent = "";
  const rest = byId("rest");
  rest.hidden = false;
  const done = state.pages.filter((page) => stateOf(page) === "done").length;
  const back = state.pages.length ? el("button", { type: "button", text: "Look through your pages", onclick: () => overview() }) : null;
  const again = el("button", { type: "button", class: "main", text: "Look for more", onclick: () => seek() });
  rest.replaceChildren(
    el("div", { class: "tick", "aria-hidden": "true", text: "✓" }),
    el("h1", { text: done ? `${number(done)} done` : "Nothing to do" }),
    el("p", { text: state.ended || "Nothing is left for you right now." }),
    el("div", { class: "act" }, ...[back, again].filter(Boolean)),
  );
  showCount();
}

// What is entered

function changed() {
  spend();
  const { view, panel } = state;
  state.work.note(view.unit, view.version, { ...panel.answer, seconds: Math.round(state.seconds * 10) / 10 });
  hint("");
  showNext();
  showCount();
  clearTimeout(idle);
  // Nothing is lost where somebody stops half-way: what is complete is sent after a moment.
  if (!view.pilot && state.task.kind !== "check") {
    idle = setTimeout(() => {
      if (state.view === view) keep();
    }, IDLE);
  }
}

// Send what is complete; what is not stays a draft in this browser.
function keep() {
  clearTimeout(idle);
  spend();
  const { view, panel, work } = state;
  if (!view || !panel || !work) return;
  const entry = work.of(view.unit);
  if (entry && entry.state === "draft" && !entry.failure && !panel.missing && !view.pilot && state.task.kind !== "check") submit();
}

function submit() {
  const { view, panel, work } = state;
  spend();
  const entry = work.of(view.unit);
  if (!entry) return;
  entry.answer = { ...panel.answer, seconds: Math.round(state.seconds * 10) / 10 };
  work.send(view.unit);
  showCount();
}

function spend() {
  const now = Date.now();
  if (document.visibilityState === "visible") state.seconds += Math.min(now - lastActive, AWAY) / 1000;
  lastActive = now;
}

function skip() {
  const { view, task, work, panel } = state;
  if (!panel) return;
  if (view.state === "done" || (view.pilot && view.feedback)) {
    hint("this clip is rated already; change the rating instead");
    return;
  }
  const entry = work.of(view.unit);
  askSkip(task.skip_reasons, task.limits.note, entry && entry.answer.kind === "skip" ? entry.answer : view.answer, (answer) => {
    spend();
    work.note(view.unit, view.version, { ...answer, seconds: Math.round(state.seconds * 10) / 10 });
    work.send(view.unit);
    view.answer = answer;
    forward();
  });
}

// What the server said

function onSaved(unit, reply) {
  const page = state.pages.find((one) => one.unit === unit);
  if (page) {
    page.version = reply.version;
    page.state = reply.state;
  }
  seen.delete(unit);
  const { view } = state;
  if (view && view.unit === unit) {
    view.version = reply.version;
    view.state = reply.state;
    if (reply.feedback && state.panel) {
      view.feedback = reply.feedback;
      view.answer = { ...state.panel.answer };
      draw();
    }
  }
  if (reply.pilot === "again") say("That was one practice round; another one follows.", "info");
  if (reply.pilot === "passed" && page && page.pilot) say("Practice passed. From the next clip on it counts.", "info");
  showCount();
}

// A tab that was closed has left something: show it, unless something is being typed here.
function onAdopted() {
  const { view, panel, work } = state;
  if (view && panel && panel.empty && work.of(view.unit)) draw();
  else showCount();
}

function onFailed(unit, failure) {
  if (state.view && state.view.unit === unit) {
    refusal(state, unit, { ...failure.body, status: failure.status }, go);
    return;
  }
  const place = state.pages.findIndex((page) => page.unit === unit);
  const what = failure.code === "stale" ? "A page was changed in another tab" : `A page was not taken: ${failure.message}`;
  say(sentence(what), "warn", place >= 0 ? [["Go to it", () => go(place)]] : [["Show what was typed", () => reveal(state.work, unit)]]);
}

// What is shown around

function showState() {
  const { work } = state;
  const chip = byId("state");
  let text = "Saved";
  let kind = "good";
  if (!work.keeps) [text, kind] = ["This browser keeps nothing: stay until saved", "bad"];
  else if (work.trouble && work.queued.length) {
    const what = work.trouble.code === "database" ? "The database does not answer" : work.trouble.status === 401 ? "Your link is not valid any more" : work.trouble.status ? "The server has a problem" : "No connection";
    [text, kind] = [`${what}: ${work.queued.length} kept here`, "bad"];
  } else if (work.refused.length) [text, kind] = [`${work.refused.length} not saved`, "bad"];
  else if (work.queued.length) [text, kind] = ["Saving…", "busy"];
  else if (state.view && work.of(state.view.unit)) [text, kind] = ["Draft kept here", "busy"];
  chip.textContent = text;
  chip.className = `state ${kind}`;
  if (state.panel) showNext();
}

function showNext() {
  const { panel, view, work } = state;
  if (!panel) return;
  const entry = work.of(view.unit);
  const touched = entry && entry.state === "draft" && !panel.empty;
  const button = byId("next");
  button.replaceChildren(touched ? (view.pilot ? "Save " : "Save & next ") : "Next ", el("span", { "aria-hidden": "true", text: "→" }));
  button.classList.toggle("ready", Boolean(touched && !panel.missing));
  byId("previous").disabled = state.here <= 0;
}

function overview() {
  showOverview(state.pages, stateOf, state.here, (place) => go(place));
}

// Keys and buttons

function listen() {
  byId("previous").addEventListener("click", () => go(state.here - 1));
  byId("next").addEventListener("click", () => next());
  byId("skip").addEventListener("click", () => skip());
  byId("unrated").addEventListener("click", () => seek());
  byId("overview").addEventListener("click", () => overview());
  byId("help").addEventListener("click", () => help());
  document.addEventListener("keydown", onKey);
  for (const event of ["pointerdown", "keydown", "wheel"]) addEventListener(event, () => spend(), { passive: true });
  document.addEventListener("visibilitychange", () => {
    // Time in another tab is not time on this clip.
    if (document.visibilityState === "visible") lastActive = Date.now();
  });
}

function help() {
  showHelp(state.task.kind, state.task.me.name, async () => {
    keep();
    await settled();
    await api("POST", "/api/leave", {});
    location.reload();
  });
}

function onKey(event) {
  const { panel, player } = state;
  const acts = {
    "?": help,
    o: overview,
    ...(panel && {
      ArrowRight: next,
      ArrowLeft: () => go(state.here - 1),
      ArrowUp: () => panel.vertical(1),
      ArrowDown: () => panel.vertical(-1),
      " ": () => player.toggle(),
      ",": () => player.step(-1),
      ".": () => player.step(1),
      s: () => player.slower(),
      f: () => player.enlarge(),
      n: seek,
      w: () => panel.write(),
      x: skip,
    }),
  };
  press(event, panel, acts, next);
}

start();
