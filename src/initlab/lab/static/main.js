// The lab: wires form, run, frames and panels together. It draws what the server sends and computes no result.
import { get, post, remove } from "./api.js";
import { Follower } from "./follow.js";
import * as charts from "./charts.js";
import { Check } from "./check.js";
import { Form } from "./form.js";
import { Gradients } from "./gradients.js";
import { element } from "./numbers.js";
import { Panels } from "./panels.js";
import { read, same, write } from "./state.js";
import { Store } from "./store.js";
import { Tabs } from "./tabs.js";
import * as theme from "./theme.js";
import { Theory } from "./theory.js";
import { keys, Transport } from "./transport.js";

const $ = (id) => document.getElementById(id);
const page = document.documentElement;
const calm = matchMedia("(prefers-reduced-motion: reduce)"); // nothing then moves by itself: the end is shown

const catalogue = await get("/api/catalogue").catch((refusal) => tell(refusal.message, true) ?? Promise.reject(refusal));
const store = new Store();
const panels = new Panels($("panels"), $("heads"), catalogue);
const form = new Form($("form"), catalogue, changed);
const transport = new Transport({ play: $("play"), scrub: $("scrub"), moment: $("moment") }, store, schedule);
const follower = new Follower({ onFrame, onEnd, onLost, onBreak: () => tell("The connection broke. Trying again.", true) });
const tabs = new Tabs($("tabs"), () => { address(); schedule(); });
const views = { check: new Check($("panel-check")), gradients: new Gradients($("panel-gradients"), catalogue), theory: new Theory($("panel-theory"), catalogue) };
let preset = null, asked = null, waiting = false, halting = false, began = 0;

keys({ transport, rerun: () => run({ fresh: true }) });
theme.begin($("theme"), () => { form.paint(); if (store.run) { panels.build(store); schedule(); } for (const view of Object.values(views)) view.key = null; });
panels.onVisible = schedule;
panels.onChoice = () => { address(); schedule(); };
presets();
$("rules").append(...catalogue.rules.map((text) => element("li", { text })));
$("form").addEventListener("submit", (event) => { event.preventDefault(); run({ fresh: true }); });
$("stop").addEventListener("click", stop);
for (const radio of document.querySelectorAll("[name=seeds]")) radio.addEventListener("change", () => { form.experiment.seeds = Number(radio.value); run({}); });
for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button.dataset.copy));
window.addEventListener("hashchange", () => { if (location.hash !== written()) begin(); });
new ResizeObserver(schedule).observe($("panels"));
begin();

// What the address says, or the first preset where it says nothing.
async function begin() {
  const found = read(location.hash, catalogue.default);
  const named = catalogue.presets.find((each) => each.name === found.view.preset);
  const start = found.empty ? catalogue.presets[0] : named;
  preset = start?.name ?? null;
  panels.edges = found.view.edges === "gradients" ? "gradients" : "weights";
  panels.values = ["gradients", "weights"].includes(found.view.values) ? found.view.values : "activations";
  form.show({ ...(start?.fields ?? {}), ...found.experiment });
  tabs.choose(found.view.tab ?? "training");
  const sound = await run({ frame: found.view.frame, faults: found.faults });
  if (!sound && !store.run) {
    const wrong = [...(form.faulty ?? [])];
    const kept = form.experiment;
    form.show(catalogue.presets[0].fields);
    await run({});
    form.show(kept);
    form.faults(wrong);
    tell("The address asks for something that cannot be run: see the controls. Shown is the first preset.", true);
  }
}

function presets() {
  for (const each of catalogue.presets) {
    const button = element("button", { type: "button", "aria-pressed": "false", text: each.title, title: each.about });
    button.dataset.preset = each.name;
    button.addEventListener("click", () => {
      preset = each.name;
      form.show(each.fields);
      run({});
    });
    $("presets").append(element("li", {}, button));
  }
}

// Start the experiment of the controls. The one on show goes on until the server has taken the new one.
async function run({ fresh = false, frame = null, faults = [] }) {
  const experiment = { ...form.experiment };
  let started;
  try {
    started = await post("/api/runs", { experiment, fresh });
  } catch (refusal) {
    form.faulty = refusal.errors ?? [];
    form.faults([...faults, ...form.faulty]);
    tell(refusal.status === 422 ? "Not run: see the controls for what is allowed." : refusal.message, true);
    return false;
  }
  if (store.run && !store.ending && store.run.id !== started.id) remove(`/api/runs/${store.run.id}`).catch(() => {});
  asked = experiment;
  form.faults(faults);
  if (preset && !matches(preset, experiment)) preset = null;
  transport.hold();
  store.clear(started);
  store.following = !calm.matches;
  store.wanted = frame === null || frame === undefined ? null : Number(frame);
  page.dataset.state = "running";
  describe(started);
  panels.build(store);
  follower.follow(started.id);
  address();
  changed();
  schedule();
  return true;
}

function matches(name, experiment) {
  const fields = { ...catalogue.default, ...catalogue.presets.find((each) => each.name === name).fields, seeds: experiment.seeds };
  return Object.keys(fields).every((key) => same(fields[key], experiment[key]));
}

function describe(started) {
  const shown = catalogue.presets.find((each) => each.name === preset);
  $("title").textContent = shown?.title ?? `${started.widths.length > 7 ? `${started.widths.length - 1} layers` : started.network} on ${started.data.name}`;
  $("about").textContent = shown?.about ?? "Every network draws the same quantiles and sees the same batches; only the law of the first weights differs.";
  const { data, seeds } = started;
  $("facts").textContent = `${started.network.length > 40 ? `${started.widths.length - 1} layers` : started.network}, ${started.activation}, ${started.parameters.toLocaleString("en")} parameters; ${data.name}: ${data.train} examples to train, ${data.test} to test; ${seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]} to ${seeds.at(-1)}`}.`;
  for (const button of $("presets").querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.preset === preset));
  for (const radio of document.querySelectorAll("[name=seeds]")) radio.checked = Number(radio.value) === seeds.length;
  $("command").textContent = started.calls.command;
  $("python").textContent = `import initlab\n\n${started.calls.python}`;
  $("files").replaceChildren();
  tell("Preparing. The first run ever compiles the trainer, which takes up to half a minute; later ones start at once.");
  began = performance.now();
}

// While no first frame is there: for how long. How much is left, nobody knows, so the bar does not say.
setInterval(() => {
  const seconds = Math.floor((performance.now() - began) / 1000);
  const shown = page.dataset.state === "running" && !store.frame && seconds > 0;
  $("preparing").hidden = !shown;
  if (shown) $("elapsed").textContent = `${seconds} s so far`;
}, 250);

function changed() {
  $("unrun").hidden = !asked || Object.keys(form.experiment).every((key) => same(form.experiment[key], asked[key]));
}

function onFrame(frame) {
  if (frame.number === 0) forecast(store.run.id);
  store.add(frame);
  page.dataset.step = String(frame.step);
  if (store.wanted !== null && frame.number === store.wanted) { store.following = false; store.at = frame.number; store.wanted = null; }
  $("stop").disabled = false;
  schedule();
}

async function forecast(id) {
  const found = await get(`/api/runs/${id}/forecast`).catch(() => null);
  if (store.run?.id === id) { store.forecast = found; schedule(); }
}

function onEnd(ending) {
  store.ending = ending;
  if (calm.matches && store.wanted === null && store.at === 0) store.at = store.last;
  $("stop").disabled = true;
  page.dataset.state = ending.state;
  const words = { done: ending.lead, stopped: `Stopped at step ${store.frames.at(-1)?.step ?? 0}. ${ending.reason} What was drawn stays.`, failed: `The run failed: ${ending.reason}` };
  tell(words[ending.state], ending.state === "failed");
  if (ending.verdicts && Object.keys(ending.verdicts).length) files(store.run.id);
  schedule();
}

// Until the server has said how the run ended nothing is drawn: the answer would wait behind the pictures.
async function stop() {
  const id = store.run?.id;
  if (!id) return;
  halting = true;
  try {
    const ending = await remove(`/api/runs/${id}`);
    if (store.run?.id === id && ["stopped", "done"].includes(ending.state)) onEnd(ending);
  } catch (refusal) {
    tell(refusal.message, true);
  } finally {
    halting = false;
    schedule();
  }
}

function onLost() {
  $("stop").disabled = true;
  page.dataset.state = "lost";
  tell("The server is gone. What was drawn stays; start it again with: initlab serve", true);
}

async function files(id) {
  const names = await get(`/api/runs/${id}/figures`).catch(() => []);
  if (store.run.id !== id) return;
  const toml = URL.createObjectURL(new Blob([store.run.calls.toml], { type: "application/toml" }));
  $("files").replaceChildren(
    element("a", { href: toml, download: "spec.toml", text: "spec.toml" }),
    element("a", { href: `/api/runs/${id}/curves.csv`, download: "curves.csv", text: "curves.csv" }),
    ...names.map((name) => element("a", { href: `/api/runs/${id}/figures/${name}.png`, download: `${name}.png`, text: `${name}.png` })),
  );
}

async function copy(id) {
  const words = $(id).textContent;
  try {
    await navigator.clipboard.writeText(words);
    $("copied").textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren($(id));
    $("copied").textContent = "Selected: copy it with the keyboard.";
  }
}

function written() {
  const fields = preset ? { ...catalogue.default, ...catalogue.presets.find((each) => each.name === preset).fields } : catalogue.default;
  const view = { preset, tab: tabs.current === "training" ? null : tabs.current, frame: store.following || store.at === store.last ? null : store.at, edges: panels.edges === "weights" ? null : panels.edges, values: panels.values === "activations" ? null : panels.values };
  return write(asked ?? form.experiment, fields, view);
}

function address() {
  if (asked) history.replaceState(null, "", written());
}

function tell(words, bad = false) {
  if ($("status").textContent !== words) $("status").textContent = words;
  $("status").classList.toggle("bad", bad);
}

function schedule() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    if (halting) return;
    transport.draw();
    if (!store.run) return;
    if (!store.ending && store.frame && !follower.failures) tell("Training, all networks in step.");
    if (store.frame && !store.frame.details && store.ending) fill(store.at);
    if (tabs.current === "training") panels.draw(store);
    else views[tabs.current].open(store.run, asked);
    if (!charts.loaded() && store.frame) setTimeout(() => charts.load().then(() => charts.loaded() && schedule()), 0);
    page.dataset.drawn = String((Number(page.dataset.drawn) || 0) + 1);
    if (store.ending && !transport.moving) address();
  });
}

// A frame that came with its curves only is asked for in full when a person stops at it.
async function fill(number) {
  const id = store.run.id;
  const frame = await get(`/api/runs/${id}/frames/${number}`).catch(() => null);
  if (frame && store.run.id === id && !store.frames[number].details) { store.frames[number] = frame; schedule(); }
}
