// Modals of the acting person: the topmost is shown, what was typed survives the app's objections.

import { act } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { collect } from "./elements.js";
import { close } from "./icons.js";
import { store } from "./store.js";
import { textNodes } from "./text.js";
import { attempt, report } from "./toast.js";

let shown = null; // {id, hash, dialog}

export function drawModals(host) {
  const mine = [...store.modals.values()].filter((view) => view.user === store.me);
  const top = mine.at(-1);
  if (!top) {
    dismiss();
    return;
  }
  if (shown?.id === top.id && shown.hash === top.hash) {
    showErrors(shown.dialog, top.errors);
    return;
  }
  dismiss();
  const dialog = build(top, mine.length > 1);
  host.append(dialog);
  dialog.showModal();
  if (!dialog.querySelector("[autofocus]")) dialog.querySelector(".scroll :is(input, select, textarea)")?.focus();
  shown = { id: top.id, hash: top.hash, dialog };
  showErrors(dialog, top.errors);
}

function dismiss() {
  shown?.dialog.remove();
  shown = null;
}

function build(view, stacked) {
  const title = `${view.id}-title`;
  const leave = () => attempt(() => act("close_view", { user: store.me, view_id: view.id }));
  const inside = h("div.scroll", {});
  const use = (item, block, chosen) => {
    const body = { user: store.me, view_id: view.id, action_id: item.action_id, chosen: chosen ?? null, values: collect(inside) };
    return attempt(async () => report(await act("act_in_view", body)));
  };
  inside.append(renderBlocks(view.blocks, use));
  const closeWord = view.close ? textNodes(view.close) : stacked ? "Back" : "Cancel";
  const form = h("form", { novalidate: true },
    h("header", {},
      h("h2", { id: title }, textNodes(view.title)),
      h("button.icon-button", { type: "button", "aria-label": "Close", on: { click: leave } }, close()),
    ),
    inside,
    h("footer", {},
      h("button.button", { type: "button", on: { click: leave } }, closeWord),
      view.submit && h("button.button.primary", { type: "submit", data: { element: "submit" } }, textNodes(view.submit)),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, view, inside);
  });
  const dialog = h("dialog", { "aria-labelledby": title, data: { view: view.id } }, form);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave();
  });
  return dialog;
}

async function send(form, view, inside) {
  const missing = faults(inside);
  showErrors(form, missing);
  if (Object.keys(missing).length) return;
  form.setAttribute("aria-busy", "true");
  await attempt(async () => report(await act("submit", { user: store.me, view_id: view.id, values: collect(inside) })));
  form.removeAttribute("aria-busy");
}

/** What the form itself objects to, before the app is asked. */
function faults(inside) {
  const found = {};
  for (const control of inside.querySelectorAll("[data-required]")) {
    const value = collect(control.parentElement)[control.dataset.block]?.[control.dataset.action];
    const empty = value === null || value === "" || (Array.isArray(value) && !value.length);
    if (empty && control.dataset.required) found[control.dataset.block] = "Please fill in this field.";
    else if (!empty && control.validity && !control.validity.valid) found[control.dataset.block] = control.validationMessage;
  }
  return found;
}

function showErrors(root, errors = {}) {
  for (const field of root.querySelectorAll("[data-field]")) {
    const text = errors[field.dataset.field];
    const control = field.querySelector("[data-action]");
    const old = field.querySelector(".fault");
    if (old?.textContent === text) continue;
    old?.remove();
    control?.toggleAttribute("aria-invalid", false);
    if (!text) continue;
    const id = `fault-${field.dataset.field}`;
    field.append(h("p.fault", { id, role: "alert" }, text));
    control?.setAttribute("aria-invalid", "true");
    control?.setAttribute("aria-errormessage", id);
  }
  const first = root.querySelector('[aria-invalid="true"]');
  (first?.querySelector("input") ?? first)?.focus();
}
