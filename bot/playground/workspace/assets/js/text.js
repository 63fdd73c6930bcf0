// Text objects of blocks and elements, as nodes.

import { mrkdwn } from "./mrkdwn.js";
import { emoji } from "./names.js";

/** mrkdwn or plain, the latter with emoji unless it says no. */
export function textNodes(object) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  if (object.emoji === false) return [object.text];
  return object.text.split(/(:[a-z0-9_+'-]+:)/).map((piece, n) => (n % 2 ? emoji(piece.slice(1, -1)) : piece));
}
