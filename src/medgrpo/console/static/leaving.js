// On every page of somebody who has signed in: signing out takes what was typed and not kept out of this browser, and says so before.

import { leave, unkept } from "./drafts.js";

const form = document.getElementById("sign-out");
form.addEventListener("submit", (event) => {
  if (unkept(form.dataset.user) && !window.confirm(form.dataset.confirm)) event.preventDefault();
  else leave(form.dataset.user);
});
