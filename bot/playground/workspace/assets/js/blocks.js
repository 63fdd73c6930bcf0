// Blocks as a reader sees them.

import { fileContent } from "./api.js";
import { h, link, safeUrl } from "./dom.js";
import { element } from "./elements.js";
import { markdown } from "./markdown.js";
import { richText } from "./richtext.js";
import { textNodes } from "./text.js";

let inputs = 0;

/** All blocks. `use` is called when an element is used; `errors` are an app's, by block id. */
export function renderBlocks(list, use, errors = {}) {
  return h("div.blocks", {}, (list ?? []).map((block) => renderBlock(block, use, errors)));
}

function renderBlock(block, use, errors) {
  const build = builders[block.type];
  if (!build) return h("div.b-unknown", {}, `Unsupported block: ${block.type}`);
  try {
    return build(block, use, errors);
  } catch (error) {
    // One broken block must not take the whole conversation with it.
    console.error(error);
    return h("div.b-unknown", {}, `This ${block.type} block could not be shown: ${error.message}`);
  }
}

function section(block, use) {
  const fields = block.fields && h("div.b-fields", {}, block.fields.map((field) => h("div.text", {}, textNodes(field))));
  const body = h("div.body", {}, block.text && h("div.text", {}, textNodes(block.text)), fields);
  const accessory = block.accessory && h("div.accessory", {}, anyElement(block.accessory, block, use));
  return h("div.b-section", {}, body, accessory);
}

const anyElement = (item, block, use) => (item.type === "image" ? picture(item) : element(item, block, use));

function context(block) {
  return h("div.b-context", {}, block.elements.map((item) =>
    item.type === "image" ? picture(item) : h("span.text", {}, textNodes(item)),
  ));
}

function field(block, use, errors) {
  inputs += 1;
  const id = `input-${inputs}`;
  const fault = errors[block.block_id];
  const control = element(block.element, block, use, id);
  const notes = [];
  if (block.hint) notes.push(h("p.hint", { id: `${id}-hint` }, textNodes(block.hint)));
  if (fault) notes.push(h("p.fault", { id: `${id}-fault`, role: "alert" }, fault));
  if (control.setAttribute) {
    if (fault) control.setAttribute("aria-invalid", "true");
    if (notes.length) control.setAttribute("aria-describedby", notes.map((note) => note.id).join(" "));
    control.dataset.required = block.optional ? "" : "yes";
    control.dataset.label = block.label.text;
  }
  const grouped = control.matches?.(".options");
  const name = [textNodes(block.label), block.optional ? h("span.optional", {}, " (optional)") : null];
  const label = grouped ? h("span.label", { id: `${id}-label` }, name) : h("label", { for: id }, name);
  if (grouped) control.setAttribute("aria-labelledby", `${id}-label`);
  return h("div.field", { data: { field: block.block_id } }, label, control, notes);
}

function picture(item) {
  const caption = item.title && h("figcaption", {}, textNodes(item.title));
  const id = item.slack_file?.id ?? /-(F[A-Z0-9]+)(?:\/|$)/.exec(item.slack_file?.url ?? "")?.[1];
  if (!id) {
    const safe = safeUrl(item.image_url);
    const where = safe ? link(safe, new URL(safe).host) : "an unusable address";
    const note = h("small", {}, "Image at ", where, " (not loaded here)");
    return h("figure.picture", {}, caption, h("div.absent", {}, h("span", {}, item.alt_text), note));
  }
  const image = h("img", { alt: item.alt_text });
  fileContent(id).then((blob) => {
    image.src = URL.createObjectURL(new Blob([blob], { type: "image/png" }));
  }, () => image.replaceWith(h("div.absent", {}, item.alt_text)));
  return h("figure.picture", {}, caption, image);
}

function table(block) {
  const cell = (tag, value, n) => {
    const align = block.column_settings?.[n]?.align;
    const content = value.type === "rich_text" ? richText(value) : String(value.text ?? value.value ?? "");
    return h(tag, { class: align === "right" ? "right" : align === "center" ? "center" : null }, content);
  };
  const [head, ...rest] = block.rows;
  const body = rest.map((row) => h("tr", {}, row.map((value, n) => cell("td", value, n))));
  return h("div.table", { tabindex: "0" }, h("table", {}, h("thead", {}, h("tr", {}, head.map((value, n) => cell("th", value, n)))), h("tbody", {}, body)));
}

const STATES = { pending: ["○", "waiting"], in_progress: ["◔", "running"], complete: ["✓", "done"], error: ["✕", "failed"] };

function task(block) {
  const [mark, word] = STATES[block.status] ?? STATES.pending;
  return h(`div.task.${block.status}`, {},
    h("span.state", { role: "img", "aria-label": word }, mark),
    h("span", {}, block.title),
    block.details && h("div.more", {}, richText(block.details)),
    block.output && h("div.more", {}, richText(block.output)),
    block.sources?.length && h("div.sources", {}, block.sources.map((source) => link(source.url, source.text))),
  );
}

function plan(block) {
  const tasks = block.tasks ?? [];
  const done = tasks.length && tasks.every((one) => one.status === "complete");
  return h("details.plan", { open: !done }, h("summary", {}, block.title), tasks.map(task));
}

function card(block, use) {
  return h("div.card", {},
    block.hero_image && picture(block.hero_image),
    block.title && h("strong", {}, textNodes(block.title)),
    block.subtitle && h("span.quiet.small", {}, textNodes(block.subtitle)),
    block.body && h("div.text", {}, textNodes(block.body)),
    block.actions && h("div.b-actions", {}, block.actions.map((item) => element(item, block, use))),
  );
}

function container(block, use, errors) {
  const title = block.rich_text_title ? richText(block.rich_text_title) : textNodes(block.title);
  const subtitle = block.subtitle && h("div.quiet.small", {}, textNodes(block.subtitle));
  const inside = renderBlocks(block.child_blocks, use, errors);
  if (!block.is_collapsible) return h("div.container", {}, h("div.title", {}, title), subtitle, inside);
  return h("details.container", { open: !block.default_collapsed }, h("summary", {}, title, subtitle), inside);
}

const actions = (spec) => (block, use) => h(spec, {}, block.elements.map((item) => element(item, block, use)));

const builders = {
  section,
  context,
  table,
  card,
  container,
  input: field,
  image: picture,
  task_card: task,
  actions: actions("div.b-actions"),
  context_actions: actions("div.b-context-actions"),
  header: (block) => h("h3.b-header", {}, textNodes(block.text)),
  divider: () => h("hr.b-divider"),
  markdown: (block) => markdown(block.text),
  rich_text: richText,
  alert: (block) => h(`div.alert.${block.level ?? "default"}`, { role: "note" }, h("div.text", {}, textNodes(block.text))),
  plan,
  carousel: (block, use) => h("div.carousel", { tabindex: "0" }, block.elements.map((item) => card(item, use))),
  video: (block) => h("div.card", {}, h("strong", {}, textNodes(block.title)), link(block.video_url, block.alt_text)),
  file: (block) => h("div.b-unknown", {}, `Remote file ${block.external_id}`),
};
