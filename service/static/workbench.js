// Keys for the workbench. Its forms are seen to by kept.js.

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const pairs = () => $$(".queue .pair");
const here = () => $(".queue .pair.is-here");
const HERE = "duijie-here";

const typing = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const bulk = event.target.closest?.(".bulk-act");
  if (bulk && event.key === "Enter" && event.target.tagName !== "BUTTON") {
    event.preventDefault();
    $("button", bulk).click();
    return;
  }
  if (event.key === "Escape" && typing(event.target)) return event.target.blur();
  if (typing(event.target)) return;
  const act = $(".queue") ? KEYS_OF_QUEUE[event.key] : KEYS_OF_MATCH[event.key];
  const done = act ?? KEYS[event.key];
  if (done && done(event) !== false) event.preventDefault();
});

const KEYS = {
  "?": () => $("#keys")?.showModal(),
  u: () => $("[data-undo]")?.click(),
};
const KEYS_OF_QUEUE = {
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: (event) => !event.target.closest?.("input") && move(1),
  ArrowUp: (event) => !event.target.closest?.("input") && move(-1),
  Enter: (event) => (event.target.closest?.("a, button, summary, label") || !here() ? false : $(".pair-open", here()).click()),
  " ": (event) => (event.target.closest?.("button, summary, input") || !here() ? false : tick(here())),
  a: () => chosen() && $(".bulk [data-key=a]").click(),
  x: () => chosen() && $(".bulk [data-key=x]").focus(),
  h: () => chosen() && $(".bulk [data-key=h]").focus(),
};
const KEYS_OF_MATCH = {
  a: () => open(".bench-side .step-form .primary"),
  x: () => open("[data-act=rejected], [data-act=declined], [data-act=lost], [data-act=terminated]"),
  h: () => open("[data-act=hold], [data-act=stalled]"),
  Escape: () => $("[data-back]")?.click(),
};

function move(step) {
  const all = pairs();
  const at = all.indexOf(here());
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
  if (next) stand(next);
}

function stand(pair) {
  here()?.classList.remove("is-here");
  pair.classList.add("is-here");
  $(".pair-open", pair).focus({ preventScroll: true });
  pair.scrollIntoView({ block: "center" });
  sessionStorage.setItem(HERE, String(pairs().indexOf(pair)));
}

function tick(pair) {
  const box = $("input[type=checkbox]", pair);
  box.checked = !box.checked;
  count();
}

// What a key is for: the chosen pairs, or else the one where one stands.
function chosen() {
  if (!$$(".queue [name=chosen]:checked").length && here()) tick(here());
  return $$(".queue [name=chosen]:checked").length > 0;
}

// A step that needs nothing is taken; one that does is opened at its first field.
function open(selector) {
  const button = $(selector);
  if (!button) return;
  const way = button.closest("details.way");
  if (way) way.open = true;
  const field = $$("select, textarea, input:not([type=hidden])", button.form).find((one) => one.required);
  if (field) field.focus();
  else if ($(".lacks", button.form)) button.focus();
  else button.click();
}

function count() {
  const told = $("[data-chosen]");
  const number = $$(".queue [name=chosen]:checked").length;
  if (told) told.textContent = number ? `${number} 对` : "";
}

document.addEventListener("change", (event) => { if (event.target.name === "chosen") count(); });
document.addEventListener("focusin", (event) => {
  const pair = event.target.closest?.(".queue .pair");
  if (!pair || pair === here()) return;
  here()?.classList.remove("is-here");
  pair.classList.add("is-here");
});
document.addEventListener("click", (event) => { if (event.target.closest?.("[data-keys]")) $("#keys")?.showModal(); });

// After a step one stands where one stood, so that the next pair is under the hand.
function begin() {
  for (const button of $$("[data-keys]")) button.hidden = false;
  const all = pairs();
  const at = Number(sessionStorage.getItem(HERE) ?? -1);
  if (all.length && at >= 0) stand(all[Math.min(at, all.length - 1)]);
  count();
}
document.addEventListener("shown", begin);
begin();
