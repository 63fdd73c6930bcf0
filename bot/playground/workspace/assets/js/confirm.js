// The question that some elements ask before they act.

import { h } from "./dom.js";
import { textNodes } from "./text.js";

/** Resolves to whether the person agreed. */
export function confirmed(question) {
  return new Promise((resolve) => {
    const danger = question.style === "danger" ? ".danger" : ".primary";
    const dialog = h("dialog", { "aria-labelledby": "confirm-title" },
      h("form", { method: "dialog" },
        h("header", {}, h("h2", { id: "confirm-title" }, textNodes(question.title))),
        h("div.scroll", {}, h("div.text", {}, textNodes(question.text))),
        h("footer", {},
          h("button.button", { value: "no" }, textNodes(question.deny)),
          h(`button.button${danger}`, { value: "yes", data: { element: "confirm" } }, textNodes(question.confirm)),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
