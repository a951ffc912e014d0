/* How a message looks in a chat. Text is text; of HTML only links are understood, as in WeChat. */

import { button, clock, icon, make } from "./dom.js";
import { t } from "./i18n.js";

const PAUSE = 300;
const LINK = /<a\s[^>]*?href=["']([^"']*)["'][^>]*>([\s\S]*?)<\/a>|(https?:\/\/[\w\-./?%&=:#~+@]+)/gi;

/* Elements of one message: a time where there was a pause, and the message itself. */
export function drawMessage(message, before, phone) {
  const parts = [];
  if (!before || message.at - before.at > PAUSE) parts.push(make("p", { class: "when" }, clock(message.at)));
  if (message.from === "system") parts.push(make("p", { class: `note ${message.type}` }, message.text));
  else parts.push(spoken(message, phone));
  return parts;
}

function spoken(message, phone) {
  const mine = message.from === "me";
  const face = mine
    ? make("span", { class: "face", style: { "--color": phone.data.color } }, phone.data.name.slice(0, 1))
    : make("span", { class: "face account" }, icon("house"));
  const draw = KINDS[message.type] || text;
  return make("div", { class: `row ${mine ? "mine" : ""}`, "data-id": message.id }, face, draw(message, phone));
}

const KINDS = { text, image, voice, location, template, news };

function text(message, phone) {
  return make("div", { class: "bubble" }, ...linked(message.text || message.title || "", phone));
}

export function linked(content, phone) {
  const parts = [];
  let position = 0;
  for (const found of content.matchAll(LINK)) {
    const [whole, href, label, bare] = found;
    parts.push(content.slice(position, found.index));
    const open = () => phone.browser.open(href || bare);
    parts.push(button("link", label ? label.replace(/<[^>]+>/g, "") : bare, open));
    position = found.index + whole.length;
  }
  return [...parts, content.slice(position)];
}

export const firstLink = (message) =>
  message.url || message.articles?.[0]?.url || [...(message.text || "").matchAll(LINK)].map((found) => found[1] || found[3])[0] || "";

export const gist = (message) =>
  message.title ? `[${message.title}]` : message.articles?.[0]?.title || (message.text || { image: `[${t("photo")}]`, voice: `[${t("voice")}]`, location: `[${t("place")}]` }[message.type] || "").replace(/<[^>]+>/g, "");

function image(message) {
  return make("img", { class: "picture", src: `/__sandbox__/media/${message.media_id}`, alt: t("photo"), loading: "lazy" });
}

function voice(message) {
  const audio = new Audio();
  const seconds = Math.max(1, Math.round(message.seconds || 3));
  const element = button("bubble spoken", t("voice"), () => {
    audio.src = audio.src || `/__sandbox__/media/${message.media_id}`;
    if (audio.paused) audio.play();
    else audio.pause();
  }, icon("voice"), `${seconds}″`);
  element.style.setProperty("--seconds", Math.min(seconds, 40));
  for (const name of ["play", "pause", "ended"]) {
    audio.addEventListener(name, () => element.classList.toggle("playing", name === "play"));
  }
  return element;
}

function location(message) {
  return make("div", { class: "card map" }, make("strong", {}, message.label || t("place")),
    make("small", {}, `${Number(message.latitude).toFixed(5)}, ${Number(message.longitude).toFixed(5)}`), make("i", {}, icon("pin")));
}

function template(message, phone) {
  const lines = message.lines.map((line) => make("div", {}, make("dt", {}, line.label), make("dd", {}, line.value)));
  const card = [make("strong", {}, message.title), make("dl", {}, ...lines)];
  if (!message.url) return make("div", { class: "card template" }, ...card);
  const foot = make("span", { class: "foot" }, t("details"), icon("back"));
  return make("button", { type: "button", class: "card template", onclick: () => phone.browser.open(message.url) }, ...card, foot);
}

function news(message, phone) {
  const article = message.articles[0];
  const picture = article.picurl && make("img", { src: phone.browser.here(article.picurl), alt: "" });
  const words = make("span", {}, make("strong", {}, article.title), make("small", {}, article.description || ""));
  return make("button", { type: "button", class: "card news", onclick: () => phone.browser.open(article.url) }, words, picture);
}
