// @ts-check
/**
 * Parts of a page that follow the chain. On an element: data-live="wss://…" (answers {parts: {id: html}}) and
 * data-live-poll="/…", which answers the same parts as HTML elements with ids, and is asked while there is no socket,
 * after each reconnection, and now and then in any case. A part that has the focus is left alone until the next time.
 * What the part marked [data-live-say] says is repeated in the element [data-live-heard], for those who listen.
 */
const page = /** @type {HTMLElement | null} */ (document.querySelector("[data-live]"));
const CALM = 30_000;
let wait = 1_000;
let timer = 0;

/** @param {string} id @param {string} html */
function swap(id, html) {
  const part = document.getElementById(id);
  if (!part || part.contains(document.activeElement) || part.querySelector("[aria-busy=true]")) return;
  part.innerHTML = html;
  const { htmx } = /** @type {any} */ (window);
  htmx?.process(part);
  htmx?.trigger(part, "htmx:load");
  const heard = document.querySelector("[data-live-heard]");
  const said = part.querySelector("[data-live-say]")?.textContent?.trim();
  if (heard && said && heard.textContent !== said) heard.textContent = said;
}

/** @param {number} delay */
function poll(delay) {
  clearTimeout(timer);
  timer = window.setTimeout(async () => {
    const answer = await fetch(page?.dataset.livePoll ?? "", { credentials: "same-origin" }).catch(() => null);
    const parts = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html").body.children : [];
    for (const part of parts) swap(part.id, part.innerHTML);
    poll(wait > 1_000 ? 5_000 : CALM);
  }, delay);
}

function connect() {
  const socket = new WebSocket(page?.dataset.live ?? "");
  socket.onopen = () => ((wait = 1_000), poll(0));
  socket.onmessage = ({ data }) => Object.entries(JSON.parse(data).parts).forEach(([id, html]) => swap(id, html));
  socket.onclose = () => (setTimeout(connect, wait), (wait = Math.min(wait * 2, CALM)), poll(1_000));
}

if (page?.dataset.live) connect();
