// The page asks the server's public REST API, as any client would: what is here can be done with curl.
"use strict";

const POLL_MS = 1000, POLL_HIDDEN_MS = 10000;
const WINDOW = 6;  // samples over which rates are taken
const TOP = 5, MOST_ROWS = 8, MOST_VALUES = 32;

const byId = (id) => document.getElementById(id);

let token = sessionStorage.getItem("token") || "";
let chosen = null;            // metadata of the model that is tried
const rows = new Map();       // "name/version" -> its row of the table
const history = new Map();    // "name/version" -> samples, oldest first

// --- The server

async function ask(path, options = {}) {
  const headers = new Headers(options.headers);
  if (token) headers.set("Authorization", "Bearer " + token);
  const response = await fetch(path, { ...options, headers });
  const text = await response.text();
  if (response.status === 401 || response.status === 403) byId("token-form").hidden = false;
  if (!response.ok) throw new Error(messageIn(text) || `the server answers ${response.status}`);
  return JSON.parse(text);
}

function messageIn(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return "";
  }
}

async function poll() {
  try {
    const [about, index, stats] = await Promise.all([
      ask("v2"), ask("v2/repository/index", { method: "POST", body: "{}" }), ask("v2/models/stats"),
    ]);
    byId("server").textContent = `${about.name} ${about.version} answers`;
    showModels(Array.isArray(index) ? index : index.models || [], stats.model_stats || []);
  } catch (error) {
    byId("server").textContent = error instanceof TypeError ? "The server does not answer" : error.message;
  }
  setTimeout(poll, document.hidden ? POLL_HIDDEN_MS : POLL_MS);
}

// --- The table of models

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Adds what the server has counted, and returns what happened since the oldest sample that is kept.
function figures(key, stats) {
  const infer = stats.inference_stats || {};
  const of = (part, field) => Number((infer[part] || {})[field] || 0);
  const now = {
    ms: performance.now(), succeeded: of("success", "count"), success_ns: of("success", "ns"), failed: of("fail", "count"),
    rows: Number(stats.inference_count || 0), passes: Number(stats.execution_count || 0),
  };
  let samples = history.get(key) || [];
  if (samples.length > 0 && now.succeeded < samples[samples.length - 1].succeeded) samples = [];  // loaded anew
  samples.push(now);
  history.set(key, samples.slice(-WINDOW));
  const first = samples[0];
  const done = now.succeeded - first.succeeded, asked = done + now.failed - first.failed;
  const passes = now.passes - first.passes;
  return {
    rate: samples.length > 1 ? asked / ((now.ms - first.ms) / 1000) : 0,
    latency_ms: done > 0 ? (now.success_ns - first.success_ns) / done / 1e6 : null,
    rows_a_pass: passes > 0 ? (now.rows - first.rows) / passes : null,
    succeeded: now.succeeded, failed: now.failed,
  };
}

const rounded = (value, unit = "") => (value === null ? "\u2013" : value.toPrecision(3).replace(/\.?0+$/, "") + unit);
const whole = (value) => value.toLocaleString("en");

function makeRow(model) {
  const row = element("tr");
  const cell = element("td"), button = element("button", model.name);
  button.type = "button";
  button.addEventListener("click", () => choose(model.name));
  cell.append(button);
  row.append(cell, element("td", model.version));
  for (let i = 0; i < 6; i++) row.append(element("td", "", i > 0 ? "number" : ""));
  return row;
}

// Rows stay the same objects, so that the keyboard's focus stays where it is.
function showModels(models, stats) {
  const keys = new Set();
  for (const model of models) {
    const key = `${model.name}/${model.version || ""}`;
    keys.add(key);
    if (!rows.has(key)) rows.set(key, makeRow(model));
    const row = rows.get(key), cells = row.cells;
    const known = stats.find((entry) => entry.name === model.name && String(entry.version) === String(model.version));
    const seen = known ? figures(key, known) : null;
    cells[2].className = model.state || "";
    cells[2].textContent = (model.state || "unknown").toLowerCase();
    if (model.reason) cells[2].append(element("div", model.reason, "reason"));
    const texts = seen
      ? [seen.rate.toFixed(1), rounded(seen.latency_ms, " ms"), rounded(seen.rows_a_pass), whole(seen.succeeded), whole(seen.failed)]
      : ["", "", "", "", ""];
    texts.forEach((text, i) => { cells[3 + i].textContent = text; });
    byId("models").append(row);
  }
  for (const [key, row] of rows) {
    if (keys.has(key)) continue;
    row.remove();
    rows.delete(key);
    history.delete(key);
  }
  byId("no-models").hidden = models.length > 0;
  const ready = models.find((model) => model.state === "READY");
  if (chosen === null && ready) choose(ready.name);
}

// --- The model that is tried

const typeText = (tensor) => `${tensor.datatype} [${tensor.shape.join(", ")}]`;

async function choose(name) {
  chosen = { name, inputs: [], outputs: [] };
  for (const [key, row] of rows) row.classList.toggle("chosen", key.startsWith(name + "/"));
  byId("try").hidden = false;
  byId("name").textContent = name;
  byId("signature").replaceChildren();
  byId("answer").replaceChildren();
  byId("preview").hidden = true;
  try {
    const metadata = await ask(`v2/models/${encodeURIComponent(name)}`);
    if (chosen.name !== name) return;
    chosen = { name, inputs: metadata.inputs || [], outputs: metadata.outputs || [] };
    for (const kind of ["inputs", "outputs"]) {
      for (const tensor of chosen[kind]) {
        byId("signature").append(element("dt", `${kind.slice(0, -1)} ${tensor.name}`), element("dd", typeText(tensor)));
      }
    }
    byId("json").value = example();
  } catch (error) {
    showError(error);
  }
}

// An input of zeros, where it is small enough to read.
function example() {
  if (chosen.inputs.length !== 1) return "";
  const shape = chosen.inputs[0].shape.map((size, axis) => (size >= 0 ? Number(size) : axis === 0 ? 1 : 8));
  if (shape.length === 0 || shape.reduce((a, b) => a * b, 1) > 256) return "";
  const zeros = (axis) => (axis === shape.length ? 0 : Array.from({ length: shape[axis] }, () => zeros(axis + 1)));
  return JSON.stringify(zeros(0));
}

// A network with one row of numbers for each row of the input is asked for its best classes.
function outputsWanted() {
  const isClassifier = chosen.outputs.length > 0 && chosen.outputs[0].shape.length === 2;
  return isClassifier ? { outputs: [{ name: chosen.outputs[0].name, parameters: { classification: TOP } }] } : {};
}

function shapeOf(data) {
  return Array.isArray(data) ? [data.length, ...(data.length > 0 ? shapeOf(data[0]) : [])] : [];
}

async function predict(body, headers = {}) {
  const started = performance.now();
  byId("answer").replaceChildren(element("p", "Asking\u2026", "took"));
  try {
    const path = `v2/models/${encodeURIComponent(chosen.name)}/infer`;
    const answer = await ask(path, { method: "POST", body, headers });
    showAnswer(answer, performance.now() - started);
  } catch (error) {
    showError(error);
  }
}

// The file travels as it is: JSON in front, then the bytes of one element, with their length.
async function predictPicture(file) {
  if (chosen === null) return;
  byId("preview").src = URL.createObjectURL(file);
  byId("preview").hidden = false;
  const picture = await file.arrayBuffer();
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, picture.byteLength, true);
  const input = {
    name: chosen.inputs.length > 0 ? chosen.inputs[0].name : "data", shape: [1], datatype: "BYTES",
    parameters: { binary_data_size: picture.byteLength + 4 },
  };
  const head = new TextEncoder().encode(JSON.stringify({ inputs: [input], ...outputsWanted() }));
  await predict(new Blob([head, length, picture]), {
    "Content-Type": "application/octet-stream", "Inference-Header-Content-Length": String(head.length),
  });
}

async function predictJson(text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return showError(error);
  }
  if (Array.isArray(data)) {
    if (chosen.inputs.length !== 1) {
      return showError(new Error(`${chosen.name} has ${chosen.inputs.length} inputs: paste {"inputs": [...]}`));
    }
    const { name, datatype } = chosen.inputs[0];
    data = { inputs: [{ name, datatype, shape: shapeOf(data), data }] };
  }
  await predict(JSON.stringify({ ...outputsWanted(), ...data }), { "Content-Type": "application/json" });
}

// --- The answer

function showError(error) {
  byId("answer").replaceChildren(element("p", error.message, "error"));
}

function showAnswer(answer, ms) {
  const parts = [element("p", `Version ${answer.model_version} answered in ${rounded(ms, " ms")}`, "took")];
  for (const output of answer.outputs) {
    if (output.datatype === "BYTES") {
      parts.push(...classLists(output));
    } else {
      const more = output.data.length > MOST_VALUES ? ", \u2026" : "";
      parts.push(element("h3", `${output.name}: ${typeText(output)}`));
      parts.push(element("pre", output.data.slice(0, MOST_VALUES).join(", ") + more));
    }
  }
  byId("answer").replaceChildren(...parts);
}

// "score:index:label", best first, for each row of the input.
function classLists(output) {
  const classes = output.data.map((text) => {
    const [score, index, ...label] = text.split(":");
    return { score: Number(score), label: label.join(":") || `class ${index}` };
  });
  const across = Number(output.shape[output.shape.length - 1]), count = classes.length / across;
  const parts = [];
  for (let row = 0; row < Math.min(count, MOST_ROWS); row++) {
    if (count > 1) parts.push(element("h3", `Row ${row}`));
    parts.push(classList(classes.slice(row * across, (row + 1) * across)));
  }
  return parts;
}

// Probabilities are bars as long as they are; other scores are drawn between the first and the last that is shown.
function classList(classes) {
  const areProbabilities = classes.every(({ score }) => score >= 0 && score <= 1.0001);
  const [most, least] = areProbabilities ? [1, 0] : [classes[0].score, classes[classes.length - 1].score];
  const list = element("ol", "", "classes");
  for (const { score, label } of classes) {
    const item = element("li"), bar = element("span", "", "bar");
    bar.style.width = `${most > least ? (100 * (score - least)) / (most - least) : 100}%`;
    item.append(bar, element("span", label), element("span", areProbabilities ? `${(100 * score).toFixed(1)} %` : rounded(score)));
    list.append(item);
  }
  return list;
}

// --- What people do

const drop = byId("drop");
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer.files.length > 0) predictPicture(event.dataTransfer.files[0]);
});
byId("picture").addEventListener("change", (event) => {
  if (event.target.files.length > 0) predictPicture(event.target.files[0]);
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length > 0) predictPicture(event.clipboardData.files[0]);
});
byId("json-form").addEventListener("submit", (event) => {
  event.preventDefault();
  predictJson(byId("json").value);
});
byId("json").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("json-form").requestSubmit();
});
byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  token = byId("token").value;
  sessionStorage.setItem("token", token);
  byId("token-form").hidden = true;
});

poll();
