// One dialog for everything that is shown on demand. The browser keeps the focus inside and gives it back.

import { byId } from "./dom.js";

const dialog = byId("dialog");
byId("dialog-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close(); // beside it
});

export function openDialog(title, body) {
  byId("dialog-title").replaceChildren(title);
  byId("dialog-body").replaceChildren(...body.filter((child) => child !== null));
  if (!dialog.open) dialog.showModal();
}

export const closeDialog = () => dialog.close();
