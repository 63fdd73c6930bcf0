// Slack's mrkdwn as nodes: emphasis, code, quotes, links, mentions and emoji.

import { h, link } from "./dom.js";
import { emoji, nameOf } from "./names.js";
import { store } from "./store.js";

const FENCE = /```\n?([\s\S]*?)\n?```/g;
const INLINE = new RegExp(
  [
    "`([^`\\n]+)`",
    "<([^<>\\n]+)>",
    "(?<![\\w*])\\*(?=\\S)([^*\\n]*?\\S)\\*(?![\\w*])",
    "(?<![\\w_])_(?=\\S)([^_\\n]*?\\S)_(?![\\w_])",
    "(?<![\\w~])~(?=\\S)([^~\\n]*?\\S)~(?![\\w~])",
    ":([a-z0-9_+'-]+):",
  ].join("|"),
  "g",
);

export const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** The nodes of a mrkdwn text. */
export function mrkdwn(text) {
  const nodes = [];
  let end = 0;
  for (const fence of text.matchAll(FENCE)) {
    nodes.push(...paragraphs(text.slice(end, fence.index)));
    nodes.push(h("pre", { tabindex: "0" }, h("code", {}, plainText(fence[1]))));
    end = fence.index + fence[0].length;
  }
  nodes.push(...paragraphs(text.slice(end)));
  return nodes;
}

/** A mrkdwn text in its own element. */
export const mrkdwnBox = (text) => h("div.text", {}, mrkdwn(text));

/** Runs of quoted lines become quotations; other lines stay as they are. */
function paragraphs(text) {
  const nodes = [];
  let run = [];
  let quoted = false;
  const flush = () => {
    if (!run.length) return;
    const lines = run.join("\n");
    nodes.push(...(quoted ? [h("blockquote", {}, h("div.text", {}, inline(lines)))] : inline(lines)));
    run = [];
  };
  for (const line of text.replace(/^\n|\n$/g, "").split("\n")) {
    const mark = /^(?:&gt;|>)\s?/.exec(line);
    if (Boolean(mark) !== quoted) flush();
    quoted = Boolean(mark);
    run.push(mark ? line.slice(mark[0].length) : line);
  }
  flush();
  return nodes;
}

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) nodes.push(unescape(text.slice(end, match.index)));
    nodes.push(token(match));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(unescape(text.slice(end)));
  return nodes;
}

function token([whole, code, entity, bold, italic, strike, name]) {
  if (code !== undefined) return h("code", {}, plainText(code));
  if (entity !== undefined) return angled(entity) ?? unescape(whole);
  if (bold !== undefined) return h("strong", {}, inline(bold));
  if (italic !== undefined) return h("em", {}, inline(italic));
  if (strike !== undefined) return h("s", {}, inline(strike));
  return emoji(name);
}

/** What stands between angle brackets; null where it is only text. */
function angled(entity) {
  const [target, label] = split(entity);
  if (/^@[UW]/.test(target)) return mention(target.slice(1), label);
  if (/^#C|^#G/.test(target)) return channelMention(target.slice(1), label);
  if (/^!(here|channel|everyone)$/.test(target)) return h("span.mention.ping", {}, `@${target.slice(1)}`);
  if (target.startsWith("!subteam^")) return h("span.mention.ping", {}, label || `@${target.slice(9)}`);
  if (target.startsWith("!date^")) return h("time", {}, label || target);
  if (/^(https?:|mailto:)/.test(target)) return link(unescape(target), label ? inline(label) : unescape(target));
  return null;
}

function split(entity) {
  const bar = entity.indexOf("|");
  return bar < 0 ? [entity, ""] : [entity.slice(0, bar), entity.slice(bar + 1)];
}

export const mention = (id, label = "") => h("span.mention", {}, `@${label || nameOf(id)}`);

export function channelMention(id, label = "") {
  return h("span.mention", {}, `#${label || store.channels.get(id)?.name || id}`);
}

/** Inside code, links and mentions lose their brackets but are not made active. */
function plainText(text) {
  return unescape(text.replace(/<(?:[^<>|\n]*\|)?([^<>|\n]+)>/g, "$1"));
}
