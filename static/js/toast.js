// Short messages in the corner. Those of the server are in the page already and stay until they are closed.

/** @typedef {{tone?: "good"|"wait"|"loss", seconds?: number, action?: {label: string, run: () => void}}} Options */

/** Say a sentence; with an action it stays until the person has chosen.
 * @param {string} sentence @param {Options} [options] */
export function say(sentence, { tone = "good", seconds = 0, action } = {}) {
  const list = document.getElementById("toasts");
  const template = document.getElementById("toast-template");
  if (!list || !(template instanceof HTMLTemplateElement)) return;
  const toast = /** @type {HTMLElement} */ (template.content.firstElementChild.cloneNode(true));
  toast.dataset.tone = tone;
  toast.querySelector("[data-text]").textContent = sentence;
  const button = toast.querySelector("[data-action]");
  if (action) {
    button.textContent = action.label;
    button.addEventListener("click", () => { toast.remove(); action.run(); });
  } else {
    button.remove();
  }
  list.append(toast);
  if (seconds) setTimeout(() => fade(toast), seconds * 1000);
}

/** Not while somebody reads it: hovering or focus keeps it. @param {HTMLElement} toast */
function fade(toast) {
  if (toast.matches(":hover, :focus-within")) setTimeout(() => fade(toast), 2000);
  else toast.remove();
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-dismiss]")) event.target.closest(".toast")?.remove();
});
