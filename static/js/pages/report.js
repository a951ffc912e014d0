// One report: whatever this person may do now. What it means and who may is the server's to say.
(function () {
  "use strict";

  const app = window.app;
  const { gettext, interpolate } = app;
  const address = "reports/" + document.body.dataset.report + "/";
  const LOST = new Set(["already_claimed", "wrong_state"]);
  const WATCH = [15, 15, 30, 60, 120]; // seconds between looks for news; then every two minutes
  const ARRIVING = [2, 3, 5]; // before those, while a picture or a voice is on its way: it takes seconds

  // Somebody was faster, or it has moved on: the page afresh says so calmly.
  function failed(error, form) {
    if (!(error instanceof app.ApiError)) throw error;
    if (LOST.has(error.code)) app.reload(error.message);
    else if (form) app.forms.showError(form, error);
    else app.toast(error.message);
  }

  $(document).on("click", "button[data-act]", (event) => {
    const button = event.currentTarget;
    event.preventDefault(); // without scripts the form does it
    app.once(button, async () => {
      try {
        await app.api.post(address + button.dataset.act);
        app.reload(button.dataset.done);
      } catch (error) {
        failed(error);
      }
    });
  });

  function payload(form, media) {
    const values = app.forms.values(form);
    if (values.score) values.score = Number(values.score);
    if (media) values.media = media;
    return values;
  }

  function complaint(form, values) {
    if (form.querySelector("[data-stars]") && !values.score) return { score: [gettext("请点几颗星")] };
    if (form.dataset.act === "assign" && !values.user) return { user: [gettext("请选一位同事")] };
    if (form.dataset.act === "recategorize" && !values.category) return { category: [gettext("请选一个分类")] };
    if (form.dataset.act === "merge" && !values.into) return { into: [gettext("请选一条报单")] };
    return null;
  }

  // Merging cannot be taken back: it is said once more, with the other's title.
  function sure(form) {
    const other = form.querySelector("[name=into]:checked").closest("label").querySelector(".cell-body").firstChild;
    return app.confirm({ title: gettext("合并到这一条？合并后不能撤销"), text: other.textContent.trim(), yes: gettext("合并") });
  }

  async function act(form) {
    const { act: name, done } = form.dataset;
    const element = form.querySelector("[data-collect]");
    let media = null;
    if (element) {
      try {
        media = await app.collect(element).settled();
      } catch (error) {
        throw new app.ApiError(0, { detail: gettext("有附件没传上：点它重传，或去掉后再提交") });
      }
    }
    const values = payload(form, media);
    const fields = complaint(form, values);
    if (fields) throw new app.ApiError(400, { code: "invalid", fields });
    if (name === "merge" && !(await sure(form))) return undefined;
    await app.api.post(address + name, values);
    app.store.forget(key(form));
    forgetMedia(form);
    if (!document.body.dataset.back) return app.reload(done);
    app.flash(done);
    return location.replace(document.body.dataset.back);
  }

  // What was typed and chosen in a sheet stays when it is closed, and when the page is.
  const key = (form) => address + (form.dataset.keep || form.dataset.act);
  const mediaKey = (form) => key(form) + ":media";
  const KEPT_FOR = 20 * 3600 * 1000; // ms; the server keeps what was uploaded for a day

  function keepText(form) {
    const area = form.querySelector("textarea");
    if (!area) return;
    area.value = area.value || app.store.load(key(form)) || "";
    area.addEventListener("input", () => app.store.save(key(form), area.value));
  }

  function forgetMedia(form) {
    app.store.forget(mediaKey(form));
    app.keep.drop(mediaKey(form));
  }

  async function keepMedia(form, collector) {
    const kept = app.store.load(mediaKey(form));
    collector.keepAs(mediaKey(form));
    const lost = kept && Date.now() - kept.at < KEPT_FOR ? await collector.recall(kept.media) : 0;
    if (lost) collector.say(interpolate(gettext("上次有 %(n)s 个照片或语音没传完就关了页面，请重新添加"), { n: lost }));
    collector.onChange = () => {
      if (collector.items().length) app.store.save(mediaKey(form), { at: Date.now(), media: collector.entries() });
      else forgetMedia(form);
    };
    collector.onChange();
  }

  // Nobody sees any more that the microphone is on.
  document.addEventListener("hide.bs.offcanvas", ({ target }) => {
    collectors().forEach((collector) => target.contains(collector.element) && collector.stopByItself());
  });

  const collectors = () => Array.from(document.querySelectorAll("form[data-act] [data-collect]"), (element) => app.collect(element));

  document.querySelectorAll("form[data-act]").forEach((form) => {
    keepText(form);
    const element = form.querySelector("[data-collect]");
    if (element) keepMedia(form, app.collect(element));
    app.forms.onSubmit(form, () => act(form).catch((error) => failed(error, form)));
  });

  // A usual sentence at a tap.
  $(document).on("click", "[data-fills] .chip", (event) => {
    event.preventDefault(); // without scripts it is sent
    const chip = event.currentTarget;
    const area = document.getElementById(chip.parentNode.dataset.fills);
    const text = chip.dataset.text || chip.textContent;
    area.value = area.value ? area.value + "\n" + text : text;
    area.dispatchEvent(new Event("input", { bubbles: true })); // the form's error goes, and the words are kept
  });

  $(document).on("click", "[data-place]", (event) => {
    const { latitude, longitude, name } = event.currentTarget.dataset;
    if (!/MicroMessenger/i.test(navigator.userAgent)) return;
    event.preventDefault();
    const link = event.currentTarget.href;
    app.wechat
      .showPlace({ latitude: Number(latitude), longitude: Number(longitude), name })
      .catch(() => false)
      .then((shown) => shown || location.assign(link));
  });

  // News: one cheap look now and then (304 without a body), less and less often, none in the background, and never
  // under somebody's fingers. Who comes back to the page is shown at once what happened meanwhile.
  const pauses = document.querySelector("[data-pending-media]") ? [...ARRIVING, ...WATCH] : WATCH;
  const version = document.body.dataset.version;
  let looks = 0;
  let timer;

  function busy() {
    const comment = document.getElementById("confirm-comment");
    if (comment && comment.value) return true;
    if (collectors().some((collector) => collector.recording() || collector.items().length)) return true;
    return document.querySelector(".offcanvas.show, .modal.show, .lightbox, .typing, .voice[aria-pressed=true], [aria-busy=true], [data-stars] input:checked") !== null;
  }

  // Once it is not for this person any more, or they are logged out, there is nothing left to look for.
  const ended = (news) => news && (news.type === "opaqueredirect" || (news.status >= 400 && news.status < 500 && news.status !== 429));

  async function look() {
    clearTimeout(timer);
    if (document.hidden) return undefined;
    looks += 1;
    if (!busy()) {
      const news = await fetch(location.href.split("#")[0], { method: "HEAD", credentials: "same-origin", redirect: "manual", headers: { "If-None-Match": '"' + version + '"' } }).catch(() => null);
      if (ended(news)) return undefined;
      // Nobody asked for it, so it stays what it was beside the news: what it said once, and where it is scrolled to.
      if (news && news.ok && news.headers.get("ETag") && !busy()) return location.reload();
    }
    return wait();
  }

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(look, pauses[Math.min(looks, pauses.length - 1)] * 1000);
  }

  if (document.querySelector("[data-collect], [data-place]")) app.wechat.begin();
  if (version) {
    wait();
    document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));
  }
})();
