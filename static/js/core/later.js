// Reports that the network kept back: kept on the phone, sent when it returns, by the same hashed_id, so never twice.
(function () {
  "use strict";

  const app = window.app;
  const { gettext, interpolate } = app;
  const PAUSES = [3, 6, 12, 30, 60]; // seconds
  const person = document.body.dataset.person;
  if (!person) return; // nobody is logged in, so nobody's reports wait
  const KEY = "waiting-reports:" + person;
  let timer = null;
  let tries = 0;
  let running = false;

  const waiting = () => app.store.load(KEY) || [];

  const others = (hashedId) => waiting().filter(({ report }) => report.hashed_id !== hashedId);

  // `draftKey`: what the form keeps of it on the phone, forgotten once it has arrived.
  function put(report, draftKey) {
    return app.store.save(KEY, others(report.hashed_id).concat([{ report, draftKey }]));
  }

  function drop(hashedId) {
    const left = others(hashedId);
    if (left.length) app.store.save(KEY, left);
    else app.store.forget(KEY);
  }

  function show() {
    const box = document.getElementById("waiting");
    const count = waiting().length;
    if (!box) return;
    box.hidden = count === 0;
    box.querySelector("[data-text]").textContent = interpolate(gettext("网络不稳，有 %(n)s 条上报已保存在手机上，连上后自动提交"), { n: count });
  }

  function announce(name, detail) {
    document.dispatchEvent(new CustomEvent(name, { detail }));
  }

  async function send({ report, draftKey }) {
    try {
      const sent = await app.api.post("reports", report);
      drop(report.hashed_id);
      app.store.forget(draftKey);
      app.keep.drop(draftKey);
      announce("later:sent", { sent, hashedId: report.hashed_id });
    } catch (error) {
      if (!(error instanceof app.ApiError) || error.passing || error.status === 401) throw error;
      // Refused for good: it stays in the form, with what was wrong.
      drop(report.hashed_id);
      app.toast(error.message);
      announce("later:refused", { error, hashedId: report.hashed_id });
    }
  }

  async function run() {
    clearTimeout(timer);
    if (running || !waiting().length) return;
    running = true;
    try {
      for (const entry of waiting()) await send(entry);
      tries = 0;
    } catch (error) {
      const pause = error.retryAfter || PAUSES[Math.min(tries, PAUSES.length - 1)];
      tries += 1;
      timer = setTimeout(run, pause * 1000);
    } finally {
      running = false;
      show();
    }
  }

  document.addEventListener("later:sent", ({ detail }) => {
    app.toast(interpolate(gettext("刚才保存的上报已提交，编号 %(number)s"), { number: detail.sent.number }));
  });
  window.addEventListener("online", run);
  document.addEventListener("visibilitychange", () => document.hidden || run());

  const has = (hashedId) => waiting().some(({ report }) => report.hashed_id === hashedId);

  app.later = { put, run, has };
  show();
  run();
})();
