/* The web page that slides over a chat: a frame on the phone's own host, with WeChat's title bar, and the phone's side of
   what the page asks of WeChat (album, scanner, map). */

import { button, call, icon, make } from "./dom.js";
import { t } from "./i18n.js";
import { callNumber, map, pickPhotos, pickScene } from "./sheets.js";

const BROWSERS = [];

window.addEventListener("message", (event) => {
  const browser = BROWSERS.find((item) => item.frame && item.frame.contentWindow === event.source);
  if (browser && event.data && event.data.sandbox) browser.heard(event.data);
});

export class Browser {
  constructor(phone) {
    this.phone = phone;
    this.frame = null;
    this.pages = [];
    this.title = "";
    this.navigation = make("header", { class: "navigation" });
    this.progress = make("i", { class: "progress" });
    this.body = make("div", { class: "page" });
    this.snapshot = make("div", { class: "snapshot" });
    this.sheet = make("div", { class: "browser-menu", hidden: true });
    this.element = make("section", { class: "browser", inert: true }, this.navigation, this.progress, this.body, this.snapshot, this.sheet);
    BROWSERS.push(this);
  }

  get isOpen() {
    return Boolean(this.frame);
  }

  /* An address as this phone reaches it; what is not the application's opens outside. */
  here(link) {
    const { public_base_url: base } = this.phone.world.state;
    for (const origin of [base, location.origin]) {
      if (link === origin || link.startsWith(`${origin}/`)) return this.phone.data.url + link.slice(origin.length);
    }
    return link;
  }

  open(link) {
    const url = this.here(link);
    if (!url.startsWith(this.phone.data.url)) {
      window.open(url, "_blank", "noopener");
      return;
    }
    if (this.frame) this.frame.remove();
    this.pages = [];
    this.title = "";
    this.frame = make("iframe", {
      src: url, title: this.phone.data.name, allow: "microphone; camera; geolocation; autoplay; clipboard-write",
    });
    this.body.replaceChildren(this.frame);
    this.cover(true);
    this.load(true);
    this.draw();
  }

  close() {
    this.cover(false);
    this.sheet.hidden = true;
    const frame = this.frame;
    this.frame = null;
    this.phone.unread = 0;
    this.phone.drawNavigation();
    this.phone.drawChats();
    setTimeout(() => frame && frame.remove(), 320);
  }

  /* What lies beneath cannot be reached, by key or by finger, while a page covers it. */
  cover(on) {
    this.phone.element.classList.toggle("browsing", on);
    this.element.inert = !on;
    for (const below of [this.phone.navigation, this.phone.log.parentElement, this.phone.chats]) below.inert = on;
  }

  back() {
    if (this.pages.length < 2) {
      this.close();
      return;
    }
    this.pages.pop();
    this.go(this.pages.at(-1));
  }

  go(url) {
    this.load(true);
    this.frame.contentWindow.postMessage({ sandbox: "go", url }, "*");
  }

  load(on) {
    this.progress.classList.toggle("busy", on);
    clearTimeout(this.limit);
    if (on) this.limit = setTimeout(() => this.load(false), 8000);
  }

  draw() {
    const left = [button("left", t("close"), () => this.close(), icon("close"))];
    if (this.pages.length > 1) left.unshift(button("left", t("backToChat"), () => this.back(), icon("back")));
    const toggle = () => { this.sheet.hidden = !this.sheet.hidden; };
    this.navigation.replaceChildren(make("span", { class: "lefts" }, ...left), make("span", { class: "title" }, this.title),
      button("right", t("menu"), toggle, icon("dots")));
    const item = (name, label, act) => button("", label, () => { this.sheet.hidden = true; act(); }, icon(name), label);
    this.sheet.replaceChildren(item("reload", t("reload"), () => this.go(this.pages.at(-1) || this.frame.src)),
      item("out", t("newTab"), () => window.open(this.pages.at(-1) || this.frame.src, "_blank", "noopener")));
    this.drawSnapshot();
  }

  drawSnapshot() {
    const on = this.phone.data.snapshot && this.isOpen;
    const use = async () => {
      await call("PATCH", `phones/${this.phone.data.host}`, { snapshot: false });
      this.go(this.pages.at(-1) || this.frame.src);
    };
    this.snapshot.replaceChildren(...(on ? [t("snapshotBar"), button("", t("fullService"), use)] : []));
  }

  heard(message) {
    if (message.sandbox === "ask") this.asked(message);
    else (TOLD[message.what] || (() => {}))(this, message.data);
  }

  async asked({ id, what, data }) {
    const source = this.frame.contentWindow;
    source.postMessage({ sandbox: "heard", id }, "*");
    const answer = what === "album" ? await this.album(data.count) : await this.scanned();
    source.postMessage({ sandbox: "answer", id, data: answer }, "*");
  }

  async album(count) {
    const photos = await pickPhotos(this.phone, count);
    if (!photos || !photos.length) return { cancel: true };
    const localIds = [];
    for (const photo of photos) {
      const form = new FormData();
      if (photo.file) form.append("file", photo.file);
      const made = await this.phone.act("local-image", photo.file ? form : { photo: photo.name });
      if (made) localIds.push(made.localId);
    }
    return { localIds };
  }

  async scanned() {
    const found = await pickScene(this.phone);
    return found ? { result: found.url || found.text } : { cancel: true };
  }

  page({ title, url, kind }) {
    this.title = title;
    this.load(false);
    if (this.pages.at(-1) !== url && kind === "replace") this.pages.pop(); // a form that was sent is not gone back to
    if (this.pages.at(-1) !== url) {
      if (this.pages.at(-2) === url && kind === "back_forward") this.pages.pop();
      else this.pages.push(url);
    }
    this.draw();
  }
}

const TOLD = {
  page: (browser, data) => browser.page(data),
  leaving: (browser) => browser.load(true),
  back: (browser) => browser.back(),
  close: (browser) => browser.close(),
  map: (browser, data) => map(browser.phone, data),
  call: (browser, data) => callNumber(browser.phone, data.number),
  progress: (browser, { on }) => browser.element.classList.toggle("uploading", on),
  recording: (browser, { on }) => browser.element.classList.toggle("recording", on),
};
