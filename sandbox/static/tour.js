/* The guided tour: its steps come from the cast file, its progress from the journal. */

import { button, icon, make } from "./dom.js";
import { isEnglish, nameOf, t } from "./i18n.js";

export class Tour {
  constructor(world) {
    this.world = world;
    this.steps = world.state.tour;
    this.list = document.getElementById("tour");
    document.getElementById("tour-again").addEventListener("click", () => this.restart());
    document.querySelector(".tour").hidden = !this.steps.length;
  }

  /* A tour begun before the sandbox was started anew has ids that are gone: then all of the journal counts. */
  fill(entries) {
    const start = Number(localStorage.getItem("tour-start") || 0);
    const last = entries.at(-1)?.id || 0;
    this.done = [];
    this.recent = [];
    this.newest = 0;
    for (const entry of entries) if (start > last || entry.id > start) this.step(entry);
    this.newest = last;
    this.draw();
  }

  restart() {
    localStorage.setItem("tour-start", String(this.newest || 0));
    this.done = [];
    this.recent = [];
    this.draw();
  }

  add(entry) {
    if (entry.id <= this.newest) return;
    const before = this.done.length;
    this.step(entry);
    if (this.done.length !== before) this.draw();
  }

  step(entry) {
    this.newest = entry.id;
    if (entry.kind === "message") this.recent.push(entry);
    this.recent = this.recent.slice(-50);
    while (this.done.length < this.steps.length) {
      const seen = fulfilled(this.steps[this.done.length].done, entry, this.recent, this.done.at(-1));
      if (!seen) return;
      this.done.push({ id: entry.id, phone: entry.phone, since: entry.at - (entry.seconds || 0) });
    }
  }

  draw() {
    const now = this.done.length;
    const rows = this.steps.map((step, index) => this.row(step, index, now));
    if (now && now === this.steps.length) rows.push(make("li", { class: "done" }, make("p", { class: "finish" }, t("allDone")), make("p", {}, t("tryNext"))));
    this.list.replaceChildren(...rows);
    const hosts = now < this.steps.length ? this.hosts(this.steps[now]) : [];
    for (const phone of this.world.phones.values()) phone.element.classList.toggle("invited", hosts.includes(phone.data.host));
  }

  /* Whom a step concerns: the one who did an earlier step (`by`), those who are told, or the step's own phone. */
  hosts(step) {
    if (step.by && this.done[step.by - 1]?.phone) return [this.done[step.by - 1].phone];
    return step.done.told || [step.phone];
  }

  row(step, index, now) {
    const state = index < now ? "done" : index === now ? "now" : "";
    const dot = make("span", { class: "dot" }, index < now ? icon("check") : String(index + 1));
    const who = index < now && !step.done.told ? this.name(this.done[index].phone) : "";
    const title = make("h3", {}, isEnglish() ? step.title_en || step.title : step.title, " ", who && make("small", {}, who));
    const body = make("div", {}, title);
    if (state === "now") {
      body.append(make("p", {}, isEnglish() ? step.text_en || step.text : step.text));
      if (step.open) body.append(button("go", t("openOn", { name: this.name(this.hosts(step)[0]) }), () => this.go(step)));
    }
    const last = index === this.steps.length - 1 ? " final" : "";
    return make("li", { class: state + last, "aria-current": state === "now" ? "step" : null }, dot, body);
  }

  name(host) {
    const phone = this.world.phones.get(host);
    return phone ? nameOf(phone.data) : "";
  }

  go(step) {
    const phone = this.world.phones.get(this.hosts(step)[0]);
    const link = step.open === "message" ? phone.newestLink() : this.world.state.public_base_url + step.open;
    phone.browser.open(link || `${this.world.state.public_base_url}/h5/`);
    phone.element.scrollIntoView({ behavior: "smooth", inline: "center", block: "nearest" });
  }
}

/* `told` looks back to the moment the step before was asked for: a push may overtake the answer that it follows. */
function fulfilled(wanted, entry, recent, before) {
  if (wanted.told) {
    const since = before ? before.since : 0;
    return wanted.told.every((host) => recent.some((item) => item.phone === host && item.at >= since));
  }
  return entry.kind === "h5" && entry.method === "POST" && new RegExp(wanted.h5).test(entry.path)
    && new RegExp(wanted.status).test(String(entry.status));
}
