// @ts-check
/** Suggestions under the search field: htmx fetches the list, this makes it a combobox. Without it, the form just searches. */
const field = /** @type {HTMLInputElement | null} */ (document.getElementById("site-search"));
const place = document.getElementById("suggestions");
let at = -1;

/** @returns {HTMLElement[]} */
const options = () => (place ? [...place.querySelectorAll("[role=option]")].map((one) => /** @type {HTMLElement} */ (one)) : []);

/** @param {number} to */
function choose(to) {
  at = to;
  options().forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
  const id = options()[at]?.id;
  if (id) field?.setAttribute("aria-activedescendant", id);
  else field?.removeAttribute("aria-activedescendant");
}

function close() {
  place?.replaceChildren();
  field?.setAttribute("aria-expanded", "false");
  choose(-1);
}

/** @param {HTMLElement} option */
function take(option) {
  if (!field) return;
  field.value = option.textContent ?? "";
  close();
  field.form?.requestSubmit();
}

if (field && place) {
  place.addEventListener("htmx:afterSwap", () => {
    if (document.activeElement !== field) return close();
    field.setAttribute("aria-expanded", String(options().length > 0));
    choose(-1);
  });
  field.addEventListener("keydown", (event) => {
    const { length } = options();
    if (event.key === "Escape" && length) (close(), event.preventDefault());
    else if (event.key === "Enter" && options()[at]) (event.preventDefault(), take(options()[at]));
    else if (length && event.key === "ArrowDown") (event.preventDefault(), choose(at + 1 < length ? at + 1 : -1));
    else if (length && event.key === "ArrowUp") (event.preventDefault(), choose(at < 0 ? length - 1 : at - 1));
  });
  field.addEventListener("blur", close);
  place.addEventListener("mousedown", (event) => event.preventDefault()); // keep the focus in the field
  place.addEventListener("click", (event) => {
    const option = /** @type {HTMLElement} */ (event.target).closest("[role=option]");
    if (option) take(/** @type {HTMLElement} */ (option));
  });
}
