// Forms that lose nothing: what could not be sent stays as it is and in this tab, and goes out when the connection is back.
// The form's hidden field `once` sees to it that what is sent twice is done once.

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const OUTBOX = "duijie-outbox";
const login = () => $("meta[name=login]")?.content ?? "";

document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("form[data-kept]");
  if (!form || event.defaultPrevented) return;
  event.preventDefault();
  send(form, event.submitter);
});

async function send(form, button) {
  if (form.dataset.sending) return;
  const sent = new URLSearchParams(new FormData(form, button));
  form.dataset.sending = "yes";
  try {
    const [answer, found, problem] = await post(form.action, sent);
    if (problem) keep(form, button, ...problem);
    else show(found, answer, form);
  } catch {
    hold(form.action, sent);
    keep(form, button, "没有连上服务器，这一步没有确认记下。您写的都还在，连上以后自动再送。");
  } finally {
    delete form.dataset.sending;
  }
}

// The answer with its page, and what stands in the way, if anything does. Throws where no answer came.
async function post(action, sent) {
  const waits = (yes) => document.documentElement.classList.toggle("waiting", yes);
  waits(true);
  try {
    const answer = await fetch(action, { method: "POST", body: sent, signal: AbortSignal.timeout(30_000) });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (new URL(answer.url).pathname === "/sign-in") return [answer, found, ["登录已经过期。您写的都还在：请", "/sign-in"]];
    if (!answer.ok && !$("#main [role=alert]", found)) {
      return [answer, found, [`${$("#main .lede", found)?.textContent ?? "服务器出错。"}您写的都还在。`]];
    }
    drop(sent.get("once"));
    return [answer, found, null];
  } finally {
    waits(false);
  }
}

// The page that came back takes the place of this one, without a second request; what is half written in other forms goes along.
function show(found, answer, form) {
  const half = $$("form[data-kept]").filter((one) => one !== form).flatMap((one) => [...one.elements].filter(isChanged));
  $("#main").replaceWith($("#main", found));
  document.title = found.title;
  if (answer.redirected) history.pushState(null, "", answer.url);
  for (const field of half) refill(field);
  document.dispatchEvent(new Event("shown"));
  const told = $("#main [role=alert]") ?? $("#main .notice");
  if (told) {
    told.tabIndex = -1;
    told.focus({ preventScroll: true });
    if (told.role === "alert" || !$(".queue .pair")) scrollTo({ top: 0 });
  }
}

function isChanged(field) {
  if (!field.id || field.type === "hidden") return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.options) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
  return "defaultValue" in field && field.value !== field.defaultValue;
}

function refill(field) {
  const place = document.getElementById(field.id);
  if (!place || isChanged(place)) return;
  place.value = field.value;
  if ("checked" in field) place.checked = field.checked;
  for (let one = place.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
}

function keep(form, button, said, link) {
  $(".lost", form)?.remove();
  const told = document.createElement("div");
  told.className = "notice bad lost";
  told.setAttribute("role", "alert");
  told.append(said);
  if (link) {
    const way = Object.assign(document.createElement("a"), { href: link, target: "_blank", textContent: "在新窗口里登录" });
    told.append(way, "，再回来按下面的钮。");
  }
  const again = Object.assign(document.createElement("button"), { type: "button", textContent: "再试一次" });
  again.addEventListener("click", async () => {
    again.disabled = true;
    await renew();
    told.remove();
    send(form, button);
  });
  told.append(" ", again);
  form.prepend(told);
  told.scrollIntoView({ block: "nearest" });
}

// After signing in anew the forms need the token of the new session; what they say otherwise, versions included, stays.
async function renew() {
  try {
    const answer = await fetch(location.pathname.startsWith("/workbench") ? location.href : "/workbench");
    const token = $("input[name=token]", new DOMParser().parseFromString(await answer.text(), "text/html"))?.value;
    if (token) for (const field of $$("input[name=token]")) field.value = token;
  } catch { /* sending tells it */ }
}

// The outbox: of this tab and of who is signed in, also after the page was left or loaded anew

const all = () => JSON.parse(sessionStorage.getItem(OUTBOX) ?? "[]");
const store = (held) => sessionStorage.setItem(OUTBOX, JSON.stringify(held));
const drop = (once) => store(all().filter((one) => one.once !== once));

function hold(action, sent) {
  const once = sent.get("once");
  if (once) store([...all().filter((one) => one.once !== once), { action, once, by: login(), body: sent.toString() }]);
}

async function resend() {
  const mine = all().filter((one) => one.by === login());
  const token = $("input[name=token]")?.value;
  for (const one of mine) {
    const sent = new URLSearchParams(one.body);
    if (token) sent.set("token", token);
    try {
      const [answer, found, problem] = await post(one.action, sent);
      if (problem) {
        if (answer.ok || answer.status >= 500) return tell(problem);
        drop(one.once);
        return tell([`有一步没有办成：${problem[0]}`]);
      }
      const form = $$("form[data-kept]").find((each) => $("[name=once]", each)?.value === one.once);
      show(found, answer, form);
    } catch {
      return tell(["有一步还没有送出，连上以后自动再送。"]);
    }
  }
}

function tell([said, link]) {
  if ($(".lost")) return;
  const told = Object.assign(document.createElement("p"), { className: "notice bad lost", textContent: said });
  told.setAttribute("role", "alert");
  if (link) told.append(Object.assign(document.createElement("a"), { href: link, textContent: "登录" }), "，回到这里自动再送。");
  $("#main").prepend(told);
}

addEventListener("online", resend);
addEventListener("popstate", () => location.reload());
resend();
