// Talks to the control API. The token comes from the address once and stays in this tab.

const KEY = "workspace-token";

/** Takes the token out of the address, so that it is neither bookmarked nor shown. */
export function readToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEY);
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
}

export function keepToken(token) {
  sessionStorage.setItem(KEY, token);
}

function headers(extra = {}) {
  return { Authorization: `Bearer ${sessionStorage.getItem(KEY) ?? ""}`, ...extra };
}

/** Carries out one deed; throws an Error with the workspace's own words. */
export async function act(deed, body) {
  const response = await fetch(`/control/${deed}`, {
    method: "POST",
    headers: headers({ "Content-Type": "application/json" }),
    body: JSON.stringify(body),
  });
  const text = await response.text();
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(text || `the workspace answered ${response.status}`);
  }
  if (!answer.ok) throw new Error(answer.error);
  return answer;
}

/** The content of a file as a Blob. */
export async function fileContent(id) {
  const response = await fetch(`/control/files/${encodeURIComponent(id)}`, { headers: headers() });
  if (!response.ok) throw new Error(await response.text());
  return response.blob();
}

export class Refused extends Error {}

/** Reads the feed line by line until it ends. Throws Refused where the token is wrong. */
export async function follow(onPatch) {
  const response = await fetch("/control/feed", { headers: headers() });
  if (response.status === 401) throw new Refused(await response.text());
  if (!response.ok) throw new Error(await response.text());
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) onPatch(JSON.parse(line));
  }
}
