// Standard Markdown, as markdown blocks and streams carry it, as nodes.

import { h, link } from "./dom.js";
import { emoji } from "./names.js";
import { mention } from "./mrkdwn.js";

const INLINE = new RegExp(
  [
    "(`+)([^\\n]*?[^`])\\1(?!`)",
    "!?\\[([^\\]\\n]*)\\]\\(([^()\\s]+)\\)",
    "<(https?:[^<>\\s]+)>",
    "<@([UW][A-Z0-9]+)>",
    "\\*\\*(?=\\S)([^\\n]*?\\S)\\*\\*",
    "__(?=\\S)([^\\n]*?\\S)__",
    "(?<![\\w*])\\*(?=\\S)([^*\\n]*?\\S)\\*(?![\\w*])",
    "(?<![\\w_])_(?=\\S)([^_\\n]*?\\S)_(?![\\w_])",
    "~~(?=\\S)([^\\n]*?\\S)~~",
    ":([a-z0-9_+'-]+):",
    "\\\\([\\\\`*_{}\\[\\]()#+.!|<>~-])",
    "(https?:\\/\\/[^\\s<>)\\]]*[^\\s<>)\\].,;:!?])",
  ].join("|"),
  "g",
);
const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;
const ROW = /^\s*\|(.+)\|\s*$/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;

/** The whole text as one element. */
export function markdown(text) {
  return h("div.md", {}, blocks(text.split("\n")));
}

function blocks(lines) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const step = fence(lines, at) ?? heading(lines, at) ?? rule(lines, at) ?? quote(lines, at)
      ?? list(lines, at) ?? table(lines, at) ?? paragraph(lines, at);
    if (step.node) nodes.push(step.node);
    at = step.next;
  }
  return nodes;
}

function fence(lines, at) {
  const open = /^\s*(```+|~~~+)/.exec(lines[at]);
  if (!open) return null;
  let end = at + 1;
  while (end < lines.length && !lines[end].trimStart().startsWith(open[1])) end += 1;
  const code = lines.slice(at + 1, end).join("\n");
  return { node: h("pre", { tabindex: "0" }, h("code", {}, code)), next: end + 1 };
}

function heading(lines, at) {
  const match = /^(#{1,6})\s+(.*?)\s*#*$/.exec(lines[at]);
  if (!match) return null;
  return { node: h(`h${Math.min(5, match[1].length + 2)}`, {}, inline(match[2])), next: at + 1 };
}

function rule(lines, at) {
  return RULE.test(lines[at]) ? { node: h("hr"), next: at + 1 } : null;
}

function quote(lines, at) {
  if (!/^\s*>/.test(lines[at])) return null;
  let end = at;
  while (end < lines.length && /^\s*>/.test(lines[end])) end += 1;
  const inside = lines.slice(at, end).map((line) => line.replace(/^\s*>\s?/, ""));
  return { node: h("blockquote.md", {}, blocks(inside)), next: end };
}

function list(lines, at) {
  const first = ITEM.exec(lines[at]);
  if (!first) return null;
  const indent = first[1].length;
  const ordered = /\d/.test(first[2]);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    const depth = /^\s*/.exec(lines[end])[0].length;
    if (item && item[1].length === indent && /\d/.test(item[2]) === ordered) items.push([item[3]]);
    else if (lines[end].trim() && depth > indent && items.length) items.at(-1).push(lines[end]);
    else break;
    end += 1;
  }
  const node = h(ordered ? "ol" : "ul", ordered ? { start: parseInt(first[2], 10) } : {}, items.map(listItem));
  return { node, next: end };
}

function listItem([head, ...rest]) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(head);
  const text = task ? [task[1] === " " ? "☐ " : "☑ ", ...inline(task[2])] : inline(head);
  const depth = Math.min(...rest.map((line) => /^\s*/.exec(line)[0].length));
  return h("li", {}, text, rest.length ? blocks(rest.map((line) => line.slice(depth))) : null);
}

function table(lines, at) {
  const aligns = ROW.test(lines[at]) && /^[\s|:-]+$/.test(lines[at + 1] ?? "") && /-/.test(lines[at + 1]);
  if (!aligns) return null;
  const cells = (line) => ROW.exec(line)[1].split(/(?<!\\)\|/).map((cell) => cell.trim());
  const sides = (ROW.test(lines[at + 1]) ? cells(lines[at + 1]) : []).map((cell) =>
    cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : "",
  );
  const row = (tag, line) => h("tr", {}, cells(line).map((cell, n) => h(tag, { class: sides[n] }, inline(cell))));
  let end = at + 2;
  while (end < lines.length && ROW.test(lines[end])) end += 1;
  const body = lines.slice(at + 2, end).map((line) => row("td", line));
  const node = h("div.table", {}, h("table", {}, h("thead", {}, row("th", lines[at])), h("tbody", {}, body)));
  return { node, next: end };
}

function paragraph(lines, at) {
  if (!lines[at].trim()) return { node: null, next: at + 1 };
  let end = at + 1;
  const starts = (line) => /^\s*(```|~~~|#{1,6}\s|>)/.test(line) || ITEM.test(line) || RULE.test(line);
  while (end < lines.length && lines[end].trim() && !starts(lines[end])) end += 1;
  return { node: h("p.text", {}, inline(lines.slice(at, end).join("\n"))), next: end };
}

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) nodes.push(text.slice(end, match.index));
    nodes.push(token(match));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(text.slice(end));
  return nodes;
}

function token(match) {
  const [, , code, label, url, auto, user, bold, strong, em, italic, strike, name, escaped, bare] = match;
  if (code !== undefined) return h("code", {}, code.trim());
  if (url !== undefined) return link(url, label || url);
  if (auto !== undefined) return link(auto);
  if (user !== undefined) return mention(user);
  if (bold ?? strong) return h("strong", {}, inline(bold ?? strong));
  if (em ?? italic) return h("em", {}, inline(em ?? italic));
  if (strike !== undefined) return h("s", {}, inline(strike));
  if (name !== undefined) return emoji(name);
  if (escaped !== undefined) return escaped;
  return link(bare);
}
