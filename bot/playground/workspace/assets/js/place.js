// The head of the channel and of the thread; the app's tabs, its Home and its prompts.

import { act } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { fillOnce, h } from "./dom.js";
import { collect } from "./elements.js";
import { braces, close, menu, spark, wind } from "./icons.js";
import { look, messageAt, store, titleOf, topLevel } from "./store.js";
import { attempt, report } from "./toast.js";

const iconButton = (label, icon, click, extra = {}, spec = "button.icon-button") =>
  h(spec, { type: "button", "aria-label": label, title: label, on: { click }, ...extra }, icon());

export function drawPlace(node) {
  const channel = store.channels.get(store.place);
  if (!channel) return;
  const direct = channel.kind === "im";
  fillOnce(node, JSON.stringify([channel, store.tab, store.inspector !== null, store.me]), () => [
    iconButton("Channels and people", menu, () => document.getElementById("shell").classList.toggle("menu-open"), {}, "button.icon-button.menu-button"),
    h("div.about", {},
      h("h1", {}, direct ? store.bot.real_name : `${channel.kind === "group" ? "◆ " : "#"}${channel.name}`),
      h("p", {}, direct ? "Messages to the app" : channel.topic || `${channel.members.length} members`),
    ),
    direct ? store.app.home_tab && tabs() : membership(channel),
    iconButton("Inspector", braces, toggleInspector, { "aria-pressed": String(store.inspector !== null), data: { focus: "inspector" } }),
  ]);
}

function toggleInspector() {
  look({ inspector: store.inspector ? null : store.inspected ? "message" : "calls" });
}

function membership(channel) {
  if (channel.members.includes(store.bot.id)) return null;
  const add = () => attempt(() => act("membership", { user: store.me, channel: channel.id }));
  return h("button.button", { type: "button", on: { click: add } }, `Add ${store.bot.real_name}`);
}

function tabs() {
  const tab = (id, name) =>
    h("button.tab", { type: "button", role: "tab", "aria-selected": String(store.tab === id), data: { focus: `tab ${id}`, tab: id }, on: { click: () => openTab(id) } }, name);
  return h("div.tabs", { role: "tablist", "aria-label": "App" }, tab("home", "Home"), tab("messages", "Messages"));
}

function openTab(tab) {
  look({ tab, thread: null });
  return attempt(() => act("home", { user: store.me, tab }));
}

/** The app's Home, in place of the messages. */
export function drawHome(node) {
  const view = store.homes.get(store.me);
  const key = JSON.stringify([view?.id, view?.hash, store.me]);
  fillOnce(node, key, () => (view ? renderBlocks(view.blocks, (item, block, chosen) => used(view, node, item, chosen)) : emptyHome()));
}

function used(view, node, item, chosen) {
  const body = { user: store.me, view_id: view.id, action_id: item.action_id, chosen: chosen ?? null, values: collect(node) };
  return attempt(async () => report(await act("act_in_view", body)));
}

function emptyHome() {
  return h("div.empty", {}, wind(), h("h2", {}, "Nothing here yet"), h("p", {}, `${store.bot.real_name} has not published a Home for you.`));
}

/** Suggestions for a first question; they send themselves. */
export function drawPrompts(node) {
  const channel = store.channels.get(store.place);
  const direct = channel?.kind === "im" && store.tab === "messages";
  const set = store.prompts.get(store.place);
  const prompts = direct && !topLevel(store.place).length ? set?.prompts ?? store.app.prompts : direct ? set?.prompts ?? [] : [];
  fillOnce(node, JSON.stringify([store.place, prompts, set?.title]), () => [
    prompts.length && set?.title ? h("span.title", {}, set.title) : null,
    prompts.map((prompt) => h("button.button", { type: "button", on: { click: () => ask(prompt.message) }, data: { prompt: prompt.title } }, spark(), prompt.title)),
  ]);
}

const ask = (text) => attempt(() => act("say", { user: store.me, channel: store.place, text }));

export function drawThreadPlace(node) {
  const { channel, ts } = store.thread;
  const where = store.channels.get(channel);
  const title = titleOf(channel, ts);
  const name = where?.kind === "im" ? store.bot.real_name : `#${where?.name}`;
  const gone = !messageAt(channel, ts);
  fillOnce(node, JSON.stringify([channel, ts, title, gone]), () => [
    h("div.about", {}, h("h2", {}, title || "Thread"), h("p", {}, name)),
    iconButton("Close thread", close, () => look({ thread: null }), { data: { focus: "close thread" } }),
  ]);
}
