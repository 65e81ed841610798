// Comforts of sign-in and sign-up: passkeys' buttons and errors, and how good a password is, in words.
(() => {
  "use strict";
  for (const form of document.querySelectorAll("[data-needs-script]")) { form.hidden = !window.PublicKeyCredential; }

  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const error = document.getElementById("passkey-error");
    if (error) { error.hidden = false; }
  });

  // Length counts most; repeating the same few letters does not help.
  const word = (password) => {
    const size = Math.min(password.length, new Set(password.toLowerCase()).size * 2.5);
    if (password.length < 10) { return "short"; }
    if (size < 12) { return "fair"; }
    return size < 18 ? "good" : "strong";
  };
  for (const field of document.querySelectorAll("[data-strength]")) {
    const note = document.getElementById(field.dataset.strength);
    field.addEventListener("input", () => {
      note.hidden = !field.value;
      note.textContent = field.value ? note.dataset[word(field.value)] : "";
    });
  }
})();
