// Warns before the session ends, in every tab that is open, and keeps what was typed when it has ended.
(() => {
  "use strict";
  const box = document.getElementById("session");
  if (!box) { return; }
  const WARN = 120;
  const LAST_WORD = 30;
  const LONGEST_WAIT = 3600;
  const AGAIN = 5;
  const form = box.querySelector("form");
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("kho-session") : null;
  const say = (text) => document.dispatchEvent(new CustomEvent("say", { detail: text }));
  let end = 0;
  let timer = 0;
  let shown = "";
  let typed = false;
  let back = null;

  const left = () => Math.max(0, Math.round((end - Date.now()) / 1000));
  const wait = (seconds, then) => { window.clearTimeout(timer); timer = window.setTimeout(then, seconds * 1000); };
  const part = (name) => box.querySelector(`[data-part="${name}"]`);

  const tell = (name) => say(part(name).querySelector("p").textContent.replace(/\s+/g, " ").trim());

  const show = (name) => {
    if (shown === name) { return; }
    const hadFocus = box.contains(document.activeElement);
    shown = name;
    for (const each of box.querySelectorAll("[data-part]")) { each.hidden = each.dataset.part !== name; }
    box.hidden = !name;
    if (name) { tell(name); }
    if (hadFocus && !name) { (back && back.isConnected ? back : document.getElementById("content")).focus(); }
    if (hadFocus && name) { part(name).querySelector("a, button, p").focus(); }
  };

  const over = () => {
    const link = part("over").querySelector("a");
    link.href = `${link.pathname}?next=${encodeURIComponent(location.pathname + location.search)}`;
    window.clearTimeout(timer);
    show("over");
  };

  // The session as the server sees it: another tab may have renewed it, or ended it.
  const ask = async (options) => {
    try {
      const answer = await fetch(box.dataset.url, { headers: { Accept: "application/json" }, credentials: "same-origin", ...options });
      if (answer.status === 401) { over(); return false; }
      if (!answer.ok) { throw new Error(String(answer.status)); }
      const now = await answer.json();
      // Whoever else signed in meanwhile does not go on with what was typed here.
      if (String(now.person) !== box.dataset.person) { over(); return false; }
      end = Date.now() + now.left * 1000;
      for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) { field.value = now.token; }
      if (shown && now.left > WARN) { say(box.dataset.stayed); }
      plan();
      return true;
    } catch {
      wait(AGAIN, plan);
      return null;
    }
  };

  const tick = () => {
    const seconds = left();
    const clock = part("warn").querySelector("[data-clock]");
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    show("warn");
    if (seconds === LAST_WORD) { tell("warn"); }
    wait(1, seconds > 1 ? tick : ask);
  };

  const plan = () => {
    const seconds = left();
    if (seconds > WARN) {
      show("");
      wait(Math.min(seconds - WARN, LONGEST_WAIT), () => (left() > WARN ? plan() : ask()));
    } else if (seconds > 0) {
      tick();
    } else {
      wait(1, ask);
    }
  };

  if (form) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      const renewed = await ask({ method: "POST", body: new FormData(form) });
      if (renewed && tabs) { tabs.postMessage("renewed"); }
      const failed = form.querySelector("[data-failed]");
      failed.hidden = renewed !== null;
      if (renewed === null) { say(failed.textContent); }
    });
  }
  box.addEventListener("focusin", (event) => {
    if (event.relatedTarget && !box.contains(event.relatedTarget)) { back = event.relatedTarget; }
  });

  // Tabs that warn, or whose session is over, look again when another one has news or when somebody comes back to them.
  const look = () => { if (shown) { ask(); } };
  if (tabs) { tabs.addEventListener("message", look); tabs.postMessage("open"); }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) { if (shown) { ask(); } else { plan(); } }
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) { ask(); } });

  // A part that can't be had without a session leads to sign-in, unless that would lose what was typed.
  document.addEventListener("input", (event) => { if (event.target.closest("form[method=post]")) { typed = true; } });
  document.addEventListener("submit", (event) => { if (!box.contains(event.target)) { typed = false; } });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.status === 401 && typed) { event.preventDefault(); over(); }
  });

  end = Date.now() + Number(box.dataset.left) * 1000;
  plan();
})();
