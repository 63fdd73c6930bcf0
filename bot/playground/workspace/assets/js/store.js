// What the page knows, and who is told when it changes.

const KEPT = 300;
const listeners = new Set();
let scheduled = false;

export const store = {
  ready: false,
  online: false,
  team: "",
  people: [],
  bot: null,
  app: { name: "", commands: [], shortcuts: [], prompts: [] },
  channels: new Map(),
  messages: new Map(), // channel id -> Map of ts -> message, in order of ts
  statuses: new Map(), // "channel ts" -> status
  titles: new Map(),
  prompts: new Map(),
  modals: new Map(),
  homes: new Map(), // by user
  calls: [],
  deliveries: [],
  connections: 0,
  faults: { calls: [], delivery: {} },
  // What the person at the keyboard looks at
  me: null,
  place: null, // channel id
  awaited: null, // a channel to go to once the feed has told of it
  tab: "messages",
  thread: null, // {channel, ts}
  inspected: null, // {channel, ts}
  inspector: null, // null, "message", "calls", "deliveries" or "faults"
  seen: new Map(), // channel id -> ts of the newest message seen
};

export function onChange(listener) {
  listeners.add(listener);
}

/** Tells all listeners, once for everything that happens within a frame. */
export function changed() {
  if (scheduled) return;
  scheduled = true;
  const run = () => {
    if (!scheduled) return;
    scheduled = false;
    for (const listener of listeners) listener();
  };
  requestAnimationFrame(run);
  setTimeout(run, 100); // a tab in the background gets no frames
}

/** Sets some of what the person looks at. */
export function look(fields) {
  Object.assign(store, fields);
  changed();
}

const place = (thing) => `${thing.channel} ${thing.thread_ts ?? thing.ts}`;

function putMessage(message) {
  const channel = store.messages.get(message.channel) ?? new Map();
  const late = !channel.has(message.ts) && [...channel.keys()].at(-1) > message.ts;
  channel.set(message.ts, message);
  const ordered = late ? new Map([...channel].sort(([a], [b]) => (a < b ? -1 : 1))) : channel;
  store.messages.set(message.channel, ordered);
}

function putStatus(status) {
  if (!status.text) {
    store.statuses.delete(place(status));
    return;
  }
  const since = store.statuses.get(place(status))?.since ?? Date.now();
  store.statuses.set(place(status), { ...status, since });
  setTimeout(() => {
    const now = store.statuses.get(place(status));
    if (now && now.at === status.at) {
      store.statuses.delete(place(status));
      changed();
    }
  }, status.seconds_left * 1000);
}

const remember = (list, entry) => {
  list.push(entry);
  if (list.length > KEPT) list.splice(0, list.length - KEPT);
};

const appliers = {
  snapshot(all) {
    const { people, bot, app, team, calls, deliveries, connections, faults } = all;
    Object.assign(store, { people, bot, app, team, calls, deliveries, connections, faults });
    store.channels = new Map(all.channels.map((channel) => [channel.id, channel]));
    store.messages = new Map();
    all.messages.forEach(putMessage);
    store.statuses = new Map();
    all.statuses.forEach(putStatus);
    store.titles = new Map(all.titles.map((title) => [place(title), title.title]));
    store.prompts = new Map(all.prompts.map((prompts) => [prompts.channel, prompts]));
    store.modals = new Map(all.modals.map((view) => [view.id, view]));
    store.homes = new Map(all.homes.map((view) => [view.user, view]));
    store.ready = true;
  },
  message: ({ message }) => putMessage(message),
  message_gone({ channel, ts }) {
    store.messages.get(channel)?.delete(ts);
    if (store.thread?.channel === channel && store.thread.ts === ts) store.thread = null;
  },
  file_gone({ id }) {
    for (const channel of store.messages.values()) {
      for (const [ts, message] of channel) {
        const files = message.payload.files?.filter((file) => file.id !== id);
        if (files) channel.set(ts, { ...message, payload: { ...message.payload, files } });
      }
    }
  },
  person({ person }) {
    store.people = store.people.map((one) => (one.id === person.id ? person : one));
  },
  channel: ({ channel }) => store.channels.set(channel.id, channel),
  status: ({ status }) => putStatus(status),
  title: ({ title }) => store.titles.set(place(title), title.title),
  prompts: ({ prompts }) => store.prompts.set(prompts.channel, prompts),
  modal: ({ view }) => store.modals.set(view.id, view),
  modal_gone: ({ id }) => store.modals.delete(id),
  home: ({ view }) => store.homes.set(view.user, view),
  call: ({ call }) => remember(store.calls, call),
  delivery: ({ delivery }) => remember(store.deliveries, delivery),
  connections({ count }) {
    store.connections = count;
  },
  faults({ faults }) {
    store.faults = faults;
  },
  reset() {
    for (const kept of ["messages", "statuses", "titles", "prompts", "modals", "homes"]) store[kept].clear();
    Object.assign(store, { calls: [], deliveries: [], thread: null, inspected: null });
    store.faults = { calls: [], delivery: {} };
  },
};

/** Takes in one line of the feed. */
export function apply(patch) {
  appliers[patch.kind]?.(patch);
  changed();
}

// Questions about the store

export const person = (id) =>
  id === store.bot?.id ? store.bot : store.people.find((one) => one.id === id) ?? null;

export const channelMessages = (id) => [...(store.messages.get(id)?.values() ?? [])];

const visible = (message) => !message.ephemeral_to || message.ephemeral_to === store.me;

/** What stands in the channel itself, as the acting person sees it. */
export const topLevel = (id) =>
  channelMessages(id).filter(
    (message) => visible(message) && (!message.is_reply || message.payload.subtype === "thread_broadcast"),
  );

/** A root and its replies, as the acting person sees them. */
export const threadMessages = (id, ts) =>
  channelMessages(id).filter((message) => message.root_ts === ts && visible(message));

export const messageAt = (id, ts) => store.messages.get(id)?.get(ts) ?? null;
export const statusOf = (id, ts) => store.statuses.get(`${id} ${ts}`) ?? null;
export const titleOf = (id, ts) => store.titles.get(`${id} ${ts}`) ?? "";

/** The channels that the acting person sees, direct messages apart. */
export const myChannels = () =>
  [...store.channels.values()].filter((channel) => channel.kind !== "im" && channel.members.includes(store.me));

export const myDirect = () =>
  [...store.channels.values()].find((channel) => channel.kind === "im" && channel.members.includes(store.me)) ?? null;
