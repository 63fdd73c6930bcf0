// Short notes at the bottom of the page, read out to whoever does not see them.

import { h } from "./dom.js";

const SHOWN = 6000;

export function toast(text) {
  const note = h("div.toast", {}, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), SHOWN);
}

/** Runs `work` and shows its failure instead of losing it. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error.message);
    return null;
  }
}

/** Says so when the app did not take an interaction. */
export function report(answer) {
  if (answer && answer.taken === false) toast(`The app did not answer (${answer.reason}).`);
}
