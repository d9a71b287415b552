// What a page does without drawings: tables that sort, boxes that the keyboard scrolls, the data as a file.
"use strict";
(() => {
  const text = (cell) => cell.dataset.value ?? cell.textContent.trim();
  const number = (value) => (/^[+-]?[\d,]*\.?\d+(e[+-]?\d+)?$/i.test(value) ? Number(value.replaceAll(",", "")) : NaN);

  function compare(a, b) {
    const x = number(a), y = number(b);
    if (Number.isNaN(x) && Number.isNaN(y)) return a.localeCompare(b, undefined, { numeric: true });
    if (Number.isNaN(x)) return 1;
    return Number.isNaN(y) ? -1 : x - y;
  }

  function sort(table, column, header) {
    const body = table.tBodies[0];
    // Words begin with A, numbers with the largest.
    const first = header.classList.contains("words") ? "ascending" : "descending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = header.getAttribute("aria-sort") === first ? other : first;
    for (const each of header.parentElement.cells) each.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const rows = [...body.rows].map((row) => [text(row.cells[column]), row]);
    rows.sort((a, b) => sign * compare(a[0], b[0]));
    body.append(...rows.map((pair) => pair[1]));
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => sort(table, column, header));
    });
  }

  // A box is a stop of the Tab key only while it has something to scroll.
  const boxes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const scrolls = target.scrollWidth > target.clientWidth + 1;
      if (!scrolls) {
        for (const name of ["tabindex", "role", "aria-label"]) target.removeAttribute(name);
        continue;
      }
      target.tabIndex = 0;
      target.setAttribute("role", "region");
      target.setAttribute("aria-label", target.querySelector("caption")?.textContent || "Table");
    }
  });
  for (const box of document.querySelectorAll(".scroll")) boxes.observe(box);

  // A link to what lies in something folded opens it.
  function unfold() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  }
  addEventListener("hashchange", unfold);
  unfold();

  const save = document.createElement("button");
  save.type = "button";
  save.textContent = "Save the data as JSON";
  save.addEventListener("click", () => {
    const data = document.getElementById("relatum-data").textContent.trim();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([data], { type: "application/json" }));
    link.download = "relatum.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  document.getElementById("actions").append(save);
})();
