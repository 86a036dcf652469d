"use strict";
// Filters and sorts tables that are already whole without it.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const value = (row, index) => row.cells[index].dataset.value ?? row.cells[index].textContent.trim();
  table.tHead.querySelectorAll("th").forEach((heading, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const falling = heading.getAttribute("aria-sort") === "ascending";
      table.tHead.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => {
        const one = value(a, index), other = value(b, index);
        if (one === "" || other === "") return (one === "") - (other === "");
        const gap = one - other;
        return (falling ? -1 : 1) * (Number.isNaN(gap) ? one.localeCompare(other) : gap);
      });
      body.append(...rows);
    });
  });
}
const words = document.getElementById("words"), verdict = document.getElementById("verdict");
const site = document.getElementById("site");
const shown = document.getElementById("shown"), rows = [...document.querySelectorAll("#plans tbody tr")];
function filter() {
  const wanted = words.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    const fits = wanted.every((word) => text.includes(word)) && (!verdict.value || row.dataset.end === verdict.value)
      && (!site.value || row.dataset.site === site.value);
    row.hidden = !fits;
    count += fits;
  }
  shown.textContent = `${count.toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")} rows shown`;
}
words.addEventListener("input", filter);
verdict.addEventListener("change", filter);
site.addEventListener("change", filter);
filter();
