// Keeps an open page as the station is. The page is whole without this file.
// Server-sent events carry the regions that changed, as the server draws them; an element that stays keeps its place in
// the document, so that what moves glides and what has the focus keeps it.

const TOKEN = document.querySelector("meta[name=token]")?.content ?? "";
const SILENT_MS = 3500;
const stale = document.getElementById("stale");
const told = document.getElementById("told");
let run = null;
let heard = Date.now();

function listen() {
  const events = new EventSource("/events");
  events.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (run !== null && news.run !== run) return location.reload(); // the station is another run: other token, other program
    run = news.run;
    heard = Date.now();
    for (const [id, html] of Object.entries(news.regions)) replace(id, html);
  };
  events.onerror = () => {
    if (events.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    setTimeout(listen, 2000);
  };
}

function replace(id, html) {
  const old = document.getElementById(id);
  const made = document.createElement("template");
  made.innerHTML = html; // drawn and escaped by the station; scripts in it would not run
  const fresh = made.content.firstElementChild;
  if (old && fresh) become(old, fresh);
}

// Makes the old element like the fresh one, changing as little as possible.
function become(old, fresh) {
  if (old.nodeName !== fresh.nodeName || old.id !== fresh.id) return old.replaceWith(fresh);
  const own = (name) => name === "open"; // what the officer unfolded stays unfolded
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !own(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  becomeInside(old, fresh);
}

function becomeInside(old, fresh) {
  const stays = new Set([...fresh.children].map((child) => child.id).filter(Boolean));
  const kept = new Map();
  for (const child of [...old.children]) {
    if (!child.id) continue;
    if (stays.has(child.id)) kept.set(child.id, child);
    else child.remove();
  }
  let at = old.firstChild;
  for (const want of [...fresh.childNodes]) {
    const have = want.id ? kept.get(want.id) : null;
    if (have) {
      if (have === at) at = at.nextSibling;
      else old.insertBefore(have, at);
      become(have, want);
    } else if (at && !at.id && !want.id && at.nodeType === want.nodeType && at.nodeName === want.nodeName) {
      const next = at.nextSibling;
      if (at.nodeType === Node.ELEMENT_NODE) become(at, want);
      else if (at.data !== want.data) at.data = want.data;
      at = next;
    } else {
      old.insertBefore(want, at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function tell(ok, says) {
  told.className = ok ? "good" : "bad";
  told.textContent = says;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => { told.textContent = ""; told.className = ""; }, 8000);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form.act")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  body.set("token", TOKEN);
  event.submitter.disabled = true;
  try {
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { accept: "application/json" } });
    const { ok, says } = await answer.json();
    tell(ok, says);
  } catch {
    tell(false, "The station did not answer. Use the stop at the lane.");
  } finally {
    event.submitter.disabled = false;
  }
});

setInterval(() => {
  const silent = Date.now() - heard > SILENT_MS;
  if (silent && stale.hidden) document.getElementById("stale-since").textContent = new Date(heard).toLocaleTimeString();
  stale.hidden = !silent;
  document.body.classList.toggle("old", silent);
}, 500);

listen();
