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
