// The few drawings that the page uses.

import { svg } from "./dom.js";

export const wind = () =>
  svg("M4 9h10a2.6 2.6 0 1 0-2.4-3.7", "M4 12.8h13.6a2.7 2.7 0 1 1-2.5 3.8", "M4 16.6h6a2.1 2.1 0 1 1-2 2.9");
export const send = () => svg("M5 12h13", "M12 5l7 7-7 7");
export const clip = () => svg("M20 11.5l-8 8a5 5 0 0 1-7-7l8.5-8.5a3.4 3.4 0 0 1 4.8 4.8l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4l7.3-7.3");
export const close = () => svg("M6 6l12 12", "M18 6L6 18");
export const menu = () => svg("M4 7h16", "M4 12h16", "M4 17h16");
export const braces = () => svg("M9 4c-3 0-3 2-3 4s0 3-2 4c2 1 2 2 2 4s0 4 3 4", "M15 4c3 0 3 2 3 4s0 3 2 4c-2 1-2 2-2 4s0 4-3 4");
export const reply = () => svg("M20 15a3 3 0 0 1-3 3H9l-5 3V7a3 3 0 0 1 3-3h10a3 3 0 0 1 3 3z");
export const smile = () => svg("M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M8.5 14.5a4.5 4.5 0 0 0 7 0", "M9 9.5v.01", "M15 9.5v.01");
export const pencil = () => svg("M4 20l1-4L16 5l3 3L8 19z");
export const trash = () => svg("M5 7h14", "M10 7V4h4v3", "M7 7l1 13h8l1-13");
export const page = () => svg("M7 3h7l5 5v13H7z", "M14 3v5h5", "M10 13h6", "M10 17h6");
export const more = () => svg("M6 12v.01", "M12 12v.01", "M18 12v.01");
export const out = () => svg("M14 5h5v5", "M19 5l-8 8", "M11 6H6v12h12v-5");
export const spark = () => svg("M12 4l1.8 5.2L19 11l-5.2 1.8L12 18l-1.8-5.2L5 11l5.2-1.8z");
export const bolt = () => svg("M13 3L5 14h6l-1 7 8-11h-6z");
