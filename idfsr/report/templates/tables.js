"use strict";
const byId = (id) => document.getElementById(id);
document.body.classList.add("scripted");

// Tables: sorting, what is shown on demand, text to copy.
for (const table of document.querySelectorAll(".sortable")) {
  table.querySelectorAll("thead button").forEach((button, column) => button.addEventListener("click", () => {
    const head = button.closest("th");
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    table.querySelectorAll("[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const value = (row) => (column ? row.cells[column] : row).dataset.order;
    const order = (a, b) => (!value(a) - !value(b)) || (ascending ? 1 : -1) * (value(a) - value(b));
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
  }));
}
for (const box of document.querySelectorAll("[data-toggle]")) {
  box.addEventListener("change", () => document.body.classList.toggle(box.dataset.toggle, box.checked));
}
for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    byId("copy-text").value = button.dataset.text;
    byId("copy-dialog").showModal();
    byId("copy-text").select();
    const copied = document.execCommand("copy");
    byId("copy-note").textContent = copied ? "Copied." : "Selected: copy it from here.";
  });
}
for (const button of document.querySelectorAll(".enlarge")) {
  button.addEventListener("click", () => {
    const image = button.querySelector("img");
    byId("figure-image").src = image.src;
    byId("figure-image").alt = image.alt;
    byId("figure-dialog").showModal();
  });
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));

