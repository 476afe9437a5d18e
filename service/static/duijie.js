// Comforts that the pages do without: keys for the question's box, a sign of life, and a record printed with its reasons open.

const box = document.querySelector("#q");
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");
const held = (event) => event.ctrlKey || event.metaKey || event.altKey;

if (box) {
  for (const keys of document.querySelectorAll(".keys")) keys.hidden = false;

  box.addEventListener("keydown", (event) => {
    // While a Chinese input method is composing, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    box.form.requestSubmit();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || held(event) || typing(event.target)) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  // Browsers that do not size a box by its contents.
  if (!CSS.supports("field-sizing", "content")) {
    const grow = () => { box.rows = Math.min(14, Math.max(2, box.value.split("\n").length, Math.ceil(box.value.length / 36))); };
    box.addEventListener("input", grow);
    grow();
  }
}

// From here the server is at work; the stylesheet shows it to those who wait longer than a moment.
const waits = (yes) => document.documentElement.classList.toggle("waiting", yes);
addEventListener("submit", (event) => { if (!event.defaultPrevented) waits(true); });
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || held(event) || event.shiftKey || link.target || link.hasAttribute("download")) return;
  if (link.origin === location.origin && (link.pathname !== location.pathname || link.search !== location.search)) waits(true);
});
addEventListener("pageshow", () => waits(false));

const closed = () => document.querySelectorAll(".matches details:not([open])");
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...closed()];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
