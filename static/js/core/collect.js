// Voice and pictures of a form: recorded, chosen, sent while the person goes on writing; what failed is sent again by a tap.
//
// app.collect(element) → {items(), sending(), failed(), settled() → media for the API, onChange, count(), recording(),
// restore(media): what has arrived before; keepAs(name): what is chosen is kept on the phone too, entries() and
// recall(entries): for a page that comes back}
(function () {
  "use strict";

  const app = window.app;
  const { gettext, interpolate, h, icon } = app;
  const QUIET = 1000; // ms; a thumb on its way twice opens one album
  const UNDO = 8000; // ms

  class Collector {
    constructor(element) {
      this.element = element;
      this.list = []; // {id, kind, source, state: "sending"|"sent"|"failed", media, progress, promise}
      this.keptAs = null;
      this.onChange = () => undefined;
      this.error = element.querySelector("[data-collect-error]");
      this.voices = element.querySelector("[data-voice-list]");
      this.pictures = element.querySelector("[data-picture-list]");
      this.undo = element.querySelector("[data-undo]");
      this.addButton = element.querySelector("[data-add-picture]");
      this.most = { voice: Number(element.dataset.voices), image: Number(element.dataset.pictures) };
      this.chosenAt = 0;
      this.still = []; // who waits until nothing is on its way
      const records = { taken: (voice) => this.take("voice", voice), say: (sentence) => this.say(sentence) };
      this.recorder = element.querySelector("[data-record]") && new app.Recorder(element, records);
      if (this.addButton) this.addButton.addEventListener("click", () => this.addPictures());
      window.addEventListener("online", () => this.retry());
    }

    recording() {
      return Boolean(this.recorder && this.recorder.active());
    }

    stopByItself() {
      if (this.recorder) this.recorder.stopByItself();
    }

    count(kind) {
      return this.list.filter((item) => item.kind === kind).length;
    }

    // One that is being recorded will be there too. Says so, since somebody has just asked for one more.
    full(kind) {
      const coming = kind === "voice" && this.recording() ? 1 : 0;
      if (this.count(kind) + coming < this.most[kind]) return false;
      this.say(interpolate(kind === "voice" ? gettext("最多 %(n)s 段语音") : gettext("最多 %(n)s 张图片"), { n: this.most[kind] }));
      return true;
    }

    items() {
      return this.list;
    }

    sending() {
      return this.list.filter((item) => item.state === "sending");
    }

    failed() {
      return this.list.filter((item) => item.state === "failed");
    }

    // Failed for good: the same file would be refused again.
    refused() {
      return this.failed().filter(({ error }) => error instanceof app.ApiError && !error.passing);
    }

    retry() {
      this.failed().filter((item) => !this.refused().includes(item)).forEach((item) => this.send(item));
    }

    // Waits until nothing is on its way (what is taken away is not waited for); rejects with the first failure.
    async settled() {
      if (this.recorder) await this.recorder.stop();
      this.retry();
      while (this.sending().length && !this.failed().length) await new Promise((resolve) => this.still.push(resolve));
      if (this.failed().length) throw this.failed()[0].error;
      return this.list.map((item) => item.media);
    }

    // What had arrived before; `preview` where there is an address to show.
    restore(media) {
      media.forEach((one) => {
        const source = { duration: one.duration, preview: one.preview || "", play: one.kind === "voice" ? app.wechat.replay(one.media_id) : null };
        this.add({ kind: one.kind, source, state: "sent", media: one, promise: Promise.resolve() });
      });
    }

    // For the next report: what was here belongs to one that waits by itself.
    clear() {
      this.list.forEach((item) => item.view.remove());
      this.list = [];
      this.undo.hidden = true;
      this.changed();
    }

    keepAs(name) {
      this.keptAs = name;
    }

    // What `recall` wants; small enough for localStorage.
    entries() {
      return this.list.map(({ id, kind, media, source }) => ({ id, kind, media, duration: source.duration }));
    }

    // As it was before the page was closed: what had arrived, and what is kept on the phone sets out again. Resolves to
    // how many are lost.
    async recall(entries) {
      const blobs = entries.length && this.keptAs ? await app.keep.all(this.keptAs) : new Map();
      const lost = entries.filter(({ id, media }) => !media && !blobs.has(id));
      entries.filter((entry) => !lost.includes(entry)).forEach(({ id, kind, media, duration }) => {
        if (!blobs.has(id)) return this.restore([media]);
        const source = app.wechat.fromBlob(kind, blobs.get(id), duration);
        if (media) return this.add({ id, kind, source, state: "sent", media, promise: Promise.resolve() });
        return this.take(kind, source, id);
      });
      return lost.length;
    }

    // WeChat's own files cannot be had; they are only what WeChat still has of them.
    async keep(item) {
      if (!this.keptAs || !item.source.blob) return;
      try {
        await app.keep.put(this.keptAs, item.id, await item.source.blob());
      } catch (error) {
        if (item.state !== "sent") this.say(gettext("手机存不下照片或语音，传完之前请不要关闭这一页"));
      }
    }

    say(sentence) {
      this.error.textContent = sentence;
    }

    changed() {
      if (this.recorder) this.recorder.button.hidden = !this.recording() && this.count("voice") >= this.most.voice;
      if (this.addButton) this.addButton.parentNode.hidden = this.count("image") >= this.most.image;
      this.still.splice(0).forEach((look) => look());
      this.onChange();
    }

    add(item) {
      item.id = item.id || app.forms.uuid();
      this.list.push(item);
      item.view = item.kind === "voice" ? this.voiceView(item) : this.pictureView(item);
      if (item.kind === "voice") this.voices.append(item.view);
      else this.pictures.insertBefore(item.view, this.addButton.parentNode);
      this.show(item);
      this.changed();
    }

    remove(item) {
      const at = this.list.indexOf(item);
      if (at < 0) return;
      const next = item.view.nextSibling;
      this.list.splice(at, 1);
      if (this.keptAs) app.keep.drop(this.keptAs, item.id);
      item.view.remove();
      app.media.stop();
      this.changed();
      this.offerUndo(() => this.putBack(item, at, next));
    }

    putBack(item, at, next) {
      if (this.full(item.kind)) return;
      const place = item.kind === "voice" ? this.voices : this.pictures;
      const last = item.kind === "voice" ? null : this.addButton.parentNode;
      this.list.splice(at, 0, item);
      place.insertBefore(item.view, next && next.parentNode === place ? next : last);
      this.keep(item);
      this.show(item);
      this.changed();
    }

    offerUndo(action) {
      const { undo } = this;
      const back = h("button", { type: "button", class: "btn-text", text: gettext("撤销") });
      const close = () => (undo.hidden = true);
      back.addEventListener("click", () => {
        close();
        action();
      });
      undo.replaceChildren(gettext("已删除"), " · ", back);
      undo.hidden = false;
      clearTimeout(this.undoTimer);
      this.undoTimer = setTimeout(close, UNDO);
    }

    // One place towards the front; the first picture is the one that lists show.
    moveForward(item) {
      const before = item.view.previousElementSibling;
      const others = this.list.filter((other) => other.kind === "image" && other !== item);
      const at = this.list.indexOf(others.find((other) => other.view === before));
      if (!before || at < 0) return;
      this.list.splice(this.list.indexOf(item), 1);
      this.list.splice(at, 0, item);
      before.before(item.view);
      item.view.querySelector("[data-move]").focus();
      this.changed();
    }

    take(kind, source, id) {
      if (this.full(kind)) return;
      const item = { id, kind, source, state: "sending", media: null, progress: 0, promise: null };
      this.add(item);
      if (!id) this.keep(item);
      this.send(item);
    }

    send(item) {
      item.state = "sending";
      item.promise = item.source
        .send((progress) => {
          item.progress = progress;
          this.show(item);
        })
        .then((media) => {
          item.media = media;
          item.state = "sent";
        })
        .catch((error) => {
          item.state = "failed";
          item.error = error;
          throw error;
        })
        .finally(() => {
          this.show(item);
          this.changed();
        });
      item.promise.catch(() => undefined); // told on the item itself
      this.show(item);
    }

    show(item) {
      const state = item.view.querySelector("[data-state]");
      item.view.dataset.state = item.state;
      const percent = item.progress > 0 && item.progress < 1 ? Math.round(item.progress * 100) + "%" : "";
      if (item.state === "sending") state.textContent = percent || gettext("上传中");
      else if (item.state === "failed") state.textContent = this.failureOf(item);
      else state.textContent = "";
    }

    failureOf(item) {
      if (this.refused().includes(item)) return item.error.message;
      return item.error.status === 429 ? item.error.message : gettext("没传上，点这里重传");
    }

    stateView(item) {
      return h("button", {
        type: "button",
        class: "collect-state",
        "data-state": true,
        onclick: () => item.state === "failed" && !this.refused().includes(item) && this.send(item),
      });
    }

    removeView(item, label) {
      return h("button", { type: "button", class: "collect-remove", "aria-label": label, onclick: () => this.remove(item) }, [icon("close")]);
    }

    // --- Pictures -------------------------------------------------------------------------------------------------

    // The button never waits: a chooser that was cancelled may not say so.
    async addPictures() {
      if (Date.now() - this.chosenAt < QUIET) return;
      this.chosenAt = Date.now();
      this.say("");
      try {
        const chosen = await app.wechat.chooseImages(this.most.image - this.count("image"));
        chosen.slice(0, this.most.image - this.count("image")).forEach((source) => this.take("image", source));
      } catch (error) {
        if (!(error instanceof app.wechat.Cancelled)) this.say(error instanceof app.wechat.Unable ? error.message : gettext("照片没有选上，请再试一次"));
      } finally {
        this.chosenAt = 0;
      }
    }

    pictureView(item) {
      // What came back after the page was closed has arrived; its picture is not kept on the phone.
      if (!item.source.preview && !item.source.fallbackPreview) return this.pictureTile(item, h("span", { class: "collect-blank" }, [icon("picture")]));
      const image = h("img", { alt: interpolate(gettext("图片 %(n)s"), { n: this.count("image") }), width: 200, height: 200 });
      image.addEventListener("error", async () => {
        const { fallbackPreview } = item.source;
        item.source.fallbackPreview = null;
        if (fallbackPreview) image.src = await fallbackPreview().catch(() => "");
      });
      if (item.source.preview) image.src = item.source.preview;
      else image.dispatchEvent(new Event("error"));
      return this.pictureTile(item, image);
    }

    pictureTile(item, image) {
      return h("div", { class: "collect-tile" }, [
        h("div", { class: "collect-picture" }, [
          image,
          this.stateView(item),
          h("button", { type: "button", class: "collect-move", "data-move": true, "aria-label": gettext("把这张图片往前移"), onclick: () => this.moveForward(item) }, [icon("back")]),
          this.removeView(item, gettext("去掉这张图片")),
        ]),
      ]);
    }

    // --- Voice ----------------------------------------------------------------------------------------------------

    voiceView(item) {
      const seconds = Math.max(1, Math.round(item.source.duration || 1));
      const length = 1 + [6, 20, 40].filter((step) => seconds >= step).length;
      const bubble = item.source.play ? this.bubbleView(item, seconds, length) : this.unheardView(seconds);
      return h("div", { class: "collect-voice" }, [bubble, this.stateView(item), this.removeView(item, gettext("去掉这段语音"))]);
    }

    bubbleView(item, seconds, length) {
      const bubble = h("button", { type: "button", class: "voice", "data-length": length, "aria-pressed": "false", "aria-label": interpolate(gettext("播放语音，%(n)s 秒"), { n: seconds }) }, [
        icon("sound"),
        h("span", { text: seconds + "″" }),
      ]);
      bubble.addEventListener("click", () => item.source.play(bubble));
      return bubble;
    }

    // Outside the WeChat that recorded it; it has arrived all the same.
    unheardView(seconds) {
      return h("span", { class: "secondary", text: interpolate(gettext("语音 %(n)s 秒，已传好；重开这一页后不能试听"), { n: seconds }) });
    }
  }

  app.collect = (element) => {
    element.collector = element.collector || new Collector(element);
    return element.collector;
  };
})();
