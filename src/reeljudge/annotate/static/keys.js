// Keys of the rating page. Those of a panel (scores, letters) come first, then the page's own.

import { byId, typing } from "./build.js";

// `acts`: key -> what it does; `next` is for Enter, which works while typing, too.
export function press(event, panel, acts, next) {
  if (byId("dialog").open || event.defaultPrevented || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    event.preventDefault();
    next();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target) && event.target.type !== "range") {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  // Enter on a button is that button's; a score that was clicked is no such case.
  const onButton = event.target instanceof Element && event.target.matches("button:not(.choice), summary, a");
  if (onButton && event.key === " ") return;
  const taken = panel && ((panel.letter && panel.letter(event.key)) || (/^\d$/.test(event.key) && panel.digit(Number(event.key))));
  const act = taken ? null : panel && event.key === "Enter" && !onButton ? next : acts[event.key];
  if (!taken && !act) return;
  event.preventDefault();
  if (act) act();
}
