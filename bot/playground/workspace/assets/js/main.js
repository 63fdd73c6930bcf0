// Starts the page: takes the token, follows the feed, draws what changed.

import { follow, forgetToken, keepToken, readToken, Refused } from "./api.js";
import { composer } from "./composer.js";
import { fill, h } from "./dom.js";
import { drawInspector } from "./inspector.js";
import { drawModals } from "./modals.js";
import { loadEmoji } from "./names.js";
import { drawHome, drawPlace, drawPrompts, drawThreadPlace } from "./place.js";
import { drawSidebar } from "./sidebar.js";
import { apply, changed, look, myChannels, onChange, store } from "./store.js";
import { drawThread, drawTimeline, followAnswer } from "./timeline.js";
import { toast } from "./toast.js";

const $ = (id) => document.getElementById(id);
const PAUSE = 1500; // milliseconds before a lost feed is asked for again

function draw() {
  if (!store.ready) return;
  settle();
  const home = store.channels.get(store.place)?.kind === "im" && store.tab === "home";
  $("home").hidden = !home;
  for (const id of ["timeline", "foot"]) $(id).hidden = home;
  $("thread").hidden = !store.thread;
  drawPlace($("place"));
  if (home) drawHome($("home"));
  else drawTimeline($("timeline"));
  drawSidebar($("sidebar"));
  drawPrompts($("prompts"));
  if (store.thread) {
    drawThreadPlace($("thread-place"));
    drawThread($("thread-timeline"));
  }
  drawModals($("modals"));
  drawInspector($("inspector"));
  placeholders();
}

/** Chooses a person and a place where none is chosen, or the chosen one is gone. */
function settle() {
  if (!store.people.some((one) => one.id === store.me)) {
    const kept = sessionStorage.getItem("workspace-me");
    store.me = store.people.some((one) => one.id === kept) ? kept : store.people[0].id;
  }
  if (store.channels.has(store.awaited)) {
    Object.assign(store, { place: store.awaited, awaited: null, thread: null, tab: "messages" });
  }
  if (!store.channels.has(store.place)) {
    const kept = sessionStorage.getItem("workspace-place");
    store.place = store.channels.has(kept) ? kept : myChannels()[0]?.id;
  }
}

function placeholders() {
  const channel = store.channels.get(store.place);
  const name = channel?.kind === "im" ? store.bot.real_name : `#${channel?.name}`;
  $("composer-text").placeholder = `Message ${name}`;
  $("thread-text").placeholder = "Reply…";
  document.title = `${name} · ${store.team}`;
}

/** A permalink names a channel, a message and perhaps its thread. */
function readPermalink() {
  const match = /^\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})$/.exec(location.pathname);
  if (!match) return;
  const thread = new URLSearchParams(location.search).get("thread_ts") ?? `${match[2]}.${match[3]}`;
  look({ place: match[1], thread: { channel: match[1], ts: thread } });
  history.replaceState(null, "", "/");
}

function locked(text) {
  $("shell").hidden = true;
  const box = h("input.input", { type: "password", "aria-label": "Token", autocomplete: "off" });
  const form = h("form", {}, box, h("p", {}, h("button.button.primary", { type: "submit" }, "Open")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    keepToken(box.value.trim());
    location.reload();
  });
  fill($("locked"), h("h1", {}, "This workspace is locked"), h("p", {}, text), form);
  $("locked").hidden = false;
}

async function run() {
  if (!readToken()) {
    locked("Open the address that was printed when the workspace started, or paste its token.");
    return;
  }
  await loadEmoji();
  for (;;) {
    try {
      await follow((patch) => {
        if (patch.kind === "snapshot") {
          $("shell").hidden = false;
          if (store.ready && !store.online) toast("Connected again.");
          store.online = true;
        }
        apply(patch);
        followAnswer(patch);
      });
    } catch (error) {
      if (error instanceof Refused) {
        forgetToken();
        locked(error.message);
        return;
      }
    }
    if (store.online) toast("The workspace does not answer; trying again.");
    store.online = false;
    changed();
    await new Promise((resume) => setTimeout(resume, PAUSE));
  }
}

composer($("composer"), "composer-text", () => ({ channel: store.place, thread_ts: null }), "@ to mention, / for commands, Enter to send");
composer($("thread-composer"), "thread-text", () => ({ channel: store.thread.channel, thread_ts: store.thread.ts }), "@ to mention, Enter to send");
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if ($("shell").classList.contains("menu-open")) $("shell").classList.remove("menu-open");
  else if (store.thread) look({ thread: null });
});
onChange(draw);
readPermalink();
run();
