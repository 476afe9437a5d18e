// Arrow keys go from one result to the next; Enter opens the one that has the focus, as it does any link.

const links = [...document.querySelectorAll(".hits .hit h2 a")];
const STEPS = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 };

document.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  if (!step || !links.length || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const target = event.target;
  if (target.closest?.("input, textarea, select, summary, [contenteditable]")) return;
  const at = links.indexOf(target);
  // From elsewhere on the page the first press goes to the first result.
  const next = at < 0 ? (step > 0 ? 0 : -1) : at + step;
  if (!links[next]) return;
  event.preventDefault();
  links[next].focus();
  links[next].closest(".hit").scrollIntoView({ block: "nearest" });
});
