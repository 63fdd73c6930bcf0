// One message: who, when, what, and what can be done with it.

import { act } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { confirmed } from "./confirm.js";
import { h } from "./dom.js";
import { collect, menu } from "./elements.js";
import { fileCard } from "./files.js";
import { braces, more, pencil, reply, smile, trash } from "./icons.js";
import { mrkdwnBox, unescape } from "./mrkdwn.js";
import { avatar, emoji, emojiTable, exactTime, nameOf, timeOf } from "./names.js";
import { look, store, threadMessages } from "./store.js";
import { textNodes } from "./text.js";
import { attempt, report } from "./toast.js";

const QUICK = "+1 -1 eyes white_check_mark heart tada pray fire thinking_face bulb warning x rocket clap bug zap "
  + "raised_hands question hourglass_flowing_sand wave mag wrench repeat ok_hand";
const RUN = 300; // seconds within which messages of one person stand together

/** Whether `message` goes on where `before` stopped. */
export function continues(before, message) {
  if (!before || before.user !== message.user || before.ephemeral_to || message.ephemeral_to) return false;
  return Number(message.ts) - Number(before.ts) < RUN && !before.payload.reply_count && !message.payload.subtype
    && !message.payload.edited;
}

/** `inThread` leaves the summary of replies away. */
export function messageNode(message, { inThread, continued }) {
  const { payload } = message;
  const classes = [
    continued && "continued",
    message.ephemeral_to && "ephemeral",
    message.streaming && "streaming",
    isInspected(message) && "inspected",
    !inThread && isOpen(message) && "opened",
  ].filter(Boolean).join(" ");
  return h("article.message", { class: classes, "aria-label": `${nameOf(message.user)}, ${timeOf(message.ts)}`, data: { ts: message.ts } },
    avatar(message.user),
    h("div.content", {},
      byline(message),
      message.ephemeral_to && h("p.only-you", {}, "Only you can see this message"),
      payload.subtype === "thread_broadcast" && !inThread && h("p.broadcast", {}, "replied in a thread"),
      body(message),
      (payload.files ?? []).map(fileCard),
      reactions(message),
      !inThread && replies(message),
    ),
    payload.subtype === "tombstone" ? null : tools(message, inThread),
  );
}

const isInspected = ({ channel, ts }) =>
  store.inspector === "message" && store.inspected?.channel === channel && store.inspected.ts === ts;

const isOpen = ({ channel, ts }) => store.thread?.channel === channel && store.thread.ts === ts;

/** Everything that the look of a message depends on. */
export function messageVersion(message, extra) {
  return JSON.stringify([message, extra, store.me, isInspected(message), isOpen(message)]);
}

function byline(message) {
  const { edited } = message.payload;
  return h("header.byline", {},
    h("b", {}, nameOf(message.user)),
    message.is_bot && h("span.badge", {}, "APP"),
    h("time", { datetime: new Date(Number(message.ts) * 1000).toISOString(), title: exactTime(message.ts) }, timeOf(message.ts)),
    edited && !message.is_bot && h("time", { title: `Edited ${exactTime(edited.ts)}` }, "edited"),
  );
}

function body(message) {
  const { payload } = message;
  if (payload.subtype === "tombstone") return h("p.gone", {}, payload.text);
  const use = (item, block, chosen) => pressed(message, item, chosen);
  const shown = payload.blocks?.length ? renderBlocks(payload.blocks, use) : payload.text ? mrkdwnBox(payload.text) : null;
  return [shown, (payload.attachments ?? []).map((one) => attachment(one, use))];
}

function attachment(item, use) {
  return h("div.attachment", {},
    item.pretext && mrkdwnBox(item.pretext),
    item.title && h("strong", {}, mrkdwnBox(item.title)),
    item.text && mrkdwnBox(item.text),
    item.fields?.length && h("div.b-fields", {}, item.fields.map((one) => h("div", {}, h("strong", {}, one.title), mrkdwnBox(String(one.value ?? ""))))),
    item.blocks?.length && renderBlocks(item.blocks, use),
    item.footer && h("span.quiet.small", {}, textNodes({ type: "mrkdwn", text: item.footer })),
  );
}

function pressed(message, item, chosen) {
  const place = document.querySelector(`[data-ts="${message.ts}"]`);
  const state = place ? collect(place) : {};
  const { channel, ts } = message;
  return attempt(async () => report(await act("press", { user: store.me, channel, ts, action_id: item.action_id, chosen: chosen ?? null, state })));
}

function reactions(message) {
  const list = message.payload.reactions ?? [];
  if (!list.length) return null;
  return h("div.reactions", {}, list.map((one) => {
    const mine = one.users.includes(store.me);
    const who = one.users.map(nameOf).join(", ");
    const props = { type: "button", "aria-pressed": String(mine), title: who, "aria-label": `${one.name}: ${who}` };
    props.data = { focus: `reaction ${message.ts} ${one.name}`, reaction: one.name };
    props.on = { click: () => react(message, one.name, !mine) };
    return h("button.reaction", props, emoji(one.name), h("span", {}, one.count));
  }));
}

function react({ channel, ts }, name, on) {
  return attempt(() => act("react", { user: store.me, channel, ts, name, on }));
}

function replies(message) {
  const count = message.payload.reply_count;
  if (!count) return null;
  const list = threadMessages(message.channel, message.ts).filter((one) => one.is_reply);
  const faces = [...new Set(list.map((one) => one.user))].slice(0, 4).map((user) => avatar(user, "small"));
  const open = () => look({ thread: { channel: message.channel, ts: message.ts } });
  const last = list.at(-1);
  return h("button.replies", { type: "button", on: { click: open }, data: { focus: `replies ${message.ts}` } },
    h("div.faces", {}, faces),
    `${count} ${count === 1 ? "reply" : "replies"}`,
    last && h("span", {}, `Last at ${timeOf(last.ts)}`),
  );
}

function tools(message, inThread) {
  const { channel, ts, user } = message;
  const own = user === store.me;
  const inspect = () => look({ inspector: "message", inspected: { channel, ts } });
  const open = () => look({ thread: { channel, ts: message.root_ts } });
  return h("div.tools", { role: "toolbar", "aria-label": "Message actions" },
    message.ephemeral_to ? null : palette(message),
    !inThread && !message.ephemeral_to && tool("Reply in thread", reply, open, `reply ${ts}`),
    own && tool("Edit message", pencil, () => edit(message), `edit ${ts}`),
    own && tool("Delete message", trash, () => remove(message), `delete ${ts}`),
    shortcuts(message),
    tool("Show its JSON", braces, inspect, `inspect ${ts}`),
  );
}

const tool = (label, icon, click, focus) =>
  h("button.icon-button", { type: "button", "aria-label": label, title: label, on: { click }, data: { focus } }, icon());

function palette(message) {
  const opener = tool("Add a reaction", smile, null, `react ${message.ts}`);
  opener.setAttribute("aria-haspopup", "true");
  const names = QUICK.split(" ").filter((name) => emojiTable()[name]);
  const list = h("ul.palette", { hidden: true }, names.map((name) =>
    h("li", {}, h("button", { type: "button", title: name, on: { click: () => react(message, name, true) } }, emoji(name))),
  ));
  return menu(opener, list);
}

function shortcuts(message) {
  const known = store.app.shortcuts.filter((shortcut) => shortcut.kind === "message");
  if (!known.length || message.ephemeral_to) return null;
  const { channel, ts } = message;
  const opener = tool("Shortcuts", more, null, `shortcuts ${ts}`);
  opener.setAttribute("aria-haspopup", "true");
  const use = (callback_id) => () =>
    attempt(async () => report(await act("shortcut", { user: store.me, callback_id, channel, ts })));
  const list = h("ul", { hidden: true }, known.map((one) =>
    h("li", {}, h("button", { type: "button", on: { click: use(one.callback_id) } }, one.name)),
  ));
  return menu(opener, list);
}

function edit(message) {
  const box = h("textarea.input", { rows: 4, "aria-label": "Message", value: typed(message.payload.text) });
  const dialog = h("dialog", { "aria-labelledby": "edit-title" },
    h("form", { method: "dialog" },
      h("header", {}, h("h2", { id: "edit-title" }, "Edit message")),
      h("div.scroll", {}, box),
      h("footer", {}, h("button.button", { value: "no" }, "Cancel"), h("button.button.primary", { value: "yes" }, "Save")),
    ),
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    const { channel, ts } = message;
    if (dialog.returnValue === "yes") attempt(() => act("edit", { user: store.me, channel, ts, text: box.value }));
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** A message's text as it was typed. */
const typed = (text) => unescape(text.replace(/<(https?:[^<>|]+)>/g, "$1"));

async function remove({ channel, ts }) {
  const plain = (text) => ({ type: "plain_text", text });
  const sure = await confirmed({
    title: plain("Delete this message?"),
    text: plain("Deleting it here deletes it for everybody in the workspace."),
    confirm: plain("Delete"),
    deny: plain("Keep"),
    style: "danger",
  });
  if (sure) await attempt(() => act("delete", { user: store.me, channel, ts }));
}
