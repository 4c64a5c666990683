"use strict";
// Shows the fragments of the metric, reading and fraction that the reader chose, and makes tables sortable.
(() => {
  const fragments = JSON.parse(document.getElementById("fragments").textContent);
  const choice = (name) => document.getElementById(name).value;
  const hidden = { loss: new Set(), task: new Set() };

  async function inflate(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).text();
  }

  function name(slot) {
    const by = slot.dataset.by.split(" ").filter(Boolean);
    return [slot.dataset.slot, ...by.map(choice)].join("/");
  }

  // Statistics and figures are made for the main metrics, and for another one no slot's own reason holds.
  const ofMain = () => document.getElementById("metric").selectedOptions[0].parentElement.label === "Main";
  const reason = (slot) => slot.dataset.slot === "answer" || ofMain() || !slot.dataset.by.includes("metric")
    ? slot.dataset.empty : "Made for the main metrics alone: see the scores.";

  async function show(slot) {
    const wanted = name(slot);
    if (slot.dataset.shown === wanted) return;
    slot.dataset.shown = wanted;
    const packed = fragments[wanted];
    const html = packed === undefined ? '<p class="empty">' + reason(slot) + "</p>" : await inflate(packed);
    if (slot.dataset.shown !== wanted) return;
    slot.innerHTML = html;
    dress(slot);
  }

  function dress(root) {
    for (const table of root.querySelectorAll("table.data")) {
      const grid = new DataTable(table, {
        paging: false, info: false, order: [], layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null },
        autoWidth: false,
      });
      grid.search.fixed("losses", (text, data, index) => {
        const row = grid.row(index).node();
        return !(row && hidden.loss.has(row.dataset.loss));
      });
      table.grid = grid;
    }
    filter(root);
  }

  function filter(root) {
    for (const row of root.querySelectorAll("table:not(.data) tr[data-loss]")) row.hidden = hidden.loss.has(row.dataset.loss);
    for (const table of root.querySelectorAll("table.data")) {
      if (!table.grid) continue;
      table.grid.columns().every(function () {
        const task = this.header().dataset.task;
        if (task !== undefined) this.visible(!hidden.task.has(task), false);
      });
      table.grid.draw();
    }
  }

  async function showCells(button) {
    const place = document.getElementById("cell-list");
    if (button.getAttribute("aria-expanded") === "true") return;
    button.setAttribute("aria-expanded", "true");
    const { titles, rows } = JSON.parse(await inflate(fragments.cells));
    const text = DataTable.render.text();
    const last = titles.length;
    const columns = titles.map((title, index) => ({
      title, render: text, className: [2, ...[...titles.keys()].slice(6, -1)].includes(index) ? "" : "text",
    }));
    columns[last - 1].render = (value, kind) => kind === "display" ? "<code>" + text.display(value) + "</code>" : value;
    if (rows.length && rows[0][last]) {
      columns[3].render = (value, kind, row) => kind === "display"
        ? '<a href="cells/' + encodeURIComponent(row[last]) + '.html">' + text.display(value) + "</a>" : value;
    }
    place.hidden = false;
    button.hidden = true;
    place.innerHTML = '<table class="cells"><caption class="quiet">All cells</caption></table>';
    const table = new DataTable(place.firstChild, {
      data: rows, columns, order: [], autoWidth: false, pageLength: 25, lengthMenu: [25, 100, 1000],
      layout: { topStart: "search", topEnd: "pageLength", bottomStart: "info", bottomEnd: "paging" },
      language: { search: "Find", lengthMenu: "_MENU_ rows a page" },
    });
    table.search.fixed("chosen", (_, data) => !hidden.loss.has(data[3]) && !hidden.task.has(data[0]));
    place.firstChild.grid = table;
    cellTable = table;
    table.draw();
  }
  let cellTable = null;

  const slots = [...document.querySelectorAll("[data-slot]")];
  const selects = [...document.querySelectorAll(".controls select")];
  // What is looked at stands in the address, so that it can be sent on.
  function remember() {
    const view = new URLSearchParams(selects.map((select) => [select.id, select.value]));
    history.replaceState(null, "", "#" + view);
  }
  function recall() {
    const view = new URLSearchParams(location.hash.slice(1));
    for (const select of selects) {
      const wanted = view.get(select.id);
      if ([...select.options].some((option) => option.value === wanted)) select.value = wanted;
    }
  }
  for (const select of selects) {
    select.addEventListener("change", () => { remember(); slots.forEach(show); });
  }
  function note() {
    const names = [...hidden.loss, ...hidden.task];
    const line = document.getElementById("hidden-note");
    line.hidden = names.length === 0;
    line.textContent = "Hidden in the tables: " + names.join(", ") + ". The answer, the ranks and the figures are of all.";
  }
  for (const box of document.querySelectorAll(".filter input")) {
    box.addEventListener("change", () => {
      if (box.checked) hidden[box.name].delete(box.value); else hidden[box.name].add(box.value);
      filter(document);
      note();
      if (cellTable) cellTable.draw();
    });
  }
  document.getElementById("show-cells").addEventListener("click", (event) => showCells(event.currentTarget));
  document.addEventListener("click", (event) => {
    const open = document.querySelector(".filter[open]");
    if (open && !open.contains(event.target)) open.open = false;
  });
  slots.forEach((slot) => { slot.dataset.shown = name(slot); });
  recall();
  dress(document);
  slots.forEach(show);
})();
