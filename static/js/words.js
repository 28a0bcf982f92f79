// The sentences of the scripts: in English here, in other languages in words/, which the page loads before this.

const words = /** @type {Record<string, string>} */ (/** @type {any} */ (globalThis).guildhallWords ?? {});

/** The same sentence in the language of the page; each %s is one of the values.
 * @param {string} english @param {...string} values */
export const _ = (english, ...values) => values.reduce((said, value) => said.replace("%s", () => value), words[english] ?? english);
