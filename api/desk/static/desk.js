// The desk's own script: the menu of narrow screens and the token of forms that htmx sends. No page needs it to work.
"use strict";

(() => {
  const one = (selector, within = document) => within.querySelector(selector);

  document.addEventListener("click", (event) => {
    const menu = event.target.closest("[data-menu]");
    if (menu) {
      const open = menu.closest(".side").classList.toggle("open");
      menu.setAttribute("aria-expanded", String(open));
    }
  });

  // What htmx sends carries the token that forms carry, see api/access.
  document.addEventListener("htmx:config:request", (event) => {
    const token = one('meta[name="csrf-token"]');
    if (token) event.detail.ctx.request.headers["X-CSRF-Token"] = token.content;
  });
})();
