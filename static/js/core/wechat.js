// The only file that touches wx. Every ability has the browser's own means behind it.
//
// A picture is {preview, send(onProgress)}, a voice {duration, play(bubble), send()}; send resolves to what the API's
// `media` wants: {kind, media_id} by WeChat, {kind, upload_id} by ourselves. The browser's own have blob() → Promise.
(function () {
  "use strict";

  const app = window.app;
  const gettext = app.gettext;
  const ABILITIES = [
    "chooseImage", "uploadImage", "getLocalImgData", "startRecord", "stopRecord", "onVoiceRecordEnd", "playVoice", "stopVoice",
    "onVoicePlayEnd", "uploadVoice", "getLocation", "openLocation", "scanQRCode", "closeWindow",
  ];
  const inWeChat = /MicroMessenger/i.test(navigator.userAgent);
  const LONGEST = 58; // seconds; WeChat cuts at 60, and its notice of that is not to be relied on
  const PICTURE_SIDE = 2048; // px; larger pictures are made smaller before they travel
  const PATIENCE = inWeChat ? 6000 : 1500;

  class Cancelled extends Error {}
  class Unable extends Error {} // its message is for the person

  function loadScript() {
    return new Promise((resolve, reject) => {
      if (window.wx) return resolve();
      const script = document.createElement("script");
      script.src = document.body.dataset.jssdk;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
      return undefined;
    });
  }

  function configured(settings) {
    return new Promise((resolve, reject) => {
      wx.ready(() => resolve());
      wx.error(reject);
      wx.config(Object.assign({ debug: false, jsApiList: ABILITIES, openTagList: ["wx-open-subscribe"] }, settings));
    });
  }

  function soon(promise, patience) {
    return Promise.race([promise, new Promise((resolve, reject) => setTimeout(reject, patience, new Error("late")))]);
  }

  let state = "pending"; // pending, ready, absent

  // The live address is signed: sharing appends parameters to it.
  async function prepare() {
    const settings = app.api.get("jssdk-config", { url: location.href.split("#")[0] });
    settings.catch(() => undefined);
    await loadScript();
    await configured(await settings);
    state = "ready";
    const said = document.getElementById("absent");
    if (said) said.remove(); // late, but there
  }

  function sayAbsent() {
    if (document.getElementById("absent")) return;
    const words = app.h("p", { text: gettext("微信的拍照和录音暂时用不了，已改用手机浏览器的。") });
    const box = app.h("div", { class: "note-box note-info", role: "status", id: "absent" }, [app.icon("info"), words]);
    document.getElementById("main").prepend(box);
  }

  let preparation;

  // Pages that use the phone's abilities call this early, so that it is settled when a button is tapped.
  function begin({ quiet } = {}) {
    preparation = preparation || soon(prepare(), PATIENCE).catch(() => {
      if (state === "pending") state = "absent";
      if (inWeChat && !quiet) sayAbsent();
    });
    return preparation;
  }

  // Outside WeChat a tap must not wait: a browser opens its file chooser only right after it.
  async function ready() {
    if (state === "pending" && inWeChat) await begin();
    return state === "ready";
  }

  // wx.config has passed, and still this account or this WeChat may not do it: as if it had not passed.
  function refused(error) {
    if (!/permission|verifying|not exist|not supported|not a function/i.test(error.message)) throw error;
    state = "absent";
    sayAbsent();
  }

  // By WeChat's means where it is ready, else, and where it refuses, by the browser's own.
  async function either(byWeChat, byBrowser) {
    if (await ready()) {
      const done = await byWeChat().then((result) => ({ result }), refused);
      if (done) return done.result;
    }
    return byBrowser();
  }

  // ms until an answer is given up; people may look at a question of WeChat's for a while, and at their album for as long as they like.
  const PATIENCES = { uploadImage: 120000, uploadVoice: 120000, startRecord: 30000, getLocation: 15000, chooseImage: 0 };

  // wx.name({…}) as a promise; not every WeChat always calls back.
  function wxCall(name, options) {
    const called = new Promise((resolve, reject) => {
      wx[name](
        Object.assign({}, options, {
          success: resolve,
          cancel: () => reject(new Cancelled(name)),
          fail: (answer) => reject(new Error((answer && answer.errMsg) || name)),
        }),
      );
    });
    const patience = name in PATIENCES ? PATIENCES[name] : 10000;
    return patience ? soon(called, patience) : called;
  }

  // WeChat uploads one file at a time.
  let line = Promise.resolve();

  function inLine(action) {
    const turn = line.then(action, action);
    line = turn.catch(() => undefined);
    return turn;
  }

  // --- Pictures ---------------------------------------------------------------------------------------------------

  // iOS cannot show a localId; its data starts with a wrong type, Android's with none and has line breaks.
  async function previewOf(localId) {
    if (!window.__wxjs_is_wkwebview) return localId;
    const { localData } = await wxCall("getLocalImgData", { localId });
    return asDataAddress(localData);
  }

  function asDataAddress(data) {
    if (/^data:/.test(data)) return data.replace("image/jgp", "image/jpeg");
    return "data:image/jpeg;base64," + data.replace(/\s/g, "");
  }

  async function wxPicture(localId) {
    return {
      preview: await previewOf(localId).catch(() => ""),
      fallbackPreview: async () => asDataAddress((await wxCall("getLocalImgData", { localId })).localData),
      send: () => inLine(() => wxCall("uploadImage", { localId, isShowProgressTips: 0 })).then(({ serverId }) => ({ kind: "image", media_id: serverId })),
    };
  }

  let letGo = () => undefined; // of the chooser before: not every browser says that it was cancelled

  function chooseFiles(accept, many, capture) {
    letGo();
    return new Promise((resolve, reject) => {
      const input = app.h("input", { type: "file", accept, multiple: many, capture, hidden: true, "aria-hidden": "true" });
      letGo = () => {
        reject(new Cancelled("file"));
        input.remove();
      };
      input.addEventListener("change", () => {
        resolve(Array.from(input.files));
        input.remove();
      });
      input.addEventListener("cancel", letGo);
      document.body.append(input);
      input.click();
    });
  }

  // A phone's 12 megapixels, made small enough for a stairwell's network; what cannot be read goes as it is.
  async function smaller(file) {
    if (file.size < 600 * 1024 || !window.createImageBitmap) return file;
    try {
      const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, PICTURE_SIDE / Math.max(bitmap.width, bitmap.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(bitmap.width * scale);
      canvas.height = Math.round(bitmap.height * scale);
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
      return blob && blob.size < file.size ? blob : file;
    } catch (error) {
      return file;
    }
  }

  function filePicture(file) {
    let made;
    const blob = () => (made = made || smaller(file));
    return {
      preview: URL.createObjectURL(file),
      blob,
      send: async (onProgress) => ({ kind: "image", upload_id: (await app.api.upload(await blob(), "picture.jpg", onProgress)).upload_id }),
    };
  }

  async function wxImages(count) {
    const { localIds } = await wxCall("chooseImage", { count: Math.min(9, count), sizeType: ["compressed"], sourceType: ["album", "camera"] });
    return Promise.all(localIds.map(wxPicture));
  }

  // A browser opens its chooser only for a tap that was just now.
  function stillTapped(since) {
    return navigator.userActivation ? navigator.userActivation.isActive : Date.now() - since < 900;
  }

  async function browserImages(count, tapped) {
    if (!stillTapped(tapped)) throw new Unable(gettext("请再点一次“加照片”"));
    const files = await chooseFiles("image/*", count > 1);
    return files.slice(0, count).map(filePicture);
  }

  function chooseImages(count) {
    const tapped = Date.now();
    return either(() => wxImages(count), () => browserImages(count, tapped));
  }

  // --- Voice: tap to start, tap to stop (Android loses the end of a touch behind the permission dialogue) -----------

  function wxVoice(localId, duration) {
    return {
      duration,
      play(bubble) {
        app.media.stop();
        if (bubble.getAttribute("aria-pressed") === "true") {
          bubble.setAttribute("aria-pressed", "false");
          wx.stopVoice({ localId });
          return;
        }
        bubble.setAttribute("aria-pressed", "true");
        wx.onVoicePlayEnd({ success: () => bubble.setAttribute("aria-pressed", "false") });
        wx.playVoice({ localId });
      },
      send: () =>
        inLine(() => wxCall("uploadVoice", { localId, isShowProgressTips: 0 })).then(({ serverId }) => ({ kind: "voice", media_id: serverId, duration })),
    };
  }

  async function wxRecording() {
    await wxCall("startRecord").catch((error) => {
      if (error.message === "late") wx.stopRecord({}); // it may have begun all the same
      throw error;
    });
    const began = Date.now();
    const length = () => Math.max(1, Math.round((Date.now() - began) / 1000));
    let cut = null; // WeChat stopped by itself
    wx.onVoiceRecordEnd({ complete: (answer) => (cut = answer.localId) });
    return {
      level: null,
      async stop() {
        const duration = Math.min(60, length());
        const localId = cut || (await wxCall("stopRecord")).localId;
        return wxVoice(localId, duration);
      },
    };
  }

  // WeChat's own web view and Safari record different containers; the server recognises them by content.
  function recorderType() {
    const types = ["audio/mp4", "audio/webm;codecs=opus", "audio/ogg;codecs=opus"];
    return types.find((type) => MediaRecorder.isTypeSupported && MediaRecorder.isTypeSupported(type));
  }

  function levelMeter(stream) {
    const Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) return { level: null, end: () => undefined };
    const context = new Context();
    const analyser = context.createAnalyser();
    const samples = new Uint8Array(analyser.fftSize);
    context.createMediaStreamSource(stream).connect(analyser);
    const level = () => {
      analyser.getByteTimeDomainData(samples);
      return Math.min(1, samples.reduce((most, sample) => Math.max(most, Math.abs(sample - 128)), 0) / 64);
    };
    return { level, end: () => context.close() };
  }

  function blobVoice(blob, duration) {
    const address = URL.createObjectURL(blob);
    return {
      duration,
      blob: async () => blob,
      play: (bubble) => app.media.play(bubble, address),
      send: async (onProgress) => ({ kind: "voice", upload_id: (await app.api.upload(blob, "voice", onProgress)).upload_id, duration }),
    };
  }

  // What had been chosen or recorded by the browser's means, and was kept.
  function fromBlob(kind, blob, duration) {
    return kind === "voice" ? blobVoice(blob, duration) : filePicture(blob);
  }

  async function browserRecording() {
    if (!window.MediaRecorder || !navigator.mediaDevices) throw new Unable(gettext("这台手机的浏览器不能录音，请用文字说明"));
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    try {
      return recordingOf(stream);
    } catch (error) {
      release(stream);
      throw error;
    }
  }

  const release = (stream) => stream.getTracks().forEach((track) => track.stop());

  // `ended` resolves to the voice, also where the phone ends it by itself (a call comes in).
  function recordingOf(stream) {
    const type = recorderType();
    const recorder = new MediaRecorder(stream, type ? { mimeType: type, audioBitsPerSecond: 32000 } : undefined);
    const pieces = [];
    const meter = levelMeter(stream);
    const began = Date.now();
    recorder.ondataavailable = (event) => pieces.push(event.data);
    const ended = new Promise((resolve) => {
      recorder.onstop = () => {
        release(stream);
        meter.end();
        const seconds = Math.round((Date.now() - began) / 1000);
        resolve(blobVoice(new Blob(pieces, { type: recorder.mimeType }), Math.min(60, Math.max(1, seconds))));
      };
    });
    recorder.start();
    const stop = () => {
      if (recorder.state !== "inactive") recorder.stop();
      return ended;
    };
    return { level: meter.level, ended, stop };
  }

  // Starts recording: {level() 0–1 or null, stop() → voice, ended → voice (the browser's own only)}. The caller stops it before LONGEST seconds.
  async function record() {
    app.media.stop();
    return either(wxRecording, browserRecording);
  }

  // --- Place ------------------------------------------------------------------------------------------------------

  // gcj02 is what China's maps and WeChat speak; browsers give wgs84. The published approximation, good to a few metres.
  function toGcj02(latitude, longitude) {
    const A = 6378245;
    const EE = 0.006693421622965943;
    const PI = Math.PI;
    const x = longitude - 105;
    const y = latitude - 35;
    const wave = (v, a, b) => ((20 * Math.sin(6 * v * PI) + 20 * Math.sin(2 * v * PI)) * 2) / 3 + ((20 * Math.sin(a * PI) + 40 * Math.sin((a / 3) * PI)) * 2) / 3 + b;
    const dLat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + wave(x, y, ((160 * Math.sin((y / 12) * PI) + 320 * Math.sin((y * PI) / 30)) * 2) / 3);
    const dLon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + wave(x, x, ((150 * Math.sin((x / 12) * PI) + 300 * Math.sin((x / 30) * PI)) * 2) / 3);
    const magic = 1 - EE * Math.sin((latitude / 180) * PI) ** 2;
    return {
      latitude: latitude + (dLat * 180) / (((A * (1 - EE)) / (magic * Math.sqrt(magic))) * PI),
      longitude: longitude + (dLon * 180) / ((A / Math.sqrt(magic)) * Math.cos((latitude / 180) * PI) * PI),
    };
  }

  function inChina(latitude, longitude) {
    return latitude > 0.83 && latitude < 55.83 && longitude > 72 && longitude < 137.84;
  }

  function browserLocation() {
    return new Promise((resolve, reject) => {
      if (!navigator.geolocation) return reject(new Error("no geolocation"));
      return navigator.geolocation.getCurrentPosition(
        ({ coords: { latitude, longitude } }) => resolve(inChina(latitude, longitude) ? toGcj02(latitude, longitude) : { latitude, longitude }),
        reject,
        { timeout: 10000, maximumAge: 60000, enableHighAccuracy: true },
      );
    });
  }

  // Both give {latitude, longitude} in gcj02.
  async function wxLocation() {
    const { latitude, longitude } = await wxCall("getLocation", { type: "gcj02" });
    return { latitude: Number(latitude), longitude: Number(longitude) };
  }

  const locate = () => either(wxLocation, () => soon(browserLocation(), 30000));

  // Shows a place on WeChat's map; elsewhere gives false, and the link beside it does.
  async function showPlace({ latitude, longitude, name }) {
    if (!(await ready())) return false;
    await wxCall("openLocation", { latitude, longitude, name: name || "", scale: 17 });
    return true;
  }

  app.wechat = { begin, ready, chooseImages, record, fromBlob, locate, showPlace, Cancelled, Unable, LONGEST };
})();
