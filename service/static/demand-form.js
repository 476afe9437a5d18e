// The form of a demand: what matches is shown while it is written, a draft is kept, and rows come and go without a new page.

const form = document.querySelector("#demand");
const preview = document.querySelector("#preview");
const said = document.querySelector("#preview-said");
const kept = document.querySelector("#kept");
const criteria = form.querySelector(".criteria");
document.documentElement.classList.add("with-script");

const after = (pause, act) => {
  let waiting;
  const later = () => { clearTimeout(waiting); waiting = setTimeout(act, pause); };
  later.stop = () => clearTimeout(waiting);
  return later;
};
const written = () => new URLSearchParams(new FormData(form));
const sent = (address, signal) => fetch(address, { method: "POST", body: written(), signal });

let asking;
const look = after(700, async () => {
  asking?.abort();
  asking = new AbortController();
  const box = preview.parentElement;
  box.classList.add("is-waiting");
  try {
    const answer = await sent(form.dataset.preview, asking.signal);
    if (answer.ok && !answer.redirected) {
      preview.innerHTML = await answer.text();
      said.textContent = preview.querySelector(".preview-told")?.textContent ?? "";
    }
    box.classList.remove("is-waiting");
  } catch (error) {
    if (error.name !== "AbortError") box.classList.remove("is-waiting");
  }
});

let changed = false, leaving = false, keeping;
const keep = after(2000, async () => {
  if (!form.dataset.drafts || leaving) return;
  changed = false;
  keeping = new AbortController();
  try {
    const answer = await sent(form.dataset.drafts, keeping.signal);
    if (answer.redirected) { kept.textContent = "登录已过期。提交时会请您重新登录，写下的都会保留。"; return; }
    if (!answer.ok) throw new Error(answer.status);
    form.elements.draft.value = (await answer.json()).draft;
    const at = new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
    kept.textContent = `${form.dataset.kept} ${at}`;
  } catch (error) {
    changed = true;
    if (error.name !== "AbortError") kept.textContent = "这次没有存下，接着写时会再试。";
  }
});

form.addEventListener("input", () => { changed = true; look(); keep(); });
form.addEventListener("submit", () => { leaving = true; look.stop(); keep.stop(); asking?.abort(); keeping?.abort(); });
addEventListener("pagehide", () => {
  if (changed && !leaving && form.dataset.drafts) navigator.sendBeacon(form.dataset.drafts, written());
});
addEventListener("pageshow", () => { leaving = false; });

const renumber = () => {
  [...criteria.children].forEach((row, at) => {
    for (const part of row.children) part.setAttribute("aria-label", part.getAttribute("aria-label").replace(/第 \d+ 项/, `第 ${at + 1} 项`));
    row.querySelector("[name=drop]").value = at + 1;
  });
};
form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.value === "add") {
    event.preventDefault();
    const row = criteria.lastElementChild.cloneNode(true);
    for (const input of row.querySelectorAll("input")) { input.value = ""; input.placeholder = ""; }
    row.querySelector("select").selectedIndex = 0;
    criteria.append(row);
    renumber();
    row.querySelector("input").focus();
  } else if (button?.name === "drop") {
    event.preventDefault();
    const row = button.closest(".criterion");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    if (next) { row.remove(); next.querySelector("input").focus(); }
    else for (const input of row.querySelectorAll("input")) input.value = "";
    renumber();
    form.dispatchEvent(new Event("input"));
  }
});

// Enter in a line goes on to the next field: a form this long is not to be sent by mistake.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches("input")) return;
  event.preventDefault();
});
