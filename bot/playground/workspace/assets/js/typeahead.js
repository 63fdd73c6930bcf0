// A menu whose options the app gives while one types.

import { act } from "./api.js";
import { h } from "./dom.js";
import { store } from "./store.js";

const PAUSE = 200; // milliseconds of silence after which the app is asked

/** The menu. `marks` are its data attributes; `values` gives what the rest of the form holds. */
export function typeahead(item, id, marks, values) {
  const listId = `${id ?? item.action_id}-options`;
  const node = h("div.typeahead", { data: marks });
  const box = h("input.input", {
    id, type: "text", role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-controls": listId, placeholder: item.placeholder?.text, value: item.initial_option?.text.text ?? "",
  });
  const list = h("div.choices", { id: listId, role: "listbox", hidden: true });
  node.append(box, list);
  let chosen = item.initial_option ?? null;
  let options = [];
  let at = -1;
  let timer = null;
  let asked = 0;

  const open = (on) => {
    list.hidden = !on;
    box.setAttribute("aria-expanded", String(on));
    if (!on) box.removeAttribute("aria-activedescendant");
  };
  const mark = (to) => {
    at = to;
    [...list.querySelectorAll("[role=option]")].forEach((one, n) => {
      one.setAttribute("aria-selected", String(n === at));
      if (n === at) one.scrollIntoView({ block: "nearest" });
    });
    if (at >= 0) box.setAttribute("aria-activedescendant", `${listId}-${at}`);
  };
  const take = (n) => {
    chosen = options[n];
    box.value = chosen.text.text;
    open(false);
    node.dispatchEvent(new CustomEvent("chosen"));
  };
  const say = (words) => {
    options = [];
    list.replaceChildren(h("p.quiet.small", {}, words));
    open(true);
  };
  const show = (groups) => {
    options = groups.flatMap((group) => group.options);
    if (!options.length) return say("Nothing fits.");
    let n = 0;
    const one = (option) => {
      const number = n++;
      return h("button", {
        type: "button", role: "option", id: `${listId}-${number}`, tabindex: "-1", data: { value: option.value },
        on: { mousedown: (event) => event.preventDefault(), click: () => take(number) },
      }, option.text.text);
    };
    list.replaceChildren(...groups.flatMap((group) => [
      ...(group.label ? [h("p.label", {}, group.label.text)] : []), ...group.options.map(one),
    ]));
    open(true);
    mark(0);
  };
  const ask = async () => {
    const turn = ++asked;
    const view = node.closest("dialog")?.dataset.view;
    try {
      const done = await act("suggest", { user: store.me, view_id: view, action_id: item.action_id, typed: box.value, values: values(node) });
      if (turn === asked && document.activeElement === box) show(done.groups);
    } catch (error) {
      if (turn === asked) say(`The app gave no options: ${error.message}`);
    }
  };
  const askSoon = () => {
    clearTimeout(timer);
    if (box.value.length < (item.min_query_length ?? 3)) return open(false);
    timer = setTimeout(ask, PAUSE);
  };

  box.addEventListener("input", () => {
    chosen = null;
    askSoon();
  });
  box.addEventListener("focus", askSoon);
  box.addEventListener("blur", () => {
    clearTimeout(timer);
    open(false);
    if (!chosen) box.value = "";
  });
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) mark((at + step + options.length) % options.length);
    else if (event.key === "Enter" && at >= 0 && options.length) take(at);
    else if (event.key === "Escape") open(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return { node, read: () => chosen };
}
