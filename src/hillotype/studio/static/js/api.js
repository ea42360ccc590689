// The REST API, as the page uses it. What is refused becomes an Error whose message is a sentence for the person.

/** What the person is told when no answer comes. */
export const UNANSWERED = "The studio does not answer; see whether it still runs.";

const ROOT = "api/v1";

async function ask(method, path, options) {
  const answer = await send(method, path, options);
  return answer.status === 204 ? null : answer.json();
}

async function send(method, path, options = {}) {
  let answer;
  try {
    answer = await fetch(`${ROOT}/${path}`, { method, ...options });
  } catch {
    throw new Error(UNANSWERED);
  }
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  const error = new Error(told.message ?? `The studio answered with status ${answer.status}.`);
  error.status = answer.status;
  throw error;
}

export const get = (path) => ask("GET", path);
export const getBlob = async (path) => (await send("GET", path)).blob();
export const post = (path, body) => ask("POST", path, body === undefined ? {} : json(body));
export const put = (path, body) => ask("PUT", path, json(body));
export const remove = (path) => ask("DELETE", path);

const json = (body) => ({ body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });

/** The session of this tab: the one it had before it was loaded again, or a new one. */
export async function openSession() {
  const known = sessionStorage.getItem("session");
  if (known) {
    try {
      return new Session(await get(`sessions/${known}`));
    } catch (error) {
      if (error.status !== 404) throw error;
    }
  }
  const session = new Session(await post("sessions"));
  sessionStorage.setItem("session", session.id);
  return session;
}

/** The pictures of a tab, as the studio has them. */
class Session {
  constructor(state) {
    this.id = state.id;
    this.jobs = state.jobs;
    this.path = `sessions/${state.id}`;
    this.sent = Promise.resolve(); // the last settings
  }

  /** Calls `changed(job)` with each job as it is and whenever it changes, and `lost(ended)` when the studio is gone. */
  listen(changed, lost) {
    const events = new EventSource(`${ROOT}/${this.path}/events`);
    events.onmessage = (event) => changed(JSON.parse(event.data));
    events.onopen = () => lost(null);
    events.onerror = () => lost(events.readyState === EventSource.CLOSED);
  }

  add(file, name, settings) {
    const query = new URLSearchParams({ name });
    for (const [key, value] of Object.entries(settings)) for (const each of [value ?? []].flat()) query.append(key, each);
    return ask("POST", `${this.path}/jobs?${query}`, {
      body: file,
      headers: { "Content-Type": "application/octet-stream" },
    });
  }

  /** Does a picture again; one is sent after the other, so that the last settings come last. */
  restart(id, settings) {
    const send = () => put(`${this.path}/jobs/${id}/settings`, settings);
    return (this.sent = this.sent.then(send, send));
  }

  cancel = (id) => post(`${this.path}/jobs/${id}/cancel`);
  preview = async (id, settings, side) => {
    return (await send("POST", `${this.path}/jobs/${id}/preview?side=${side}`, json(settings))).blob();
  };
  remove = (id) => remove(`${this.path}/jobs/${id}`);
  address = (id, what) => `${ROOT}/${this.path}/jobs/${id}/${what}`;
  archive = () => `${ROOT}/${this.path}/archive`;
}
