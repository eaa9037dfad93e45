// What was typed, until the server has it: kept in this browser, sent again until it arrives.
//
// Every page that was touched has an entry: {base, answer, state, save?, tried, at}. `base` is the version
// that the page showed; `save` names this very save, so that the same one sent twice counts once. An entry
// goes away only when the server has said that it is stored.

import { randomName } from "./build.js";
import { Failure, api } from "./server.js";

const BEAT = 4000;
const DEAD = 90000; // timers of tabs in the background run once a minute
const SLOWEST = 30000;

function stored(key) {
  try {
    return JSON.parse(localStorage.getItem(key) || "null");
  } catch {
    return null;
  }
}

async function ownName() {
  // A duplicated tab gets a copy of sessionStorage: it must not work on the other one's entries.
  let name = sessionStorage.getItem("reeljudge/tab") || randomName();
  if (typeof BroadcastChannel === "function") {
    const channel = new BroadcastChannel("reeljudge/tabs");
    const me = randomName();
    const taken = await new Promise((answer) => {
      channel.onmessage = ({ data }) => {
        if (data.taken === name && data.to === me) answer(true);
      };
      channel.postMessage({ asks: name, from: me });
      setTimeout(() => answer(false), 120);
    });
    if (taken) name = randomName();
    channel.onmessage = ({ data }) => {
      if (data.asks === name && data.from !== me) channel.postMessage({ taken: name, to: data.from });
    };
  }
  sessionStorage.setItem("reeljudge/tab", name);
  return name;
}

export class Work {
  // onSaved(unit, reply), onFailed(unit, failure), onState()
  constructor(prefix, handlers) {
    this.prefix = prefix;
    this.handlers = handlers;
    this.entries = {};
    this.trouble = null;
    this.keeps = true;
    this.sending = null;
    this.wait = 0;
    this.timer = null;
  }

  static async open(task, me, handlers) {
    const work = new Work(`reeljudge/${task}/${me}/`, handlers);
    work.key = work.prefix + (await ownName());
    const own = stored(work.key);
    if (own) work.entries = own.entries || {};
    work.adopt();
    work.persist();
    setInterval(() => work.beat(), BEAT);
    addEventListener("online", () => work.again());
    addEventListener("pagehide", () => {
      work.flush();
      work.persist(0); // whoever opens the page next takes over at once
    });
    addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") work.flush();
    });
    return work;
  }

  beat() {
    if (this.adopt()) {
      this.handlers.onAdopted();
      this.pump();
    }
    this.persist();
  }

  // Entries of tabs that are gone. True where there were some.
  adopt() {
    let took = false;
    const others = [];
    for (let place = 0; place < localStorage.length; place += 1) {
      const key = localStorage.key(place);
      if (key.startsWith(this.prefix) && key !== this.key) others.push(key);
    }
    for (const key of others) {
      const found = stored(key);
      if (found && Date.now() - (found.beat || 0) < DEAD) continue;
      for (const [unit, entry] of Object.entries((found && found.entries) || {})) {
        const mine = this.entries[unit];
        if (mine && mine.at >= entry.at) continue;
        this.entries[unit] = entry;
        took = true;
      }
      localStorage.removeItem(key);
    }
    // Refused as somebody else used this browser: whoever is here now has opened their own link again.
    for (const entry of Object.values(this.entries)) {
      if (entry.state === "refused" && entry.failure && entry.failure.status === 403) entry.state = "queued";
    }
    return took;
  }

  persist(beat = Date.now()) {
    const entries = this.entries;
    try {
      localStorage.setItem(this.key, JSON.stringify({ beat, entries }));
      this.keeps = true;
    } catch {
      this.keeps = false;
    }
  }

  of(unit) {
    return this.entries[unit] || null;
  }

  // Something was typed: keep it. Nothing is sent yet.
  note(unit, base, answer) {
    const before = this.entries[unit];
    this.entries[unit] = {
      base: before ? before.base : base,
      tried: before ? before.tried : [],
      answer,
      state: "draft",
      at: Date.now(),
    };
    this.persist();
    this.handlers.onState();
  }

  drop(unit) {
    delete this.entries[unit];
    this.persist();
    this.handlers.onState();
  }

  send(unit) {
    const entry = this.entries[unit];
    if (!entry || entry.state === "queued") return;
    entry.state = "queued";
    entry.save = randomName();
    delete entry.failure;
    this.persist();
    this.handlers.onState();
    this.pump();
  }

  // The person has seen the other version and wants this one to stand.
  insist(unit) {
    const entry = this.entries[unit];
    if (!entry) return;
    entry.base = entry.failure && entry.failure.version !== undefined ? entry.failure.version : entry.base;
    this.send(unit);
  }

  get queued() {
    return Object.keys(this.entries).filter((unit) => this.entries[unit].state === "queued");
  }

  get refused() {
    return Object.keys(this.entries).filter((unit) => this.entries[unit].state === "refused");
  }

  again() {
    clearTimeout(this.timer);
    this.timer = null;
    this.wait = 0;
    this.pump();
  }

  async pump() {
    if (this.sending || this.timer) return;
    const unit = this.queued.sort((one, other) => this.entries[one].at - this.entries[other].at)[0];
    if (unit === undefined) {
      this.handlers.onState();
      return;
    }
    this.sending = unit;
    this.handlers.onState();
    const { save, base, answer, tried } = this.entries[unit];
    // Until an answer comes nobody knows whether this save has arrived.
    if (!tried.includes(save)) tried.push(save);
    this.persist();
    try {
      const reply = await api("PUT", `/api/page/${unit}`, { ...answer, save, base });
      this.trouble = null;
      this.wait = 0;
      this.arrived(unit, save, reply);
    } catch (failure) {
      this.failed(unit, save, failure);
    }
    this.sending = null;
    this.handlers.onState();
    if (!this.timer && this.queued.length) this.pump();
  }

  arrived(unit, save, reply) {
    const entry = this.entries[unit];
    if (entry && entry.save === save && entry.state === "queued") delete this.entries[unit];
    else if (entry) {
      entry.base = reply.version;
      entry.tried = [];
    }
    this.persist();
    this.handlers.onSaved(unit, reply);
  }

  failed(unit, save, failure) {
    if (!(failure instanceof Failure)) throw failure;
    const entry = this.entries[unit];
    if (failure.passing || failure.status === 401) {
      this.trouble = failure;
      this.wait = Math.min(SLOWEST, this.wait ? this.wait * 2 : 1000);
      this.timer = setTimeout(() => {
        this.timer = null;
        this.pump();
      }, this.wait);
      return;
    }
    this.trouble = null;
    if (!entry) return;
    if (failure.code === "stale" && entry.tried.includes(failure.body.version)) {
      // What stands there is our own earlier save, whose answer was lost on the way.
      entry.base = failure.body.version;
      return;
    }
    if (entry.save === save && entry.state === "queued") {
      entry.state = "refused";
      entry.failure = { ...failure.body, status: failure.status };
      this.persist();
    }
    this.handlers.onFailed(unit, failure);
  }

  // The page is about to go: send what waits, without waiting for answers.
  flush() {
    this.handlers.onLeaving();
    this.persist();
    for (const unit of this.queued) {
      if (unit === this.sending) continue;
      const { save, base, answer, tried } = this.entries[unit];
      if (!tried.includes(save)) tried.push(save);
      this.persist();
      api("PUT", `/api/page/${unit}`, { ...answer, save, base }).then(
        (reply) => {
          this.arrived(unit, save, reply);
          this.handlers.onState();
        },
        () => {},
      );
    }
  }
}
