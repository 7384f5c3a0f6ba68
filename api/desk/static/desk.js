// The desk's own script: menu, keys, selection, what is shown of a picture. Every page works without it.
"use strict";

(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // ---- what htmx sends carries the token that forms carry, see api/access ----
  document.addEventListener("htmx:config:request", (event) => {
    const token = one('meta[name="csrf-token"]');
    if (token) event.detail.ctx.request.headers["X-CSRF-Token"] = token.content;
  });

  // ---- clicks ----
  document.addEventListener("click", (event) => {
    const menu = event.target.closest("[data-menu]");
    if (menu) {
      const open = menu.closest(".side").classList.toggle("open");
      menu.setAttribute("aria-expanded", String(open));
    }
    const opener = event.target.closest("[data-open]");
    if (opener) one(`#${CSS.escape(opener.dataset.open)}`)?.showModal();
    const seeks = event.target.closest("[data-seek]");
    const player = seeks && (one("video") ?? one("audio"));
    if (player) player.currentTime = Number(seeks.dataset.seek);
    const shows = event.target.closest("[data-show]");
    if (shows && one(".media")) {
      event.preventDefault();
      toggleMedia(shows);
    }
    if (event.target.closest("[data-all]")) {
      const boxes = all('[name="ids"]');
      const every = boxes.every((box) => box.checked);
      for (const box of boxes) box.checked = !every;
      tellChosen();
    }
  });

  function toggleMedia(button) {
    const shown = one(".media").classList.toggle("shown");
    for (const media of all(".media")) media.classList.toggle("shown", shown);
    for (const sides of all(".sides")) sides.classList.toggle("shown", shown);
    one("span", button).textContent = shown ? button.dataset.hideWord : button.dataset.showWord;
    for (const link of all("[data-keeps]")) {
      // What is shown stays so on the page that this leads to, and what is veiled, too.
      const to = new URL(link.href);
      if (shown) to.searchParams.set("show", "true");
      else to.searchParams.delete("show");
      link.href = to;
    }
  }

  // ---- selection ----
  function tellChosen() {
    const told = one("[data-chosen]");
    if (!told) return;
    const number = all('[name="ids"]:checked').length;
    told.textContent = number ? `${number} ${told.dataset.word}` : "";
    for (const button of all("[data-needs-chosen]")) button.disabled = number === 0;
  }
  document.addEventListener("change", (event) => {
    if (event.target.name === "ids") tellChosen();
    if (event.target.matches("[data-boxes]")) for (const boxes of all(".boxes")) boxes.toggleAttribute("hidden", !event.target.checked);
  });

  // ---- rows ----
  const rows = () => all("[data-row]");
  const current = () => one("[data-row].current");
  function moveTo(row) {
    if (!row) return;
    current()?.classList.remove("current");
    row.classList.add("current");
    row.scrollIntoView({ block: "nearest" });
    one("a", row)?.focus({ preventScroll: true });
  }
  function step(by) {
    const list = rows();
    if (!list.length) return;
    const at = list.indexOf(current());
    moveTo(list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + by))]);
  }
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-row]");
    if (row && row !== current()) {
      current()?.classList.remove("current");
      row.classList.add("current");
    }
  });

  // ---- keys: one letter clicks what names it, in the current row first; what the browser or a field wants stays theirs ----
  const isTyping = (target) => target.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && isTyping(event.target)) return event.target.blur();
    if (isTyping(event.target) || one("dialog[open]")) return;
    if (event.key === "j" || event.key === "k") {
      step(event.key === "j" ? 1 : -1);
      return event.preventDefault();
    }
    const field = one(`[data-focus="${CSS.escape(event.key)}"]`);
    if (field) {
      field.closest("details")?.setAttribute("open", "");
      field.focus();
      return event.preventDefault();
    }
    if (event.key === "Enter") return; // a focused link or button has it already
    const wanted = `[data-key="${CSS.escape(event.key)}"]`;
    const found = (current() && one(wanted, current())) || all(wanted).find((each) => !each.closest("[data-row]"));
    if (found) {
      found.click();
      event.preventDefault();
    }
  });

  // ---- how long a claim lasts ----
  function tellTime() {
    for (const time of all("[data-until]")) {
      const left = Math.max(0, Math.round((Number(time.dataset.until) - Date.now()) / 1000));
      time.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    }
  }
  if (one("[data-until]")) setInterval(tellTime, 1000);
  tellTime();
  tellChosen();
})();
