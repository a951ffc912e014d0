/* What passes between the application and WeChat, as it passes. */

import { icon, make } from "./dom.js";
import { nameOf, t } from "./i18n.js";

const LENGTH = 150;
const TABS = { calls: ["api", "oauth"], pushes: ["callback"], visits: ["h5", "jssdk"] };
const WAYS = { api: "up", callback: "down", oauth: "key", h5: "out", jssdk: "phone", control: "star" };

export class Feed {
  constructor(world) {
    this.world = world;
    this.entries = [];
    this.tabs = new Set(JSON.parse(localStorage.getItem("tabs") || '["calls","pushes"]'));
    this.list = document.getElementById("feed");
  }

  fill(entries) {
    this.entries = entries.slice(-LENGTH * 4);
    this.draw();
  }

  add(entry) {
    if (entry.id <= (this.entries.at(-1)?.id || 0)) return;
    this.entries.push(entry);
    if (this.entries.length > LENGTH * 8) this.entries.splice(0, LENGTH * 4);
    if (!this.wanted(entry)) return;
    this.list.querySelector(".empty")?.remove();
    const row = this.row(entry);
    row.classList.add("fresh");
    this.list.prepend(row);
    while (this.list.childElementCount > LENGTH) this.list.lastElementChild.remove();
  }

  wanted(entry) {
    if (entry.kind === "control") return true;
    if (entry.kind === "h5" && entry.method === "GET" && !entry.path.startsWith("/h5")) return false;
    return [...this.tabs].some((tab) => TABS[tab].includes(entry.kind));
  }

  draw() {
    const tabs = Object.keys(TABS).map((tab) => make("button", {
      type: "button", "aria-pressed": String(this.tabs.has(tab)), onclick: () => this.toggle(tab),
    }, t(tab)));
    document.getElementById("feed-tabs").replaceChildren(...tabs);
    const rows = this.entries.filter((entry) => this.wanted(entry)).slice(-LENGTH).reverse().map((entry) => this.row(entry));
    this.list.replaceChildren(...(rows.length ? rows : [make("li", { class: "empty" }, t("quietFeed"))]));
  }

  toggle(tab) {
    if (!this.tabs.delete(tab)) this.tabs.add(tab);
    localStorage.setItem("tabs", JSON.stringify([...this.tabs]));
    this.draw();
  }

  row(entry) {
    const { name, who, code, bad } = describe(entry, this.world);
    const way = icon(WAYS[entry.kind] || "star", `way ${{ api: "", callback: "in" }[entry.kind] ?? "see"}`);
    const seconds = entry.seconds ?? entry.tries?.at(-1)?.seconds;
    const time = seconds === undefined ? "" : `${Math.round(seconds * 1000)} ms`;
    const parts = [way, make("span", { class: "name" }, name), make("span", { class: "code" }, code, make("small", {}, time)), make("span", { class: "who" }, who)];
    return make("li", { class: bad ? "bad" : "" }, make("button", { type: "button", onclick: () => open(name, entry) }, ...parts));
  }
}

function describe(entry, world) {
  const phone = world.phones.get(entry.phone);
  const person = phone ? nameOf(phone.data) : entry.phone || "";
  const say = { api: api, callback: callback, h5: visit, oauth: oauth, jssdk: sdk }[entry.kind] || control;
  return say(entry, person);
}

function api(entry, person) {
  const name = entry.path.replace(/^\/(cgi-bin|sns)\//, "");
  const gist = entry.body?.text?.content || entry.body?.content?.text || (typeof entry.body?.text === "string" && entry.body.text) || entry.body?.data?.thing2?.value || entry.body?.data?.thing1?.value || "";
  const who = [person && `→ ${person}`, plain(gist)].filter(Boolean).join("  ");
  const failed = entry.status !== 200 || entry.errcode !== 0;
  return { name, who: who || entry.answer?.errmsg?.split(" rid:")[0] || " ", code: entry.status === 200 ? String(entry.errcode) : `HTTP ${entry.status}`, bad: failed };
}

function callback(entry, person) {
  const answer = entry.fault || (entry.reply ? plain(entry.reply.text || entry.reply.msgtype) : "success");
  const last = entry.tries?.at(-1) || {};
  const code = (entry.tries?.length > 1 ? `×${entry.tries.length} ` : "") + (last.status || "—");
  return { name: entry.event, who: `${person} · ${answer}`, code, bad: Boolean(entry.fault) };
}

const visit = (entry, person) => ({ name: `${entry.method} ${entry.path}`, who: person, code: String(entry.status), bad: entry.status >= 400 });
const oauth = (entry, person) => ({ name: "oauth2/authorize", who: person, code: entry.ok ? "302" : "400", bad: !entry.ok });
const sdk = (entry, person) => ({ name: `wx.${entry.call}`, who: `${person}${entry.error ? ` · ${entry.error}` : ""}`, code: entry.ok ? "ok" : "fail", bad: !entry.ok });
const control = (entry) => ({ name: entry.text || entry.kind, who: "", code: String(entry.count ?? ""), bad: false });

const plain = (text) => String(text).replace(/<[^>]+>/g, "").replace(/\s+/g, " ");

function open(name, entry) {
  document.getElementById("detail-title").textContent = `#${entry.id} ${name}`;
  document.getElementById("detail-body").textContent = JSON.stringify(entry, null, 2);
  document.getElementById("detail").showModal();
}
