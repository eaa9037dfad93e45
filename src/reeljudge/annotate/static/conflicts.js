// What was typed and could not be saved: changed elsewhere, refused, or about a page that is gone.

import { byId, clock, el } from "./build.js";
import { clearMessages, hint, say, sentence } from "./messages.js";

// `state` is the page's own: its task, view, panel and work; `go` shows the page at a place.
export function refusal(state, unit, failure, go) {
  if (failure.error === "stale") stale(state, unit, failure, go);
  else if (failure.status === 404 || failure.status === 403) {
    say(`${sentence(failure.message)} What you typed is kept.`, "bad", [["Show what was typed", () => reveal(state.work, unit)]]);
  } else say(`Not saved: ${sentence(failure.message)}`, "bad");
}

export function stale(state, unit, theirs, go) {
  const when = theirs.saved_at ? ` at ${clock(theirs.saved_at)}` : "";
  say(
    `This page was changed in another tab or on another device${when}. There: ${brief(state.task, theirs.answer)}. What you typed here is kept.`,
    "warn",
    [
      [
        "Keep mine",
        () => {
          const entry = state.work.of(unit);
          entry.failure = theirs;
          entry.base = theirs.version;
          if (state.view.unit === unit) state.view.version = theirs.version;
          clearMessages();
          if (state.panel.missing) {
            delete entry.failure;
            hint(state.panel.missing);
          } else state.work.insist(unit);
        },
      ],
      [
        "Take the other",
        () => {
          state.work.drop(unit);
          go(state.here);
        },
      ],
    ],
  );
}

export function reveal(work, unit) {
  const entry = work.of(unit);
  if (!entry) return;
  const dialog = byId("dialog");
  const box = el("textarea", { rows: "12", readonly: true });
  box.value = JSON.stringify(entry.answer, null, 2);
  dialog.replaceChildren(
    el("div", { class: "head" }, el("h2", { text: "What was typed" }), el("button", { type: "button", class: "icon close", "aria-label": "Close", text: "×", onclick: () => dialog.close() })),
    el("label", { class: "words" }, box),
    el("div", { class: "act" }, el("button", { type: "button", text: "Forget it", onclick: () => (work.drop(unit), clearMessages(), dialog.close()) })),
  );
  dialog.showModal();
}

function brief(task, answer) {
  if (!answer) return "nothing";
  if (answer.kind === "skip") return `skipped (${task.skip_reasons[answer.reason] || answer.reason})`;
  if (answer.kind === "decision") return answer.decision;
  return Object.entries(answer.scores)
    .map(([name, score]) => {
      const dimension = task.dimensions.find((one) => one.name === name);
      const words = (answer.rationales || {})[name];
      return `${dimension ? dimension.title : name} ${score}${words ? ` “${words.length > 80 ? `${words.slice(0, 80)}…` : words}”` : ""}`;
    })
    .join(", ");
}
