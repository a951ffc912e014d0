/* What slides up from below: album, scanner, recorder, map, profile, call. Each answers by a promise; null is "cancel". */

import { button, call, icon, make } from "./dom.js";
import { t } from "./i18n.js";

function sheet(phone, className, build) {
  return new Promise((resolve) => {
    const end = (answer) => {
      layer.remove();
      document.removeEventListener("keydown", escape);
      resolve(answer);
    };
    const escape = (event) => { if (event.key === "Escape") end(null); };
    const body = make("div", { class: `sheet ${className}`, role: "dialog", "aria-modal": "true", tabindex: "-1" }, ...build(end));
    const layer = make("div", { class: "layer", onclick: (event) => { if (event.target === layer) end(null); } }, body);
    document.addEventListener("keydown", escape);
    phone.screen.append(layer);
    body.focus({ preventScroll: true });
  });
}

const head = (title, end, ...more) => make("header", {}, button("", t("cancel"), () => end(null)), make("b", {}, title), ...(more.length ? more : [make("span")]));

/* Up to `count` pictures: `{name}` of the album or `{file}` of this computer. */
export function pickPhotos(phone, count) {
  return sheet(phone, "album", (end) => {
    const chosen = [];
    const done = button("primary", t("done"), () => end(chosen));
    done.disabled = true;
    const pick = (name, element) => {
      const index = chosen.findIndex((photo) => photo.name === name);
      if (index >= 0) chosen.splice(index, 1);
      else if (chosen.length < count) chosen.push({ name });
      if (count === 1 && chosen.length) end(chosen);
      element.parentElement.querySelectorAll("[data-name]").forEach((item) => mark(item, chosen));
      done.disabled = !chosen.length;
      done.textContent = chosen.length ? `${t("done")} (${chosen.length})` : t("done");
    };
    const photos = phone.world.state.albums.map(({ name, title }) => {
      const picture = make("img", { src: `/album/${name}`, alt: title });
      const element = make("button", { type: "button", "data-name": name, "aria-label": title, onclick: () => pick(name, element) }, picture, make("i"));
      return element;
    });
    const input = make("input", { type: "file", accept: "image/*", multiple: count > 1, hidden: true });
    input.addEventListener("change", () => end([...input.files].slice(0, count).map((file) => ({ file }))));
    const own = make("button", { type: "button", class: "own", onclick: () => input.click() }, icon("plus"), t("fromComputer"));
    return [head(t("album"), end, done), make("div", { class: "grid" }, ...photos, own), input];
  });
}

function mark(element, chosen) {
  const index = chosen.findIndex((photo) => photo.name === element.dataset.name);
  element.setAttribute("aria-pressed", String(index >= 0));
  element.querySelector("i").textContent = index >= 0 ? String(index + 1) : "";
}

/* `{scene, url}` of a code that the account made, or `{text}` typed. */
export function pickScene(phone) {
  return sheet(phone, "scan", (end) => {
    const codes = phone.world.state.qrcodes.slice(0, 8).map((code) => {
      const picture = make("img", { src: `/cgi-bin/showqrcode?ticket=${encodeURIComponent(code.ticket)}`, alt: "" });
      return make("button", { type: "button", onclick: () => end({ scene: code.scene, url: code.url }) }, picture, make("small", {}, code.scene));
    });
    const input = make("input", { "aria-label": t("orType"), placeholder: t("orType") });
    const form = make("form", { onsubmit: (event) => { event.preventDefault(); if (input.value.trim()) end({ text: input.value.trim() }); } },
      input, make("button", { class: "primary" }, t("scan")));
    const grid = codes.length ? make("div", { class: "grid" }, ...codes) : make("p", { class: "hint" }, t("noCodes"));
    return [head(t("codes"), end), grid, form];
  });
}

/* `{seconds}` of a made-up voice, or `{file}` when this computer's microphone was used. */
export function record(phone) {
  let recorder = null;
  let stream = null;
  let over = false;
  const pieces = [];
  const off = () => {
    over = true;
    if (stream) stream.getTracks().forEach((track) => track.stop());
  };
  return sheet(phone, "recorder", (end) => {
    const started = Date.now();
    const seconds = () => Math.min(60, Math.max(1, Math.round((Date.now() - started) / 1000)));
    const time = make("b", {}, "1″");
    const timer = setInterval(() => {
      time.textContent = `${seconds()}″`;
      if (!time.isConnected) clearInterval(timer);
      else if (seconds() >= 60) send();
    }, 300);
    const send = () => {
      const spoken = seconds();
      if (!recorder) return end({ seconds: spoken });
      recorder.addEventListener("stop", () => end({ file: new File(pieces, "voice.webm") }));
      recorder.stop();
      return null;
    };
    const listen = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      if (over) return off();
      recorder = new MediaRecorder(stream);
      recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
      recorder.start();
      microphone.textContent = t("usingMicrophone");
      return undefined;
    };
    const microphone = button("hint", t("useMicrophone"), () => listen().catch((error) => phone.toast(error.message)));
    const wave = make("div", { class: "wave", "aria-hidden": "true" }, ...Array.from({ length: 22 }, (_, index) => make("i", { style: { "--n": index } })));
    return [make("p", {}, t("recording"), " ", time), wave, microphone,
      make("div", { class: "pair" }, button("secondary", t("cancel"), () => end(null)), button("primary", t("send"), send))];
  }).finally(off);
}

export function map(phone, place) {
  return sheet(phone, "map-view", (end) => [
    head(place.name || t("place"), end),
    make("div", { class: "drawn" }, make("i", {}, icon("pin"))),
    make("p", {}, make("b", {}, place.name || ""), make("small", {}, place.address || `${place.latitude}, ${place.longitude}`)),
  ]);
}

export function callNumber(phone, number) {
  return sheet(phone, "call", (end) => [
    make("b", {}, number),
    make("div", { class: "pair" }, button("secondary", t("cancel"), () => end(null)), make("button", { type: "button", class: "primary", onclick: () => end(number) }, icon("phone"), t("calling"))),
  ]);
}

/* What the person has set for this account, and on this phone. */
export function profile(phone) {
  return sheet(phone, "profile", (end) => {
    const { account } = phone.world.state;
    const setting = (label, on, change) => {
      const input = make("input", { type: "checkbox", role: "switch" });
      input.checked = on;
      input.addEventListener("change", () => call("PATCH", `phones/${phone.data.host}`, change(input.checked)));
      return make("label", {}, label, input);
    };
    const leave = () => { end(null); phone.act(phone.data.subscribed ? "unfollow" : "follow"); };
    return [
      head(t("profile"), end),
      make("div", { class: "who" }, make("span", { class: "face account" }, icon("house")), make("b", {}, account.name), make("small", {}, account.id)),
      setting(t("muted"), !phone.data.mutes_templates, (on) => ({ mutes_templates: !on })),
      setting(t("snapshot"), phone.data.snapshot, (on) => ({ snapshot: on })),
      setting(t("ios"), phone.data.platform === "ios", (on) => ({ platform: on ? "ios" : "android" })),
      button(phone.data.subscribed ? "danger" : "primary", phone.data.subscribed ? t("unfollow") : t("follow"), leave),
    ];
  });
}
