// @ts-check
/**
 * The page's hand to the wallet: finds wallets (EIP-6963), asks them (EIP-1193), and tells the server what they said.
 * It encodes nothing: every message and transaction comes from the server, which says it in words first.
 *
 * Load it once per page: <script type="module" src="{% static 'js/wallet.js' %}" nonce="…"></script>. Elements that
 * htmx brings later work too. A page needs one {% csrf_token %} (in the element's form, or anywhere).
 *
 * data-wallet-pay="URL", data-wallet-transaction="URL", data-wallet-typed="URL"     on a <button type="button">
 *     A conversation with the server, three names for one protocol (the name says what the reader should expect).
 *     The page POSTs JSON {address, …the named fields of the button's form} to URL, and does what the answer asks:
 *       {"typed": {…}, "say", "next", "with"?}   EIP-712 typed data to sign; then POST {…with, address, signature} to next
 *       {"transaction": {to, data, value, chainId}, "say", "next"?}
 *                                            to send; then POST {address, hash} to next, if there is one
 *       {"wait": seconds, "say", "next"}     POST {address} to next after so long
 *       {"say", "go"?}                       the end: go to that page, or fire "wallet:done" (bubbles; htmx can listen)
 *       status 4xx {"sentence"}              a no: the sentence is shown
 *     "say" is one sentence shown before the wallet opens. "chain": {chainId, name, rpcUrls?, currency?} may stand
 *     beside typed and transaction, for a wallet that does not know the network. Integers may be decimal text.
 *     A POST that got no answer is repeated, so the server must take each twice.
 * data-wallet-link="URL"     on a <form> with hidden inputs "address" and "signature"
 *     On submit: GET URL?address=… answers {"message"}; the wallet signs it; both inputs are filled, the form is sent.
 * data-wallet-only="0x…"     beside any of the above: the one address that can do this; another one is told so
 * data-wallet-status         an element in the same form or [data-wallet] block for what happens and what went wrong; one
 *                            is added after the button when there is none
 * data-wallet-address        an element of the page that shows the connected address
 * While the wallet is open, the buttons of the block are disabled, and it has aria-busy="true".
 */

/** @typedef {{request(call: {method: string, params?: unknown[]}): Promise<any>,
 *   on?(name: string, listener: (value: any) => void): void}} Provider */
/** @typedef {{info: {uuid: string, name: string, icon: string, rdns: string}, provider: Provider}} Wallet */
/** @typedef {{chainId: number | string, name?: string, rpcUrls?: string[],
 *   currency?: {name: string, symbol: string, decimals: number}}} Chain */
/** @typedef {{to: string, data: string, value: string | number, chainId: number | string}} Transaction */
/** @typedef {{typed?: {domain: {chainId: number | string}}, transaction?: Transaction, wait?: number, say?: string,
 *   next?: string, with?: object, go?: string, chain?: Chain, message?: string, sentence?: string}} Answer */

import { _ } from "./words.js";

/** A sentence for the person; the work ends with it. */
class Told extends Error {}

const SENTENCES = /** @type {Record<string, string>} */ ({
  4001: _("You closed the wallet without agreeing, so nothing happened. You can try again."),
  4100: _("Your wallet does not let this page use that account. Unlock it, connect the account and try again."),
  4900: _("Your wallet is not connected to any network. Check its connection and try again."),
  "-32002": _("Your wallet is already waiting for you. Open it and answer there."),
});
const STILL_WAITING = _("Still waiting for your wallet. It may have opened behind this window.");
const SENT = _("Sent. It takes a few seconds to be in a block.");
const NO_WALLET = _("We found no wallet in this browser. A wallet is a small program that keeps your money and signs for you, for example MetaMask or Rabby. Install one and reload this page; nothing you entered is lost.");

const wallets = /** @type {Map<string, Wallet>} */ (new Map());
const heard = /** @type {Set<Provider>} */ (new Set());

window.addEventListener("eip6963:announceProvider", (event) => {
  const wallet = /** @type {CustomEvent<Wallet>} */ (event).detail;
  wallets.set(wallet.info.uuid, wallet);
});
window.dispatchEvent(new Event("eip6963:requestProvider"));

/** The wallets in this browser; an old one that announces nothing counts when it is the only one. @returns {Wallet[]} */
function found() {
  const old = /** @type {any} */ (window).ethereum;
  if (wallets.size || !old) return [...wallets.values()];
  return [{ info: { uuid: "old", name: _("Browser wallet"), icon: "", rdns: "" }, provider: old }];
}

/** The part of the page that an element's talk belongs to. @param {HTMLElement} element */
function blockOf(element) {
  return /** @type {HTMLElement} */ (element.closest("form, [data-wallet]") ?? element.parentElement ?? element);
}

/** @param {HTMLElement} element @returns {HTMLElement} */
function statusOf(element) {
  const block = blockOf(element);
  const status = /** @type {HTMLElement} */ (block.querySelector("[data-wallet-status]") ?? document.createElement("p"));
  status.dataset.walletStatus = "";
  status.setAttribute("role", "status");
  if (!status.isConnected) element === block ? block.append(status) : element.after(status);
  return status;
}

/** @param {HTMLElement} element @param {string} textContent @param {"busy" | "no" | "done"} mood */
function say(element, textContent, mood) {
  Object.assign(statusOf(element), { textContent }).dataset.mood = mood;
}

/** Wait for a wallet, and say so when it takes long. @template T @param {HTMLElement} element @param {Promise<T>} work */
async function patiently(element, work) {
  const late = setTimeout(() => say(element, STILL_WAITING, "busy"), 10_000);
  return work.finally(() => clearTimeout(late));
}

/** One wallet: the only one, the one chosen before, or the one chosen now. @param {HTMLElement} element */
async function choose(element) {
  const all = found();
  if (!all.length) throw new Told(NO_WALLET);
  const before = all.find(({ info }) => info.rdns && info.rdns === sessionStorage.getItem("wallet"));
  const wallet = before ?? (all.length === 1 ? all[0] : await ask(element, all));
  if (wallet.info.rdns) sessionStorage.setItem("wallet", wallet.info.rdns);
  return wallet;
}

/** Show the wallets by icon and name. @param {HTMLElement} element @param {Wallet[]} all @returns {Promise<Wallet>} */
function ask(element, all) {
  say(element, _("Which wallet do you want to use?"), "busy");
  const list = Object.assign(document.createElement("div"), { className: "cluster" });
  list.dataset.walletChoices = "";
  statusOf(element).after(list);
  return new Promise((resolve) => {
    for (const wallet of all) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button" });
      const icon = Object.assign(document.createElement("img"), { src: wallet.info.icon, alt: "", width: 20, height: 20 });
      if (wallet.info.icon.startsWith("data:image/")) button.append(icon, " ");
      button.append(wallet.info.name);
      button.addEventListener("click", () => (list.remove(), resolve(wallet)));
      list.append(button);
    }
    list.querySelector("button")?.focus();
  });
}

/** A wallet and the address that it acts for. @param {HTMLElement} element */
async function connect(element) {
  const { info, provider } = await choose(element);
  say(element, _("Asking %s for your address.", info.name), "busy");
  const [address] = await patiently(element, provider.request({ method: "eth_requestAccounts" }));
  if (!address) throw new Told(_("Your wallet has no account to use. Add one and try again."));
  listen(provider);
  showAddress(address);
  const only = element.dataset.walletOnly;
  if (only && only.toLowerCase() !== address.toLowerCase()) {
    throw new Told(_("Your wallet is on %s, and only %s can do this. Change the account there.", short(address), short(only)));
  }
  return { provider, address: /** @type {string} */ (address) };
}

/** @param {string} address */
const short = (address) => `${address.slice(0, 6)}…${address.slice(-4)}`;
/** @param {bigint | number | string} value */
const hex = (value) => `0x${BigInt(value).toString(16)}`;
/** @param {number} seconds */
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
/** @param {string} name */
const wrongChain = (name) =>
  new Told(_("Your wallet is still on another network. This market is on %s: change to it in the wallet and try again.", name));

/** @param {string} address */
function showAddress(address) {
  for (const place of document.querySelectorAll("[data-wallet-address]")) place.textContent = address && short(address);
}

/** Notice that the person changes the account in the wallet. @param {Provider} provider */
function listen(provider) {
  if (heard.has(provider)) return;
  heard.add(provider);
  provider.on?.("accountsChanged", (/** @type {string[]} */ accounts) => {
    showAddress(accounts[0] ?? "");
    for (const status of document.querySelectorAll("[data-wallet-status][data-mood=no]")) status.textContent = "";
  });
}

/** Bring the wallet to the market's network. @param {HTMLElement} element @param {Provider} provider @param {Chain} chain */
async function onChain(element, provider, chain) {
  const wanted = BigInt(chain.chainId);
  if (BigInt(await provider.request({ method: "eth_chainId" })) === wanted) return;
  const chainId = hex(wanted);
  const name = chain.name ?? _("network %s", wanted);
  say(element, _("Your wallet is on another network. Agree there to change to %s.", name), "busy");
  try {
    await patiently(element, provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] }));
  } catch (error) {
    const code = /** @type {any} */ (error)?.code ?? /** @type {any} */ (error)?.data?.originalError?.code;
    if (code !== 4902 || !chain.rpcUrls?.length) throw wrongChain(name);
    const params = [{ chainId, chainName: name, rpcUrls: chain.rpcUrls, nativeCurrency: chain.currency }];
    await provider.request({ method: "wallet_addEthereumChain", params });
  }
  if (BigInt(await provider.request({ method: "eth_chainId" })) !== wanted) throw wrongChain(name);
}

/** Talk to the server; what got no answer is repeated. @param {string} url @param {RequestInit} [request] */
async function fetched(url, request) {
  for (let seconds = 1; ; seconds *= 2) {
    try {
      const response = await fetch(url, { credentials: "same-origin", ...request });
      if (response.status < 502) return await understood(response);
    } catch (error) {
      if (error instanceof Told) throw error;
    }
    if (seconds > 8) break;
    await pause(seconds);
  }
  throw new Told(_("The market did not answer. Reload this page: it shows where things stand, and nothing is done twice."));
}

/** @param {Response} response @returns {Promise<Answer>} */
async function understood(response) {
  const isJson = response.headers.get("content-type")?.includes("json") && !response.redirected;
  if (!isJson) throw new Told(_("Something went wrong on our side, or you are signed out. Reload this page and try again."));
  const answer = /** @type {Answer} */ (await response.json());
  if (!response.ok) throw new Told(answer.sentence ?? _("The market said no, without a reason. Please try again."));
  return answer;
}

/** @param {string} url @param {Record<string, unknown>} body */
function post(url, body) {
  const token = /** @type {HTMLInputElement | null} */ (document.querySelector("input[name=csrfmiddlewaretoken]"));
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token?.value ?? "" };
  return fetched(url, { method: "POST", headers, body: JSON.stringify(body) });
}

/** @param {HTMLElement} element @returns {Record<string, unknown>} */
function fieldsOf(element) {
  const { csrfmiddlewaretoken, ...fields } = Object.fromEntries(new FormData(element.closest("form") ?? undefined));
  return fields;
}

/** What the server asked of the wallet. @param {Provider} provider @param {string} address @param {Answer} answer */
async function wish(provider, address, answer) {
  if (answer.typed) {
    const params = [address, JSON.stringify(answer.typed)];
    return { signature: await provider.request({ method: "eth_signTypedData_v4", params }) };
  }
  const { to, data, value } = /** @type {Transaction} */ (answer.transaction);
  const transaction = { from: address, to, data, value: hex(value) };
  return { hash: await provider.request({ method: "eth_sendTransaction", params: [transaction] }) };
}

/** @param {HTMLElement} element @param {string} url */
async function converse(element, url) {
  const { provider, address } = await connect(element);
  let answer = await post(url, { ...fieldsOf(element), address });
  while (answer.typed || answer.transaction || answer.wait) {
    if (answer.say) say(element, answer.say, "busy");
    let result = {};
    if (answer.wait) await pause(Number(answer.wait));
    else {
      const chainId = answer.typed?.domain.chainId ?? answer.transaction?.chainId ?? 0;
      await onChain(element, provider, answer.chain ?? { chainId });
      if (answer.say) say(element, answer.say, "busy");
      result = await patiently(element, wish(provider, address, answer));
    }
    answer = answer.next ? await post(answer.next, { ...answer.with, ...result, address }) : { say: SENT };
  }
  say(element, answer.say ?? _("Done."), "done");
  if (answer.go) window.location.assign(answer.go);
  else element.dispatchEvent(new CustomEvent("wallet:done", { bubbles: true }));
}

/** @param {HTMLFormElement} form @param {string} url */
async function link(form, url) {
  const { provider, address } = await connect(form);
  const { message = "" } = await fetched(`${url}${url.includes("?") ? "&" : "?"}address=${address}`);
  say(form, _("Sign the message in your wallet. It costs nothing and moves nothing."), "busy");
  const bytes = "0x" + Array.from(new TextEncoder().encode(message), (b) => b.toString(16).padStart(2, "0")).join("");
  const signature = await patiently(form, provider.request({ method: "personal_sign", params: [bytes, address] }));
  /** @type {HTMLInputElement} */ (form.elements.namedItem("address")).value = address;
  /** @type {HTMLInputElement} */ (form.elements.namedItem("signature")).value = signature;
  form.submit();
}

/** Run one piece of work: buttons wait, errors become sentences. @param {HTMLElement} element @param {Promise<void>} work */
async function during(element, work) {
  const block = blockOf(element);
  /** @type {NodeListOf<HTMLButtonElement>} */
  const buttons = block.querySelectorAll("button:enabled:not([data-wallet-choices] button)");
  for (const button of buttons) button.disabled = true;
  block.setAttribute("aria-busy", "true");
  try {
    await work;
  } catch (error) {
    const { code, message } = /** @type {{code?: string | number, message?: string}} */ (error ?? {});
    const sentence = error instanceof Told ? error.message : SENTENCES[String(code ?? "")];
    say(element, sentence ?? _("Your wallet reported a problem: %s. Nothing was sent.", message ?? "?"), "no");
  } finally {
    for (const button of buttons) button.disabled = false;
    block.removeAttribute("aria-busy");
    block.querySelector("[data-wallet-choices]")?.remove();
  }
}

document.addEventListener("click", (event) => {
  const selector = "[data-wallet-pay], [data-wallet-transaction], [data-wallet-typed]";
  const element = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(selector));
  if (!element || blockOf(element).ariaBusy === "true") return;
  event.preventDefault();
  const { walletPay, walletTransaction, walletTyped } = element.dataset;
  during(element, converse(element, walletPay ?? walletTransaction ?? walletTyped ?? ""));
});

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const url = form.dataset.walletLink;
  if (!url) return;
  event.preventDefault();
  during(form, link(form, url));
});
