// What a page tells the console, with its session's token. After a restart of the console, or another signing in, the page's token is old:
// it is then taken anew from the page as it would be now, if the same person would get it, and what was refused is sent once more.

const TOKEN = 'meta[name="csrf"]';
const whose = (page) => page.getElementById("sign-out")?.dataset.user ?? "";

/** The reply; it throws where the console is not reached. */
export async function post(path, body) {
  const reply = await sent(path, body);
  return reply.status === 403 && (await renewed()) ? sent(path, body) : reply;
}

function sent(path, body) {
  const token = document.querySelector(TOKEN).content;
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": token },
    body: JSON.stringify(body),
  });
}

async function renewed() {
  const reply = await fetch(location.pathname, { headers: { accept: "text/html" } });
  if (!reply.ok || reply.redirected) return false; // to be signed in first
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const [old, now] = [document.querySelector(TOKEN), page.querySelector(TOKEN)];
  if (now === null || now.content === old.content || whose(page) !== whose(document)) return false;
  old.content = now.content;
  for (const field of document.querySelectorAll('input[name="csrf"]')) field.value = now.content;
  return true;
}
