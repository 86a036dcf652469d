"use strict";
(() => {
  const pairs = JSON.parse(document.getElementById("planes").textContent);
  const start = (root, pair) => {
    const part = (name) => root.querySelector(name);
    const picture = part("svg"), slider = part("input"), label = part("figcaption"), image = part("svg svg");
    const shown = image ? Number(image.getAttribute("viewBox").split(" ")[2]) : 1, inset = (1 - shown) / 2;
    const draw = () => {
      const number = Number(slider.value), text = pair.labels[number];
      part(".difference").setAttribute("d", pair.first[number] + pair.second[number]);
      part(".first").setAttribute("d", pair.first[number]);
      part(".second").setAttribute("d", pair.second[number]);
      if (image) {
        const tile = pair.tiles[number], column = Math.max(tile, 0) % pair.columns, row = Math.floor(Math.max(tile, 0) / pair.columns);
        image.setAttribute("visibility", tile < 0 ? "hidden" : "visible");
        image.setAttribute("viewBox", `${column + inset} ${row + inset} ${shown} ${shown}`);
      }
      label.textContent = text;
      slider.setAttribute("aria-valuetext", text);
      picture.setAttribute("aria-label", pair.caption + " " + text);
    };
    const move = (by) => { slider.value = String(Number(slider.value) + by); draw(); };
    slider.addEventListener("input", draw);
    picture.addEventListener("wheel", (event) => { event.preventDefault(); move(Math.sign(event.deltaY)); }, { passive: false });
    picture.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 5, PageDown: -5, Home: -1e6, End: 1e6 }[event.key];
      if (by) { event.preventDefault(); move(by); }
    });
    picture.setAttribute("tabindex", "0");
    part(".pager").hidden = false;
    draw();
    root.dataset.ready = "yes";
  };
  for (const root of document.querySelectorAll(".viewer")) start(root, pairs[Number(root.dataset.pair)]);
})();
