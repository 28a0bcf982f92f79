// Copies the text of [data-copy]; the button is hidden where the browser cannot copy.
import { say } from "./toast.js";
import { _ } from "./words.js";

const COPIED = _("Copied");

/** @param {ParentNode} part */
const show = (part) => {
  if (!navigator.clipboard) return;
  for (const button of part.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
};

show(document);
document.addEventListener("htmx:load", (event) => show(event.target));
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    say(button.dataset.copied || COPIED, { tone: "good", seconds: 3 });
  } catch {
    say(_("Your browser did not allow copying. Select the text and copy it by hand."), { tone: "loss" });
  }
});
