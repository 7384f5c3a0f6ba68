// Passkeys: asks this site what is to be signed, the device to sign it, and this site to take it. Pages work without.
"use strict";

(() => {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;

  const send = async (url, body) => {
    const token = document.querySelector('meta[name="csrf-token"]');
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    if (token) headers["X-CSRF-Token"] = token.content;
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.detail || answer.statusText);
    return found;
  };

  const use = async (box) => {
    const given = Object.fromEntries([...box.querySelectorAll("input")].map((input) => [input.name, input.value]));
    const { flow, options } = await send(`${box.dataset.passkey}/options`, given);
    const credential = "register" in box.dataset
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    const { to } = await send(box.dataset.passkey, { ...given, current: "", flow, credential: credential.toJSON() });
    location.assign(to);
  };

  for (const box of document.querySelectorAll("[data-passkey]")) {
    box.hidden = false;
    box.querySelector("button").addEventListener("click", async (event) => {
      const wrong = box.querySelector("[role=alert]");
      wrong.textContent = "";
      event.target.disabled = true;
      try {
        await use(box);
      } catch (error) {
        if (error.name !== "NotAllowedError" && error.name !== "AbortError") wrong.textContent = error.message;
      } finally {
        event.target.disabled = false;
      }
    });
  }
})();
