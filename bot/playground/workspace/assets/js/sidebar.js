// Who one acts as, the channels, the app, and whether the app is there.

import { act } from "./api.js";
import { fillOnce, h } from "./dom.js";
import { avatar } from "./names.js";
import { look, myChannels, myDirect, store, topLevel } from "./store.js";
import { attempt } from "./toast.js";

export function drawSidebar(node) {
  const unread = myChannels().concat(myDirect() ?? []).map((channel) => [channel.id, isUnread(channel.id)]);
  const key = JSON.stringify([store.me, store.place, store.team, store.people, unread, store.connections, [...store.channels.values()]]);
  fillOnce(node, key, () => [
    h("div.brand", {}, h("img", { src: "/assets/icon.svg", alt: "" }), h("div", {}, h("b", {}, store.team), h("span", {}, "on this machine"))),
    group("Acting as", "people", store.people.map(personRow), "radiogroup"),
    group("Channels", "channels", myChannels().map(channelRow)),
    group("Apps", "apps", [appRow()]),
    h("div.sidebar-foot", {}, signal()),
  ]);
}

function group(title, id, rows, role = "group") {
  return h("section", {}, h("h2", { id: `side-${id}` }, title), h("div.rows", { role, "aria-labelledby": `side-${id}` }, rows));
}

function personRow(one) {
  const mine = one.id === store.me;
  const choose = () => actAs(one.id);
  const props = { type: "button", role: "radio", "aria-checked": String(mine), tabindex: mine ? "0" : "-1", data: { focus: `me ${one.id}`, person: one.id } };
  props.on = { click: choose, keydown: walk };
  return h("button.row.person", props, avatar(one.id, "small"), h("span.name", {}, one.real_name, standing(one) && h("small", {}, standing(one))));
}

/** What matters of somebody: not being one of ours goes before what they do. */
function standing(one) {
  if (one.team) return "Of another organisation";
  return one.is_guest ? "Guest" : one.title;
}

/** Arrow keys move through the people, as in any group of radio buttons. */
function walk(event) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const at = store.people.findIndex((one) => one.id === store.me);
  const next = store.people.at((at + step) % store.people.length);
  actAs(next.id);
  requestAnimationFrame(() => document.querySelector(`[data-person="${next.id}"]`)?.focus());
}

function actAs(id) {
  const wasDirect = store.channels.get(store.place)?.kind === "im";
  look({ me: id, thread: null });
  sessionStorage.setItem("workspace-me", id);
  if (wasDirect || !store.channels.get(store.place)?.members.includes(id)) {
    if (wasDirect) openApp();
    else goTo(myChannels()[0]?.id);
  }
}

const isUnread = (id) => id !== store.place && (topLevel(id).at(-1)?.ts ?? "") > (store.seen.get(id) ?? "");

function channelRow(channel) {
  const unread = isUnread(channel.id);
  const absent = !channel.members.includes(store.bot.id);
  const props = { type: "button", class: unread ? "unread" : "", "aria-current": channel.id === store.place ? "page" : null, data: { focus: `go ${channel.id}`, channel: channel.id } };
  props.on = { click: () => goTo(channel.id) };
  return h("button.row", props,
    h("span.mark", { "aria-hidden": "true" }, channel.kind === "group" ? "◆" : "#"),
    h("span.name", {}, channel.name),
    absent && h("span.tail", { title: "The app is not a member" }, "no app"),
    channel.is_shared && h("span.tail", { title: "Shared with another organisation" }, "shared"),
    channel.is_archived && h("span.tail", { title: "Nobody can write here any more" }, "archived"),
    unread && h("span.dot", { role: "img", "aria-label": "new messages" }),
  );
}

function appRow() {
  const direct = myDirect();
  const unread = direct && isUnread(direct.id);
  const props = { type: "button", class: unread ? "unread" : "", "aria-current": direct && direct.id === store.place ? "page" : null, data: { focus: "go app", channel: "app" } };
  props.on = { click: openApp };
  return h("button.row", props, avatar(store.bot.id, "tiny"), h("span.name", {}, store.bot.real_name), unread && h("span.dot", { role: "img", "aria-label": "new messages" }));
}

function signal() {
  const on = store.connections > 0;
  const lately = store.deliveries.findLast((entry) => entry.via === "http");
  if (!on && lately) return h(`span.signal.${lately.reason ? "off" : "on"}`, {}, lately.reason ? `App fails over HTTP (${lately.reason})` : "App answers over HTTP");
  const words = on ? `App connected${store.connections > 1 ? ` (${store.connections} sockets)` : ""}` : "App not connected";
  return h(`span.signal.${on ? "on" : "off"}`, {}, words);
}

/** Looks at a channel. */
export function goTo(id) {
  if (!id) return;
  look({ place: id, thread: null, tab: "messages" });
  sessionStorage.setItem("workspace-place", id);
  document.getElementById("shell").classList.remove("menu-open");
  attempt(() => act("look", { user: store.me, channel: id }));
}

/** Looks at the app's messages, which tells the app so. */
export function openApp() {
  const beside = store.channels.get(store.place)?.kind === "im" ? "" : store.place ?? "";
  return attempt(async () => {
    const { channel } = await act("direct", { user: store.me });
    look({ awaited: channel });
    document.getElementById("shell").classList.remove("menu-open");
    await act("home", { user: store.me, tab: "messages", beside });
  });
}
