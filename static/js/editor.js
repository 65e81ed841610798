// Line numbers beside the text of a policy, and the bracket that belongs to the one at the cursor. Nothing else.
(() => {
  "use strict";
  const PAIRS = { "{": "}", "[": "]" };
  const ENDS = { "}": "{", "]": "[" };

  // The places of brackets that belong together, by place; those in strings are text.
  const pairs = (text) => {
    const found = new Map();
    const open = [];
    let inString = false;
    for (let at = 0; at < text.length; at += 1) {
      const letter = text[at];
      if (inString) {
        if (letter === "\\") { at += 1; } else if (letter === "\"") { inString = false; }
      } else if (letter === "\"") {
        inString = true;
      } else if (PAIRS[letter]) {
        open.push(at);
      } else if (ENDS[letter] && open.length && text[open[open.length - 1]] === ENDS[letter]) {
        const begin = open.pop();
        found.set(begin, at);
        found.set(at, begin);
      }
    }
    return found;
  };

  const number = (area) => {
    const frame = document.createElement("div");
    const lines = document.createElement("pre");
    const under = document.createElement("pre");
    frame.className = "editor";
    lines.className = "editor-lines";
    under.className = "editor-under";
    lines.setAttribute("aria-hidden", "true");
    under.setAttribute("aria-hidden", "true");
    area.replaceWith(frame);
    frame.append(lines, under, area);

    const scroll = () => { lines.scrollTop = area.scrollTop; under.scrollTop = area.scrollTop; under.scrollLeft = area.scrollLeft; };
    const count = () => {
      const total = area.value.split("\n").length;
      lines.textContent = Array.from({ length: total }, (_, at) => at + 1).join("\n") + "\n ";
      scroll();
    };
    const mark = () => {
      under.textContent = "";
      const at = area.selectionStart;
      if (document.activeElement !== area || at !== area.selectionEnd) { return; }
      const text = area.value;
      const found = pairs(text);
      const one = found.has(at) ? at : at - 1;
      if (!found.has(one)) { return; }
      const [first, last] = [one, found.get(one)].sort((a, b) => a - b);
      const bracket = (place) => { const part = document.createElement("mark"); part.textContent = text[place]; return part; };
      under.append(text.slice(0, first), bracket(first), text.slice(first + 1, last), bracket(last), `${text.slice(last + 1)}\n `);
      scroll();
    };
    area.addEventListener("input", () => { count(); mark(); });
    area.addEventListener("scroll", scroll);
    area.addEventListener("blur", mark);
    document.addEventListener("selectionchange", mark);
    area.form.addEventListener("reset", () => window.setTimeout(count));
    count();
  };

  for (const area of document.querySelectorAll("textarea[data-editor]")) { number(area); }
})();
