// Faces. A sheet holds all tiles of one image; every canvas shows one of them through the same view.
const data = JSON.parse(byId("faces-data").textContent);
const view = { zoom: 1, x: 0.5, y: 0.5, scale: 0, at: 0, tile: 0, list: [], cut: [], drag: null };
const scaleNow = () => data.scales[view.scale];
const tilesOf = (kind) => scaleNow().tiles.map((tile, number) => ({ ...tile, number })).filter((tile) => tile.kind === kind);
const print = (metric, value) => value === null ? "–" : (metric.factor * value).toFixed(metric.decimals);

// Each tile by itself, so that none shows at its border what stands beside it on the sheet.
function cutTiles(sheet) {
  const { size, columns, tiles } = scaleNow();
  return tiles.map((_, number) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const [left, top] = [(number % columns) * size, Math.floor(number / columns) * size];
    canvas.getContext("2d").drawImage(sheet, left, top, size, size, 0, 0, size, size);
    return canvas;
  });
}

function draw(canvas, tile, from = 0, to = 1) {
  const side = Math.round(canvas.clientWidth * devicePixelRatio);
  if (!view.cut.length || !side) return;
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const size = scaleNow().size;
  const shown = size / view.zoom;
  const left = view.x * size - shown / 2;
  const top = view.y * size - shown / 2;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = scaleNow().tiles[tile].label !== "Low resolution" && side / shown < 24;
  context.imageSmoothingQuality = "high";
  context.drawImage(view.cut[tile], left + from * shown, top, (to - from) * shown, shown, from * side, 0, (to - from) * side, side);
}

function redraw() {
  const half = 0.5 / view.zoom;
  view.x = Math.min(1 - half, Math.max(half, view.x));
  view.y = Math.min(1 - half, Math.max(half, view.y));
  const border = byId("view-split").value / 100;
  const large = byId("view-large");
  draw(large, tilesOf("truth")[0].number);
  if (border > 0) draw(large, view.tile, 0, border);
  if (border > 0 && border < 1) {
    const context = large.getContext("2d");
    context.fillStyle = "#ffffff";
    context.fillRect(border * large.width - 1, 0, 2, large.height);
  }
  for (const button of byId("view-tiles").children) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.tile) === view.tile));
    draw(button.querySelector("canvas"), Number(button.dataset.tile));
  }
  byId("view-left").textContent = scaleNow().tiles[view.tile].label;
  byId("view-zoom").value = view.zoom;
}

function show() {
  const found = view.list[view.at];
  const metric = data.metrics[byId("view-sort").value] || data.metrics[data.first];
  const methods = tilesOf("method");
  byId("view-tiles").replaceChildren(...scaleNow().tiles.map((tile, number) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tile";
    button.dataset.tile = number;
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${tile.label}, ${found.person}`);
    const name = document.createElement("span");
    if (tile.colour) {
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.setProperty("--colour", tile.colour);
      name.append(swatch);
    }
    name.append(tile.label);
    const note = document.createElement("small");
    const at = methods.findIndex((method) => method.number === number);
    if (at >= 0 && found.failed.includes(tile.label)) note.textContent = "not restored";
    else if (at >= 0 && metric) note.textContent = print(metric, found.scores[data.metrics.indexOf(metric)][at]);
    button.append(canvas, name, note);
    button.addEventListener("click", () => { if (!view.moved) { view.tile = number; redraw(); } });
    return button;
  }));
  byId("view-caption").textContent = `${found.person} / ${found.image} (${view.at + 1} of ${view.list.length})${metric ? `; below: ${metric.label}` : ""}`;
  const sheet = new Image();
  sheet.addEventListener("load", () => {
    if (view.list[view.at] !== found) return;
    view.cut = cutTiles(sheet);
    redraw();
    if (view.at + 1 < view.list.length) new Image().src = view.list[view.at + 1].src;
  });
  sheet.src = found.src;
}

function choose() {
  const person = byId("view-person").value;
  const sort = byId("view-sort").value;
  const method = Number(byId("view-method").value);
  const images = scaleNow().images.filter((image) => person === "" || image.person === scaleNow().people[Number(person)]);
  if (sort !== "") {
    const sign = data.metrics[sort].higher ? 1 : -1;
    const value = (image) => image.scores[sort][method];
    images.sort((a, b) => ((value(a) === null) - (value(b) === null)) || sign * (value(a) - value(b)));
  }
  view.list = byId("view-worst").checked ? images.slice(0, 10) : images;
  view.at = 0;
  show();
}

const fill = (id, options) => byId(id).replaceChildren(...options.map(([value, text]) => new Option(text, value)));

function chooseScale() {
  view.scale = Number(byId("view-scale").value);
  scaleNow().people = [...new Set(scaleNow().images.map((image) => image.person))];
  fill("view-person", [["", "everybody"], ...scaleNow().people.map((person, number) => [number, person])]);
  const methods = tilesOf("method");
  fill("view-method", methods.map((method, number) => [number, method.label]));
  byId("view-method").value = methods.length - 1;
  view.tile = methods[methods.length - 1].number;
  choose();
}

function step(by) { view.at = (view.at + by + view.list.length) % view.list.length; show(); }
function zoomTo(zoom) { view.zoom = Math.min(8, Math.max(1, zoom)); redraw(); }
function nextMethod() {
  const methods = tilesOf("method").map((method) => method.number);
  view.tile = methods[(methods.indexOf(view.tile) + 1) % methods.length];
  redraw();
}
const KEYS = {
  ArrowLeft: () => step(-1), ArrowRight: () => step(1), m: nextMethod,
  "+": () => zoomTo(view.zoom + 0.5), "-": () => zoomTo(view.zoom - 0.5), 0: () => zoomTo(1),
};

fill("view-scale", data.scales.map((scale, number) => [number, scale.label]));
fill("view-sort", [["", "name"], ...data.metrics.map((metric, number) => [number, `${metric.label}, worst first`])]);
byId("view-scale").addEventListener("change", chooseScale);
for (const id of ["view-person", "view-sort", "view-method"]) byId(id).addEventListener("change", choose);
byId("view-worst").addEventListener("change", () => {
  if (byId("view-sort").value === "" && data.metrics.length) byId("view-sort").value = data.first;
  choose();
});
byId("view-zoom").addEventListener("input", (event) => zoomTo(Number(event.target.value)));
byId("view-split").addEventListener("input", redraw);
byId("view-previous").addEventListener("click", () => step(-1));
byId("view-next").addEventListener("click", () => step(1));
for (const button of document.querySelectorAll(".show-person")) {
  button.addEventListener("click", () => {
    byId("view-person").value = scaleNow().people.indexOf(button.dataset.person);
    choose();
    byId("faces").scrollIntoView();
  });
}
addEventListener("keydown", (event) => {
  const slides = event.target.type === "range" && !event.key.startsWith("Arrow");
  const busy = !slides && event.target.closest("input, select, textarea, .scroll, dialog");
  if (busy || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
byId("viewer").addEventListener("pointerdown", (event) => {
  view.moved = false;
  if (event.target.tagName === "CANVAS") view.drag = [event.clientX, event.clientY, event.target.clientWidth];
});
addEventListener("pointermove", (event) => {
  if (!view.drag || view.zoom === 1) return;
  const [x, y, width] = view.drag;
  view.moved = view.moved || Math.hypot(event.clientX - x, event.clientY - y) > 3;
  view.x -= (event.clientX - x) / width / view.zoom;
  view.y -= (event.clientY - y) / width / view.zoom;
  view.drag = [event.clientX, event.clientY, width];
  redraw();
});
addEventListener("pointerup", () => { view.drag = null; });
addEventListener("resize", redraw);
chooseScale();
