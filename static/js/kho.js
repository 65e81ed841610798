// Small comforts; every page works without them.
(() => {
  "use strict";
  const live = () => document.getElementById("live");
  const say = (text) => { const region = live(); if (region) { region.textContent = ""; window.setTimeout(() => { region.textContent = text; }, 30); } };

  const select = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    if (!source) { return; }
    const words = button.dataset;
    try {
      if (navigator.clipboard) {
        await navigator.clipboard.writeText(source.textContent.trim());
      } else {
        // Without https there is no clipboard: select the text and use the old command.
        select(source);
        if (!document.execCommand("copy")) { throw new Error("copy"); }
      }
      button.textContent = words.done;
      say(words.done);
    } catch {
      select(source);
      button.textContent = words.selected;
      say(words.selected);
    }
    window.setTimeout(() => { button.textContent = words.label; }, 2000);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copy]");
    if (button) { copy(button); }
  });

  document.addEventListener("change", (event) => {
    const field = event.target.closest("[data-submit-on-change]");
    if (field && field.form) { field.form.requestSubmit(); }
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const field = document.querySelector("input[type=search]");
      if (field) { event.preventDefault(); field.focus(); }
    }
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const count = event.target.querySelector("[data-announce]");
    if (count) { say(count.textContent.trim()); }
  });

  // What asks again and again waits while nobody looks.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const asking = event.target;
    if (document.hidden && asking.hasAttribute("data-poll")) {
      event.preventDefault();
      document.addEventListener("visibilitychange", () => { window.htmx.trigger(asking, "resume"); }, { once: true });
    }
  });

  // Suggestions below a search box: arrows move, Enter follows the one that is chosen or searches, Esc closes.
  for (const box of document.querySelectorAll("input[data-suggest]")) {
    const panel = document.getElementById(box.dataset.suggestList);
    let timer = 0;
    let latest = "";
    const options = () => [...panel.querySelectorAll("[role=option]")];
    const close = () => {
      panel.hidden = true;
      box.setAttribute("aria-expanded", "false");
      box.removeAttribute("aria-activedescendant");
    };
    const choose = (place) => {
      const all = options();
      all.forEach((option, index) => option.setAttribute("aria-selected", String(index === place)));
      if (all[place]) { box.setAttribute("aria-activedescendant", all[place].id); } else { box.removeAttribute("aria-activedescendant"); }
    };
    box.setAttribute("role", "combobox");
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-expanded", "false");
    box.setAttribute("aria-controls", panel.id);
    box.addEventListener("input", () => {
      window.clearTimeout(timer);
      const words = box.value.trim();
      latest = words;
      if (words.length < 2) { close(); return; }
      timer = window.setTimeout(async () => {
        try {
          const answer = await fetch(`${box.dataset.suggest}?q=${encodeURIComponent(words)}`);
          if (!answer.ok || latest !== words) { return; }
          panel.innerHTML = await answer.text();
        } catch { return; }
        const some = options().length > 0 && document.activeElement === box;
        panel.hidden = !some;
        box.setAttribute("aria-expanded", String(some));
      }, 150);
    });
    box.addEventListener("keydown", (event) => {
      if (panel.hidden) { return; }
      const all = options();
      const now = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
      if (event.key === "ArrowDown") { event.preventDefault(); choose((now + 1) % all.length); }
      if (event.key === "ArrowUp") { event.preventDefault(); choose(now > 0 ? now - 1 : all.length - 1); }
      if (event.key === "Escape") { event.preventDefault(); close(); }
      if (event.key === "Enter" && now >= 0) { event.preventDefault(); all[now].querySelector("a").click(); }
    });
    box.addEventListener("blur", () => window.setTimeout(close, 150));
  }

  for (const button of document.querySelectorAll("button[data-copy]")) { button.hidden = false; }
  for (const button of document.querySelectorAll("button[data-fallback]")) { button.hidden = true; }
  document.addEventListener("htmx:load", (event) => {
    for (const button of event.target.querySelectorAll("button[data-copy]")) { button.hidden = false; }
  });
  if (window.matchMedia("(max-width: 64rem)").matches) {
    for (const menu of document.querySelectorAll("details[data-fold]")) { menu.open = false; }
  }
  const summary = document.querySelector(".summary-of-errors");
  if (summary) { summary.focus(); }
})();
