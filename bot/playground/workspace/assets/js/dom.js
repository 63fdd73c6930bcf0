// Builds elements. Text only ever becomes text nodes: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/** `h("button.primary", {type: "button", on: {click}}, "Go")`; null and false children are left out. */
export function h(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(props ?? {})) setProp(node, name, value);
  append(node, children);
  return node;
}

function setProp(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "on") {
    for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
  } else if (name === "class") {
    node.className = [node.className, value].filter(Boolean).join(" ");
  } else if (name === "data") {
    Object.assign(node.dataset, value);
  } else if (name === "value" || name === "checked" || name === "disabled") {
    node[name] = value;
  } else {
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replaces the children of `node` without losing the keyboard's place (`data-focus` names it). */
export function fill(node, ...children) {
  const held = node.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  node.replaceChildren();
  append(node, children);
  refocus(node, held);
}

/** Fills `node` only when `key` differs from last time. */
export function fillOnce(node, key, build) {
  if (node.dataset.key === key) return false;
  node.dataset.key = key;
  fill(node, build());
  return true;
}

/** Keeps one child for each item, in order; a child is rebuilt only when its version changed. */
export function fillList(node, items, { key, version, build }) {
  const old = new Map([...node.children].map((child) => [child.dataset.item, child]));
  let next = node.firstElementChild;
  for (const item of items) {
    const id = key(item);
    const wanted = version(item);
    let child = old.get(id);
    old.delete(id);
    if (!child || child.dataset.version !== wanted) {
      const fresh = build(item);
      fresh.dataset.item = id;
      fresh.dataset.version = wanted;
      if (child) {
        if (child === next) next = fresh;
        const held = child.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
        child.replaceWith(fresh);
        refocus(fresh, held);
      }
      child = fresh;
    }
    if (child === next) next = next.nextElementSibling;
    else node.insertBefore(child, next);
  }
  for (const gone of old.values()) gone.remove();
}

function refocus(node, held) {
  if (held) node.querySelector(`[data-focus="${CSS.escape(held)}"]`)?.focus();
}

/** A line drawing of 24 by 24. */
export function svg(...paths) {
  const root = document.createElementNS(SVG, "svg");
  root.setAttribute("viewBox", "0 0 24 24");
  root.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    root.append(path);
  }
  return root;
}

/** Only web and mail addresses become links; everything else stays text. */
export function link(url, ...children) {
  const safe = safeUrl(url);
  const shown = children.length ? children : [url];
  if (!safe) return h("span", {}, shown);
  return h("a", { href: safe, target: "_blank", rel: "noopener noreferrer" }, shown);
}

export function safeUrl(url) {
  try {
    const parsed = new URL(url);
    return ["http:", "https:", "mailto:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}
