// What every page does by itself: a failed request shows itself and can be repeated; focus goes to the first error.
import "./copy.js";
import "./dialog.js";
import { say } from "./toast.js";
import { _ } from "./words.js";

const offline = _("We could not reach Guildhall. Nothing was lost.");
const broken = _("This part of the page could not be loaded. Nothing was lost.");
const busy = _("Too many requests at once. Nothing was lost; wait a moment.");

const polls = (elt) => /(^|,)\s*every\s/.test(elt?.getAttribute?.("hx-trigger") || "");

// A page that nobody looks at asks for nothing; when it is seen again, it asks at once.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && polls(event.detail.elt)) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  const bell = document.getElementById("bell");
  if (!document.hidden && bell) window.htmx.trigger(bell, "seen-again");
});

// A page whose address names a language asks for its parts in it too.
document.addEventListener("htmx:configRequest", (event) => {
  const lang = new URLSearchParams(location.search).get("lang");
  if (lang && event.detail.verb === "get") event.detail.parameters.lang ??= lang;
});

/** The element and the request that failed, so that the very same can be sent again. */
function failed(event, sentence) {
  const { elt, requestConfig: request } = event.detail;
  if (polls(elt)) return; // it asks again by itself
  const again = () => window.htmx.ajax(request.verb, request.path, {
    source: elt,
    target: request.target,
    values: request.formData ?? request.parameters,
  });
  say(sentence, { tone: "loss", action: { label: _("Try again"), run: again } });
}

document.addEventListener("htmx:sendError", (event) => failed(event, offline));
document.addEventListener("htmx:timeout", (event) => failed(event, offline));
document.addEventListener("htmx:responseError", (event) => {
  failed(event, event.detail.xhr.status === 429 ? busy : broken);
});

document.addEventListener("htmx:afterSettle", (event) => {
  const part = event.detail.elt;
  const problem = part?.querySelector?.(".error-summary, [aria-invalid='true']");
  if (problem instanceof HTMLElement) problem.focus();
});

// A page that came with errors: the summary takes the focus by itself; this is for browsers that do not.
const summary = document.querySelector(".error-summary");
if (summary instanceof HTMLElement && document.activeElement === document.body) summary.focus();

// A message of success in the page leaves after a while; one about a problem stays.
for (const toast of document.querySelectorAll('#toasts .toast[data-tone="good"]')) {
  setTimeout(() => { if (!toast.matches(":hover, :focus-within")) toast.remove(); }, 10_000);
}
