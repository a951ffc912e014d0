// Writing a notice at the desk: how many it reaches, how it will look on a phone, its pictures, and what the button does.
"use strict";

(() => {
  const PAUSE = 300; // ms without a stroke before anything is asked

  function csrf(form) {
    return form.querySelector("[name=csrfmiddlewaretoken]").value;
  }

  function later(action) {
    let timer;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(action, PAUSE);
    };
  }

  function value(form, name) {
    const field = form.elements.namedItem(name);
    return field && "value" in field ? field.value : "";
  }

  // The two fields of a date (2026-01-02 or 2026/01/02) and a time, as one moment on the server's clock; empty while one
  // is missing.
  function moment(form, name) {
    const [day, time] = [value(form, name + "_0").replaceAll("/", "-"), value(form, name + "_1")];
    return day && time ? day + "T" + time : "";
  }

  function part(tag, attributes, text) {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, said]) => element.setAttribute(name, said));
    if (text) element.textContent = text;
    return element;
  }

  // --- Pictures: uploaded one by one as they are chosen; the hidden field names those that have arrived, in order. ------

  class Pictures {
    constructor(element, form, changed) {
      this.element = element;
      this.form = form;
      this.changed = changed;
      this.hidden = element.querySelector("input[type=hidden]");
      this.file = element.querySelector("input[type=file]");
      this.tiles = element.querySelector("[data-tiles]");
      this.problem = element.querySelector("[data-problem]");
      this.list = [];
      JSON.parse(this.hidden.value).forEach((one) => this.add({ named: one, preview: one.preview || "", state: "sent" }));
      // Caught on its way down: the theme's own listener wants a field beside it that there is not.
      element.addEventListener("change", (event) => {
        event.stopPropagation();
        this.choose();
      }, true);
    }

    get sending() {
      return this.list.some((item) => item.state === "sending");
    }

    choose() {
      const room = Number(this.element.dataset.most) - this.list.length;
      this.problem.textContent = "";
      Array.from(this.file.files).slice(0, room).forEach((file) => this.send(this.add({ preview: URL.createObjectURL(file), state: "sending", file })));
      this.file.value = "";
    }

    add(item) {
      const { dataset } = this.element;
      item.view = part("li", {});
      item.image = part("img", { alt: "", src: item.preview });
      item.said = part("span", {});
      const forward = part("button", { type: "button", title: dataset.forward, "aria-label": dataset.forward }, "←");
      const remove = part("button", { type: "button", title: dataset.remove, "aria-label": dataset.remove }, "×");
      forward.addEventListener("click", () => this.forward(item));
      remove.addEventListener("click", () => this.remove(item));
      item.view.append(item.image, item.said, forward, remove);
      this.list.push(item);
      this.tiles.append(item.view);
      this.keep();
      return item;
    }

    async send(item) {
      const body = new FormData();
      body.append("file", item.file, item.file.name);
      this.keep();
      try {
        const answer = await fetch("/api/v1/uploads", { method: "POST", body, headers: { "X-CSRFToken": csrf(this.form) } });
        const said = await answer.json();
        if (!answer.ok) throw new Error(said.detail);
        item.named = { upload_id: said.upload_id };
        item.state = "sent";
      } catch (error) {
        this.problem.textContent = this.element.dataset.failed + "：" + item.file.name + " " + error.message;
        this.remove(item);
      }
      this.keep();
    }

    forward(item) {
      const at = this.list.indexOf(item);
      if (at < 1) return;
      this.list.splice(at, 1);
      this.list.splice(at - 1, 0, item);
      item.view.previousElementSibling.before(item.view);
      this.keep();
    }

    remove(item) {
      this.list = this.list.filter((other) => other !== item);
      item.view.remove();
      this.keep();
    }

    keep() {
      const { dataset } = this.element;
      const arrived = this.list.filter((item) => item.state === "sent");
      this.hidden.value = JSON.stringify(arrived.map((item) => ({ ...item.named, preview: item.preview })));
      this.list.forEach((item) => (item.said.textContent = item.state === "sending" ? dataset.sending : ""));
      this.file.parentElement.hidden = this.list.length >= Number(dataset.most);
      this.changed();
    }
  }

  // --- The phone beside the form ---------------------------------------------------------------------------------------

  class Phone {
    constructor(desk, form) {
      this.desk = desk;
      this.form = form;
      this.frame = desk.querySelector("[data-phone]");
      this.pictures = null;
      this.frame.addEventListener("load", () => this.show());
      this.show = this.show.bind(this);
      this.dark();
      new MutationObserver(() => this.dark()).observe(document.documentElement, { attributeFilter: ["class"] });
    }

    // The frame asks for the scheme of the element that it stands in.
    dark() {
      this.frame.style.colorScheme = document.documentElement.classList.contains("dark") ? "dark" : "light";
    }

    async show() {
      const { form } = this;
      const sources = this.pictures ? this.pictures.list.map((item) => item.preview) : [];
      const said = new URLSearchParams({
        title: value(form, "title"),
        body: value(form, "body"),
        publish_at: moment(form, "publish_at"),
        expires_at: moment(form, "expires_at"),
        community: value(form, "community") || this.desk.dataset.community || "",
        pictures: sources.length,
      });
      const asked = (this.asked = said.toString());
      const answer = await fetch(this.desk.dataset.preview, { method: "POST", body: said, headers: { "X-CSRFToken": csrf(form) } });
      const place = this.frame.contentDocument && this.frame.contentDocument.getElementById("preview");
      if (!answer.ok || !place || this.asked !== asked) return;
      place.innerHTML = await answer.text();
      place.querySelectorAll("[data-picture]").forEach((link, index) => {
        link.href = link.querySelector("img").src = sources[index];
      });
    }
  }

  // --- How many, and what the button does ------------------------------------------------------------------------------

  function reachOf(desk, form) {
    const place = desk.querySelector("[data-reach-words]");
    return async () => {
      const community = value(form, "community") || desk.dataset.community;
      if (!place) return;
      if (!community) {
        place.textContent = place.dataset.unknown;
        return;
      }
      const query = new URLSearchParams({ community });
      ["roles", "buildings"].forEach((name) =>
        form.querySelectorAll(`[name=${name}]:checked`).forEach((box) => query.append(name, box.value)),
      );
      const asked = (place.dataset.asked = query.toString());
      const answer = await fetch(desk.dataset.reach + "?" + asked);
      if (answer.ok && place.dataset.asked === asked) place.innerHTML = await answer.text();
    };
  }

  // Roles and buildings of the chosen community alone; what was chosen of another one is no longer meant.
  function onlyOfCommunity(form) {
    const community = value(form, "community");
    form.querySelectorAll("input[data-community]").forEach((box) => {
      const foreign = Boolean(community) && box.dataset.community !== community;
      box.closest("label").style.display = foreign ? "none" : "";
      box.disabled = foreign;
      if (foreign) box.checked = false;
    });
  }

  function sayWhat(form) {
    if (!form.elements.namedItem("publish_at_0")) return;
    const typed = moment(form, "publish_at");
    const name = typed ? "later" : "now";
    const button = document.querySelector("[data-send]");
    const sentence = document.querySelector("[data-what]");
    if (button) button.textContent = button.dataset[name] + (typed ? "：" + typed.replace("T", " ").slice(0, 16) : "");
    if (sentence) sentence.textContent = sentence.dataset[name];
  }

  function start() {
    const desk = document.querySelector("[data-notice-desk]");
    const form = document.getElementById("notice_form");
    if (!desk || !form) return;
    const phone = new Phone(desk, form);
    const show = later(phone.show);
    const reach = later(reachOf(desk, form));
    const element = form.querySelector("[data-pictures]");
    if (element) phone.pictures = new Pictures(element, form, show);
    form.addEventListener("input", () => {
      show();
      sayWhat(form);
    });
    form.addEventListener("change", (event) => {
      show();
      sayWhat(form);
      if (event.target.name === "community") onlyOfCommunity(form);
      if (["community", "roles", "buildings"].includes(event.target.name)) reach();
    });
    // The theme's own pickers of day and time write without an event.
    document.addEventListener("click", () => setTimeout(() => sayWhat(form), PAUSE));
    form.addEventListener("submit", (event) => {
      if (!phone.pictures || !phone.pictures.sending) return;
      event.preventDefault();
      phone.pictures.problem.textContent = element.dataset.wait;
    });
    sayWhat(form);
    onlyOfCommunity(form);
    if (form.querySelector("[name=roles]:checked, [name=buildings]:checked")) reach();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
