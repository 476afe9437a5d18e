// A draft and its words in the note light up together; without this, numbers join them.

const parts = (number) => document.querySelectorAll(`[data-need="${number}"]`);

function light(number, on) {
  for (const part of parts(number)) part.classList.toggle("is-near", on);
}

for (const part of document.querySelectorAll("[data-need]")) {
  const number = part.dataset.need;
  for (const name of ["pointerenter", "focusin"]) part.addEventListener(name, () => light(number, true));
  for (const name of ["pointerleave", "focusout"]) part.addEventListener(name, () => light(number, false));
}

// The search goes by the text as it was mended.
for (const draft of document.querySelectorAll(".draft")) {
  const problem = draft.querySelector("textarea");
  const find = draft.querySelector(".find");
  const title = draft.querySelector("[name=title]");
  const heading = draft.querySelector("h3").lastChild;
  problem.addEventListener("input", () => {
    const wanted = new URL(find.href);
    wanted.searchParams.set("q", problem.value);
    find.href = wanted;
  });
  title.addEventListener("input", () => (heading.data = title.value));
}

// Reading takes a moment: the button says so, and is not pressed twice.
for (const form of document.querySelectorAll(".note-form")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    button.textContent = "正在读……";
    button.setAttribute("aria-busy", "true");
    setTimeout(() => (button.disabled = true));
  });
}
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll(".note-form button[aria-busy]")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
    button.textContent = "分出需求";
  }
});
