// Comforts that the pages do without: keys for the question's box, and a record printed with its comparisons open.

const box = document.querySelector("#q");

if (box) {
  for (const keys of document.querySelectorAll(".keys")) keys.hidden = false;

  box.addEventListener("keydown", (event) => {
    // While a Chinese input method is composing, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    box.form.requestSubmit();
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
}

const closed = () => document.querySelectorAll(".matches details:not([open])");
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...closed()];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
