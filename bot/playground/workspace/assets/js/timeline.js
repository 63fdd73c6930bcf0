// The messages of a channel and of a thread, in their order, kept at the newest one.

import { act } from "./api.js";
import { fillList, h } from "./dom.js";
import { wind } from "./icons.js";
import { continues, messageNode, messageVersion } from "./messages.js";
import { dayOf, nameOf } from "./names.js";
import { look, statusOf, store, threadMessages, topLevel } from "./store.js";
import { attempt } from "./toast.js";

const NEAR = 80; // pixels from the end within which new messages scroll into view
const MARGIN = 12; // pixels above a message that is scrolled to
const ROTATION = 2500; // milliseconds that each loading message stands

/** Draws the channel that is looked at. */
export function drawTimeline(node) {
  const list = topLevel(store.place);
  const items = withDays(list, false);
  if (!items.length) items.push({ id: "empty", kind: "empty" });
  for (const message of list) {
    const status = statusOf(store.place, message.ts);
    if (status && store.thread?.ts !== message.ts) items.push(statusItem(status, message.ts));
  }
  draw(node, items, `${store.place} ${store.me}`);
  const last = list.at(-1);
  if (last) store.seen.set(store.place, last.ts);
}

/** Draws the thread that is open. */
export function drawThread(node) {
  const { channel, ts } = store.thread;
  const [root, ...replies] = threadMessages(channel, ts);
  const items = withDays(root ? [root] : [], true).filter((item) => item.kind === "message");
  if (replies.length) items.push({ id: "count", kind: "count", count: replies.length });
  items.push(...withDays(replies, true).filter((item) => item.kind === "message"));
  const status = statusOf(channel, ts);
  if (status) items.push(statusItem(status, ts));
  draw(node, items, `${channel} ${ts} ${store.me}`);
}

const statusItem = (status, ts) => ({ id: `status ${ts}`, kind: "status", status });

function withDays(messages, inThread) {
  const items = [];
  let before = null;
  for (const message of messages) {
    const day = dayOf(message.ts);
    if (!before || dayOf(before.ts) !== day) {
      items.push({ id: `day ${day}`, kind: "day", day });
      before = null;
    }
    items.push({ id: message.ts, kind: "message", message, inThread, continued: continues(before, message) });
    before = message;
  }
  return items;
}

function draw(node, items, place) {
  const moved = node.dataset.place !== place;
  const atEnd = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
  if (moved) node.replaceChildren();
  node.dataset.place = place;
  fillList(node, items, { key: (item) => item.id, version, build });
  if (moved || atEnd) toNewest(node);
}

/** Shows the end, or the beginning of the last message where all of it does not fit. */
function toNewest(node) {
  const last = [...node.children].findLast((child) => child.matches(".message"));
  node.scrollTop = node.scrollHeight;
  const above = last ? node.getBoundingClientRect().top - last.getBoundingClientRect().top : 0;
  if (above > 0) node.scrollTop -= above + MARGIN;
}

function version(item) {
  if (item.kind === "message") return messageVersion(item.message, item.continued);
  return JSON.stringify(item);
}

const builders = {
  message: (item) => messageNode(item.message, item),
  day: (item) => h("div.day", { role: "separator" }, item.day),
  count: (item) => h("div.divider-replies", {}, `${item.count} ${item.count === 1 ? "reply" : "replies"}`),
  status: (item) => statusLine(item.status),
  empty,
};

const build = (item) => builders[item.kind](item);

function statusLine(status) {
  const words = h("span", {}, statusWords(status));
  const timer = setInterval(() => {
    if (words.isConnected) words.replaceChildren(statusWords(status));
    else clearInterval(timer);
  }, ROTATION);
  const stop = () => attempt(() => act("stop", { user: store.me, channel: status.channel, thread_ts: status.thread_ts }));
  return h("div.status", { role: "status" },
    h("span.dots", { "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    words,
    status.can_stop && h("button.button.plain", { type: "button", on: { click: stop }, data: { element: "stop" } }, "Stop"),
  );
}

/** "Airflow Support is reading the log…", or the loading messages in turn. */
function statusWords(status) {
  const loading = status.loading_messages ?? [];
  if (loading.length) return loading[Math.floor((Date.now() - status.since) / ROTATION) % loading.length];
  const words = status.text === "processing" ? "is working…" : status.text;
  return /^is\b/.test(words) ? `${nameOf(store.bot.id)} ${words}` : words;
}

function empty() {
  const channel = store.channels.get(store.place);
  const direct = channel?.kind === "im";
  const handle = `@${store.bot.name}`;
  const hint = direct
    ? "Ask why a task failed. Each message starts a thread of its own."
    : `Mention ${handle} and say which Dag or task failed, or paste an Airflow link.`;
  const begin = () => {
    const box = document.getElementById("composer-text");
    if (!direct && !box.value) box.value = `${handle} `;
    box.focus();
    box.dispatchEvent(new Event("input"));
  };
  return h("div.empty", {}, wind(),
    h("h2", {}, direct ? `Talk to ${store.bot.real_name}` : `This is #${channel?.name ?? ""}`),
    h("p", {}, hint),
    h("button.button", { type: "button", on: { click: begin } }, direct ? "Write a message" : `Mention ${handle}`),
  );
}

/** Opens the thread by itself when the app answers the question that was just asked. */
export function followAnswer(patch) {
  const { message } = patch;
  if (patch.kind !== "message" || !message.is_bot || !message.is_reply || store.thread) return;
  if (message.channel !== store.place || window.innerWidth <= 1080) return;
  const root = topLevel(store.place).at(-1);
  if (root?.ts === message.root_ts && root.user === store.me) {
    look({ thread: { channel: message.channel, ts: message.root_ts } });
  }
}
