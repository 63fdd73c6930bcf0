// rich_text blocks as nodes.

import { h, link } from "./dom.js";
import { emoji } from "./names.js";
import { channelMention, mention } from "./mrkdwn.js";

const WRAPS = { bold: "strong", italic: "em", strike: "s", underline: "u", code: "code" };

export function richText(block) {
  return h("div.rich", {}, (block.elements ?? []).map(part));
}

function part(element) {
  switch (element.type) {
    case "rich_text_section":
      return h("div.section", {}, element.elements.map(inline));
    case "rich_text_quote":
      return h("blockquote", {}, element.elements.map(inline));
    case "rich_text_preformatted":
      return h("pre", { tabindex: "0" }, h("code", {}, element.elements.map(plain)));
    case "rich_text_list":
      return list(element);
    default:
      return h("div.b-unknown", {}, `Unsupported rich text: ${element.type}`);
  }
}

function list(element) {
  const ordered = element.style === "ordered";
  const props = { class: `indent-${Math.min(3, element.indent ?? 0)}` };
  if (ordered) props.start = (element.offset ?? 0) + 1;
  const items = element.elements.map((item) => h("li", {}, item.elements.map(inline)));
  return h(ordered ? "ol" : "ul", props, items);
}

function inline(element) {
  let node = bare(element);
  for (const [style, tag] of Object.entries(WRAPS)) if (element.style?.[style]) node = h(tag, {}, node);
  return node;
}

function bare(element) {
  switch (element.type) {
    case "text":
      return element.text;
    case "link":
      return link(element.url, element.text || element.url);
    case "user":
      return mention(element.user_id);
    case "channel":
      return channelMention(element.channel_id);
    case "broadcast":
      return h("span.mention.ping", {}, `@${element.range}`);
    case "usergroup":
      return h("span.mention.ping", {}, `@${element.usergroup_id}`);
    case "emoji":
      return emoji(element.name);
    case "date":
      return h("time", {}, element.fallback ?? new Date(element.timestamp * 1000).toLocaleString());
    default:
      return element.text ?? element.value ?? "";
  }
}

const plain = (element) => element.text ?? element.url ?? "";
