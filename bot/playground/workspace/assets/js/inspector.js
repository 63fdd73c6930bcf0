// What goes over the wire: the JSON of a message, calls, deliveries; and faults to switch on.

import { act } from "./api.js";
import { fillList, fillOnce, h } from "./dom.js";
import { close } from "./icons.js";
import { timeOfSeconds } from "./names.js";
import { look, messageAt, store } from "./store.js";
import { attempt, toast } from "./toast.js";

const TABS = [["message", "Message"], ["calls", "API calls"], ["deliveries", "Deliveries"], ["faults", "Faults"]];
const FAULTS = [
  ["Rate limit the next post", "fault", { kind: "rate_limited", method: "chat.postMessage", seconds: 5 }],
  ["Next call: server error", "fault", { kind: "server_error" }],
  ["Next call: 5 s slow", "fault", { kind: "slow", seconds: 5 }],
  ["Next post: cut after it", "fault", { kind: "cut", method: "chat.postMessage" }],
  ["Refuse uploads", "fault", { kind: "refuse", method: "files.getUploadURLExternal", error: "file_uploads_disabled", times: null }],
  ["Refuse streams", "fault", { kind: "refuse", method: "chat.startStream", error: "unknown_method", times: null }],
  ["Events come twice", "delivery", { duplicates: 1 }],
  ["Events come 5 s late", "delivery", { delay: 5 }],
  ["Hold events back", "delivery", { hold: true }],
  ["Release them in reverse", "release", { reverse: true }],
  ["Renew the connections", "disconnect", {}],
  ["Cut the connections", "disconnect", { cut: true }],
];

export function drawInspector(node) {
  node.hidden = store.inspector === null;
  if (node.hidden) return;
  if (!node.firstElementChild) node.append(h("header"), h("div.sheet", { role: "tabpanel", tabindex: "0" }));
  const [head, sheet] = node.children;
  fillOnce(head, store.inspector, header);
  if (sheet.dataset.tab !== store.inspector) {
    sheet.replaceChildren();
    sheet.dataset.key = "";
    sheet.dataset.tab = store.inspector;
  }
  sheets[store.inspector](sheet);
}

function header() {
  const tab = ([id, name]) =>
    h("button.tab", { type: "button", role: "tab", "aria-selected": String(store.inspector === id), data: { focus: `inspect ${id}`, sheet: id }, on: { click: () => look({ inspector: id }) } }, name);
  return [
    h("h2", {}, "Inspector"),
    h("div.tabs", { role: "tablist", "aria-label": "Inspector" }, TABS.map(tab)),
    h("button.icon-button", { type: "button", "aria-label": "Close inspector", on: { click: () => look({ inspector: null }) } }, close()),
  ];
}

const pretty = (value) => JSON.stringify(value, null, 2);

const sheets = {
  message(sheet) {
    const message = store.inspected && messageAt(store.inspected.channel, store.inspected.ts);
    fillOnce(sheet, JSON.stringify(["message", message]), () => (message ? payload(message) : h("p.quiet", {}, "Choose “Show its JSON” on a message.")));
  },
  calls: (sheet) => entries(sheet, store.calls, callEntry, "The app has not called the Web API yet."),
  deliveries: (sheet) => entries(sheet, store.deliveries, deliveryEntry, "Nothing was delivered to the app yet."),
  faults(sheet) {
    fillOnce(sheet, JSON.stringify(["faults", store.faults]), faultSheet);
  },
};

function payload(message) {
  const text = pretty(message.payload);
  const copy = async () => {
    await attempt(() => navigator.clipboard.writeText(text));
    toast("Copied.");
  };
  return [h("button.button", { type: "button", on: { click: copy } }, "Copy"), h("pre", {}, h("code", {}, text))];
}

function entries(sheet, list, build, nothing) {
  if (!list.length) {
    fillOnce(sheet, nothing, () => h("p.quiet", {}, nothing));
    return;
  }
  if (sheet.dataset.key !== "list") sheet.replaceChildren(h("div.entries"));
  sheet.dataset.key = "list";
  fillList(sheet.firstElementChild, list.toReversed(), { key: (one) => String(one.number), version: () => "1", build });
}

function entry(at, name, good, outcome, detail) {
  const node = h("details.entry", {}, h("summary", {},
    h("span.quiet", {}, timeOfSeconds(at)),
    h("span", {}, name),
    h(`span.${good ? "good" : "bad"}`, {}, outcome),
  ));
  node.addEventListener("toggle", () => {
    if (node.open && node.children.length === 1) node.append(h("pre", {}, h("code", {}, pretty(detail))));
  });
  return node;
}

function callEntry(call) {
  const good = call.response.ok === true && call.status === 200;
  const outcome = call.status === 0 ? "connection cut" : good ? "ok" : call.response.error ?? call.status;
  return entry(call.at, call.method, good, outcome, { arguments: call.arguments, response: call.response });
}

function deliveryEntry(one) {
  const name = one.attempt ? `${one.name} (retry ${one.attempt})` : one.name;
  return entry(one.at, `${name} by ${one.via}`, !one.reason, one.reason || "taken", { ack: one.ack, payload: one.payload });
}

function faultSheet() {
  const { calls, delivery } = store.faults;
  const active = calls.map((fault) => `${fault.kind} on ${fault.method === "*" ? "any call" : fault.method}${fault.times ? `, ${fault.times} more` : ", until cleared"}`);
  if (delivery.duplicates) active.push(`events come ${delivery.duplicates + 1} times`);
  if (delivery.delay) active.push(`events come ${delivery.delay} s late`);
  if (delivery.hold) active.push("events are held back");
  const go = (deed, body) => () => attempt(() => act(deed, body));
  return [
    h("h3", {}, "Switched on"),
    active.length ? h("ul", {}, active.map((text) => h("li", {}, text))) : h("p.quiet", {}, "None: everything works as it should."),
    h("h3", {}, "Switch on"),
    h("div.fault-grid", {},
      FAULTS.map(([name, deed, body]) => h("button.button", { type: "button", on: { click: go(deed, body) } }, name)),
      h("button.button.danger", { type: "button", on: { click: go("clear_faults", {}) } }, "Clear all"),
    ),
  ];
}
