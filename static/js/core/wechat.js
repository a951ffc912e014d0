// The only file that touches wx. Every ability has the browser's own means (core/browser.js) behind it.
//
// A picture is {preview, send(onProgress)}, a voice {duration, play(bubble), send()}; send resolves to what the API's
// `media` wants: {kind, media_id} by WeChat, {kind, upload_id} by ourselves.
(function () {
  "use strict";

  const app = window.app;
  const { browser, gettext, soon } = app;
  const { Cancelled, Unable } = browser;
  const ABILITIES = [
    "chooseImage", "uploadImage", "getLocalImgData", "startRecord", "stopRecord", "onVoiceRecordEnd", "playVoice", "stopVoice",
    "onVoicePlayEnd", "uploadVoice", "downloadVoice", "getLocation", "openLocation", "scanQRCode", "closeWindow",
  ];
  const inWeChat = /MicroMessenger/i.test(navigator.userAgent);
  const LONGEST = 58; // seconds; WeChat cuts at 60, and its notice of that is not to be relied on
  const LAST_WORD = 1500; // ms
  const PATIENCE = inWeChat ? 6000 : 1500;

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
  const PATIENCES = { uploadImage: 120000, uploadVoice: 120000, downloadVoice: 30000, startRecord: 30000, getLocation: 15000, chooseImage: 0 };

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

  async function wxImages(count) {
    const { localIds } = await wxCall("chooseImage", { count: Math.min(9, count), sizeType: ["compressed"], sourceType: ["album", "camera"] });
    return Promise.all(localIds.map(wxPicture));
  }

  function chooseImages(count) {
    const tapped = Date.now();
    return either(() => wxImages(count), () => browser.images(count, tapped));
  }

  // --- Voice: tap to start, tap to stop (Android loses the end of a touch behind the permission dialogue) -----------

  function wxPlay(bubble, localId) {
    app.media.stop();
    if (bubble.getAttribute("aria-pressed") === "true") {
      bubble.setAttribute("aria-pressed", "false");
      wx.stopVoice({ localId });
      return;
    }
    bubble.setAttribute("aria-pressed", "true");
    wx.onVoicePlayEnd({ success: () => bubble.setAttribute("aria-pressed", "false") });
    wx.playVoice({ localId });
  }

  function wxVoice(localId, duration) {
    return {
      duration,
      play: (bubble) => wxPlay(bubble, localId),
      send: () =>
        inLine(() => wxCall("uploadVoice", { localId, isShowProgressTips: 0 })).then(({ serverId }) => ({ kind: "voice", media_id: serverId, duration })),
    };
  }

  // Plays what this phone recorded before the page was closed: WeChat has it. Null elsewhere.
  function replay(serverId) {
    if (!inWeChat || !serverId) return null;
    let localId = null;
    return async (bubble) => {
      try {
        await begin({ quiet: true });
        localId = localId || (await wxCall("downloadVoice", { serverId, isShowProgressTips: 0 })).localId;
        wxPlay(bubble, localId);
      } catch (error) {
        app.toast(gettext("这段语音暂时放不出来"));
      }
    };
  }

  async function wxRecording() {
    await wxCall("startRecord").catch((error) => {
      if (error.message === "late") wx.stopRecord({}); // it may have begun all the same
      throw error;
    });
    const began = Date.now();
    const length = () => Math.min(60, Math.max(1, Math.round((Date.now() - began) / 1000)));
    let cut = null; // WeChat stopped by itself: at 60 seconds, when a call came in
    const ended = new Promise((resolve) =>
      wx.onVoiceRecordEnd({ complete: ({ localId }) => localId && resolve((cut = wxVoice(localId, length()))) }),
    );
    return { level: null, ended, stop: async () => cut || wxStopped(length(), ended) };
  }

  // Who stops what has just ended by itself is refused; the voice is on its way then.
  function wxStopped(duration, ended) {
    const stopped = wxCall("stopRecord").then(({ localId }) => wxVoice(localId, duration));
    return Promise.race([ended, stopped.catch((error) => soon(ended, LAST_WORD).catch(() => Promise.reject(error)))]);
  }

  // Starts recording: {level() 0–1 or null, stop() → voice, ended → when the phone has stopped by itself}. The caller stops it before LONGEST seconds.
  async function record() {
    app.media.stop();
    return either(wxRecording, browser.record);
  }

  // --- Place ------------------------------------------------------------------------------------------------------

  // Both give {latitude, longitude} in gcj02.
  async function wxLocation() {
    const { latitude, longitude } = await wxCall("getLocation", { type: "gcj02" });
    return { latitude: Number(latitude), longitude: Number(longitude) };
  }

  const locate = () => either(wxLocation, browser.locate);

  // Shows a place on WeChat's map; elsewhere gives false, and the link beside it does.
  async function showPlace({ latitude, longitude, name }) {
    if (!(await ready())) return false;
    await wxCall("openLocation", { latitude, longitude, name: name || "", scale: 17 });
    return true;
  }

  app.wechat = { begin, ready, chooseImages, record, replay, fromBlob: browser.fromBlob, locate, showPlace, Cancelled, Unable, LONGEST };
})();
