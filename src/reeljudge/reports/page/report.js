
"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const { runs, clips } = read("data");
  const media = read("media");
  const BATCH = 20;
  const PRINTED = 200;
  const OVERALL = "overall";
  const several = runs.length > 1;
  const everyRun = runs.map((_, place) => place);
  const titles = new Map();
  for (const run of runs) for (const { name, title } of run.dimensions) if (!titles.has(name)) titles.set(name, title);

  // Every text goes through textContent: nothing from the data is ever read as HTML.
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name === "text") element.textContent = value;
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }
  const plain = (name) => String(name).replaceAll("_", " ");
  const title = (name) => titles.get(name) || plain(name);
  const fixed = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(2));

  // ---- what can be asked of a clip

  function scoreOf(verdict, dimension) {
    if (!verdict) return null;
    const score = dimension === OVERALL ? verdict.overall : (verdict.scores[dimension] || {}).score;
    return score === undefined ? null : score;
  }
  const scoresOf = (clip, dimension, places) =>
    places.map((place) => scoreOf(clip.verdicts[place], dimension)).filter((score) => score !== null);
  const mean = (values) => (values.length ? values.reduce((a, b) => a + b, 0) / values.length : null);

  function fromPeople(clip, dimension, places) {
    const names = dimension === OVERALL ? Object.keys(clip.human) : [dimension];
    const gaps = [];
    for (const name of names) {
      for (const score of scoresOf(clip, name, places)) {
        if (clip.human[name]) gaps.push(Math.abs(score - clip.human[name].mean));
      }
    }
    return mean(gaps);
  }
  function betweenRuns(clip, dimension) {
    const names = dimension === OVERALL ? [...titles.keys()] : [dimension];
    const gaps = names.map((name) => scoresOf(clip, name, everyRun)).filter((scores) => scores.length > 1);
    return mean(gaps.map((scores) => Math.max(...scores) - Math.min(...scores)));
  }
  function confidence(clip, dimension, places) {
    const found = [];
    for (const place of places) {
      const scores = (clip.verdicts[place] || {}).scores || {};
      for (const [name, score] of Object.entries(scores)) {
        if ((dimension === OVERALL || dimension === name) && score.confidence !== undefined) found.push(score.confidence);
      }
    }
    return found.length ? Math.min(...found) : null;
  }
  const statuses = (verdict) => [
    verdict.status,
    ...[verdict.reason, ...Object.values(verdict.scores).map((score) => score.reason)].filter(Boolean).map((reason) => `reason:${reason}`),
  ];
  const haystacks = clips.map((clip) =>
    [
      clip.id, clip.prompt, clip.model, clip.theme, clip.video, clip.group,
      ...clip.verdicts.flatMap((verdict) => (verdict ? [verdict.rationale, verdict.message, JSON.stringify(verdict.stages || "")] : [])),
    ].filter(Boolean).join("\n").normalize("NFKC").toLowerCase(),
  );

  // ---- the filters

  const form = document.getElementById("filters");
  const controls = {};
  function field(name, label, control, wide) {
    control.id = `filter-${name}`;
    control.name = name;
    controls[name] = control;
    form.append(make("label", { class: wide ? "search" : null }, make("span", { text: label }), control));
  }
  function choice(name, label, options) {
    const select = make("select");
    for (const [value, text] of options) select.append(make("option", { value, text }));
    field(name, label, select);
  }
  const counted = (values) => {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    return [...counts].sort((a, b) => (a[0] < b[0] ? -1 : 1));
  };
  const verdictsOf = (clip) => clip.verdicts.filter(Boolean);
  const distinct = (pick) => counted(clips.flatMap((clip) => [...new Set(verdictsOf(clip).flatMap(pick))]));

  field("search", "Search prompts, ids, reasons", make("input", { type: "search", autocomplete: "off", placeholder: "red ball" }), true);
  const models = counted(clips.map((clip) => clip.model).filter((model) => model !== null && model !== undefined));
  if (models.length > 1) {
    choice("model", "Generator", [["", "All generators"], ...models.map(([name, count], place) => [String(place), `${name} (${count})`])]);
  }
  if (several) choice("run", "Run", [["", "Any run"], ...runs.map((run, place) => [String(place), run.name])]);
  const ranked = titles.size > 1 ? [[OVERALL, "Overall"], ...titles] : [...titles];
  choice("dimension", "Dimension", ranked);
  const low = Math.min(...runs.map((run) => run.min));
  const high = Math.max(...runs.map((run) => run.max));
  const bound = (name, label, value) => {
    const input = make("input", { type: "number", min: low, max: high, step: "any", placeholder: String(value), "aria-label": label, id: `filter-${name}`, inputmode: "decimal" });
    controls[name] = input;
    return input;
  };
  form.append(
    make("fieldset", {}, make("legend", { text: "Score from, to" }),
      make("div", { class: "range" }, bound("least", "Lowest score", low), bound("most", "Highest score", high))),
  );
  const states = distinct(statuses);
  if (states.length > 1) {
    choice("status", "Status", [["", "Any status"], ...states.map(([name, count]) => [name, `${name.startsWith("reason:") ? `no score: ${plain(name.slice(7))}` : plain(name)} (${count})`])]);
  }
  const flags = distinct((verdict) => verdict.flags || []);
  if (flags.length) {
    choice("flag", "Flag", [["", "With or without"], ["any", "Any flag"], ["none", "No flag"], ...flags.map(([name, count]) => [`is:${name}`, `${plain(name)} (${count})`])]);
  }
  const sorts = [["", "As in the run"], ["up", "Score, lowest first"], ["down", "Score, highest first"]];
  if (clips.some((clip) => Object.keys(clip.human).length)) sorts.push(["people", "Furthest from people"]);
  if (several) sorts.push(["runs", "Runs disagree most"]);
  if (clips.some((clip) => confidence(clip, OVERALL, everyRun) !== null)) sorts.push(["unsure", "Least confident first"]);
  sorts.push(["id", "Id"]);
  choice("sort", "Sort by", sorts);
  const reset = make("button", { type: "button", text: "Clear filters" });
  form.append(reset);
  form.hidden = false;

  const value = (name) => (controls[name] ? controls[name].value : "");
  const limit = (name) => (value(name).trim() === "" ? null : Number(value(name)));

  function matching() {
    const words = value("search").normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
    const model = value("model") === "" ? null : models[Number(value("model"))][0];
    const places = value("run") === "" ? everyRun : [Number(value("run"))];
    const [dimension, least, most, status, flag] = [value("dimension"), limit("least"), limit("most"), value("status"), value("flag")];
    const found = [];
    clips.forEach((clip, number) => {
      if (model !== null && clip.model !== model) return;
      if (!words.every((word) => haystacks[number].includes(word))) return;
      const fits = places.some((place) => {
        const verdict = clip.verdicts[place];
        if (!verdict) return false;
        if (status && !statuses(verdict).includes(status)) return false;
        const raised = verdict.flags || [];
        if (flag === "any" && !raised.length) return false;
        if (flag === "none" && raised.length) return false;
        if (flag.startsWith("is:") && !raised.includes(flag.slice(3))) return false;
        if (least !== null || most !== null) {
          const score = scoreOf(verdict, dimension);
          if (score === null || (least !== null && score < least) || (most !== null && score > most)) return false;
        }
        return true;
      });
      if (fits) found.push(number);
    });
    const keys = {
      up: (clip) => mean(scoresOf(clip, dimension, places)),
      down: (clip) => mean(scoresOf(clip, dimension, places)),
      people: (clip) => fromPeople(clip, dimension, places),
      runs: (clip) => betweenRuns(clip, dimension),
      unsure: (clip) => confidence(clip, dimension, places),
    };
    const sort = value("sort");
    if (sort === "id") found.sort((a, b) => (clips[a].id < clips[b].id ? -1 : clips[a].id > clips[b].id ? 1 : a - b));
    else if (keys[sort]) {
      const direction = sort === "up" || sort === "unsure" ? 1 : -1;
      const by = new Map(found.map((number) => [number, keys[sort](clips[number])]));
      // What has no such number comes last, in either direction.
      found.sort((a, b) => {
        const [x, y] = [by.get(a), by.get(b)];
        if (x === null || y === null) return (x === null) - (y === null) || a - b;
        return direction * (x - y) || a - b;
      });
    }
    return found;
  }

  // ---- pictures: decoded when a clip comes near the screen, let go of when it leaves the list

  const urls = [];
  function blob(kind, number, type) {
    const text = atob(document.getElementById(`${kind}-${number}`).textContent);
    const bytes = new Uint8Array(text.length);
    for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
    const url = URL.createObjectURL(new Blob([bytes], { type }));
    urls.push(url);
    return url;
  }
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) load(entry.target);
  }, { rootMargin: "600px" });
  function load(card) {
    near.unobserve(card);
    if (card.dataset.loaded) return;
    card.dataset.loaded = "1";
    const number = Number(card.dataset.number);
    const clip = clips[number];
    for (const video of card.querySelectorAll("video")) video.src = clip.href || blob("preview", number, "video/mp4");
    for (const image of card.querySelectorAll("img")) image.src = blob("strip", number, "image/jpeg");
  }

  function pictures(clip, number) {
    const shown = media[number] || {};
    const box = make("div", { class: "media" });
    const plays = Boolean(shown.preview || clip.href);
    if (plays) {
      const video = make("video", { controls: true, loop: true, playsinline: true, preload: "metadata", "aria-label": `Clip ${clip.id}` });
      video.muted = true;
      video.addEventListener("loadedmetadata", () => video.classList.add("sized"));
      box.append(video);
    }
    if (shown.strip) {
      const times = shown.times.map((time) => `${time.toFixed(1)} s`).join(", ");
      const what = shown.judged
        ? shown.judged > shown.times.length ? `${shown.times.length} of the ${shown.judged} frames judged` : `The ${shown.judged} frames judged`
        : "Frames of the clip";
      const region = make("div", { class: plays ? "strip" : "strip large", tabindex: "0", role: "group", "aria-label": "Frames" },
        make("img", { alt: `${what}, at ${times}` }));
      box.append(region, make("p", { class: "caption", text: `${what}, at ${times}` }));
    }
    if (!plays && !shown.strip) box.append(make("div", { class: "missing", text: `No pictures: ${shown.trouble || "none were made"}` }));
    else if (shown.trouble && shown.trouble !== "past the embed budget") box.append(make("p", { class: "caption", text: shown.trouble }));
    if (clip.href) box.append(make("p", { class: "caption" }, make("a", { href: clip.href, text: "Open the original" })));
    return box;
  }

  // ---- a clip

  function folded(tag, name, text) {
    const body = make(tag, { class: name, dir: "auto", text });
    if (text.length < 500 && text.split("\n").length < 7) return [body];
    body.classList.add("clamp");
    const button = make("button", { type: "button", class: "unfold", "aria-expanded": "false", text: "Show all of it" });
    button.addEventListener("click", () => {
      const open = body.classList.toggle("clamp");
      button.textContent = open ? "Show all of it" : "Show less";
      button.setAttribute("aria-expanded", String(!open));
    });
    return [body, button];
  }

  function bars(run, score) {
    const values = Array.from({ length: run.max - run.min + 1 }, (_, place) => run.min + place);
    const known = score.probabilities;
    const spoken = known
      ? `probabilities ${values.map((value, place) => `${value}: ${Math.round(100 * (known[place] || 0))} %`).join(", ")}`
      : `${fixed(score.score)} on ${run.min} to ${run.max}`;
    const box = make("dd", { class: known ? "bars" : "bars steps", role: "img", "aria-label": spoken, title: spoken });
    values.forEach((value, place) => {
      const bar = make("i");
      if (known) {
        const fill = make("b");
        fill.style.height = `${(100 * (known[place] || 0)).toFixed(1)}%`;
        bar.append(fill);
      } else if (value <= Math.round(score.score)) bar.className = "on";
      box.append(bar);
    });
    return box;
  }

  function scoreRows(clip, run, verdict) {
    const list = make("dl", { class: "scores" });
    for (const { name, title: shown } of run.dimensions) {
      const score = verdict.scores[name];
      if (!score) continue;
      list.append(make("dt", { text: shown }));
      if (score.score === undefined) {
        list.append(make("dd", { class: "why", text: `no score: ${plain(score.reason || "no reason given")}` }));
        continue;
      }
      const human = clip.human[name];
      const extra = [];
      if (score.expected !== undefined && score.value !== undefined) extra.push(`wrote ${score.value}`);
      if (score.samples) extra.push(`samples ${score.samples.values.map((one) => one ?? "none").join(", ")}`);
      if (score.coverage !== undefined && score.coverage < 0.99) extra.push(`${Math.round(100 * score.coverage)} % of the probability seen`);
      list.append(
        make("dd", { class: "num", text: fixed(score.score), title: extra.join("; ") || null }),
        bars(run, score),
        human
          ? make("dd", { class: "people", title: human.given.length > 1 ? `scores: ${human.given.join(", ")}` : null, text: `people ${fixed(human.mean)}` })
          : make("dd", {}),
      );
    }
    return list;
  }

  function stageParts(stages, above) {
    return Object.entries(stages).flatMap(([name, text]) => {
      const heading = above ? `${above}, ${plain(name)}` : title(name);
      if (text && typeof text === "object") return stageParts(text, heading);
      return [make("div", { class: "stage", dir: "auto" }, make("b", { text: heading }), String(text))];
    });
  }
  const fold = (label, ...inside) => make("details", {}, make("summary", { text: label }), ...inside);

  function facts(pairs) {
    const list = make("dl", { class: "facts" });
    for (const [name, text] of pairs) {
      if (text === undefined || text === null || text === "") continue;
      list.append(make("dt", { text: name }), make("dd", { dir: "auto", text: String(text) }));
    }
    return list;
  }

  function verdictBlock(clip, run, verdict) {
    const box = make("div", { class: "verdict" });
    if (several) {
      box.append(make("h4", {}, make("span", { dir: "auto", text: run.name }),
        verdict && verdict.overall !== undefined ? make("small", { text: `overall ${fixed(verdict.overall)}` }) : null));
    }
    if (!verdict) {
      box.append(make("p", { class: "caption", text: "This run does not hold the clip." }));
      return box;
    }
    if (several) {
      const row = badges(verdict);
      if (row.length) box.append(make("p", { class: "badges" }, ...row));
    }
    box.append(scoreRows(clip, run, verdict));
    if (verdict.message) box.append(make("p", { class: "rationale", dir: "auto", text: verdict.message }));
    if (verdict.rationale) box.append(...folded("p", "rationale", verdict.rationale));
    const stages = stageParts(verdict.stages || {}, "");
    if (stages.length) box.append(fold(`Reasoning by stage (${stages.length})`, ...stages));
    if (verdict.replies.length) {
      box.append(fold(verdict.replies.length === 1 ? "The reply as written" : `The ${verdict.replies.length} replies as written`,
        ...verdict.replies.flatMap((reply) => {
          const about = [reply.dimension && title(reply.dimension), reply.sample && `sample ${reply.sample}`,
            reply.finish && `finish: ${reply.finish}`, reply.tokens && `${reply.tokens} tokens`].filter(Boolean).join(", ");
          return [about ? make("p", { class: "caption", text: about }) : null, make("pre", { dir: "auto", tabindex: "0", text: reply.text || "(empty)" })];
        }).filter(Boolean)));
    }
    const seen = verdict.frames;
    const made = verdict.provenance;
    box.append(fold("Frames and provenance", facts([
      ["Judge", made.judge], ["Revision", made.revision], ["Rubric", made.rubric], ["Configuration", made.config],
      ["Frames", seen ? `${seen.indices.length} by the rule ${seen.rule}: ${seen.indices.join(", ")}` : "none were looked at"],
      ["At seconds", seen && seen.timestamps.map((time) => time.toFixed(2)).join(", ")],
      ["Shown at", seen && `${seen.width} × ${seen.height} pixels, ${Number(seen.fps.toFixed(3))} frames per second in the file`],
      ["Visual tokens", seen && seen.tokens],
      ["Decoder", seen && seen.decoder], ["Video", clip.video], ["SHA-256", verdict.sha256],
      ["Time", verdict.seconds === undefined ? null : `${verdict.seconds.toFixed(2)} s`],
    ])));
    return box;
  }
  function badges(verdict) {
    const state = verdict.status === "scored" ? [] : [make("span", { class: `chip ${verdict.status}`, text: verdict.reason ? `${verdict.status}: ${plain(verdict.reason)}` : verdict.status })];
    return [...state, ...(verdict.flags || []).map((flag) => make("span", { class: "chip flag", text: plain(flag) }))];
  }

  function card(number) {
    const clip = clips[number];
    const head = make("h3", {}, clip.model !== null ? make("span", { class: "chip", dir: "auto", text: clip.model }) : null, make("span", { class: "id", dir: "auto", text: clip.id }));
    const only = clip.verdicts[0];
    if (!several) {
      head.append(...badges(only));
      if (only.overall !== undefined && titles.size > 1) head.append(make("span", { text: `overall ${fixed(only.overall)}` }));
    }
    const words = make("div", {}, head, ...folded("p", "prompt", clip.prompt || "(no prompt)"));
    if (clip.theme) words.append(make("p", { class: "caption", dir: "auto", text: `Theme: ${clip.theme}` }));
    const verdicts = make("div", { class: "verdicts" });
    runs.forEach((run, place) => verdicts.append(verdictBlock(clip, run, clip.verdicts[place])));
    words.append(verdicts);
    const element = make("article", { class: "clip", "data-number": number, "aria-label": `Clip ${clip.id}` }, pictures(clip, number), words);
    near.observe(element);
    return element;
  }

  // ---- the list, a batch at a time

  const list = document.getElementById("list");
  const more = document.getElementById("more");
  const told = document.getElementById("shown");
  let found = [];
  let drawn = 0;
  function tell() {
    const of = found.length === clips.length ? `${clips.length} clips` : `${found.length} of ${clips.length} clips`;
    told.textContent = found.length ? `${of}${drawn < found.length ? `, the first ${drawn} drawn` : ""}` : "No clip fits these filters.";
    more.hidden = drawn >= found.length;
  }
  function draw(count) {
    if (count <= 0) return tell();
    const part = document.createDocumentFragment();
    for (const number of found.slice(drawn, drawn + count)) part.append(card(number));
    drawn = Math.min(drawn + count, found.length);
    list.append(part);
    tell();
  }
  function restart() {
    near.disconnect();
    for (const url of urls.splice(0)) URL.revokeObjectURL(url);
    list.replaceChildren();
    found = matching();
    drawn = 0;
    draw(BATCH);
  }
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(restart, 120);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  reset.addEventListener("click", () => {
    form.reset();
    restart();
  });
  more.addEventListener("click", () => {
    const next = list.children.length;
    draw(BATCH);
    const first = list.children[next];
    if (first) {
      first.tabIndex = -1;
      first.focus({ preventScroll: true });
    }
  });
  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting) && drawn < found.length) draw(BATCH);
  }, { rootMargin: "800px" }).observe(more);
  window.addEventListener("beforeprint", () => {
    draw(Math.min(PRINTED, found.length) - drawn);
    for (const element of list.children) load(element);
  });
  restart();
})();
