// Makes complete pages nicer. Nothing here is needed, and no text lives here.
(() => {
  "use strict";

  const say = (button, text) => {
    const status = button.parentElement.querySelector("[role=status]");
    if (!status) return;
    status.textContent = "";
    setTimeout(() => { status.textContent = text; }, 50);
  };

  // "3 of 5 selected" follows the ticks.
  for (const count of document.querySelectorAll("[data-count]")) {
    const of = count.dataset.of ? `[name=${count.dataset.of}]` : "";
    const boxes = [...count.closest("fieldset").querySelectorAll(`input[type=checkbox]${of}`)];
    const update = () => {
      const selected = boxes.filter((box) => box.checked).length;
      count.textContent = count.dataset.count.replace("{selected}", selected).replace("{total}", boxes.length);
    };
    for (const box of boxes) box.addEventListener("change", update);
    addEventListener("pageshow", update);
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", () => {
      navigator.clipboard.writeText(button.dataset.copy).then(
        () => say(button, button.dataset.copied),
        () => say(button, button.dataset.failed),
      );
    });
  }

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  // A phone shows digits first, and letters for whoever asks for them.
  for (const button of document.querySelectorAll("[data-letters]")) {
    const field = document.getElementById(button.dataset.letters);
    if (!matchMedia("(pointer: coarse)").matches) break;
    field.inputMode = "numeric";
    button.hidden = false;
    button.addEventListener("click", () => {
      field.inputMode = "text";
      field.autocomplete = "off";
      button.hidden = true;
      field.focus();
    });
  }

  // A long list of companies can be searched.
  for (const filter of document.querySelectorAll("[data-filter]")) {
    const field = filter.querySelector("input");
    const choices = [...filter.parentElement.querySelectorAll("[data-filtered]")];
    filter.hidden = false;
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      for (const choice of choices) {
        const kept = choice.querySelector("input").checked;
        choice.hidden = !kept && !choice.dataset.filtered.toLowerCase().includes(wanted);
      }
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }

  // A passkey is made by the browser; the form carries what it made.
  for (const form of document.querySelectorAll("form[data-passkey-create]")) {
    const field = form.querySelector("[name=credential]");
    const failed = form.querySelector("[data-passkey-not-made]");
    form.addEventListener("submit", (event) => {
      if (field.value) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      failed.hidden = true;
      Promise.resolve()
        .then(() => PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(form.dataset.passkeyCreate)))
        .then((publicKey) => navigator.credentials.create({ publicKey }))
        .then((credential) => {
          field.value = JSON.stringify(credential);
          form.requestSubmit();
        })
        .catch(() => { failed.hidden = false; });
    });
  }

  // A passkey instead of a code: the form carries the browser's answer.
  for (const button of document.querySelectorAll("[data-passkey-get]")) {
    if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) break;
    const failed = button.parentElement.querySelector("[data-passkey-failed]");
    const { code, passkey } = button.form.elements;
    button.hidden = false;
    // One proof is sent: whichever was given last.
    code.addEventListener("input", () => { passkey.value = ""; });
    button.addEventListener("click", () => {
      failed.hidden = true;
      Promise.resolve()
        .then(() => PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(button.dataset.passkeyGet)))
        .then((publicKey) => navigator.credentials.get({ publicKey }))
        .then((credential) => {
          code.value = "";
          passkey.value = JSON.stringify(credential);
          button.form.requestSubmit();
        })
        .catch(() => { failed.hidden = false; });
    });
  }

  // One answer is enough, but for what is answered with a file: the page stays.
  for (const form of document.forms) {
    if ("again" in form.dataset) continue;
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
  }
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
})();
