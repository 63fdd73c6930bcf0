// Interactive elements: what they look like, what they hold, and what happens when they are used.

import { h, safeUrl } from "./dom.js";
import { confirmed } from "./confirm.js";
import { more, out, trash } from "./icons.js";
import { store } from "./store.js";
import { textNodes } from "./text.js";
import { typeahead } from "./typeahead.js";

const readers = new WeakMap();

/** What all inputs under `root` hold, by block and action id. */
export function collect(root) {
  const values = {};
  for (const node of root.querySelectorAll("[data-action]")) {
    const read = readers.get(node);
    if (!read) continue;
    (values[node.dataset.block] ??= {})[node.dataset.action] = read();
  }
  return values;
}

/** One element. `use(element, block, chosen)` is called when the person uses it. */
export function element(item, block, use, id) {
  const build = builders[item.type] ?? (item.type.endsWith("_select") ? select : null);
  if (!build) return h("span.b-unknown", {}, `Unsupported element: ${item.type}`);
  return build(item, block, use, id);
}

const focusName = (item, block) => `${block.block_id}/${item.action_id}`;

/** Runs `work` once at a time for this control, and shows that it runs. */
async function busy(node, work) {
  if (node.getAttribute("aria-busy") === "true") return;
  node.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    node.removeAttribute("aria-busy");
  }
}

async function fire(node, item, block, use, chosen) {
  if (item.confirm && !(await confirmed(item.confirm))) return false;
  await busy(node, () => use(item, block, chosen));
  return true;
}

function button(item, block, use) {
  const style = ["primary", "danger"].includes(item.style) ? `.${item.style}` : "";
  const url = item.url ? safeUrl(item.url) : null;
  const common = { "aria-label": item.accessibility_label, data: { focus: focusName(item, block), element: item.action_id } };
  const press = (event) => fire(event.currentTarget, item, block, use);
  if (url) {
    const props = { ...common, href: url, target: "_blank", rel: "noopener noreferrer", on: { click: press } };
    return h(`a.button${style}`, props, textNodes(item.text), out());
  }
  return h(`button.button${style}`, { ...common, type: "button", on: { click: press } }, textNodes(item.text));
}

function iconButton(item, block, use) {
  const props = { type: "button", data: { focus: focusName(item, block), element: item.action_id } };
  props.on = { click: (event) => fire(event.currentTarget, item, block, use) };
  return h("button.button.plain", props, trash(), textNodes(item.text));
}

function feedback(item, block, use) {
  const rate = (chosen, other) => async (event) => {
    const pressed = event.currentTarget;
    await fire(pressed, item, block, use, chosen);
    pressed.setAttribute("aria-pressed", "true");
    pressed.parentElement.querySelector(`[data-rating="${other}"]`).setAttribute("aria-pressed", "false");
  };
  const one = (choice, name, other) => {
    const data = { rating: name, focus: `${focusName(item, block)}/${name}`, element: `${item.action_id}/${name}` };
    const props = { type: "button", data, "aria-pressed": "false", "aria-label": choice.accessibility_label };
    return h("button.button.plain", { ...props, on: { click: rate(name, other) } }, textNodes(choice.text));
  };
  return [one(item.positive_button, "positive", "negative"), one(item.negative_button, "negative", "positive")];
}

const optionNode = (option, chosen) =>
  h("option", { value: option.value, selected: option.value === chosen }, option.text.text);

function select(item, block, use, id) {
  const multiple = item.type.startsWith("multi_");
  const options = choicesOf(item);
  const initial = item.initial_option?.value ?? item.initial_user ?? item.initial_channel ?? item.initial_conversation;
  const many = (item.initial_options ?? []).map((option) => option.value);
  const groups = item.option_groups?.map((group) =>
    h("optgroup", { label: group.label.text }, group.options.map((option) => optionNode(option, initial))),
  );
  const blank = multiple ? null : h("option", { value: "", selected: !initial }, item.placeholder?.text ?? "Choose…");
  const props = { id, multiple, data: marks(item, block), "aria-label": id ? null : item.placeholder?.text ?? "Choose" };
  props.on = { change: (event) => chooseFrom(event.currentTarget, item, block, use, multiple) };
  const node = h("select.input", props, blank, groups ?? options.map((option) => optionNode(option, initial)));
  for (const option of node.options) if (many.includes(option.value)) option.selected = true;
  readers.set(node, () => (multiple ? [...node.selectedOptions].map((o) => o.value) : node.value || null));
  return node;
}

async function chooseFrom(node, item, block, use, multiple) {
  const chosen = readers.get(node)();
  if (block.type === "input" && !block.dispatch_action) return;
  if (chosen === null) return;
  const done = await fire(node, item, block, use, chosen);
  if (!done && !multiple) node.value = item.initial_option?.value ?? "";
}

/** The options of a menu; menus of people and channels are filled by the workspace. */
function choicesOf(item) {
  const kind = item.type.replace("multi_", "");
  const as = (value, text) => ({ value, text: { text } });
  if (kind === "users_select") return store.people.map((one) => as(one.id, one.real_name));
  if (kind === "channels_select" || kind === "conversations_select") {
    return [...store.channels.values()].filter((c) => c.kind !== "im").map((c) => as(c.id, `#${c.name}`));
  }
  return item.options ?? [];
}

const marks = (item, block) => ({
  block: block.block_id,
  action: item.action_id,
  focus: focusName(item, block),
  element: item.action_id,
});

function choices(item, block, use, id) {
  const many = item.type === "checkboxes";
  const begun = many ? (item.initial_options ?? []).map((o) => o.value) : [item.initial_option?.value];
  const group = h("div.options", { id, role: many ? "group" : "radiogroup", data: marks(item, block) });
  const read = () => {
    const values = [...group.querySelectorAll("input:checked")].map((input) => input.value);
    return many ? values : values[0] ?? null;
  };
  for (const option of item.options) {
    const props = { type: many ? "checkbox" : "radio", name: `${block.block_id}-${item.action_id}`, value: option.value };
    props.checked = begun.includes(option.value);
    props.on = { change: () => (block.type !== "input" || block.dispatch_action) && fire(group, item, block, use, read()) };
    const text = h("span", {}, textNodes(option.text), option.description && h("small", {}, textNodes(option.description)));
    group.append(h("label", {}, h("input", props), text));
  }
  readers.set(group, read);
  return group;
}

const INPUT_TYPES = {
  plain_text_input: "text",
  email_text_input: "email",
  url_text_input: "url",
  number_input: "number",
  datepicker: "date",
  timepicker: "time",
  datetimepicker: "datetime-local",
};

function input(item, block, use, id) {
  const area = item.multiline || item.type === "rich_text_input";
  const initial = item.initial_value ?? item.initial_date ?? item.initial_time ?? "";
  const props = {
    id,
    type: area ? null : INPUT_TYPES[item.type],
    rows: area ? 4 : null,
    placeholder: item.placeholder?.text,
    minlength: item.min_length,
    maxlength: item.max_length,
    min: item.min_value,
    max: item.max_value,
    step: item.is_decimal_allowed ? "any" : null,
    value: typeof initial === "string" ? initial : "",
    autofocus: item.focus_on_load,
    data: marks(item, block),
  };
  const acts = block.type !== "input" || block.dispatch_action;
  if (acts) props.on = { change: (event) => fire(event.currentTarget, item, block, use, event.currentTarget.value) };
  const node = h(area ? "textarea.input" : "input.input", props);
  readers.set(node, () => (node.value === "" ? null : item.type === "datetimepicker" ? Date.parse(node.value) / 1000 : node.value));
  return node;
}

function overflow(item, block, use) {
  const list = h("ul", { hidden: true });
  const opener = h("button.icon-button", {
    type: "button",
    "aria-haspopup": "true",
    "aria-expanded": "false",
    "aria-label": "More actions",
    data: { focus: focusName(item, block), element: item.action_id },
  }, more());
  for (const option of item.options) {
    const url = option.url ? safeUrl(option.url) : null;
    const pick = () => {
      toggleMenu(opener, list, false);
      fire(opener, item, block, use, option.value);
    };
    const props = { on: { click: pick }, data: { element: `${item.action_id}/${option.value}` } };
    const node = url
      ? h("a", { ...props, href: url, target: "_blank", rel: "noopener noreferrer" }, textNodes(option.text))
      : h("button", { ...props, type: "button" }, textNodes(option.text));
    list.append(h("li", {}, node));
  }
  return menu(opener, list);
}

/** A button with a list that it opens: Escape and a click elsewhere close it, arrows walk it. */
export function menu(opener, list, spec = "div.menu") {
  opener.addEventListener("click", () => toggleMenu(opener, list, list.hidden));
  const node = h(spec, {}, opener, list);
  node.addEventListener("keydown", (event) => {
    const items = [...list.querySelectorAll("button, a")];
    const at = items.indexOf(document.activeElement);
    if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      toggleMenu(opener, list, false);
      opener.focus();
    } else if (["ArrowDown", "ArrowUp"].includes(event.key) && !list.hidden) {
      event.preventDefault();
      items.at((at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length)?.focus();
    }
  });
  node.addEventListener("focusout", (event) => {
    if (!node.contains(event.relatedTarget)) toggleMenu(opener, list, false);
  });
  return node;
}

function toggleMenu(opener, list, open) {
  list.hidden = !open;
  opener.setAttribute("aria-expanded", String(open));
  if (open) list.querySelector("button, a")?.focus();
}

function external(item, block, use, id) {
  const made = typeahead(item, id, marks(item, block), (node) => collect(node.closest("form") ?? node));
  readers.set(made.node, made.read);
  if (block.type !== "input" || block.dispatch_action) {
    made.node.addEventListener("chosen", () => fire(made.node, item, block, use, made.read()));
  }
  return made.node;
}

const builders = {
  button,
  external_select: external,
  workflow_button: button,
  icon_button: iconButton,
  feedback_buttons: feedback,
  overflow,
  checkboxes: choices,
  radio_buttons: choices,
  rich_text_input: input,
  ...Object.fromEntries(Object.keys(INPUT_TYPES).map((kind) => [kind, input])),
};
