/* The page of the phones: loads what there is, follows what happens. */

import { call, make, setTimeZone } from "./dom.js";
import { Feed } from "./feed.js";
import { isEnglish, nameOf, roleOf, setLanguage, translatePage } from "./i18n.js";
import { Phone } from "./phone.js";
import { Tour } from "./tour.js";
import { Trouble } from "./trouble.js";

const SIZE = { width: 399, gap: 30, label: 46, shortest: 800, tallest: 930 };
const AROUND = 128;
const RECENT = 3000;
const world = { state: null, phones: new Map(), feed: null, tour: null, trouble: null };

const shown = () => JSON.parse(localStorage.getItem("shown") || "null");
const isShown = (phone) => (shown() ? shown().includes(phone.host) : phone.show);

async function load() {
  world.state = await call("GET", "state");
  setTimeZone(world.state.page.timezone);
  document.getElementById("account-name").textContent = world.state.account.name;
  document.title = world.state.account.name;
  const chats = await call("GET", "chats");
  for (const phone of world.state.phones) welcome(phone, chats[phone.host] || []);
  arrange();
  speak();
  const { entries } = await call("GET", `journal?limit=20000&after=${Math.max(0, world.state.last - RECENT)}`);
  world.feed = world.feed || new Feed(world);
  world.trouble = world.trouble || new Trouble(world);
  world.tour = world.tour || new Tour(world);
  world.feed.fill(entries);
  world.trouble.draw();
  world.tour.fill(entries);
}

function welcome(phone, messages) {
  const known = world.phones.get(phone.host);
  if (known) known.update(phone);
  else world.phones.set(phone.host, new Phone(phone, world));
  world.phones.get(phone.host).fill(messages);
}

/* Puts the chosen phones on the desk without touching those that stay: a moved frame would load its page again. */
function arrange() {
  const desk = document.getElementById("phones");
  for (const phone of world.phones.values()) {
    if (!isShown(phone.data)) phone.element.remove();
    else if (!phone.element.isConnected) desk.append(phone.element);
    phone.toEnd();
  }
  drawPeople();
  fit();
}

function drawPeople() {
  const people = [...world.phones.values()].map(({ data }) => {
    const face = make("span", { class: "face", style: { "--color": data.color } }, data.name.slice(0, 1));
    const onclick = () => toggle(data);
    const label = `${nameOf(data)} · ${roleOf(data)}`;
    return make("button", { type: "button", "aria-pressed": String(isShown(data)), "aria-label": label, title: label, onclick }, face);
  });
  document.getElementById("people").replaceChildren(...people);
}

function toggle(phone) {
  const hosts = [...world.phones.values()].map((item) => item.data).filter(isShown).map((item) => item.host);
  const next = hosts.includes(phone.host) ? hosts.filter((host) => host !== phone.host) : [...hosts, phone.host];
  localStorage.setItem("shown", JSON.stringify(next));
  arrange();
  // There may be more of them than the window has room for.
  const { element } = world.phones.get(phone.host);
  if (element.isConnected) element.scrollIntoView({ block: "nearest", inline: "center" });
}

/* As large as fits, so that all are seen at once; below a readable size the desk scrolls instead. `?scale=1` fixes it. */
function fit() {
  const fixed = Number(new URLSearchParams(location.search).get("scale"));
  const desk = document.getElementById("desk");
  const narrow = window.innerWidth <= 860;
  const count = narrow ? 1 : Math.max(1, document.getElementById("phones").childElementCount);
  const room = window.innerHeight - AROUND - SIZE.label;
  const width = (desk.clientWidth - 8) / (count * SIZE.width + (count + 1) * SIZE.gap);
  const scale = fixed || Math.min(1, Math.max(0.56, Math.min(width, room / SIZE.shortest)));
  const tall = Math.min(SIZE.tallest, Math.max(SIZE.shortest, room / scale));
  const { style } = document.documentElement;
  style.setProperty("--scale", scale.toFixed(4));
  style.setProperty("--tall", `${Math.round(tall)}px`);
}

const HANDLERS = {
  journal: (entry) => {
    world.feed.add(entry);
    world.tour.add(entry);
  },
  chat: ({ host, message }) => world.phones.get(host)?.receive(message),
  cleared: ({ host }) => world.phones.get(host)?.fill([]),
  phone: async (phone) => {
    const known = world.phones.get(phone.host);
    if (known) known.update(phone);
    else welcome(phone, await call("GET", `phones/${phone.host}/chat`));
    if (!known) arrange();
    world.trouble.draw();
  },
  menu: (menu) => {
    world.state.menu = menu;
    for (const phone of world.phones.values()) phone.drawBar();
  },
  qrcode: (code) => {
    world.state.qrcodes = [code, ...world.state.qrcodes.filter((known) => known.scene !== code.scene)];
  },
  faults: (faults) => {
    world.state.faults = faults;
    world.trouble.draw();
  },
};

/* Listens before it looks: what happens while the state is being read is kept, and what was read is not shown twice. */
function follow() {
  const source = new EventSource("/__sandbox__/events");
  let waiting = [];
  const take = (name, data) => (waiting ? waiting.push([name, data]) : HANDLERS[name](data));
  for (const name of Object.keys(HANDLERS)) {
    source.addEventListener(name, (event) => take(name, JSON.parse(event.data)));
  }
  source.addEventListener("error", () => { waiting = waiting || []; });
  source.addEventListener("open", async () => {
    await load();
    const kept = waiting || [];
    waiting = null;
    for (const [name, data] of kept) HANDLERS[name](data);
    document.documentElement.dataset.live = "";
  });
}

function speak() {
  const button = document.getElementById("language");
  button.textContent = isEnglish() ? "中文" : "English";
  button.lang = isEnglish() ? "zh" : "en";
  translatePage();
  const { page } = world.state;
  document.getElementById("headline").textContent = (isEnglish() && page.title_en) || page.title || "";
  document.getElementById("lede").textContent = (isEnglish() && page.lede_en) || page.lede || "";
}

document.getElementById("language").addEventListener("click", () => {
  setLanguage(isEnglish() ? "zh" : "en");
  speak();
  drawPeople();
  for (const part of [world.feed, world.tour, world.trouble, ...world.phones.values()]) part.draw();
});

document.getElementById("detail-close").addEventListener("click", () => document.getElementById("detail").close());
window.addEventListener("resize", fit);

translatePage();
follow();
