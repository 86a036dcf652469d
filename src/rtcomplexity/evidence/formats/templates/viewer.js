"use strict";
(() => {
  const scene = JSON.parse(document.getElementById("scene").textContent);
  const all = (root, query) => (root ? [...root.querySelectorAll(query)] : []);
  const load = (source) => new Promise((done) => {
    if (!source) { done(null); return; }
    const picture = new Image();
    picture.onload = () => done(picture);
    picture.onerror = () => done(null);
    picture.src = source;
  });

  async function startSlices() {
    const root = document.getElementById("viewer");
    if (!root) return;
    const about = scene.slices, canvas = document.getElementById("slice");
    const slider = document.getElementById("position"), label = document.getElementById("slice-label");
    const [image, uptake] = await Promise.all([load(about.image), load(about.uptake)]);
    const rows = Math.ceil(about.labels.length / about.columns), context = canvas.getContext("2d");
    const boxes = all(root, "input[type=checkbox]");
    const isOn = (layer) => boxes.some((box) => box.dataset.layer === layer && box.checked);
    const tile = (picture, number) => {
      if (!picture) return;
      const width = picture.width / about.columns, height = picture.height / rows;
      const x = (number % about.columns) * width, y = Math.floor(number / about.columns) * height;
      context.drawImage(picture, x, y, width, height, 0, 0, canvas.width, canvas.height);
    };
    const outline = (structure, number) => {
      const scale = canvas.width / about.width / 10;
      context.beginPath();
      for (const each of structure.outlines) {
        if (each.slice !== number) continue;
        for (let n = 0; n < each.points.length; n += 2)
          context[n ? "lineTo" : "moveTo"](each.points[n] * scale, each.points[n + 1] * scale);
        context.closePath();
      }
      context.lineJoin = "round";
      context.strokeStyle = "rgba(0,0,0,.6)"; context.lineWidth = 5; context.stroke();
      context.strokeStyle = structure.colour; context.lineWidth = structure.layer === "targets" ? 3 : 2; context.stroke();
    };
    const letter = (text, x, y) => {
      context.strokeStyle = "#000"; context.lineWidth = 4; context.strokeText(text, x, y);
      context.fillStyle = "#fff"; context.fillText(text, x, y);
    };
    const draw = () => {
      const number = Number(slider.value);
      context.fillStyle = "#000"; context.fillRect(0, 0, canvas.width, canvas.height);
      if (isOn("image")) tile(image, number);
      if (isOn("uptake")) tile(uptake, number);
      const shown = boxes.filter((box) => box.dataset.layer === "structure" && box.checked);
      for (const box of shown.reverse()) outline(scene.structures[Number(box.dataset.index)], number);
      context.font = "bold 22px sans-serif"; context.textAlign = "center"; context.textBaseline = "middle";
      letter(about.left, 18, canvas.height / 2); letter(about.top, canvas.width / 2, 20);
      label.textContent = about.labels[number];
      slider.setAttribute("aria-valuetext", about.labels[number]);
      canvas.setAttribute("aria-label", about.caption + " Now: " + about.labels[number] + ".");
    };
    const move = (by) => { slider.value = String(Number(slider.value) + by); draw(); };
    slider.addEventListener("input", draw);
    for (const box of boxes) box.addEventListener("change", draw);
    canvas.addEventListener("wheel", (event) => { event.preventDefault(); move(Math.sign(event.deltaY)); }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 5, PageDown: -5 }[event.key];
      if (by) { event.preventDefault(); move(by); }
    });
    draw();
    root.dataset.ready = "yes";
  }

  const numbers = (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const view = new DataView(bytes.buffer), count = bytes.length >> 1, values = new Float32Array(count);
    for (let n = 0; n < count; n++) values[n] = view.getUint16(2 * n, true);
    return values;
  };

  function solidOf(mesh, origin, step) {
    const vertices = numbers(mesh.vertices), faces = numbers(mesh.faces), count = vertices.length / 3;
    const normals = new Float32Array(vertices.length);
    for (let n = 0; n < vertices.length; n++) vertices[n] = origin[n % 3] + step * vertices[n];
    for (let f = 0; f < faces.length; f += 3) {
      const [a, b, c] = [3 * faces[f], 3 * faces[f + 1], 3 * faces[f + 2]];
      const u = [0, 1, 2].map((n) => vertices[b + n] - vertices[a + n]), v = [0, 1, 2].map((n) => vertices[c + n] - vertices[a + n]);
      const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
      for (const corner of [a, b, c]) for (let n = 0; n < 3; n++) normals[corner + n] += normal[n];
    }
    for (let n = 0; n < count; n++) {
      const length = Math.hypot(normals[3 * n], normals[3 * n + 1], normals[3 * n + 2]) || 1;
      for (let m = 0; m < 3; m++) normals[3 * n + m] /= length;
    }
    const colour = [1, 3, 5].map((at) => parseInt(mesh.colour.slice(at, at + 2), 16));
    return { vertices, normals, faces, count, colour, layer: mesh.layer, kind: mesh.target_class };
  }

  function startSolid() {
    const root = document.getElementById("solid");
    if (!root) return;
    const canvas = document.getElementById("surface"), context = canvas.getContext("2d");
    const size = canvas.width, picture = context.createImageData(size, size);
    const depth = new Float32Array(size * size), boxes = all(root, "input[type=checkbox]");
    const solids = scene.meshes.map((mesh) => solidOf(mesh, scene.mesh_origin_mm, scene.mesh_step_mm));
    const targets = solids.filter((solid) => solid.layer === "targets");
    const low = [1e9, 1e9, 1e9], high = [-1e9, -1e9, -1e9];
    for (const solid of targets.length ? targets : solids)
      for (let n = 0; n < solid.vertices.length; n++) { low[n % 3] = Math.min(low[n % 3], solid.vertices[n]); high[n % 3] = Math.max(high[n % 3], solid.vertices[n]); }
    const center = low.map((value, n) => (value + high[n]) / 2);
    const reach = Math.hypot(...low.map((value, n) => high[n] - value)) * 0.62;
    let turn = 0, tilt = 0, wanted = false;

    const project = (solid) => {
      const [ct, st, cl, sl] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
      const places = new Float32Array(3 * solid.count), shades = new Float32Array(solid.count), scale = size / (2 * reach);
      for (let n = 0; n < solid.count; n++) {
        const at = 3 * n, spin = (x, y, z) => { const sx = ct * x - st * y, sy = st * x + ct * y; return [sx, cl * sy - sl * z, sl * sy + cl * z]; };
        const [x, y, z] = spin(solid.vertices[at] - center[0], solid.vertices[at + 1] - center[1], solid.vertices[at + 2] - center[2]);
        const normal = spin(solid.normals[at], solid.normals[at + 1], solid.normals[at + 2]);
        places[at] = size / 2 + scale * x; places[at + 1] = size / 2 - scale * z; places[at + 2] = y;
        shades[n] = 0.35 + 0.65 * Math.abs(0.25 * normal[0] + 0.85 * normal[1] - 0.46 * normal[2]);
      }
      return { places, shades };
    };
    const fill = (solid, opacity) => {
      const { places, shades } = project(solid), [red, green, blue] = solid.colour, pixels = picture.data;
      const own = opacity < 1 ? new Float32Array(size * size).fill(1e9) : depth, light = opacity < 1 ? new Float32Array(size * size) : null;
      for (let f = 0; f < solid.faces.length; f += 3) {
        const [a, b, c] = [solid.faces[f], solid.faces[f + 1], solid.faces[f + 2]];
        const ax = places[3 * a], ay = places[3 * a + 1], bx = places[3 * b], by = places[3 * b + 1], cx = places[3 * c], cy = places[3 * c + 1];
        const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
        if (!area) continue;
        const x0 = Math.max(0, Math.ceil(Math.min(ax, bx, cx))), x1 = Math.min(size - 1, Math.floor(Math.max(ax, bx, cx)));
        const y0 = Math.max(0, Math.ceil(Math.min(ay, by, cy))), y1 = Math.min(size - 1, Math.floor(Math.max(ay, by, cy)));
        for (let y = y0; y <= y1; y++) for (let x = x0; x <= x1; x++) {
          const u = ((cy - ay) * (x - ax) - (cx - ax) * (y - ay)) / area, v = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area, w = 1 - u - v;
          if (u < 0 || v < 0 || w < 0) continue;
          const at = y * size + x, far = w * places[3 * a + 2] + u * places[3 * b + 2] + v * places[3 * c + 2];
          if (far >= own[at] || far >= depth[at]) continue;
          own[at] = far;
          const shade = w * shades[a] + u * shades[b] + v * shades[c];
          if (light) { light[at] = shade; continue; }
          pixels[4 * at] = red * shade; pixels[4 * at + 1] = green * shade; pixels[4 * at + 2] = blue * shade;
        }
      }
      if (!light) return;
      for (let at = 0; at < size * size; at++) {
        if (!light[at]) continue;
        const strength = opacity * (1.6 - light[at]);
        pixels[4 * at] += (red * light[at] - pixels[4 * at]) * strength;
        pixels[4 * at + 1] += (green * light[at] - pixels[4 * at + 1]) * strength;
        pixels[4 * at + 2] += (blue * light[at] - pixels[4 * at + 2]) * strength;
      }
    };
    const draw = () => {
      wanted = false;
      depth.fill(1e9);
      for (let n = 0; n < picture.data.length; n += 4) { picture.data[n] = 14; picture.data[n + 1] = 18; picture.data[n + 2] = 24; picture.data[n + 3] = 255; }
      const shown = solids.filter((_, n) => boxes[n].checked), inner = ["GTV", "ITV"];
      const solid = shown.filter((each) => inner.includes(each.kind)), outer = shown.filter((each) => !inner.includes(each.kind));
      const firm = solid.length ? solid : outer.filter((each) => each.layer === "targets");
      for (const each of firm) fill(each, 1);
      for (const each of outer) if (!firm.includes(each)) fill(each, each.layer === "targets" ? 0.28 : 0.24);
      context.putImageData(picture, 0, 0);
      context.font = "bold 20px sans-serif"; context.fillStyle = "#fff"; context.textAlign = "center"; context.textBaseline = "middle";
      const [ct, st, cl, sl] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
      for (const [text, x, y, z] of [["L", 1, 0, 0], ["R", -1, 0, 0], ["P", 0, 1, 0], ["A", 0, -1, 0], ["H", 0, 0, 1], ["F", 0, 0, -1]]) {
        const sy = st * x + ct * y, far = cl * sy - sl * z;
        if (Math.abs(far) < 0.8) context.fillText(text, size / 2 + 0.46 * size * (ct * x - st * y), size / 2 - 0.46 * size * (sl * sy + cl * z));
      }
    };
    const redraw = () => { if (!wanted) { wanted = true; requestAnimationFrame(draw); } };
    const rotate = (right, up) => { turn += right; tilt = Math.max(-1.5, Math.min(1.5, tilt + up)); redraw(); };
    const turns = { left: [-0.25, 0], right: [0.25, 0], up: [0, 0.25], down: [0, -0.25] };
    for (const button of all(root, "button")) button.addEventListener("click", () => {
      if (button.dataset.turn === "reset") { turn = 0; tilt = 0; redraw(); } else rotate(...turns[button.dataset.turn]);
    });
    canvas.addEventListener("keydown", (event) => {
      const name = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" }[event.key];
      if (name) { event.preventDefault(); rotate(...turns[name]); }
    });
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointermove", (event) => { if (event.buttons) rotate(event.movementX / 120, event.movementY / 120); });
    for (const box of boxes) box.addEventListener("change", redraw);
    draw();
    root.dataset.ready = "yes";
  }

  addEventListener("beforeprint", () => { for (const each of all(document, "details")) each.open = true; });
  startSlices();
  startSolid();
})();
