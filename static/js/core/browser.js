// The browser's own means, for phones outside WeChat and where WeChat refuses: files, the microphone, the position.
//
// Pictures and voices are what core/wechat.js says, and have blob() → Promise as well.
(function () {
  "use strict";

  const app = window.app;
  const { gettext, soon } = app;
  const MICROPHONE = 30000; // ms to answer the question whether it may be used
  const PICTURE_SIDE = 2048; // px; larger pictures are made smaller before they travel

  class Cancelled extends Error {}
  class Unable extends Error {} // its message is for the person

  // --- Pictures ---------------------------------------------------------------------------------------------------

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

  // A browser opens its chooser only for a tap that was just now.
  function stillTapped(since) {
    return navigator.userActivation ? navigator.userActivation.isActive : Date.now() - since < 900;
  }

  async function images(count, tapped) {
    if (!stillTapped(tapped)) throw new Unable(gettext("请再点一次“加照片”"));
    const files = await chooseFiles("image/*", count > 1);
    return files.slice(0, count).map(filePicture);
  }

  // --- Voice ------------------------------------------------------------------------------------------------------

  // WeChat's own web view and Safari record different containers; the server recognises them by content.
  function recorderType() {
    const types = ["audio/mp4", "audio/webm;codecs=opus", "audio/ogg;codecs=opus"];
    return types.find((type) => MediaRecorder.isTypeSupported && MediaRecorder.isTypeSupported(type));
  }

  const NO_METER = { level: null, end: () => undefined };

  // How loud it is helps, and no more: a phone that cannot tell records all the same.
  function levelMeter(stream) {
    try {
      return meterOf(stream);
    } catch (error) {
      return NO_METER;
    }
  }

  function meterOf(stream) {
    const Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) return NO_METER;
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

  const unable = () => new Unable(gettext("这台手机的浏览器不能录音，请用文字说明"));

  async function record() {
    if (!window.MediaRecorder || !navigator.mediaDevices) throw unable();
    const stream = await microphone();
    try {
      return recordingOf(stream);
    } catch (error) {
      release(stream);
      throw unable();
    }
  }

  // A question that nobody answers is not waited for for ever; who allows it later is not listened to.
  async function microphone() {
    const asked = navigator.mediaDevices.getUserMedia({ audio: true });
    try {
      return await soon(asked, MICROPHONE);
    } catch (error) {
      if (error.message === "late") asked.then(release, () => undefined);
      throw error;
    }
  }

  const release = (stream) => stream.getTracks().forEach((track) => track.stop());

  // Some say that they record a type, and refuse it then; what they choose themselves is good enough.
  function recorderOf(stream) {
    const mimeType = recorderType();
    try {
      return new MediaRecorder(stream, mimeType ? { mimeType, audioBitsPerSecond: 32000 } : undefined);
    } catch (error) {
      return new MediaRecorder(stream);
    }
  }

  // `ended` resolves to the voice, also where the phone ends it by itself (a call comes in).
  function recordingOf(stream) {
    const recorder = recorderOf(stream);
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

  function position() {
    return new Promise((resolve, reject) => {
      if (!navigator.geolocation) return reject(new Error("no geolocation"));
      return navigator.geolocation.getCurrentPosition(
        ({ coords: { latitude, longitude } }) => resolve(inChina(latitude, longitude) ? toGcj02(latitude, longitude) : { latitude, longitude }),
        reject,
        { timeout: 10000, maximumAge: 60000, enableHighAccuracy: true },
      );
    });
  }

  const locate = () => soon(position(), 30000);

  app.browser = { images, record, fromBlob, locate, Cancelled, Unable };
})();
