// A job that is under way: its part of the page is fetched anew every second; when it is over, the whole page.

const part = () => document.querySelector("#job");

const look = async () => {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return location.reload();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#job");
    if (!fresh || fresh.dataset.open === "no") return location.reload();
    part().replaceWith(document.adoptNode(fresh));
  } catch {
    // The connection is lost for a moment: look again later.
  }
  setTimeout(look, 1000);
};

setTimeout(look, 1000);
