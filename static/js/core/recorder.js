// The button of a form that records: tap to start, tap to stop. It says how long, shows how loud, and ends by itself
// when the time is up, the page is out of sight or a call comes in.
//
// new app.Recorder(element, {taken(voice), say(sentence)}) → {active(), stop() → when the voice is there, stopByItself()}
(function () {
  "use strict";

  const app = window.app;
  const { gettext, interpolate } = app;
  const FIRST_WARNING = 10; // seconds before the longest recording ends
  const QUIET = 1000; // ms; a thumb that was about to stop does not start again

  class Recorder {
    constructor(element, { taken, say }) {
      this.button = element.querySelector("[data-record]");
      this.meter = element.querySelector("[data-level]");
      this.taken = taken;
      this.say = say;
      this.current = null; // what app.wechat.record gives
      this.ending = null; // its voice is on its way
      this.quietUntil = 0;
      this.button.addEventListener("click", () => this.toggle());
      window.addEventListener("pagehide", () => this.stopByItself());
      document.addEventListener("visibilitychange", () => document.hidden && this.stopByItself());
    }

    active() {
      return Boolean(this.current || this.ending);
    }

    toggle() {
      if (Date.now() < this.quietUntil || this.ending) return;
      this.say("");
      app.once(this.button, () => (this.current ? this.stop() : this.start())).catch((error) => this.failed(error));
    }

    failed(error) {
      this.atRest();
      this.say(error instanceof app.wechat.Unable ? error.message : gettext("没有录上音。请允许使用麦克风，或用文字说明"));
    }

    async start() {
      const recording = await app.wechat.record();
      this.current = recording;
      recording.ended.then(() => this.current === recording && this.stopByItself());
      this.began = Date.now();
      this.button.classList.add("recording");
      this.meter.hidden = !recording.level;
      this.clock = setInterval(() => this.tick(), 100);
      this.tick();
      if (document.hidden) this.stopByItself();
    }

    // Not by a tap.
    stopByItself() {
      if (!this.current) return;
      this.quietUntil = Date.now() + QUIET;
      this.stop().catch((error) => this.failed(error));
    }

    async stop() {
      if (this.current) this.ending = this.voiceOf(this.current);
      return this.ending;
    }

    async voiceOf(recording) {
      this.atRest();
      let voice;
      try {
        voice = await recording.stop();
      } catch (error) {
        throw new app.wechat.Unable(gettext("这段语音没有录成，请再录一次"));
      } finally {
        this.ending = null;
      }
      this.taken(voice); // at rest by now: who takes it decides whether there may be another
    }

    tick() {
      const passed = Math.floor((Date.now() - this.began) / 1000);
      const rest = app.wechat.LONGEST - passed;
      const sentence = rest <= FIRST_WARNING ? gettext("说完点一下，还能说 %(n)s 秒") : gettext("正在录音 %(n)s 秒，说完点一下");
      this.label(interpolate(sentence, { n: rest <= FIRST_WARNING ? Math.max(0, rest) : passed }), "stop");
      if (this.current.level) this.meter.style.setProperty("--level", String(this.current.level()));
      if (rest <= 0) this.stopByItself();
    }

    label(sentence, name) {
      this.button.querySelector("[data-record-label]").textContent = sentence;
      const address = document.body.dataset.icons + "#" + name;
      const use = this.button.querySelector("use");
      if (use.getAttribute("href") !== address) use.setAttribute("href", address);
    }

    atRest() {
      clearInterval(this.clock);
      this.current = null;
      this.button.classList.remove("recording");
      this.meter.hidden = true;
      this.label(gettext("按一下说话"), "mic");
    }
  }

  app.Recorder = Recorder;
})();
