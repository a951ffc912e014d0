// Forms: errors beside their fields, and what was typed is kept on the phone until it has arrived.
(function () {
  "use strict";

  const app = window.app;

  function load(key) {
    try {
      return JSON.parse(localStorage.getItem(key)) || null;
    } catch (error) {
      return null;
    }
  }

  // Gives false where the phone keeps nothing (private mode, storage full).
  function save(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
      return true;
    } catch (error) {
      return false;
    }
  }

  function forget(key) {
    try {
      localStorage.removeItem(key);
    } catch (error) {
      // Nothing was kept.
    }
  }

  // A random UUID, also where crypto.randomUUID is missing (old phones, plain http).
  function uuid() {
    if (window.crypto && crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  // {name: value} of the named fields; a list of checkboxes with data-list gives a list.
  function values(form) {
    const found = {};
    Array.from(form.elements).forEach((field) => {
      if (!field.name || field.disabled || field.type === "file" || field.name === "csrfmiddlewaretoken") return;
      if (field.type === "radio") {
        if (field.checked) found[field.name] = field.value;
      } else if (field.type === "checkbox" && field.dataset.list !== undefined) {
        found[field.name] = found[field.name] || [];
        if (field.checked) found[field.name].push(field.value);
      } else if (field.type === "checkbox") found[field.name] = field.checked;
      else found[field.name] = field.value.trim();
    });
    return found;
  }

  function clearErrors(form) {
    form.querySelectorAll(".field-error").forEach((element) => (element.textContent = ""));
    form.querySelectorAll("[aria-invalid]").forEach((field) => {
      field.removeAttribute("aria-invalid");
      field.classList.remove("is-invalid");
    });
  }

  // What is being put right is no longer wrong: its error goes at the first stroke.
  function calm({ target: field }) {
    if (!field.form || !field.getAttribute("aria-invalid")) return;
    field.removeAttribute("aria-invalid");
    field.classList.remove("is-invalid");
    const place = field.form.querySelector('[data-error="' + field.name + '"]');
    if (place) place.textContent = "";
  }

  function errorPlace(form, name) {
    return form.querySelector('[data-error="' + name + '"]') || form.querySelector("[data-error='']");
  }

  // The first error that is shown comes into sight, and its field, where it has one, is ready for typing.
  function leadTo(form) {
    const place = Array.from(form.querySelectorAll(".field-error")).find((element) => element.textContent);
    const field = form.querySelector("[aria-invalid]");
    if (place) place.scrollIntoView({ block: "center" });
    if (field && (!place || place.dataset.error === field.name)) field.focus({ preventScroll: Boolean(place) });
  }

  // Shows an ApiError in place: at its fields, what has none at [data-error=""], else as a toast.
  function showError(form, error) {
    clearErrors(form);
    let unplaced = error.message;
    Object.entries(error.fields || {}).forEach(([name, sentences]) => {
      const place = errorPlace(form, name);
      const field = form.elements.namedItem(name);
      if (!place) return;
      place.textContent = sentences.join(" ");
      unplaced = "";
      if (field && field.setAttribute) {
        field.setAttribute("aria-invalid", "true");
        field.classList.add("is-invalid");
      }
    });
    const general = errorPlace(form, "");
    if (unplaced && general) general.textContent = unplaced;
    else if (unplaced) app.toast(unplaced);
    leadTo(form);
  }

  // submit(form, async (values) => …): once at a time, errors in place.
  function onSubmit(form, action) {
    form.addEventListener("input", calm);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = event.submitter || form.querySelector("[type=submit]");
      app.once(button, async () => {
        clearErrors(form);
        try {
          await action(values(form), button);
        } catch (error) {
          if (!(error instanceof app.ApiError)) throw error;
          showError(form, error);
        }
      });
    });
  }

  app.store = { load, save, forget };
  app.forms = { uuid, values, clearErrors, showError, onSubmit };
})();
