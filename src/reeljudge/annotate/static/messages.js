// What the page tells a rater: messages that stay, and a hint beside the buttons.

import { byId, el } from "./build.js";

export function sentence(text) {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

// `actions`: [name of a button, what it does].
export function say(text, kind, actions = []) {
  const node = el("div", { class: `message ${kind}` }, el("p", { text }), el("div", { class: "act" }, actions.map(([name, act]) => el("button", { type: "button", text: name, onclick: act }))));
  node.append(el("button", { type: "button", class: "icon close", "aria-label": "Close", text: "×", onclick: () => node.remove() }));
  byId("messages").replaceChildren(node);
}

export function clearMessages() {
  byId("messages").replaceChildren();
}

export function hint(text) {
  byId("hint").textContent = text ? sentence(text) : "";
  byId("hint").classList.remove("shake");
  if (text) requestAnimationFrame(() => byId("hint").classList.add("shake"));
}
