// What a person sees and hears of: words in their language, toasts, sheets, questions, waiting buttons.
(function () {
  "use strict";

  const app = (window.app = window.app || {});
  const wordsElement = document.getElementById("words");
  const words = wordsElement ? JSON.parse(wordsElement.textContent) : {};
  const FLASH = "flash";

  // The message id is the Chinese sentence; English comes from locale/en/LC_MESSAGES/djangojs.po.
  function gettext(sentence) {
    const found = words[sentence];
    return (Array.isArray(found) ? found[0] : found) || sentence;
  }

  // interpolate("还差 %(n)s 项", {n: 2})
  function interpolate(sentence, values) {
    return sentence.replace(/%\((\w+)\)s/g, (whole, name) => String(values[name]));
  }

  // h("button", {class: "btn", "data-x": 1, onclick: f, text: "…"}, [children])
  function h(tag, attributes, children) {
    const element = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([name, value]) => {
      if (value === null || value === undefined || value === false) return;
      if (name === "text") element.textContent = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    });
    (children || []).forEach((child) => child && element.append(child));
    return element;
  }

  function icon(name, extra) {
    const holder = document.createElement("div");
    const address = document.body.dataset.icons + "#" + name;
    holder.innerHTML = '<svg class="icon" aria-hidden="true" focusable="false"><use/></svg>';
    holder.querySelector("use").setAttribute("href", address);
    if (extra) holder.firstChild.classList.add(extra);
    return holder.firstChild;
  }

  let toastTimer;

  function toast(sentence) {
    const box = document.getElementById("toast");
    box.textContent = sentence;
    box.classList.add("shown");
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => box.classList.remove("shown"), 2000 + sentence.length * 60);
  }

  // A toast for the page that comes next.
  function flash(sentence) {
    try {
      sessionStorage.setItem(FLASH, sentence);
    } catch (error) {
      // A phone without storage goes without the toast.
    }
  }

  function showFlash() {
    let sentence = null;
    try {
      sentence = sessionStorage.getItem(FLASH);
      sessionStorage.removeItem(FLASH);
    } catch (error) {
      return;
    }
    if (sentence) toast(sentence);
  }

  // The same address afresh, without a new entry in the history: "back" never repeats an action. What the page said
  // once ("sent", "did") is not said again.
  function reload(sentence) {
    if (sentence) flash(sentence);
    const address = new URL(location.href);
    ["sent", "did"].forEach((name) => address.searchParams.delete(name));
    location.replace(address.pathname + address.search);
  }

  function sheet(id) {
    return bootstrap.Offcanvas.getOrCreateInstance(document.getElementById(id));
  }

  // One at a time; `opener` is where the focus goes back to. What was tapped in an open sheet is gone with it: then
  // that is the sheet's own opener.
  function openSheet(id, opener) {
    const before = document.querySelector(".offcanvas.show");
    const element = document.getElementById(id);
    element.opener = before ? before.opener : opener;
    if (!before || before === element) return sheet(id).show();
    before.opener = null;
    before.addEventListener("hidden.bs.offcanvas", () => sheet(id).show(), { once: true });
    return sheet(before.id).hide();
  }

  function giveFocusBack({ target }) {
    if (target.opener && target.opener.isConnected) target.opener.focus({ preventScroll: true });
  }

  // Only before what cannot be undone. Resolves to true or false.
  function confirm({ title, text, yes, danger }) {
    return new Promise((resolve) => {
      let answer = false;
      const opener = document.activeElement;
      const element = h("div", { class: "modal fade", tabindex: "-1", "aria-labelledby": "confirm-title" });
      const agree = h("button", {
        type: "button",
        class: "btn flex-fill " + (danger ? "btn-danger-plain" : "btn-main"),
        text: yes,
        onclick: () => {
          answer = true;
          bootstrap.Modal.getInstance(element).hide();
        },
      });
      const cancel = h("button", { type: "button", class: "btn btn-plain flex-fill", "data-bs-dismiss": "modal", text: gettext("取消") });
      element.append(
        h("div", { class: "modal-dialog modal-dialog-centered" }, [
          h("div", { class: "modal-content" }, [
            h("div", { class: "modal-body center pt-4" }, [
              h("h2", { id: "confirm-title", text: title }),
              text ? h("p", { class: "secondary mb-0", text }) : null,
            ]),
            h("div", { class: "modal-footer border-0 flex-nowrap" }, [cancel, agree]),
          ]),
        ]),
      );
      element.addEventListener("hidden.bs.modal", () => {
        element.remove();
        if (opener.isConnected) opener.focus({ preventScroll: true });
        resolve(answer);
      });
      element.addEventListener("shown.bs.modal", () => element.focus()); // an open sheet has drawn the focus back to itself
      document.body.append(element);
      bootstrap.Modal.getOrCreateInstance(element).show();
    });
  }

  // Runs an asynchronous action once at a time; the control shows at once that it was heard.
  async function once(control, action) {
    if (control.getAttribute("aria-busy") === "true") return undefined;
    control.setAttribute("aria-busy", "true");
    try {
      return await action();
    } finally {
      control.removeAttribute("aria-busy");
    }
  }

  // The promise, given up with "late" after so many ms.
  function soon(promise, patience) {
    return Promise.race([promise, new Promise((resolve, reject) => setTimeout(reject, patience, new Error("late")))]);
  }

  // Stars: everything up to the chosen one is lit.
  function paintStars(group) {
    const chosen = Number((group.querySelector("input:checked") || {}).value || 0);
    group.querySelectorAll("label").forEach((label, index) => {
      label.classList.toggle("on", index < chosen);
      label.classList.toggle("chosen", index + 1 === chosen);
    });
  }

  const TYPED = "input:not([type=radio]):not([type=checkbox]):not([type=file]), textarea";

  $(document)
    .on("focusin", TYPED, () => document.body.classList.add("typing"))
    .on("focusout", TYPED, () => document.body.classList.remove("typing"))
    .on("change", "[data-stars] input", (event) => paintStars(event.target.closest("[data-stars]")))
    .on("click", "[data-sheet]", (event) => {
      event.preventDefault();
      openSheet(event.currentTarget.dataset.sheet, event.currentTarget);
    });

  document.addEventListener("hidden.bs.offcanvas", giveFocusBack);

  $(document).on("click", "[data-copy]", async ({ currentTarget: button }) => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch (error) {
      document.execCommand("copy"); // where the page is not served by https
    }
    toast(gettext("链接已复制"));
  });

  // The chosen chip of a row that scrolls is in sight, with the next one to be guessed.
  function showChosen(row) {
    const chosen = row.querySelector("[aria-current]");
    if (!chosen) return;
    const box = chosen.getBoundingClientRect();
    const frame = row.getBoundingClientRect();
    if (box.left < frame.left || box.right > frame.right) row.scrollLeft += box.left - frame.left - (frame.width - box.width) / 2;
  }

  window.addEventListener("pageshow", showFlash);
  document.querySelectorAll(".chips-scroll").forEach(showChosen);
  document.querySelectorAll("[data-stars]").forEach(paintStars);

  Object.assign(app, { gettext, interpolate, h, icon, toast, flash, reload, sheet, confirm, once, soon });
})();
