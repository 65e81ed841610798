// Small comforts; every page works without them. Parts are found by data attributes, also in what htmx puts into a page.
(() => {
  "use strict";
  const find = (id) => document.getElementById(id);

  // What happened is said once, by the region that is in the page before it happens.
  const say = (text) => {
    const region = find("live");
    if (region) { region.textContent = ""; window.setTimeout(() => { region.textContent = text; }, 30); }
  };

  document.addEventListener("say", (event) => say(event.detail));

  // --- copying ---
  const select = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  const copy = async (button) => {
    const source = find(button.dataset.copy);
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

  // --- toasts: the answer's header HX-Trigger: {"toast": "Saved"} ---
  const toast = (text) => {
    const box = find("toasts");
    if (!box || !text) { return; }
    const note = document.createElement("p");
    const words = document.createElement("span");
    const close = document.createElement("button");
    note.className = "toast";
    words.textContent = text;
    close.type = "button";
    close.className = "button small";
    close.textContent = box.dataset.close;
    note.append(words, close);
    box.append(note);
    let timer = 0;
    const leave = () => note.remove();
    const start = () => { window.clearTimeout(timer); timer = window.setTimeout(leave, 8000); };
    const stay = () => window.clearTimeout(timer);
    close.addEventListener("click", leave);
    for (const event of ["mouseenter", "focusin"]) { note.addEventListener(event, stay); }
    for (const event of ["mouseleave", "focusout"]) { note.addEventListener(event, start); }
    start();
  };
  document.addEventListener("toast", (event) => toast(event.detail.value));

  // --- clicks and changes ---
  document.addEventListener("click", (event) => {
    const target = event.target;
    const button = target.closest("button[data-copy]");
    if (button) { copy(button); }
    const opener = target.closest("[data-dialog]");
    const dialog = opener && find(opener.dataset.dialog);
    if (dialog && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); dialog.showModal(); }
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(target)) { menu.open = false; }
    }
  });

  document.addEventListener("change", (event) => {
    const field = event.target.closest("[data-submit-on-change]");
    if (field && field.form) { field.form.requestSubmit(); }
  });

  // --- forms: sent once, and left with changes only on purpose ---
  const changed = new Set();
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-ask]");
    if (form) { changed.add(form); }
    const counter = event.target.id && document.querySelector(`[data-count="${CSS.escape(event.target.id)}"]`);
    if (counter) { counter.textContent = counter.dataset.text.replace("@", [...event.target.value].length); }
  });
  window.addEventListener("beforeunload", (event) => {
    for (const form of changed) { if (form.isConnected) { event.preventDefault(); } }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    changed.delete(form);
    form.dataset.sent = "yes";
    if (event.submitter) { event.submitter.setAttribute("aria-busy", "true"); }
  });
  // A page that comes back from the browser's memory may send its forms again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-busy]")) { button.removeAttribute("aria-busy"); }
    }
  });

  // --- keys: off by the preferences ---
  const keysWork = () => "keys" in document.body.dataset;
  let waitsForSecond = false;
  const step = (by) => {
    const links = [...document.querySelectorAll("[data-rows] tbody tr th a, [data-rows] > li h3 a")];
    const at = links.indexOf(document.activeElement);
    const next = links[at < 0 ? 0 : at + by];
    if (next) { next.focus(); }
  };
  const keys = {
    "/": () => { const field = document.querySelector("main input[type=search], input[type=search]"); if (field) { field.focus(); } },
    "?": () => { const dialog = find("keys"); if (dialog && !dialog.open) { dialog.showModal(); } },
    g: () => { waitsForSecond = true; window.setTimeout(() => { waitsForSecond = false; }, 1500); },
    j: () => step(1),
    k: () => step(-1),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details[data-menu][open]")) { menu.open = false; menu.firstElementChild.focus(); }
    }
    if (!keysWork() || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) { return; }
    if (event.target.closest("input, textarea, select, [contenteditable]")) { return; }
    if (waitsForSecond) {
      waitsForSecond = false;
      const links = document.querySelectorAll(`[data-go="${CSS.escape(event.key)}"]`);
      if (links.length) { event.preventDefault(); links[links.length - 1].click(); }
      return;
    }
    if (Object.hasOwn(keys, event.key)) { event.preventDefault(); keys[event.key](); }
  });

  // --- suggestions below a search box: arrows move, Enter follows the one that is chosen or searches, Esc closes ---
  for (const box of document.querySelectorAll("input[data-suggest]")) {
    const panel = find(box.dataset.suggestList);
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

  // --- htmx: what stays in focus, what is said, what failed ---
  let row = null;
  let part = null;
  let quarter = -1;
  let folds = [];
  const percent = (node) => {
    const bar = node.querySelector("progress");
    return bar ? Math.floor((4 * bar.value) / bar.max) : -1;
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    // A page that nobody looks at asks nothing.
    if (document.hidden && event.target.closest("[data-poll]")) { event.preventDefault(); }
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const problem = find("problem");
    if (problem && event.detail.xhr.status < 500) { problem.hidden = true; }
    const active = document.activeElement;
    const near = active && event.detail.target.contains(active) && active.closest("tr, li");
    part = event.detail.target.closest("section, main");
    row = near && (near.nextElementSibling || near.previousElementSibling);
    quarter = percent(event.detail.target);
    folds = [...event.detail.target.querySelectorAll("details[data-fold][id]")].map((fold) => [fold.id, fold.open]);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    const place = target.isConnected ? target : find(target.id) || document;
    for (const [id, isOpen] of folds) { if (find(id)) { find(id).open = isOpen; } }
    const errors = place.querySelector(".summary-of-errors");
    const count = place.querySelector("[data-announce]");
    if (errors) { errors.focus(); } else if (count) { say(count.textContent.trim()); }
    const progress = place.querySelector("[data-progress]");
    if (progress && (percent(place) !== quarter || !place.matches("[data-poll]"))) { say(progress.textContent.trim()); }
  });
  const settle = () => {
    // What had the focus is gone: go on with the next row, else with the heading.
    if (!part || (document.activeElement && document.activeElement !== document.body)) { return; }
    const next = (row && row.isConnected && row.querySelector("a, button, input")) || (part.isConnected ? part : document).querySelector("h1, h2");
    part = row = null;
    if (next) { if (!next.matches("a, button, input")) { next.tabIndex = -1; } next.focus(); }
  };
  document.addEventListener("htmx:afterRequest", () => window.setTimeout(settle, 50));
  const fail = (text, request) => {
    const problem = find("problem");
    if (!problem) { return; }
    problem.textContent = request ? `${text} (${problem.dataset.request} ${request})` : text;
    problem.hidden = false;
    problem.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    if (answer.status >= 500) { fail(find("problem").dataset.server, answer.getResponseHeader("X-Request-Id")); }
  });
  document.addEventListener("htmx:sendError", () => fail(find("problem").dataset.away, ""));

  // --- at the start, and for each part that comes later ---
  const prepare = (root) => {
    for (const button of root.querySelectorAll("button[data-copy]")) { button.hidden = false; }
    for (const button of root.querySelectorAll("[data-fallback]")) { button.hidden = true; }
  };
  prepare(document);
  document.addEventListener("htmx:load", (event) => prepare(event.target));
  if (window.matchMedia("(max-width: 64rem)").matches) {
    for (const menu of document.querySelectorAll("details[data-fold]")) { menu.open = false; }
  }
  const summary = document.querySelector(".summary-of-errors");
  if (summary && !summary.closest("[data-specimen]")) { summary.focus(); }
})();
