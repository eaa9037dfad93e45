// Asking the server: requests as JSON, what goes wrong as a Failure, and entering by a personal link.

const LIGHT = 20000;

export class Failure extends Error {
  constructor(status, body) {
    super(body.message || `the server answered ${status}`);
    this.status = status;
    this.code = body.error || "http";
    this.body = body;
  }

  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

let rater = null;

export async function api(method, path, body) {
  const headers = { "x-reeljudge": "1" };
  if (rater) headers["x-reeljudge-rater"] = rater;
  if (body !== undefined) headers["content-type"] = "application/json";
  const sent = body === undefined ? undefined : JSON.stringify(body);
  let reply;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 20000);
  try {
    reply = await fetch(path, {
      method,
      headers,
      body: sent,
      credentials: "same-origin",
      cache: "no-store",
      // Arrives even where the tab is closed meanwhile; browsers bound how much may be on its way so.
      keepalive: method === "PUT" && sent.length < LIGHT,
      signal: stop.signal,
    });
  } catch {
    throw new Failure(0, { error: "offline", message: "No connection to the server." });
  } finally {
    clearTimeout(timer);
  }
  let told = {};
  try {
    told = await reply.json();
  } catch {
    if (reply.ok) throw new Failure(0, { error: "offline", message: "The server's answer broke off." });
  }
  if (!reply.ok) throw new Failure(reply.status, told);
  return told;
}

export function actAs(key) {
  rater = key;
}

// Enter by the secret of a link, which leaves the address bar at once. False: another page is the right one
// for whoever this is, and the browser is on its way there.
export async function enter(role) {
  const token = location.hash.slice(1);
  if (!token) return true;
  history.replaceState(null, "", location.pathname);
  try {
    const who = await api("POST", "/api/enter", { token: decodeURIComponent(token) });
    if (who.role === role) return true;
    location.replace(who.role === "admin" ? "/admin" : "/");
    return false;
  } catch (failure) {
    if (failure.passing) history.replaceState(null, "", `#${token}`);
    throw failure;
  }
}
