"use strict";
const WORDS = {
  en: {
    items: n => n === 1 ? "1 item" : `${n} items`, shown: (a, n) => `${a} of ${n} items`,
    search: "Search the texts", colour: "Colour", plain: "one colour", lasso: "Lasso",
    theme: "Light or dark", help: "Help", item: "Item", list: "List", changes: "What changes",
    hint: "Click a point to see it and its nearest neighbours, as the vectors have them: the " +
      "plane can only come close to that.",
    nearest: "Nearest", by: name => `Nearest by ${name}`, same: (a, k) => `${a} of ${k} the same`,
    none: "no term in common", few: n => `none of the ${n} weightiest terms in common`,
    alone: "It shares nothing with any other item.",
    csv: "Save as CSV", clear: "Show all", found: n => `${n} found`, chosen: n => `${n} chosen`,
    empty: "Search, or draw a line around points with the lasso: they are listed here.",
    log: value => `${value} (log scale)`,
    more: "Show more", other: n => `other (${n} values)`, missing: "missing",
    mean: (a, k) => `On average ${a} of ${k} nearest neighbours are the same on both sides. ` +
      "Those whose neighbours change most come first.",
    in: "Zoom in", out: "Zoom out", whole: "Whole map", close: "Close",
    map: name => `Map ${name}: arrow keys move it, plus and minus zoom, Enter takes the item in ` +
      "the middle",
    keys: [["← ↑ → ↓", "move"], ["+ −", "zoom"], ["0", "the whole map"],
      ["Enter", "take the item in the middle"], ["/", "search"], ["l", "lasso on or off"],
      ["Shift + drag", "lasso"], ["Esc", "show all again"], ["d", "light or dark"]],
    about: "Points that are close have similar texts; distances between far groups mean little. " +
      "Lists of neighbours, scores and shared terms come from the vectors themselves.",
    broken: "This browser is too old for this page: it has no DecompressionStream.",
  },
  zh: {
    items: n => `${n} 条`, shown: (a, n) => `${n} 条中的 ${a} 条`,
    search: "搜索文本", colour: "颜色", plain: "单一颜色", lasso: "套索",
    theme: "浅色或深色", help: "帮助", item: "条目", list: "列表", changes: "变化最大",
    hint: "点击一个点，查看它和它真正的近邻：近邻来自向量本身，平面只能近似。",
    nearest: "最近的", by: name => `最近的（${name}）`, same: (a, k) => `${k} 个中 ${a} 个相同`,
    none: "没有共同的词", few: n => `权重最高的 ${n} 个词中没有共同的词`,
    alone: "它与其他条目没有任何共同之处。",
    csv: "保存为 CSV", clear: "显示全部", found: n => `找到 ${n} 条`, chosen: n => `选中 ${n} 条`,
    empty: "搜索，或用套索圈出一些点：结果列在这里。",
    log: value => `${value}（对数刻度）`,
    more: "更多", other: n => `其他（${n} 个值）`, missing: "缺失",
    mean: (a, k) => `两边 ${k} 个近邻中平均有 ${a} 个相同。近邻变化最大的排在最前。`,
    in: "放大", out: "缩小", whole: "全图", close: "关闭",
    map: name => `地图 ${name}：方向键移动，加减号缩放，回车选中中间的条目`,
    keys: [["← ↑ → ↓", "移动"], ["+ −", "缩放"], ["0", "全图"], ["Enter", "选中中间的条目"],
      ["/", "搜索"], ["l", "套索"], ["Shift + 拖动", "套索"], ["Esc", "显示全部"],
      ["d", "浅色或深色"]],
    about: "靠近的点文本相似；远处群组之间的距离意义不大。近邻、分数和共同的词都来自向量本身。",
    broken: "浏览器太旧，不支持 DecompressionStream，无法显示此页。",
  },
};
// All at a contrast of 3 and more to the ground, which hues are in both themes
const HUES = ["#0072b2", "#c48200", "#009e73", "#c972a2", "#d55e00", "#3d99cf", "#8c6bb1", "#7a9a0b",
  "#b5485d", "#2f8f9a", "#a9743b", "#38a084", "#6a5acd", "#998a00", "#d96c84", "#3f8f3f", "#a05195",
  "#7c8ea3", "#5c7f67", "#b87f6a"];
const SCALES = {
  light: ["#4b3b8f", "#3a609a", "#2a8199", "#1d8a70", "#4c8f3c", "#858a12", "#ad7c00"],
  dark: ["#8577d8", "#6a92d2", "#45a9c2", "#3dbb9d", "#6cc97f", "#b0d24f", "#f0d052"],
};
const NONE = 0xffffff, SIDE = 65535, GRID = 160;
const $ = id => document.getElementById(id);
const T = WORDS[document.documentElement.lang] || WORDS.en;
const number = value => value.toLocaleString("en");

function make(tag, values = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(values)) {
    if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// ------------------------------------------------------------------------------- what was packed

function decoded(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const bytes = new Uint8Array(Math.floor(text.length / 4) * 3), step = 1 << 18;
  let end = 0;
  for (let at = 0; at < text.length; at += step) {
    const part = atob(text.slice(at, at + step));
    for (let i = 0; i < part.length; i++) bytes[end++] = part.charCodeAt(i);
  }
  return bytes.subarray(0, end);
}

async function unpacked() {
  const bytes = decoded($("data").content.textContent.trim());
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true), utf8 = new TextDecoder();
  const head = JSON.parse(utf8.decode(new Uint8Array(buffer, 4, length)));
  const parts = {};
  for (const [name, kind, start, size] of head.parts) {
    const whole = new Uint8Array(buffer, 4 + length + start, size);
    if (kind === "text") parts[name] = utf8.decode(whole);
    else if (kind === "f8") parts[name] = new Float64Array(whole.slice().buffer);
    else {  // unsigned numbers by their bytes: all lowest ones first, which deflate packs better
      const width = +kind, n = size / width;
      const made = width === 1 ? whole : width === 2 ? new Uint16Array(n) : new Uint32Array(n);
      if (width > 1)
        for (let byte = 0; byte < width; byte++)
          for (let i = 0, at = byte * n; i < n; i++) made[i] += whole[at + i] * 2 ** (8 * byte);
      parts[name] = made;
    }
  }
  return [head, parts];
}

class Strings {  // many in one text
  constructor(text, lengths) {
    this.text = text;
    this.ends = new Uint32Array(lengths.length + 1);
    for (let i = 0; i < lengths.length; i++) this.ends[i + 1] = this.ends[i] + lengths[i];
  }
  get(i) { return this.text.slice(this.ends[i], this.ends[i + 1]); }
  lower() {
    if (this.low) return this.low;
    const low = this.text.toLowerCase();
    if (low.length === this.text.length) return this.low = new Strings(low, []).like(this.ends);
    const each = Array.from({length: this.ends.length - 1}, (_, i) => this.get(i).toLowerCase());
    return this.low = new Strings(each.join(""), each.map(one => one.length));
  }
  like(ends) { this.ends = ends; return this; }
  mark(part, found, value) {  // sets found[i] to value for each string that holds part
    const {text, ends} = this;
    for (let at = text.indexOf(part), i = 0; at >= 0;) {
      while (ends[i + 1] <= at) i++;
      if (at + part.length <= ends[i + 1]) {
        found[i] = value;
        at = text.indexOf(part, ends[i + 1]);
      } else at = text.indexOf(part, at + 1);
    }
  }
}

// ------------------------------------------------------------------------------------- the state

let head, parts, n, k, texts, ids, columns, charts = [];
let alive, found = null, chosen = null, paint, off = new Set(), coloured = 0, taken = -1, tip = -1;
let lassoing = false, keyboard = false, order, tab = "item", listed = 0, changing = 0;
const strong = i => alive[i] && (!found || found[i]) && (!chosen || chosen[i]);

function rgb(hex) {  // as the bytes of ImageData lie in a number
  const value = parseInt(hex.slice(1), 16);
  return 0xff000000 | (value & 255) << 16 | (value & 0xff00) | value >> 16;
}

function mixed(share) {
  const scale = SCALES[isDark() ? "dark" : "light"];
  const at = Math.min(Math.max(share, 0), 1) * (scale.length - 1), low = Math.min(at | 0, scale.length - 2);
  const [a, b] = [scale[low], scale[low + 1]].map(hex => parseInt(hex.slice(1), 16));
  const part = shift => Math.round((a >> shift & 255) + ((b >> shift & 255) - (a >> shift & 255)) * (at - low));
  return "#" + [16, 8, 0].map(shift => part(shift).toString(16).padStart(2, "0")).join("");
}

const isDark = () => document.documentElement.dataset.theme === "dark";
const grey = () => isDark() ? "#5f6d7a" : "#8d99a5";
const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function recolour() {
  const column = columns[coloured], faint = rgb(grey());
  paint = new Uint32Array(n);
  alive = new Uint8Array(n).fill(1);
  if (!column) paint.fill(rgb(isDark() ? "#6cb6e8" : "#0072b2"));
  else if (column.kind === "numbers") {
    const steps = Array.from({length: 256}, (_, i) => rgb(mixed(i / 255))), {values} = column, share = shareOf(column);
    for (let i = 0; i < n; i++) {
      const is = !Number.isNaN(values[i]);
      paint[i] = is ? steps[Math.round(255 * share(values[i]))] : faint;
      if (off.has(is ? "some" : "missing")) alive[i] = 0;
    }
  } else {
    const hues = HUES.map(rgb);
    for (let i = 0; i < n; i++) {
      const key = keyOf(column, i);
      paint[i] = key < 0 ? faint : hues[key];
      if (off.has(key)) alive[i] = 0;
    }
  }
  drawAll();
}

function shareOf({low, high, log}) {  // where on its scale a number stands, from 0 to 1
  const f = log ? Math.log1p : value => value, from = f(low), span = f(high) - from;
  return value => span > 0 ? Math.min(1, Math.max(0, (f(value) - from) / span)) : .5;
}

// codes are by frequency: the first get a hue; -1 is other, -2 missing
const keyOf = (column, i) => {
  const code = column.codes[i];
  return code === column.names.length ? -2 : code < HUES.length && (column.names.length <= HUES.length || code < HUES.length - 1) ? code : -1;
};

function legend() {
  const keys = $("keys"), column = columns[coloured];
  keys.replaceChildren();
  if (!column) return;
  if (column.kind === "numbers") {
    const bar = make("canvas", {width: 256, height: 1}), context = bar.getContext("2d");
    for (let i = 0; i < 256; i++) { context.fillStyle = mixed(i / 255); context.fillRect(i, 0, 1, 1); }
    const {low, high} = column, written = (value, digits = 6) => Number(value.toPrecision(digits)).toLocaleString(document.documentElement.lang);
    const middle = column.log ? [T.log(written(Math.expm1((Math.log1p(low) + Math.log1p(high)) / 2), 2))] : [];
    const ends = [written(low), ...middle, written(high)].map(textContent => make("span", {textContent}));
    keys.append(make("div", {className: "scale"}, bar, make("div", {}, ...ends)));
    const missing = column.values.reduce((sum, value) => sum + Number.isNaN(value), 0);
    if (missing) keys.append(key("missing", grey(), T.missing, missing));
    return;
  }
  const counts = new Map();
  for (let i = 0; i < n; i++) { const at = keyOf(column, i); counts.set(at, (counts.get(at) || 0) + 1); }
  for (const at of [...counts.keys()].sort((a, b) => (a < 0) - (b < 0) || (a < 0 ? b - a : a - b))) {
    const name = at >= 0 ? column.names[at] : at === -2 ? T.missing : T.other(number(column.names.length - HUES.length + 1));
    keys.append(key(at, at < 0 ? grey() : HUES[at], name, counts.get(at)));
  }
}

function key(at, hue, name, count) {
  const dot = make("i");
  dot.style.background = hue;
  const button = make("button", {title: name, "aria-pressed": !off.has(at), "data-off": off.has(at)},
    dot, make("span", {textContent: name || "—"}), make("small", {textContent: number(count)}));
  button.addEventListener("click", () => {
    off.has(at) ? off.delete(at) : off.add(at);
    button.setAttribute("aria-pressed", !off.has(at));
    button.dataset.off = off.has(at);
    recolour(); count_();
  });
  return button;
}

function count_() {
  let shown = 0;
  for (let i = 0; i < n; i++) shown += strong(i) ? 1 : 0;
  $("count").textContent = shown === n ? T.items(number(n)) : T.shown(number(shown), number(n));
}

// --------------------------------------------------------------------------------------- the maps

class Chart {
  constructor(at) {
    Object.assign(this, head.charts[at]);
    this.x = parts[`x${at}`]; this.y = parts[`y${at}`];
    this.near = parts[`near${at}`]; this.scores = parts[`scores${at}`];
    if (this.terms) {
      this.termNames = new Strings(parts[`names${at}`], parts[`lengths${at}`]);
      this.termIds = parts[`terms${at}`]; this.weights = parts[`weights${at}`];
      this.termEnds = new Strings("", parts[`counts${at}`]).ends;
    }
    this.points = make("canvas", {className: "points"});
    this.names = make("canvas", {className: "names", tabIndex: 0});
    this.names.setAttribute("role", "application");
    this.names.setAttribute("aria-label", T.map(this.name));
    const zooms = [["+", T.in, () => this.zoom(1.5)], ["−", T.out, () => this.zoom(1 / 1.5)], ["⌂", T.whole, () => this.reset()]]
      .map(([sign, title, run]) => make("button", {textContent: sign, title, "aria-label": title, on: {click: run}}));
    this.box = make("figure", {className: "map"}, this.points, this.names, make("div", {className: "zoom"}, ...zooms));
    this.caption = make("figcaption", {textContent: this.name});
    if (head.charts.length > 1) this.box.append(this.caption);
    this.cells();
    this.labels = new Map();
    this.pointers = new Map();
    this.listen();
  }
  cells() {  // items by the squares of a grid, for what lies under the mouse
    this.starts = new Uint32Array(GRID * GRID + 1);
    const cell = i => (this.y[i] * GRID / (SIDE + 1) | 0) * GRID + (this.x[i] * GRID / (SIDE + 1) | 0);
    for (let i = 0; i < n; i++) this.starts[cell(i) + 1]++;
    for (let i = 0; i < GRID * GRID; i++) this.starts[i + 1] += this.starts[i];
    const next = this.starts.slice();
    this.inside = new Uint32Array(n);
    for (let i = 0; i < n; i++) this.inside[next[cell(i)]++] = i;
  }
  resize() {
    const {width, height} = this.box.getBoundingClientRect(), ratio = Math.min(devicePixelRatio || 1, 2);
    if (!width || !height || (width === this.width && height === this.height && ratio === this.ratio)) return;
    const first = !this.width;
    Object.assign(this, {width, height, ratio});
    for (const canvas of [this.points, this.names]) {
      canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    }
    this.margin = Math.ceil(9 * ratio);
    this.image = null;
    this.least = Math.min(width * .9, height * .86) / SIDE;
    if (first) this.reset(); else this.draw();
  }
  reset() { this.cx = this.cy = SIDE / 2; this.scale = this.least; this.draw(); }
  get magnified() { return this.scale / this.least; }
  sx(x) { return (x - this.cx) * this.scale + this.width / 2; }
  sy(y) { return (y - this.cy) * this.scale + this.height / 2; }
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const scale = Math.min(Math.max(this.scale * factor, this.least * .7), this.least * 400);
    const x = (px - this.width / 2) / this.scale + this.cx, y = (py - this.height / 2) / this.scale + this.cy;
    this.scale = scale;
    this.cx = x - (px - this.width / 2) / scale; this.cy = y - (py - this.height / 2) / scale;
    this.draw();
  }
  move(dx, dy) {
    this.cx = Math.min(Math.max(this.cx - dx / this.scale, 0), SIDE);
    this.cy = Math.min(Math.max(this.cy - dy / this.scale, 0), SIDE);
    this.draw();
  }
  goTo(i) {  // only if it is out of sight
    const x = this.sx(this.x[i]), y = this.sy(this.y[i]);
    if (x < 8 || y < 8 || x > this.width - 8 || y > this.height - 8) {
      this.cx = this.x[i]; this.cy = this.y[i];
    }
  }
  draw() {
    if (this.waiting || !this.width) return;
    this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.paint(); });
  }
  paint() {
    const begun = performance.now();
    this.paintPoints();
    this.paintNames();
    this.spent = performance.now() - begun;
  }
  get radius() {
    const room = Math.sqrt(this.width * this.height / n);
    return Math.min(Math.max(room * .13, 1) * Math.pow(this.magnified, .35), 6.5);
  }
  paintPoints() {
    const {margin, ratio} = this, width = this.points.width + 2 * margin, height = this.points.height + 2 * margin;
    if (!this.image) this.image = new ImageData(width, height);
    const pixels = new Uint32Array(this.image.data.buffer);
    pixels.fill(rgb(style("--ground")));
    const radius = this.radius * ratio, stamps = stamp(radius, width), scale = this.scale * ratio;
    const left = this.points.width / 2 + margin - this.cx * scale, top = this.points.height / 2 + margin - this.cy * scale;
    const right = width - margin, bottom = height - margin, pad = margin - Math.ceil(radius) - 1;
    const {x, y} = this, all = !found && !chosen, dim = rgb(isDark() ? "#2b343d" : "#e3e8ec");
    const firm = n > 30000 && this.magnified < 4 ? 190 : 225;
    for (let pass = all ? 1 : 0; pass < 2; pass++)
      for (let j = 0; j < n; j++) {
        const i = order[j];
        if (!alive[i]) continue;
        const is = all || ((!found || found[i]) && (!chosen || chosen[i]));
        if (is !== (pass === 1)) continue;
        const px = x[i] * scale + left, py = y[i] * scale + top;
        if (px < pad || py < pad || px > right + margin - pad || py > bottom + margin - pad) continue;
        const ix = Math.floor(px), iy = Math.floor(py), at = iy * width + ix;
        const one = stamps[(px - ix > .5 ? 1 : 0) + (py - iy > .5 ? 2 : 0)], {places, shares} = one;
        const colour = pass ? paint[i] : dim, rb = colour & 0xff00ff, g = colour & 0xff00;
        for (let s = 0; s < places.length; s++) {
          const to = at + places[s], under = pixels[to], share = shares[s] * firm >> 8, rest = 256 - share;
          pixels[to] = 0xff000000 |
            ((Math.imul(under & 0xff00ff, rest) + Math.imul(rb, share)) >>> 8 & 0xff00ff) |
            ((Math.imul(under & 0xff00, rest) + Math.imul(g, share)) >>> 8 & 0xff00);
        }
      }
    this.points.getContext("2d", {alpha: false}).putImageData(this.image, -margin, -margin);
  }
  paintNames() {
    const context = this.names.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    const placed = [[this.width - 46, 0, this.width, 110]];  // where the buttons are
    if (charts.length > 1) placed.push([0, 0, this.caption.offsetLeft + this.caption.offsetWidth, this.caption.offsetTop + this.caption.offsetHeight]);
    if (taken >= 0) this.paintTaken(context, placed);
    const deepest = Math.log2(this.magnified) + .4;
    for (const region of this.regions) {
      if (region.level > deepest) break;  // they come by level
      const size = [16, 14, 13, 12][Math.min(region.level + (this.width < 600), 3)];
      this.label(context, placed, region.label, this.sx(region.x), this.sy(region.y), size, region.level < 1 ? 650 : 550, {most: Math.min(Math.max(this.width * .4, 140), 320)});
    }
    this.paintTitles(context, placed);
    if (this.path) {
      context.beginPath();
      this.path.forEach(([x, y], i) => i ? context.lineTo(x, y) : context.moveTo(x, y));
      context.closePath();
      context.fillStyle = style("--accent") + "22"; context.strokeStyle = style("--accent");
      context.lineWidth = 1.5; context.fill(); context.stroke();
    }
    if (keyboard && document.activeElement === this.names) {
      const [x, y] = [this.width / 2, this.height / 2];
      context.strokeStyle = style("--ink"); context.lineWidth = 1;
      context.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { context.moveTo(x + 4 * dx, y + 4 * dy); context.lineTo(x + 11 * dx, y + 11 * dy); }
      context.stroke();
    }
  }
  paintTaken(context, placed) {
    const x = this.sx(this.x[taken]), y = this.sy(this.y[taken]), accent = style("--accent"), ink = style("--ink");
    const ring = Math.max(this.radius + 3, 5);
    context.strokeStyle = accent;
    for (let j = 0; j < k; j++) {
      const to = this.near[taken * k + j];
      if (to === NONE) break;
      const a = this.sx(this.x[to]), b = this.sy(this.y[to]);
      context.globalAlpha = .45; context.lineWidth = 1.2;
      context.beginPath(); context.moveTo(x, y); context.lineTo(a, b); context.stroke();
      context.globalAlpha = 1; context.lineWidth = 1.8;
      context.beginPath(); context.arc(a, b, ring - 1, 0, 7); context.stroke();
    }
    context.strokeStyle = ink; context.lineWidth = 2.5;
    context.beginPath(); context.arc(x, y, ring + 1, 0, 7); context.stroke();
    placed.push([x - ring, y - ring, x + ring, y + ring]);
    if (titled(taken)) this.label(context, placed, titled(taken), x, y - ring - 15, 13, 650);
  }
  paintTitles(context, placed) {  // of points, where there are few
    if (!ids && !head.named) return;
    const most = this.width * this.height / 5000;
    let inView = 0;
    const kept = [];
    for (let i = 0; i < n && inView <= most * 3; i++) {
      const x = this.sx(this.x[i]), y = this.sy(this.y[i]);
      if (x < 0 || y < 0 || x > this.width || y > this.height || !strong(i)) continue;
      inView++; kept.push([i, x, y]);
    }
    if (!head.named && (inView > most || this.magnified < 1.5 && n > 60)) return;
    const half = Math.max(this.radius - 4, 1), up = this.radius + 9, aside = this.radius + 1;
    const points = inView > most ? [] : kept.map(([, x, y]) => [x - half, y - half, x + half, y + half]);
    const put = (i, x, y, side = 0) => this.label(context, placed, titled(i), x, y, 12, 450, {alpha: .9, side, points});
    for (const [i, x, y] of kept)
      put(i, x, y - up) || put(i, x, y + up) || put(i, x + aside, y, 1) || put(i, x - aside, y, -1);
  }
  // Writes a text where it covers no other and no point, and tells whether it could: in the middle
  // (side 0), to the right of a place (1) or to the left (-1), in lines of at most so many pixels
  label(context, placed, text, x, y, size, weight, {alpha = 1, side = 0, most = Infinity, points = []} = {}) {
    if (x < -150 || y < -20 || x > this.width + 150 || y > this.height + 20) return false;
    const drawn = this.drawn(text, size, weight, Math.min(most, this.width - 4)), w = drawn.width / this.ratio, h = drawn.height / this.ratio;
    const is = x > 0 && x < this.width && y > 0 && y < this.height, gap = 3;
    const inside = (at, span, room) => is ? Math.max(2, Math.min(at, room - span - 2)) : at;
    const left = inside(x - w * (1 - side) / 2, w, this.width), top = inside(y - h / 2, h, this.height);
    for (const boxes of [placed, points])
      for (const [a, b, c, d] of boxes)
        if (left < c + gap && left + w > a - gap && top < d + gap && top + h > b - gap) return false;
    placed.push([left, top, left + w, top + h]);
    context.globalAlpha = alpha;
    context.drawImage(drawn, left, top, w, h);
    context.globalAlpha = 1;
    return true;
  }
  lines(context, text, most) {  // the terms of a region in lines, none broader than that
    const made = [];
    for (const term of text.split(" · ")) {
      const longer = made.length ? `${made[made.length - 1]} · ${term}` : term;
      if (made.length && context.measureText(longer).width <= most) made[made.length - 1] = longer;
      else made.push(term);
    }
    return made.map((line, at) => {
      const kept = Array.from(line), mark = at < made.length - 1 ? " ·" : "";
      if (context.measureText(line).width <= most) return line + mark;
      while (kept.length > 1 && context.measureText(kept.join("") + "…").width > most) kept.pop();
      return kept.join("") + "…" + mark;
    });
  }
  drawn(text, size, weight, most) {  // a label with its halo is drawn once
    const name = `${size} ${weight} ${Math.round(most)} ${this.ratio} ${isDark()} ${text}`;
    let canvas = this.labels.get(name);
    if (canvas) return canvas;
    if (this.labels.size > 3000) this.labels.clear();
    canvas = document.createElement("canvas");
    const context = canvas.getContext("2d"), font = `${weight} ${size * this.ratio}px ${style("--font")}`;
    const cut = text.length > 64 ? text.slice(0, 63).replace(/[\ud800-\udbff]$/, "") + "…" : text;
    context.font = font;
    const pad = 3 * this.ratio, step = size * 1.2 * this.ratio, lines = this.lines(context, cut, most * this.ratio - 2 * pad);
    canvas.width = Math.ceil(Math.max(...lines.map(line => context.measureText(line).width)) + 2 * pad);
    canvas.height = Math.ceil(size * 1.3 * this.ratio + pad + (lines.length - 1) * step);
    context.font = font; context.textBaseline = "middle"; context.textAlign = "center"; context.lineJoin = "round";
    context.strokeStyle = style("--ground"); context.lineWidth = 4.5 * this.ratio; context.fillStyle = style("--ink");
    for (const [write, alpha] of [["strokeText", .9], ["fillText", 1]]) {
      context.globalAlpha = alpha;
      lines.forEach((line, at) => context[write](line, canvas.width / 2, canvas.height / 2 + (at - (lines.length - 1) / 2) * step));
    }
    this.labels.set(name, canvas);
    return canvas;
  }
  at(px, py, reach = 12) {  // the item under a place, or -1
    const x = (px - this.width / 2) / this.scale + this.cx, y = (py - this.height / 2) / this.scale + this.cy;
    const far = (Math.max(reach, this.radius + 2)) / this.scale, cell = (SIDE + 1) / GRID;
    const bound = value => Math.min(Math.max(value / cell | 0, 0), GRID - 1);
    let best = -1, least = far * far;
    for (let row = bound(y - far); row <= bound(y + far); row++)
      for (let column = bound(x - far); column <= bound(x + far); column++)
        for (let j = this.starts[row * GRID + column]; j < this.starts[row * GRID + column + 1]; j++) {
          const i = this.inside[j], distance = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
          if (distance <= least && strong(i)) { least = distance; best = i; }
        }
    return best;
  }
  shared(a, b, most = 6) {  // names of the terms that two items share, the weightiest first
    const mine = new Map(), both = [];
    for (let j = this.termEnds[a]; j < this.termEnds[a + 1]; j++) mine.set(this.termIds[j], this.weights[j]);
    for (let j = this.termEnds[b]; j < this.termEnds[b + 1]; j++)
      if (mine.has(this.termIds[j])) both.push([mine.get(this.termIds[j]) * this.weights[j], this.termIds[j]]);
    return both.sort((p, q) => q[0] - p[0]).slice(0, most).map(([, term]) => this.termNames.get(term));
  }
  inPath(path) {
    const mask = new Uint8Array(n), xs = path.map(p => (p[0] - this.width / 2) / this.scale + this.cx);
    const ys = path.map(p => (p[1] - this.height / 2) / this.scale + this.cy);
    const [low, high, up, down] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    for (let i = 0; i < n; i++) {
      const [x, y] = [this.x[i], this.y[i]];
      if (x < low || x > high || y < up || y > down || !alive[i] || (found && !found[i])) continue;
      let is = false;
      for (let a = 0, b = xs.length - 1; a < xs.length; b = a++)
        if ((ys[a] > y) !== (ys[b] > y) && x < (xs[b] - xs[a]) * (y - ys[a]) / (ys[b] - ys[a]) + xs[a]) is = !is;
      mask[i] = is;
    }
    return mask;
  }
  listen() {
    const canvas = this.names, place = event => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("wheel", event => {
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 20 : event.deltaMode === 2 ? 200 : 1;
      this.zoom(Math.exp(-Math.min(Math.max(event.deltaY * unit, -240), 240) * .0028), ...place(event));
    }, {passive: false});
    canvas.addEventListener("pointerdown", event => {
      if (event.button) return;
      keyboard = false;
      canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, place(event));
      this.moved = 0;
      if (this.pointers.size === 1 && (lassoing || event.shiftKey)) this.path = [place(event)];
      else this.path = null;
    });
    canvas.addEventListener("pointermove", event => {
      const [x, y] = place(event), before = this.pointers.get(event.pointerId);
      if (!before) return hover(this, x, y, event);
      const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      this.moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
      this.pointers.set(event.pointerId, [x, y]);
      if (this.path) { this.path.push([x, y]); this.draw(); }
      else if (others.length) {  // two fingers
        const [a, b] = others[0], apart = (p, q) => Math.hypot(p - a, q - b);
        this.zoom(apart(x, y) / Math.max(apart(...before), 1), (x + a) / 2, (y + b) / 2);
        this.move((x - before[0]) / 2, (y - before[1]) / 2);
      } else if (this.moved > 4) { this.move(x - before[0], y - before[1]); hover(); }
    });
    const up = event => {
      if (!this.pointers.delete(event.pointerId)) return;
      const path = this.path;
      this.path = null;
      if (event.type === "pointercancel") return this.draw();
      if (path && path.length > 2 && this.moved > 12) {
        chosen = this.inPath(path);
        if (!chosen.some(Boolean)) chosen = null;
        refresh("list");
      } else if (this.moved <= 4) take(this.at(...place(event), event.pointerType === "touch" ? 22 : 12));
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => hover());
    canvas.addEventListener("dblclick", event => this.zoom(2, ...place(event)));
    canvas.addEventListener("blur", () => { this.draw(); hover(); });
    canvas.addEventListener("keydown", event => {
      const step = 60, run = {
        ArrowLeft: () => this.move(step, 0), ArrowRight: () => this.move(-step, 0),
        ArrowUp: () => this.move(0, step), ArrowDown: () => this.move(0, -step),
        "+": () => this.zoom(1.5), "=": () => this.zoom(1.5), "-": () => this.zoom(1 / 1.5), 0: () => this.reset(),
        Enter: () => take(this.at(this.width / 2, this.height / 2, 60)),
      }[event.key];
      if (!run || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      keyboard = true;
      run();
      const box = canvas.getBoundingClientRect();
      hover(this, this.width / 2, this.height / 2, {clientX: box.left + this.width / 2, clientY: box.top + this.height / 2}, 60);
    });
  }
}

let stamped = {};
function stamp(radius, width) {  // discs at four places within a pixel: where they lie, and how much
  const name = `${radius.toFixed(2)} ${width}`;
  if (stamped.name === name) return stamped.made;
  const reach = Math.ceil(radius) + 1, made = [];
  for (let phase = 0; phase < 4; phase++) {
    const [fx, fy] = [phase & 1 ? .75 : .25, phase & 2 ? .75 : .25], places = [], shares = [];
    for (let y = -reach; y <= reach; y++)
      for (let x = -reach; x <= reach; x++) {
        const share = Math.min(Math.max(radius + .5 - Math.hypot(x + .5 - fx, y + .5 - fy), 0), 1);
        if (share > .02) { places.push(y * width + x); shares.push(Math.round(share * 256)); }
      }
    made.push({places: Int32Array.from(places), shares: Int32Array.from(shares)});
  }
  stamped = {name, made};
  return made;
}

const drawAll = () => charts.forEach(chart => chart.draw());
const titled = i => ids ? ids.get(i) : head.named ? texts.get(i) : "";
const brief = (i, most = 160) => {
  const text = texts.get(i);
  return text.length > most ? text.slice(0, most).replace(/[\ud800-\udbff]$/, "") + "…" : text;
};

function hover(chart, x, y, event, reach) {
  const i = chart ? chart.at(x, y, reach) : -1, box = $("tip");
  if (chart) chart.names.style.cursor = i >= 0 && !lassoing ? "pointer" : "";
  if (i < 0) { box.hidden = true; tip = -1; return; }
  if (i !== tip) {
    const title = titled(i), text = brief(i, 280);
    box.replaceChildren(...(title && title !== text ? [make("b", {textContent: title}), text] : [text]));
    tip = i;
  }
  box.hidden = false;
  const {width, height} = box.getBoundingClientRect();
  box.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 4))}px`;
  box.style.top = `${event.clientY + 18 + height > innerHeight ? Math.max(4, event.clientY - height - 12) : event.clientY + 18}px`;
}

function take(i, tell = true) {
  taken = i;
  if (i >= 0) { charts.forEach(chart => chart.goTo(i)); tab = "item"; }
  if (tell) panel();
  drawAll();
}

// -------------------------------------------------------------------------------------- the panel

function marked(text) {  // with what was searched for
  const asked = $("search").value.trim().toLowerCase().split(/\s+/).filter(Boolean), low = text.toLowerCase();
  if (!asked.length || low.length !== text.length) return [text];
  const cuts = new Uint8Array(text.length);
  for (const part of asked)
    for (let at = low.indexOf(part); at >= 0; at = low.indexOf(part, at + part.length)) cuts.fill(1, at, at + part.length);
  const made = [];
  for (let at = 0; at < text.length;) {
    let end = at;
    while (end < text.length && cuts[end] === cuts[at]) end++;
    made.push(cuts[at] ? make("mark", {textContent: text.slice(at, end)}) : text.slice(at, end));
    at = end;
  }
  return made;
}

function chips(chart, a, b) {
  if (!chart.terms) return [];
  const both = chart.shared(a, b), box = make("div", {className: "chips"});
  if (both.length) box.append(...both.map(term => make("span", {textContent: term})));
  else box.append(make("span", {className: "none", textContent: chart.terms ? (chart.most ? T.few(chart.most) : T.none) : ""}));
  return [box];
}

function entry(i, extra = [], after = [], most = 160) {
  const title = titled(i), text = brief(i, most), lines = [];
  lines.push(make("div", {className: "row"}, make("span", {}, ...marked(title || text)), ...extra));
  if (title && title !== text) lines.push(make("div", {className: "more"}, ...marked(text)));
  return make("li", {}, make("button", {on: {click: () => take(i)}}, ...lines), ...after);
}

function showItem(box) {
  if (taken < 0) return box.append(make("p", {className: "soft", textContent: T.hint}), ...head.notes.map(note => make("p", {className: "soft", textContent: note})));
  const title = titled(taken), text = texts.get(taken);
  if (title) box.append(make("h2", {}, ...marked(title)));
  if (title !== text) box.append(make("p", {className: "text"}, ...marked(text)));
  const values = columns.filter(column => column && !column.made).map(column => [column.name, shownValue(column, taken)]).filter(([, value]) => value !== "");
  if (values.length) box.append(make("dl", {}, ...values.flatMap(([name, value]) => [make("dt", {textContent: name}), make("dd", {}, ...marked(value))])));
  const lists = charts.map(chart => Array.from(chart.near.subarray(taken * k, taken * k + k)).filter(i => i !== NONE));
  charts.forEach((chart, at) => {
    const both = charts.length > 1 ? lists[0].filter(i => lists[1].includes(i)) : [];
    box.append(make("h3", {className: "row"}, make("span", {textContent: charts.length > 1 ? T.by(chart.name) : T.nearest}),
      ...(charts.length > 1 && !at ? [make("small", {textContent: T.same(both.length, k)})] : [])));
    if (!lists[at].length) box.append(make("p", {className: "soft", textContent: T.alone}));
    box.append(make("ul", {className: "list"}, ...lists[at].map((i, j) => {
      const score = (chart.scores[taken * k + j] / 65535 * (chart.high - chart.low) + chart.low).toFixed(3);
      const row = entry(i, [make("small", {textContent: score})], chips(chart, taken, i));
      if (both.includes(i)) row.className = "both";
      return row;
    })));
  });
}

const shownValue = (column, i) => column.kind === "numbers"
  ? (Number.isNaN(column.values[i]) ? "" : String(column.values[i]))
  : column.names[column.codes[i]] ?? "";

function showList(box) {
  if (!found && !chosen) return box.append(make("p", {className: "soft", textContent: T.empty}));
  const rows = picked();
  box.append(make("div", {className: "row"}, make("strong", {textContent: (chosen ? T.chosen : T.found)(number(rows.length))}),
    make("span", {}, make("button", {textContent: T.csv, on: {click: () => save(rows)}}), " ", make("button", {textContent: T.clear, on: {click: clearAll}}))),
  make("ul", {className: "list"}, ...rows.slice(0, listed).map(i => entry(i))));
  if (rows.length > listed) box.append(make("button", {textContent: T.more, on: {click: () => { listed += 100; panel(); }}}));
}

function picked() {
  const rows = [];
  for (let i = 0; i < n; i++) if (strong(i)) rows.push(i);
  return rows;
}

let changed = null;
function showChanges(box) {
  const common = parts.common;
  if (!changed) {
    const rows = [];
    for (let i = 0; i < n; i++) if (charts.every(chart => chart.near[i * k] !== NONE)) rows.push(i);
    const sure = i => charts.reduce((sum, chart) => sum + (chart.scores[i * k] / 65535 * (chart.high - chart.low) + chart.low) / (chart.high || 1), 0);
    const key = new Float64Array(n);
    for (const i of rows) key[i] = common[i] - sure(i) / 10;
    changed = rows.sort((a, b) => key[a] - key[b] || a - b);
  }
  const mean = changed.reduce((sum, i) => sum + common[i], 0) / Math.max(changed.length, 1);
  box.append(make("p", {className: "soft", textContent: T.mean(mean.toFixed(1), k)}));
  const rows = changed.filter(strong);
  box.append(make("ul", {className: "list"}, ...rows.slice(0, changing).map(i => entry(i, [make("small", {textContent: `${common[i]} / ${k}`})],
    charts.map(chart => {
      const to = chart.near[i * k], line = make("div", {className: "side"}, make("small", {textContent: chart.name}), make("div", {className: "more", textContent: titled(to) || brief(to, 110)}));
      line.append(...chips(chart, i, to));
      if (!chart.terms) {
        const other = charts.find(one => one.terms);
        if (other) line.append(...chips(other, i, to));
      }
      return line;
    })))));
  if (rows.length > changing) box.append(make("button", {textContent: T.more, on: {click: () => { changing += 20; panel(); }}}));
}

function panel() {
  const box = $("shown");
  box.replaceChildren();
  for (const button of document.querySelectorAll("[role=tab]")) {
    button.setAttribute("aria-selected", button.dataset.tab === tab);
    button.tabIndex = button.dataset.tab === tab ? 0 : -1;
  }
  box.setAttribute("aria-labelledby", `tab-${tab}`);
  ({item: showItem, list: showList, changes: showChanges})[tab](box);
}

function refresh(to) {
  if (to) { tab = to; listed = 100; }
  count_(); panel(); drawAll();
}

const searched = () => [texts, ids].filter(Boolean);

function makeReady() {  // so that the first key is answered as soon as the others
  searched().forEach(strings => strings.lower());
}

function find() {
  const asked = $("search").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (!asked.length) { found = null; return refresh(tab === "list" && !chosen ? "item" : undefined); }
  found = new Uint8Array(n);
  asked.forEach((part, round) => {
    searched().forEach(strings => strings.lower().mark(part, scratch, 1));
    for (let i = 0; i < n; i++) { found[i] = scratch[i] && (!round || found[i]); scratch[i] = 0; }
  });
  refresh("list");
}
let scratch;

function clearAll() {
  found = chosen = null; taken = -1;
  $("search").value = "";
  refresh("item");
}

function save(rows) {
  // a spreadsheet would run what begins like a formula
  const neutral = text => /^[\t\r\n]|^\s*[=+\-@＝＋－＠]/u.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  const cell = text => `"${neutral(text).replaceAll('"', '""')}"`, told = columns.filter(column => column && !column.made);
  const lines = [[...(ids ? [head.idName] : []), head.textName, ...told.map(column => column.name)].map(cell).join(",")];
  for (const i of rows)
    lines.push([...(ids ? [cell(ids.get(i))] : []), cell(texts.get(i)), ...told.map(column => column.kind === "numbers" ? shownValue(column, i) : cell(shownValue(column, i)))].join(","));
  const link = make("a", {href: URL.createObjectURL(new Blob(["\ufeff" + lines.join("\n") + "\n"], {type: "text/csv"})), download: "map.csv"});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function lasso(on = !lassoing) {
  lassoing = on;
  $("lasso").setAttribute("aria-pressed", on);
  charts.forEach(chart => chart.box.classList.toggle("lasso", on));
}

function theme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  if (n === undefined) return;
  recolour(); legend();
}

function byAddress() {  // map.html#find=sea or #item=Quay
  const asked = new URLSearchParams(location.hash.slice(1));
  if (asked.has("find")) { $("search").value = asked.get("find"); find(); }
  if (asked.has("item") && ids) for (let i = 0; i < n; i++) if (ids.get(i) === asked.get("item")) return take(i);
}

// ------------------------------------------------------------------------------------------ begin

async function begin() {
  if (typeof DecompressionStream === "undefined") { $("wait").textContent = T.broken; return; }
  [head, parts] = await unpacked();
  $("data").remove();
  n = head.n; k = head.k;
  scratch = new Uint8Array(n);
  texts = new Strings(parts.texts, parts.textLengths);
  ids = head.idName ? new Strings(parts.ids, parts.idLengths) : null;
  order = Uint32Array.from({length: n}, (_, i) => i);
  for (let i = n - 1, state = 12345; i > 0; i--) {  // none lies on top because it comes last
    state = Math.imul(state, 1103515245) + 12345 >>> 0;
    const j = state % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  columns = [null, ...head.columns.map((column, at) => ({...column, codes: parts[`codes${at}`], values: parts[`values${at}`]}))];
  coloured = head.coloured + 1;
  const select = $("colour");
  columns.forEach((column, at) => select.append(make("option", {value: at, textContent: column ? column.name : T.plain, selected: at === coloured})));
  select.addEventListener("change", () => { coloured = +select.value; off.clear(); legend(); recolour(); count_(); });
  charts = head.charts.map((_, at) => new Chart(at));
  $("maps").classList.toggle("twins", charts.length > 1);
  $("maps").append(...charts.map(chart => chart.box));
  const tabs = ["item", "list", ...(charts.length > 1 ? ["changes"] : [])].map(name => make("button", {id: `tab-${name}`, role: "tab", "data-tab": name, "aria-controls": "shown", textContent: T[name],
    on: {click: () => { tab = name; listed = Math.max(listed, 100); changing = Math.max(changing, 20); panel(); }}}));
  tabs.forEach((button, at) => button.addEventListener("keydown", event => {
    const to = {ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length}[event.key];
    if (to !== undefined) { tabs[to % tabs.length].click(); tabs[to % tabs.length].focus(); }
  }));
  $("tabs").append(...tabs);
  alive = new Uint8Array(n).fill(1);
  let pause;
  $("search").addEventListener("focus", makeReady);
  $("search").addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(find, 60); });
  $("lasso").addEventListener("click", () => lasso());
  $("theme").addEventListener("click", () => theme(!isDark()));
  $("help").addEventListener("click", () => $("keyboard").showModal());
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape" && !$("keyboard").open) clearAll();
    else if (typing) return;
    else if (event.key === "/") { event.preventDefault(); $("search").focus(); }
    else if (event.key === "l") lasso();
    else if (event.key === "d") theme(!isDark());
    else if (event.key === "?") $("keyboard").showModal();
  });
  legend(); recolour(); count_(); panel();
  new ResizeObserver(() => charts.forEach(chart => chart.resize())).observe($("maps"));
  charts.forEach(chart => chart.resize());
  $("wait").remove();
  addEventListener("hashchange", byAddress);
  byAddress();
  for (let frame = 0; frame < 2; frame++) await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  document.documentElement.dataset.ready = "true";
}

for (const [id, words] of [["lasso", T.lasso], ["theme", "◐"], ["help", "?"]]) $(id).textContent = words;
$("theme").title = T.theme; $("theme").setAttribute("aria-label", T.theme);
$("help").title = T.help; $("help").setAttribute("aria-label", T.help);
$("search").placeholder = T.search; $("search").setAttribute("aria-label", T.search);
$("colourLabel").textContent = T.colour;
$("keyboard").append(make("h2", {textContent: T.help}), make("p", {textContent: T.about}),
  make("dl", {}, ...T.keys.flatMap(([name, does]) => [make("dt", {}, make("kbd", {textContent: name})), make("dd", {textContent: does})])),
  make("form", {method: "dialog"}, make("button", {textContent: T.close})));
const darkness = matchMedia("(prefers-color-scheme: dark)");
theme(darkness.matches);
darkness.addEventListener("change", event => theme(event.matches));
begin();
