// The page of whoever runs the rating: how far it is, how raters do, links, export.

import { byId, el, number } from "./build.js";
import { Failure, api, enter } from "./server.js";

const EVERY = 10000;

async function start() {
  try {
    if (!(await enter("admin"))) return;
  } catch (failure) {
    stop(failure);
    return;
  }
  byId("add").addEventListener("submit", (event) => {
    event.preventDefault();
    const box = byId("name");
    if (box.value.trim()) makeLink(box.value.trim()).then((made) => made && (box.value = ""));
  });
  if (await show()) setInterval(() => document.visibilityState === "visible" && show(), EVERY);
}

function stop(failure) {
  if (!(failure instanceof Failure)) throw failure;
  byId("page").hidden = true;
  const rest = byId("rest");
  rest.hidden = false;
  rest.replaceChildren(
    el("h1", { text: failure.status === 401 ? "This page opens by the admin link" : "Something is in the way" }),
    el("p", { text: failure.status === 401 ? "The terminal shows it when the server starts; a lasting one is made by “reeljudge annotate link --admin”." : failure.message }),
  );
}

async function show() {
  let told;
  try {
    told = await api("GET", "/api/admin/progress");
  } catch (failure) {
    if (byId("page").hidden || failure.status === 401) {
      stop(failure);
      return failure.passing;
    }
    byId("state").textContent = failure.code === "database" ? "The database does not answer" : "No connection";
    byId("state").className = "state bad";
    return true;
  }
  byId("rest").hidden = true;
  byId("page").hidden = false;
  byId("state").textContent = `As of ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" })}`;
  byId("state").className = "state good";
  byId("title").textContent = told.title;
  byId("subtitle").textContent = { rate: "ratings", adjudicate: "decisions", check: "checks of rationales" }[told.kind];
  document.title = `${told.title}: progress`;
  tiles(told);
  raters(told);
  dimensions(told);
  skipped(told);
  return true;
}

const percent = (value) => (value === null ? "–" : `${Math.round(100 * value)} %`);
const decimal = (value, digits = 2) => (value === null ? "–" : value.toFixed(digits));
const signed = (value) => (value === null ? "–" : `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`);

function tiles(told) {
  const share = told.needed ? told.done / told.needed : 0;
  const bar = el("span", { class: "bar" }, el("span", {}));
  bar.firstChild.style.width = `${100 * share}%`;
  const tile = (value, name, more) => el("div", { class: "tile" }, el("b", { text: value }), el("span", { text: name }), more || null);
  const what = { rate: "ratings", adjudicate: "decisions", check: "checks" }[told.kind];
  byId("tiles").replaceChildren(
    tile(percent(share), `${number(told.done)} of ${number(told.needed)} ${what}`, bar),
    tile(number(told.complete), `of ${number(told.pages)} pages complete (${told.overlap} each)`),
    tile(number(told.clips), "clips"),
    tile(number(told.open), "pages handed out"),
    tile(number(told.skipped_pages), "pages skipped"),
  );
}

function table(heads, rows) {
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, heads.map(([text, title]) => el("th", { scope: "col", title: title || null, text })))),
    el("tbody", {}, rows),
  );
}

const cell = (text, more) => el("td", { class: "n" }, text, more ? el("small", { text: more }) : null);

function ago(iso) {
  if (!iso) return "–";
  const minutes = Math.round((Date.now() - new Date(iso).getTime()) / 60000);
  if (minutes < 1) return "now";
  if (minutes < 90) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`;
}

function pilotText(one) {
  if (!one.pilot) return "–";
  const result = one.pilot_asked ? `${one.pilot_close} of ${one.pilot_asked} close` : "";
  return { training: `practising ${result}`, passed: one.pilot_asked ? `passed, ${result}` : "–", failed: `failed, ${result}` }[one.pilot];
}

function raters(told) {
  const rows = told.raters.map((one) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, one.name, one.notes.length ? el("small", { class: "look", text: one.notes.join("; ") }) : null),
      cell(number(one.done), one.skipped ? `${one.skipped} skipped` : one.ratings && !one.done ? `${number(one.ratings)} imported` : ""),
      cell(ago(one.last)),
      cell(one.median_seconds === null ? "–" : `${one.median_seconds.toFixed(0)} s`, one.per_hour === null ? "" : `${Math.round(one.per_hour)} an hour`),
      cell(decimal(one.others.srcc), one.others.n ? `n = ${one.others.n}` : ""),
      cell(percent(one.others.within_1)),
      cell(signed(one.others.bias)),
      cell(percent(one.gold.within_1), one.gold.n ? `n = ${one.gold.n}` : ""),
      cell(one.attention_asked ? `${one.attention_passed} / ${one.attention_asked}` : "–"),
      el("td", {}, pilotText(one), one.pilot === "failed" ? el("button", { type: "button", class: "small", text: "Let in", onclick: () => act("/api/admin/let-in", one.name) }) : null),
      el(
        "td",
        { class: "acts" },
        el("button", { type: "button", class: "small", title: "Make a new link", text: "Link", onclick: () => makeLink(one.name) }),
        one.links ? el("button", { type: "button", class: "small", title: "Make this rater's links invalid; ratings stay", text: "Revoke", onclick: () => revoke(one.name) }) : el("span", { class: "soft", text: "no link" }),
      ),
    ),
  );
  byId("raters").replaceChildren(
    rows.length
      ? table(
          [
            ["Rater"],
            ["Rated"],
            ["Last"],
            ["A page", "Median seconds per page"],
            ["SRCC", "Spearman correlation with the mean of the others"],
            ["Within 1", "Share within 1 of the others' rounded mean"],
            ["Bias", "Mean difference from the others, in points"],
            ["Gold", "Share within 1 of the right score, on hidden gold clips"],
            ["Checks", "Attention checks passed"],
            ["Practice"],
            [""],
          ],
          rows,
        )
      : el("p", { class: "soft pad", text: "Nobody yet. Type a name and make a link; send it to that person alone." }),
  );
}

function dimensions(told) {
  const rows = told.dimensions.map((one) => {
    const most = Math.max(1, ...Object.values(one.histogram));
    const bars = el(
      "div",
      { class: "histogram", role: "img", "aria-label": Object.entries(one.histogram).map(([value, count]) => `${value}: ${count}`).join(", ") },
      Object.entries(one.histogram).map(([value, count]) => {
        const bar = el("span", { class: "column", title: `${value}: ${count}` }, el("i", {}), el("small", { text: value }));
        bar.firstChild.style.height = `${Math.round((30 * count) / most)}px`;
        return bar;
      }),
    );
    return el(
      "tr",
      {},
      el("th", { scope: "row", text: one.title }),
      cell(number(one.ratings)),
      cell(`${number(one.complete)} / ${number(one.pages)}`),
      el("td", {}, bars),
      cell(decimal(one.alpha_ordinal), one.shared ? `${one.shared} shared` : ""),
      cell(decimal(one.alpha_interval)),
      cell(percent(one.exact_match)),
      cell(percent(one.relaxed_match)),
    );
  });
  byId("dimensions").replaceChildren(
    table(
      [
        ["Dimension"],
        ["Ratings"],
        ["Complete"],
        ["Scores"],
        ["Alpha, ordinal", "Krippendorff's alpha for ordered scores"],
        ["Alpha, interval"],
        ["All equal", "Share of clips with two raters or more on which all agree"],
        ["Within 1", "Share of those on which scores span at most 1"],
      ],
      rows,
    ),
  );
}

function skipped(told) {
  byId("skips").hidden = !told.skipped.length;
  const rows = told.skipped.map((one) =>
    el("tr", {}, el("th", { scope: "row", text: one.clip }), el("td", { text: one.dimension || "all" }), cell(String(one.count), one.parked ? "set aside" : ""), el("td", { text: one.reasons.join("; ") })),
  );
  byId("skipped").replaceChildren(table([["Clip"], ["Dimension"], ["Skips"], ["Why"]], rows));
}

async function makeLink(name) {
  try {
    const made = await api("POST", "/api/admin/raters", { name });
    const box = el("input", { readonly: true, value: made.link, "aria-label": `Link of ${made.name}` });
    const copy = el("button", { type: "button", text: "Copy", onclick: () => copied(box, copy) });
    byId("made").replaceChildren(el("div", { class: "made" }, el("p", {}, el("b", { text: made.name }), ": this link is shown once. Send it to this person alone."), el("div", { class: "add" }, box, copy)));
    box.select();
    await show();
    return true;
  } catch (failure) {
    say(failure.message);
    return false;
  }
}

async function copied(box, button) {
  box.select();
  try {
    await navigator.clipboard.writeText(box.value);
    button.textContent = "Copied";
  } catch {
    document.execCommand("copy");
  }
}

function revoke(name) {
  const node = el(
    "div",
    { class: "message warn" },
    el("p", { text: `Make every link of ${name} invalid? The ratings stay.` }),
    el("div", { class: "act" }, el("button", { type: "button", text: "Revoke", onclick: () => act("/api/admin/revoke", name) }), el("button", { type: "button", text: "Leave them", onclick: () => node.remove() })),
  );
  byId("messages").replaceChildren(node);
}

async function act(path, name) {
  byId("messages").replaceChildren();
  try {
    await api("POST", path, { name });
    await show();
  } catch (failure) {
    say(failure.message);
  }
}

function say(text) {
  byId("messages").replaceChildren(el("div", { class: "message bad" }, el("p", { text })));
}

start();
