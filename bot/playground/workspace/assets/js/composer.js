// The box to write in: sends on Enter, helps with mentions and commands, takes files.

import { act } from "./api.js";
import { h } from "./dom.js";
import { menu } from "./elements.js";
import { bolt, clip, send } from "./icons.js";
import { avatar } from "./names.js";
import { store } from "./store.js";
import { attempt, report } from "./toast.js";

const FILE_MAX = 20_000_000;

/** Fills `form` once. `where` gives the channel and thread that a message goes to. */
export function composer(form, id, where, words) {
  const box = h("textarea", {
    id,
    rows: 1,
    role: "combobox",
    "aria-label": "Message",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": `${id}-suggestions`,
    data: { focus: id },
  });
  const list = h("ul.suggestions", { id: `${id}-suggestions`, role: "listbox", hidden: true });
  const picker = h("input", { type: "file", hidden: true, tabindex: "-1" });
  const button = h("button.icon-button.send", { type: "submit", "aria-label": "Send", title: "Send", disabled: true }, send());
  const attach = h("button.icon-button", { type: "button", "aria-label": "Attach a text file", title: "Attach a text file" }, clip());
  const hint = h("span.hint", {}, words);
  form.replaceChildren(list, box, h("div.row-foot", {}, attach, picker, shortcuts(id), hint, button));

  const suggest = suggestions(box, list);
  const grow = () => {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
    button.disabled = !box.value.trim();
    suggest.update();
  };
  box.addEventListener("input", grow);
  box.addEventListener("keydown", (event) => {
    if (suggest.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  box.addEventListener("blur", () => suggest.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (!text) return;
    box.value = "";
    grow();
    if (!(await attempt(() => deliver(text, where())))) {
      box.value = text;
      grow();
    }
  });
  attach.addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => attempt(() => upload(picker, box, grow, where())));
}

/** The app's shortcuts that are there anywhere. */
function shortcuts(id) {
  const opener = h("button.icon-button", { type: "button", "aria-label": "Shortcuts", "aria-haspopup": "true", "aria-expanded": "false", title: "Shortcuts", data: { focus: `${id} shortcuts` } }, bolt());
  const list = h("ul", { hidden: true });
  opener.addEventListener("click", () => {
    const known = store.app.shortcuts.filter((one) => one.kind === "global");
    const use = (one) => () => attempt(async () => report(await act("shortcut", { user: store.me, callback_id: one.callback_id })));
    const none = h("li", {}, h("p.quiet.small", {}, "The app has none."));
    const items = known.map((one) => h("li", {}, h("button", { type: "button", title: one.description, data: { shortcut: one.callback_id }, on: { click: use(one) } }, one.name)));
    list.replaceChildren(...(items.length ? items : [none]));
  });
  return menu(opener, list, "div.menu.upwards");
}

/** A command where the text begins with one of the app's, else a message. */
async function deliver(text, { channel, thread_ts }) {
  const [name, ...rest] = text.split(/\s+/);
  const known = store.app.commands.some((command) => command.name === name);
  if (!known) return act("say", { user: store.me, channel, text, thread_ts });
  if (thread_ts) throw new Error("Slash commands do not work in threads; use the channel's message box.");
  const done = await act("command", { user: store.me, channel, name, text: text.slice(name.length).trim() });
  report(done);
  return rest && done;
}

async function upload(picker, box, grow, { channel, thread_ts }) {
  const file = picker.files[0];
  picker.value = "";
  if (!file) return;
  if (file.size > FILE_MAX) throw new Error("Files up to 20 MB can be attached here.");
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 32_768) binary += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  await act("upload", { user: store.me, channel, thread_ts, name: file.name, content: btoa(binary), text: box.value.trim() });
  box.value = "";
  grow();
}

/** The list of people or commands above the box. */
function suggestions(box, list) {
  let found = [];
  let at = 0;

  const close = () => {
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const mark = () => {
    [...list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === at)));
    box.setAttribute("aria-activedescendant", `${box.id}-s${at}`);
  };
  const take = (n) => {
    const { start, insert } = found[n];
    const caret = box.selectionStart;
    box.value = `${box.value.slice(0, start)}${insert} ${box.value.slice(caret).trimStart()}`;
    box.selectionStart = box.selectionEnd = start + insert.length + 1;
    close();
    box.dispatchEvent(new Event("input"));
    box.focus();
  };
  const update = () => {
    found = matches(box.value, box.selectionStart);
    at = 0;
    if (!found.length) return close();
    list.replaceChildren(...found.map((one, n) => h("li", {
      id: `${box.id}-s${n}`,
      role: "option",
      on: { mousedown: (event) => event.preventDefault(), click: () => take(n) },
    }, one.face, h("b", {}, one.label), h("span", {}, one.about))));
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    return mark();
  };
  const key = (event) => {
    if (list.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      at = (at + step + found.length) % found.length;
      mark();
    } else if (event.key === "Enter" || event.key === "Tab") {
      take(at);
    } else if (event.key === "Escape") {
      close();
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  };
  return { update, key, close };
}

function matches(text, caret) {
  const before = text.slice(0, caret);
  const command = /^\/[\w-]*$/.exec(before);
  if (command) {
    const fitting = store.app.commands.filter((one) => one.name.startsWith(command[0]) && one.name !== command[0]);
    return fitting.map((one) => ({ start: 0, insert: one.name, label: one.name, about: one.description || one.usage_hint }));
  }
  const handle = /(?:^|\s)@([\w.-]*)$/.exec(before);
  if (!handle) return [];
  const typed = handle[1].toLowerCase();
  const start = caret - typed.length - 1;
  return [store.bot, ...store.people]
    .filter((one) => one.name.toLowerCase().startsWith(typed) || one.real_name.toLowerCase().startsWith(typed))
    .map((one) => ({ start, insert: `@${one.name}`, label: one.real_name, about: `@${one.name}`, face: avatar(one.id, "small") }));
}
