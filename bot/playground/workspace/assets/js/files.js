// Files in messages: their name, a preview of text, a download.

import { fileContent } from "./api.js";
import { h } from "./dom.js";
import { page } from "./icons.js";
import { sizeOf } from "./names.js";
import { attempt } from "./toast.js";

const TEXT_MAX = 2_000_000;

export function fileCard(file) {
  const preview = file.preview !== undefined ? h("pre", { tabindex: "0" }, h("code", {}, file.preview)) : null;
  const details = [file.filetype?.toUpperCase(), sizeOf(file.size), file.lines && `${file.lines} lines`];
  const shortened = preview && file.size > file.preview.length;
  return h("article.file", { "aria-label": `File ${file.name}` },
    h("header", {},
      page(),
      h("div", {}, h("b", {}, file.title || file.name), h("small", {}, details.filter(Boolean).join(" · "))),
      shortened && h("button.button.plain", { type: "button", on: { click: (event) => expand(event, file, preview) } }, "Show all"),
      h("button.button.plain", { type: "button", on: { click: () => download(file) } }, "Download"),
    ),
    file.mimetype?.startsWith("image/") ? image(file) : preview,
  );
}

function expand(event, file, preview) {
  const opener = event.currentTarget;
  return attempt(async () => {
    if (file.size > TEXT_MAX) throw new Error("This file is too large to show here; download it.");
    const text = await (await fileContent(file.id)).text();
    preview.replaceChildren(h("code", {}, text));
    opener.remove();
  });
}

function image(file) {
  const node = h("img", { alt: file.alt_txt ?? file.title });
  attempt(async () => {
    const blob = await fileContent(file.id);
    node.src = URL.createObjectURL(new Blob([blob], { type: file.mimetype }));
  });
  return h("figure.picture", {}, node);
}

function download(file) {
  return attempt(async () => {
    const address = URL.createObjectURL(await fileContent(file.id));
    h("a", { href: address, download: file.name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  });
}
