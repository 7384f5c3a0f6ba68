// Files that are dropped or pasted anywhere on a page with a form that takes one. No page needs it to work.
"use strict";

(() => {
  const form = document.querySelector("form[data-drop]");
  if (!form) return;
  const input = form.elements[form.dataset.drop];
  const area = form.querySelector(".drop") || form;
  const label = area.querySelector("strong");

  const send = (files) => {
    if (!files.length) return;
    input.files = files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const show = () => {
    const names = [...input.files].map((file) => file.name);
    if (label && names.length) label.textContent = names.length > 1 ? `${names[0]} + ${names.length - 1}` : names[0];
  };

  input.addEventListener("change", () => {
    show();
    if (input.files.length && form.dataset.working) form.requestSubmit();
  });
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      area.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (kind === "drop" || event.relatedTarget === null) area.classList.remove("over");
    });
  }
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    send(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) {
      event.preventDefault();
      send(event.clipboardData.files);
    }
  });
  form.addEventListener("submit", () => {
    if (!form.dataset.working) return;
    form.classList.add("working");
    form.setAttribute("aria-busy", "true");
    if (label) label.textContent = form.dataset.working.replace("…", label.textContent);
  });
  // Back from the answer: the form is ready again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    form.classList.remove("working");
    form.removeAttribute("aria-busy");
  });
})();
