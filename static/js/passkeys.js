// Passkeys: on submit of <form data-passkey="get|create">, ask the browser for one and send its answer as "credential".
// What to ask comes from the server: data-passkey-options is the id of a JSON block, data-passkey-url an address.
// [data-passkey-status] in the form says what happens.
import { _ } from "./words.js";

const CLOSED = _("The window was closed, or it took too long. Nothing was changed; you can try again.");
const HELD = _("This device holds a passkey for your account already.");
const NONE = _("This browser knows no passkeys. Use another way.");
const LOST = _("We could not reach Guildhall. Nothing was changed; try again.");

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function options(form, asked) {
  const wish = { ...asked.publicKey, challenge: bytes(asked.publicKey.challenge) };
  const decoded = (list) => list?.map((key) => ({ ...key, id: bytes(key.id) }));
  if (wish.user) wish.user = { ...wish.user, id: bytes(wish.user.id) };
  if (wish.allowCredentials) wish.allowCredentials = decoded(wish.allowCredentials);
  if (wish.excludeCredentials) wish.excludeCredentials = decoded(wish.excludeCredentials);
  if (form.elements.passwordless?.checked) {
    wish.authenticatorSelection = { residentKey: "required", requireResidentKey: true, userVerification: "required" };
  }
  return { publicKey: wish };
}

function answer(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  response.transports = credential.response.getTransports?.() ?? [];
  const { id, type, authenticatorAttachment } = credential;
  const clientExtensionResults = credential.getClientExtensionResults();
  return { id, type, rawId: text(credential.rawId), authenticatorAttachment, clientExtensionResults, response };
}

async function run(form, say) {
  if (!window.PublicKeyCredential) return say(NONE);
  const { passkey, passkeyOptions, passkeyUrl } = form.dataset;
  const source = passkeyUrl
    ? await fetch(passkeyUrl, { headers: { Accept: "application/json" } }).then((got) => (got.ok ? got.json() : null))
    : JSON.parse(document.getElementById(passkeyOptions).textContent);
  if (!source) return say(LOST);
  say(_("Your browser asks you for the passkey."));
  const wish = options(form, source.request_options ?? source.creation_options);
  form.elements.credential.value = JSON.stringify(answer(await navigator.credentials[passkey](wish)));
  form.submit();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset?.passkey) return;
  event.preventDefault();
  const say = (sentence) => { form.querySelector("[data-passkey-status]").textContent = sentence; };
  run(form, say).catch((error) => say(error.name === "InvalidStateError" ? HELD : error.name === "TypeError" ? LOST : CLOSED));
});
