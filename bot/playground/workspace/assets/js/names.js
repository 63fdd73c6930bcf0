// People, channels, emoji and times in words.

import { h } from "./dom.js";
import { wind } from "./icons.js";
import { person, store } from "./store.js";

let table = {};

export async function loadEmoji() {
  table = await (await fetch("/assets/emoji.json")).json();
}

export const emojiTable = () => table;

/** The character of an emoji, or its name between colons where it has none here. */
export function emoji(name) {
  const character = table[name.split("::")[0]];
  if (!character) return document.createTextNode(`:${name}:`);
  return h("span.emoji", { role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, character);
}

export const nameOf = (id) => person(id)?.real_name ?? (id === "USLACKBOT" ? "Workspace" : id);

export function avatar(id, size = "") {
  const sized = size ? `.${size}` : "";
  if (id === store.bot?.id) return h(`span.avatar.app${sized}`, { "aria-hidden": "true" }, wind());
  const hue = Math.max(0, store.people.findIndex((one) => one.id === id)) % 4;
  const initials = nameOf(id).split(/[\s-]+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
  return h(`span.avatar.hue-${hue}${sized}`, { "aria-hidden": "true" }, initials);
}

export const seconds = (ts) => Number(ts.split(".")[0]) * 1000;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const dayName = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

export const timeOf = (ts) => clock.format(seconds(ts));
export const exactTime = (ts) => exact.format(seconds(ts));
export const timeOfSeconds = (epoch) => new Date(epoch * 1000).toTimeString().slice(0, 8);

export function dayOf(ts) {
  const date = new Date(seconds(ts));
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  return days === 0 ? "Today" : days === 1 ? "Yesterday" : dayName.format(date);
}

export function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB"];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < 2) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}
