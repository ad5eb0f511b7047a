// How the page asks the server: with the token that stands in the address that was opened, and that no other page can read.

const KEY = "mlo-token";

/** Take the token out of the address and keep it for this address alone, so that other tabs need none. */
export function takeToken(): void {
  const parts = location.hash.replace(/^#/, "").split("&");
  const token = parts.find((part) => part.startsWith("token="));
  if (!token) return;
  localStorage.setItem(KEY, token.slice("token=".length));
  const rest = parts.filter((part) => part !== token).join("&");
  history.replaceState(null, "", location.pathname + location.search + (rest ? `#${rest}` : ""));
}

/** What the server says is wrong. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly hint: string,
    readonly status: number,
  ) {
    super(message);
  }
}

async function asked(path: string, options: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${localStorage.getItem(KEY) ?? ""}`, ...options.headers };
  const answer = await fetch(`/api${path}`, { ...options, headers });
  if (answer.ok) return answer;
  const told = (await answer.json().catch(() => ({}))) as { error?: string; where?: string; hint?: string };
  throw new Refused([told.where, told.error ?? `the server answered ${answer.status}`].filter(Boolean).join(": "), told.hint ?? "", answer.status);
}

export const get = async <T>(path: string): Promise<T> => (await (await asked(path)).json()) as T;

export const text = async (path: string): Promise<string> => (await asked(path)).text();

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  const answer = await asked(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return (await answer.json()) as T;
}

export const query = (values: Record<string, string>): string => {
  const given = Object.entries(values).filter(([, value]) => value);
  return given.length ? `?${new URLSearchParams(given)}` : "";
};

const AGAIN_MS = 1000;

/** Hear what changes. Of all tabs one listens to the server and tells the others: a browser keeps six connections to a server open. */
export function listen<Change>(take: (change: Change) => void, connected: (is: boolean) => void): void {
  const tabs = new BroadcastChannel("mlo-live");
  let leads = false;
  let is = false;
  const hear = (said: Said<Change>) => {
    if ("change" in said) take(said.change);
    else if ("connected" in said) connected(said.connected);
    else if (leads) tabs.postMessage({ connected: is });
  };
  const tell = (said: Said<Change>) => {
    tabs.postMessage(said);
    hear(said);
  };
  const turn = (to: boolean) => {
    if (is !== to) tell({ connected: to });
    is = to;
  };
  const lead = async () => {
    leads = true;
    for (;;) {
      try {
        for await (const change of changes<Change>()) {
          turn(true);
          tell({ change });
        }
      } catch {
        /* the server has gone, or the network: it is tried again */
      }
      turn(false);
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  };
  tabs.onmessage = ({ data }) => hear(data as Said<Change>);
  tabs.postMessage({ asks: true });
  if (navigator.locks) void navigator.locks.request("mlo-live", lead);
  else void lead(); // without encryption, from another machine
}

/** What tabs say to each other: one that has just been opened asks whether there is a connection. */
type Said<Change> = { connected: boolean } | { change: Change } | { asks: true };

async function* changes<Change>(): AsyncGenerator<Change> {
  const answer = await asked("/events");
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop()!;
    for (const event of events) if (event.startsWith("data: ")) yield JSON.parse(event.slice("data: ".length)) as Change;
  }
}
