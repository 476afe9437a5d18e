// Comforts that the pages do without: keys for the question's box, a sign of life, an address copied.

const box = document.querySelector("#q");
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");
const held = (event) => event.ctrlKey || event.metaKey || event.altKey;

// `/` leads to the box, from a page without one to that of the front page.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || held(event) || typing(event.target)) return;
  event.preventDefault();
  if (!box) { location.assign("/#q"); return; }
  box.focus();
  box.select();
});

if (box) {
  if (location.hash === "#q") box.focus();
  for (const keys of document.querySelectorAll(".keys")) keys.hidden = false;

  box.addEventListener("keydown", (event) => {
    // While a Chinese input method is composing, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    box.form.requestSubmit();
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

// What a browser can do with an address: copy it, print the page.
for (const button of document.querySelectorAll("[data-copy]")) {
  const shared = document.getElementById(button.dataset.copy);
  const told = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(shared.href);
      told.textContent = "已复制";
    } catch { // browsers that copy only on pages fetched over TLS
      getSelection().selectAllChildren(shared);
      told.textContent = document.execCommand("copy") ? "已复制" : "已选中，请按 Ctrl+C";
    }
  });
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
