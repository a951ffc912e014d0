/* One phone: its chat with the account, the bar below, and what slides over it. */

import { Browser } from "./browser.js";
import { drawMessage, firstLink, gist } from "./chat.js";
import { button, call, clock, icon, make } from "./dom.js";
import { nameOf, roleOf, t } from "./i18n.js";
import { pickPhotos, pickScene, profile, record } from "./sheets.js";

export class Phone {
  constructor(data, world) {
    this.data = data;
    this.world = world;
    this.messages = [];
    this.unread = 0;
    this.typing = false;
    this.panel = false;
    this.place = "chat";
    this.build();
    this.browser = new Browser(this);
    this.screen.append(this.browser.element);
    this.draw();
  }

  build() {
    this.title = make("span", { class: "title" });
    this.log = make("div", { class: "log", role: "log", tabindex: "0" });
    this.bar = make("div", { class: "bar" });
    this.chats = make("div", { class: "chats" });
    this.navigation = make("header", { class: "navigation" });
    this.banner = make("div", { class: "banner-place", "aria-live": "polite" });
    this.time = make("span", {});
    const status = make("div", { class: "status" }, this.time, icon("signal", "signal"), icon("battery", "battery"));
    const chat = make("div", { class: "chat" }, this.log, this.bar);
    this.screen = make("div", { class: "screen" }, status, this.navigation, chat, this.chats, this.banner);
    this.label = make("figcaption", {});
    const frame = make("div", { class: "frame" }, this.screen, make("span", { class: "island" }));
    this.element = make("figure", { class: "phone", "data-phone": this.data.host }, this.label, make("div", { class: "sized" }, frame));
    this.tick();
    setInterval(() => this.tick(), 10_000);
  }

  tick() {
    this.time.textContent = clock();
  }

  update(data) {
    const before = this.data;
    this.data = data;
    if (before.subscribed !== data.subscribed) this.drawBar();
    this.drawLabel();
    this.browser.drawSnapshot();
  }

  draw() {
    this.drawLabel();
    this.drawNavigation();
    this.drawBar();
    this.fill(this.messages);
    this.browser.draw();
  }

  drawLabel() {
    const { name, color, subscribed } = this.data;
    const face = make("span", { class: "face", style: { "--color": color } }, name.slice(0, 1));
    const words = make("span", {}, make("b", {}, nameOf(this.data)), make("small", {}, roleOf(this.data) || " "));
    const state = this.data.subscribed_at ? "unfollowed" : "notFollowing";
    this.label.replaceChildren(face, words, subscribed ? "" : make("em", {}, t(state)));
  }

  drawNavigation() {
    const account = this.world.state.account.name;
    const parts = this.place === "chat"
      ? [button("left", t("backToChat"), () => this.goto("chats"), icon("back"), this.unreadMark()), make("span", { class: "title" }, account),
        button("right", t("profile"), () => profile(this), icon("person"))]
      : [make("span"), make("span", { class: "title" }, t("wechat")), button("right", t("scan"), () => this.scan(), icon("scan"))];
    this.navigation.replaceChildren(...parts);
  }

  unreadMark() {
    return this.unread ? make("i", { class: "count" }, String(this.unread)) : null;
  }

  goto(place) {
    this.place = place;
    this.element.classList.toggle("listing", place === "chats");
    if (place === "chat") this.unread = 0;
    this.drawNavigation();
    this.drawChats();
    if (place === "chat") this.toEnd();
  }

  drawChats() {
    const last = this.messages.at(-1);
    const face = make("span", { class: "face account" }, icon("house"), this.unread ? make("i", { class: "count" }, String(this.unread)) : null);
    const words = make("span", {}, make("b", {}, this.world.state.account.name), make("small", {}, last ? gist(last) : t("follow")));
    const time = make("time", {}, last ? clock(last.at) : "");
    this.chats.replaceChildren(make("div", { class: "search" }, icon("search"), t("search")),
      make("button", { type: "button", class: "thread", onclick: () => this.goto("chat") }, face, words, time));
  }

  /* The bar: what to follow with, the account's menu, or the keyboard's line. */
  drawBar() {
    const menu = this.world.state.menu;
    this.element.classList.toggle("stranger", !this.data.subscribed);
    if (!this.data.subscribed) this.bar.replaceChildren(button("wide", t("follow"), () => this.act("follow")));
    else if (menu.length && !this.typing) this.bar.replaceChildren(this.menuBar(menu));
    else this.bar.replaceChildren(this.inputBar(menu.length > 0), ...(this.panel ? [this.plusPanel()] : []));
    this.toEnd();
  }

  menuBar(menu) {
    const swap = button("swap", t("inputSwitch"), () => this.type(true), icon("keyboard"));
    const items = menu.map((item, index) => this.menuItem(item, String(index)));
    return make("div", { class: "menu" }, swap, ...items);
  }

  menuItem(item, place) {
    const subs = item.sub_button || [];
    if (!subs.length) return button("item", item.name, () => this.tap(place));
    const rows = subs.map((sub, index) => button("", sub.name, () => this.tap(`${place}.${index}`)));
    const popup = make("div", { class: "popup", hidden: true }, ...rows);
    const open = () => {
      const others = this.bar.querySelectorAll(".popup");
      for (const other of others) if (other !== popup) other.hidden = true;
      popup.hidden = !popup.hidden;
    };
    return make("div", { class: "item" }, button("", item.name, open, icon("list"), item.name), popup);
  }

  inputBar(hasMenu) {
    const input = make("input", { "aria-label": t("inputSwitch"), enterkeyhint: "send", autocomplete: "off" });
    const send = make("button", { class: "send", hidden: true }, t("send"));
    const plus = button("", t("menu"), () => { this.panel = !this.panel; this.drawBar(); }, icon("plus"));
    input.addEventListener("input", () => { send.hidden = !input.value; plus.hidden = Boolean(input.value); });
    const onsubmit = (event) => {
      event.preventDefault();
      if (input.value.trim()) this.act("text", { text: input.value });
      input.value = "";
      send.hidden = true;
      plus.hidden = false;
    };
    const left = hasMenu ? button("", t("menuSwitch"), () => this.type(false), icon("list")) : null;
    return make("form", { class: "input", onsubmit }, left, button("", t("voice"), () => this.speak(), icon("voice")), input, plus, send);
  }

  plusPanel() {
    const tile = (name, label, act) => button("tile", label, act, make("span", {}, icon(name)), label);
    return make("div", { class: "panel" }, tile("photo", t("photo"), () => this.sendPhoto()), tile("mic", t("voice"), () => this.speak()),
      tile("pin", t("place"), () => this.act("location", {})), tile("scan", t("scan"), () => this.scan()));
  }

  type(on) {
    this.typing = on;
    this.panel = on;
    this.drawBar();
    if (on) this.bar.querySelector("input").focus({ preventScroll: true });
  }

  async act(name, values = {}) {
    try {
      return await call("POST", `phones/${this.data.host}/${name}`, values);
    } catch (error) {
      this.toast(error.message);
      return null;
    }
  }

  async tap(place) {
    for (const popup of this.bar.querySelectorAll(".popup")) popup.hidden = true;
    const [top, sub] = place.split(".");
    const item = this.world.state.menu[top];
    const wanted = sub === undefined ? item : item.sub_button[sub];
    if (wanted.type === "view") this.browser.open(wanted.url);
    await this.act("menu", { button: place });
  }

  async sendPhoto() {
    for (const photo of (await pickPhotos(this, 1)) || []) {
      const form = new FormData();
      if (photo.file) form.append("file", photo.file);
      await this.act("image", photo.file ? form : { photo: photo.name });
    }
  }

  async speak() {
    const spoken = await record(this);
    if (!spoken) return;
    const form = new FormData();
    if (spoken.file) form.append("file", spoken.file);
    await this.act("voice", spoken.file ? form : { seconds: spoken.seconds });
  }

  async scan() {
    const found = await pickScene(this);
    if (!found) return;
    if (/^https?:/.test(found.text)) this.browser.open(found.text);
    else if (await this.act("scan", { scene: found.scene || found.text })) this.goto("chat");
  }

  fill(messages) {
    this.messages = [];
    this.log.replaceChildren();
    for (const message of messages) this.append(message);
    this.drawChats();
  }

  append(message) {
    this.log.append(...drawMessage(message, this.messages.at(-1), this));
    this.messages.push(message);
    this.toEnd();
  }

  receive(message) {
    if (this.messages.some((item) => item.id === message.id)) return;
    this.append(message);
    const away = this.place !== "chat" || this.browser.isOpen;
    if (message.from === "account" && away) {
      this.unread += 1;
      this.announce(message);
    }
    if (message.from === "account") this.nudge();
    this.drawNavigation();
    this.drawChats();
  }

  announce(message) {
    const back = () => { this.browser.close(); this.goto("chat"); card.remove(); };
    const words = make("span", {}, make("b", {}, this.world.state.account.name), make("small", {}, gist(message)));
    const card = button("banner", this.world.state.account.name, back, make("span", { class: "face account" }, icon("house")), words);
    this.banner.replaceChildren(card);
    setTimeout(() => card.remove(), 6000);
  }

  nudge() {
    this.element.classList.remove("told");
    requestAnimationFrame(() => this.element.classList.add("told"));
  }

  toast(text) {
    const note = make("div", { class: "toast", role: "status" }, text);
    this.screen.append(note);
    setTimeout(() => note.remove(), 2600);
  }

  toEnd() {
    requestAnimationFrame(() => { this.log.scrollTop = this.log.scrollHeight; });
  }

  newestLink() {
    return this.messages.filter((item) => item.from === "account").map(firstLink).filter(Boolean).at(-1);
  }
}
